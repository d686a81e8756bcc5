package broadcast

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entannouncement "kabinet/ent/generated/announcement"
	"kabinet/ent/generated/announcementmark"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Announcements are the current ones for the caller, the newest first, without
// those that he put away.
func (b *Broadcasts) Announcements(ctx context.Context, dismissed *bool, p Page) (*ent.AnnouncementConnection, error) {
	v := viewer.From(ctx)
	audiences, err := b.audiences(ctx, b.Store.Client, v)
	if err != nil {
		return nil, err
	}
	q := b.Store.Client.Announcement.Query().Where(current(b.Store.Now()), entannouncement.AudienceIn(audiences...))
	if v.SignedIn() && (dismissed == nil || !*dismissed) {
		q.Where(entannouncement.Not(entannouncement.HasMarksWith(announcementmark.UserID(v.UserID), announcementmark.DismissedAtNotNil())))
	}
	// Which rows they are is said above; what only staff sees of them each field asks.
	c, err := q.Paginate(asSystem(ctx), p.After, p.First, p.Before, p.Last, newestAnnouncement)
	return c, store.Translate(err)
}

// audiences are those that somebody belongs to.
func (b *Broadcasts) audiences(ctx context.Context, c *ent.Client, v viewer.Viewer) ([]entannouncement.Audience, error) {
	all := []entannouncement.Audience{entannouncement.AudienceEVERYBODY}
	if !v.SignedIn() {
		return all, nil
	}
	all = append(all, entannouncement.AudienceCUSTOMERS)
	if v.Staff {
		all = append(all, entannouncement.AudienceSTAFF)
	}
	partner, err := b.isPartner(ctx, c, v)
	if err == nil && partner {
		all = append(all, entannouncement.AudiencePARTNERS)
	}
	return all, err
}

// isPartner says whether somebody is a member of a company now.
func (b *Broadcasts) isPartner(ctx context.Context, c *ent.Client, v viewer.Viewer) (bool, error) {
	is, err := c.Membership.Query().Where(membership.UserID(v.UserID), ofCompany(b.Store.Now())).Exist(ctx)
	return is, store.Translate(err)
}

// ofCompany are memberships of companies that are in force.
func ofCompany(at time.Time) predicate.Membership {
	return membership.And(membership.KindEQ(membership.KindCOMPANY), membership.StatusEQ(membership.StatusACTIVE),
		membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(at)))
}

// Unread counts the current ones that the caller has neither read nor put away.
func (b *Broadcasts) Unread(ctx context.Context) (*int, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	audiences, err := b.audiences(ctx, b.Store.Client, v)
	if err != nil {
		return nil, err
	}
	n, err := b.Store.Client.Announcement.Query().Where(current(b.Store.Now()), entannouncement.AudienceIn(audiences...),
		entannouncement.Not(entannouncement.HasMarksWith(read(v.UserID)))).Count(asSystem(ctx))
	return &n, store.Translate(err)
}

// read is a mark that says an announcement was seen to.
func read(user uuid.UUID) predicate.AnnouncementMark {
	return announcementmark.And(announcementmark.UserID(user), announcementmark.Or(announcementmark.ReadAtNotNil(), announcementmark.DismissedAtNotNil()))
}

// MarkRead notes that the caller has read an announcement that is for him; again
// changes nothing. Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED.
func (b *Broadcasts) MarkRead(ctx context.Context, in MarkAnnouncementReadInput) (Marked, error) {
	return b.mark(ctx, in.ID, false)
}

// Dismiss puts an announcement away for the caller, read; again changes nothing.
// Faults: as MarkRead, and ANNOUNCEMENT_STAYS.
func (b *Broadcasts) Dismiss(ctx context.Context, in DismissAnnouncementInput) (Marked, error) {
	return b.mark(ctx, in.ID, true)
}

func (b *Broadcasts) mark(ctx context.Context, id scalar.ID, dismiss bool) (done Marked, err error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return done, fault.ErrUnauthenticated
	}
	key, err := keyOf(id, announcementPrefix, "input", "id")
	if err != nil {
		return done, err
	}
	err = b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return b.marked(ctx, tx, v, key, dismiss) })
	if err != nil {
		return done, err
	}
	if done.Announcement, err = b.Store.Client.Announcement.Get(asSystem(ctx), key); err != nil {
		return done, store.Translate(err)
	}
	done.Unread, err = b.Unread(ctx)
	return done, err
}

// marked writes the mark by one statement that changes nothing twice.
func (b *Broadcasts) marked(ctx context.Context, tx *store.Tx, v viewer.Viewer, key uuid.UUID, dismiss bool) error {
	audiences, err := b.audiences(ctx, tx.Client, v)
	if err != nil {
		return err
	}
	a, err := tx.Announcement.Query().Where(entannouncement.ID(key), current(tx.Now), entannouncement.AudienceIn(audiences...)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return fault.ErrNotFound.At("input", "id")
	}
	if err != nil {
		return err
	}
	change, away, and := "read", any(nil), ``
	if dismiss {
		if !a.Dismissible {
			return ErrNotDismissible.At("input", "id")
		}
		change, away, and = "dismissed", tx.Now, ` OR announcement_marks.dismissed_at IS NULL`
	}
	n, err := tx.Exec(ctx, `INSERT INTO announcement_marks (id, created_at, updated_at, user_id, announcement_id, read_at, dismissed_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (announcement_id, user_id) DO UPDATE SET read_at = coalesce(announcement_marks.read_at, excluded.read_at),
			dismissed_at = coalesce(announcement_marks.dismissed_at, excluded.dismissed_at), updated_at = excluded.updated_at
		WHERE announcement_marks.read_at IS NULL`+and, uuid.Must(uuid.NewV7()), tx.Now, tx.Now, v.UserID, key, tx.Now, away)
	if err != nil || n == 0 {
		return err
	}
	tx.Tell(event.AnnouncementMarked{AnnouncementID: key, Change: change}, store.ToUser(v.UserID))
	return nil
}

// marksOf are the caller's marks on announcements, read once for all of an
// answer.
func (b *Broadcasts) marksOf(ctx context.Context, announcements []uuid.UUID) (map[uuid.UUID]*ent.AnnouncementMark, error) {
	rows, err := b.Store.Client.AnnouncementMark.Query().Where(announcementmark.UserID(viewer.From(ctx).UserID), announcementmark.AnnouncementIDIn(announcements...)).All(ctx)
	all := make(map[uuid.UUID]*ent.AnnouncementMark, len(rows))
	for _, r := range rows {
		all[r.AnnouncementID] = r
	}
	return all, store.Translate(err)
}
