package broadcast

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entannouncement "kabinet/ent/generated/announcement"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostWaiting bounds announcements that have not begun, and those that are
// current: nobody reads more.
const mostWaiting = 100

// SaveAnnouncement makes an announcement or changes one, and tells those who are
// shown it. Faults: INVALID_ID, NOT_FOUND, STALE_OBJECT, REQUIRED, TOO_LONG,
// INVALID_VALUE, TOO_MANY_ITEMS, ILLEGAL_TRANSITION; UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) SaveAnnouncement(ctx context.Context, in SaveAnnouncementInput) (*ent.Announcement, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	var texts map[string]map[string]string
	var err error
	if in.Texts != nil {
		if texts, err = readTexts(in.Texts, false, "input", "texts"); err != nil {
			return nil, err
		}
	}
	link, _ := in.URL.ValueOK()
	if _, err := readURL(link, "input", "url"); err != nil {
		return nil, err
	}
	id := uuid.Must(uuid.NewV7())
	err = b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if in.ID == nil {
			return b.announce(ctx, tx, id, in, texts)
		}
		if id, err = keyOf(*in.ID, announcementPrefix, "input", "id"); err != nil {
			return err
		}
		return b.change(ctx, tx, id, in, texts)
	})
	if err != nil {
		return nil, err
	}
	a, err := b.Store.Client.Announcement.Get(ctx, id)
	return a, store.Translate(err)
}

func (b *Broadcasts) announce(ctx context.Context, tx *store.Tx, id uuid.UUID, in SaveAnnouncementInput, texts map[string]map[string]string) error {
	if texts == nil {
		return fault.ErrRequired.At("input", "texts")
	}
	if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
		return err
	}
	n, err := tx.Announcement.Query().Where(entannouncement.WithdrawnAtIsNil(), entannouncement.Or(entannouncement.EndsAtIsNil(), entannouncement.EndsAtGT(tx.Now))).Count(ctx)
	if err != nil {
		return err
	}
	if n >= mostWaiting {
		return ErrTooManyItems.With("limit", mostWaiting)
	}
	starts := tx.Now
	if in.StartsAt != nil {
		starts = *in.StartsAt
	}
	ends, _ := in.EndsAt.ValueOK()
	if ends != nil && (!ends.After(starts) || !ends.After(tx.Now)) {
		return fault.ErrInvalidValue.At("input", "endsAt")
	}
	link, _ := in.URL.ValueOK()
	a, err := tx.Announcement.Create().SetID(id).SetTexts(texts).SetNillableSeverity(in.Severity).SetNillableAudience(in.Audience).SetNillableURL(link).
		SetNillableDismissible(in.Dismissible).SetStartsAt(starts).SetNillableEndsAt(ends).SetSavedByID(viewer.From(ctx).UserID).Save(ctx)
	if err != nil {
		return err
	}
	if err := tell(ctx, tx, a); err != nil {
		return err
	}
	return tx.Audit(ctx, "messaging.save_announcement", viewer.House, a.GlobalID(), map[string]any{"audience": string(a.Audience)})
}

func (b *Broadcasts) change(ctx context.Context, tx *store.Tx, id uuid.UUID, in SaveAnnouncementInput, texts map[string]map[string]string) error {
	a, err := tx.Announcement.Query().Where(entannouncement.ID(id), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.ErrNotFound.At("input", "id")
	}
	if err != nil {
		return err
	}
	if err := needRevision(a.Revision, in.Revision); err != nil {
		return err
	}
	began := a.ToldAt != nil
	switch {
	case a.WithdrawnAt != nil:
		return ErrIllegalTransition.With("fromState", string(AnnouncementWithdrawn)).With("toState", string(AnnouncementCurrent))
	case began && in.Audience != nil && *in.Audience != a.Audience:
		return fault.ErrInvalidValue.At("input", "audience")
	case began && in.StartsAt != nil && !in.StartsAt.Equal(a.StartsAt):
		return fault.ErrInvalidValue.At("input", "startsAt")
	}
	u := a.Update().AddRevision(1).SetNillableSeverity(in.Severity).SetNillableAudience(in.Audience).SetNillableDismissible(in.Dismissible).
		SetNillableStartsAt(in.StartsAt).SetSavedByID(viewer.From(ctx).UserID)
	if texts != nil {
		u.SetTexts(texts)
	}
	if link, said := in.URL.ValueOK(); said {
		either(link, u.Mutation().SetURL, u.Mutation().ClearURL)
	}
	if ends, said := in.EndsAt.ValueOK(); said {
		either(ends, u.Mutation().SetEndsAt, u.Mutation().ClearEndsAt)
	}
	now, err := u.Save(ctx)
	if err != nil {
		return err
	}
	if now.EndsAt != nil && !now.EndsAt.After(now.StartsAt) {
		return fault.ErrInvalidValue.At("input", "endsAt")
	}
	if err := tell(ctx, tx, now); err != nil {
		return err
	}
	return tx.Audit(ctx, "messaging.save_announcement", viewer.House, a.GlobalID(), map[string]any{"textsChanged": texts != nil})
}

// Withdraw takes an announcement back, for good; again changes nothing. Faults:
// INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) Withdraw(ctx context.Context, in WithdrawAnnouncementInput) (*ent.Announcement, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	id, err := keyOf(in.ID, announcementPrefix, "input", "id")
	if err != nil {
		return nil, err
	}
	err = b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		a, err := tx.Announcement.Query().Where(entannouncement.ID(id), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "id")
		}
		if err != nil || a.WithdrawnAt != nil {
			return err
		}
		now, err := a.Update().AddRevision(1).SetWithdrawnAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		if err := tell(ctx, tx, now); err != nil {
			return err
		}
		return tx.Audit(ctx, "messaging.withdraw_announcement", viewer.House, in.ID, nil)
	})
	if err != nil {
		return nil, err
	}
	a, err := b.Store.Client.Announcement.Get(ctx, id)
	return a, store.Translate(err)
}

// StatusOf is how an announcement stands at a time.
func StatusOf(a *ent.Announcement, now time.Time) AnnouncementStatus {
	switch {
	case a.WithdrawnAt != nil:
		return AnnouncementWithdrawn
	case a.EndsAt != nil && !a.EndsAt.After(now):
		return AnnouncementEnded
	case a.StartsAt.After(now):
		return AnnouncementScheduled
	}
	return AnnouncementCurrent
}

// tell tells the stream what an announcement is now: that it begins and that it
// is over once each, whoever asks again. The row is held.
func tell(ctx context.Context, tx *store.Tx, a *ent.Announcement) error {
	current, stood := StatusOf(a, tx.Now) == AnnouncementCurrent, a.ToldAt != nil && !a.ToldOver
	change := ChangeChanged
	switch {
	case !current && !stood:
		return nil
	case current && !stood:
		change = ChangeAdded
	case !current:
		change = ChangeRemoved
	}
	tx.Tell(event.AnnouncementChanged{AnnouncementID: a.ID, Change: string(change), Audience: string(a.Audience)}, store.ToAnnouncements())
	if change == ChangeChanged {
		return nil
	}
	return a.Update().SetToldAt(tx.Now).SetToldOver(!current).Exec(ctx)
}

// AnnouncementsDue tells of announcements that begin or are over by now, some at
// a time, and says of how many.
func (b *Broadcasts) AnnouncementsDue(ctx context.Context, limit int) (n int, err error) {
	err = b.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) error {
		begins := entannouncement.And(entannouncement.ToldAtIsNil(), entannouncement.StartsAtLTE(tx.Now), entannouncement.Or(entannouncement.EndsAtIsNil(), entannouncement.EndsAtGT(tx.Now)))
		ends := entannouncement.And(entannouncement.ToldAtNotNil(), entannouncement.ToldOver(false), entannouncement.EndsAtLTE(tx.Now))
		all, err := tx.Announcement.Query().Where(entannouncement.WithdrawnAtIsNil(), entannouncement.Or(begins, ends), tx.Locking()).
			Order(entannouncement.ByID()).Limit(limit).All(ctx)
		if n = len(all); err != nil {
			return err
		}
		for _, a := range all {
			if err := tell(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// Saved are announcements for those who make them, the newest first. Faults:
// UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) Saved(ctx context.Context, f *AnnouncementFilter, p Page) (*ent.AnnouncementConnection, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	q := b.Store.Client.Announcement.Query()
	if f != nil && f.Audience != nil {
		q.Where(entannouncement.AudienceIn(f.Audience...))
	}
	if f != nil && f.Status != nil {
		q.Where(inStates(f.Status, b.Store.Now()))
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last, newestAnnouncement)
	return c, store.Translate(err)
}

var newestAnnouncement = ent.WithAnnouncementOrder(&ent.AnnouncementOrder{Direction: descending, Field: ent.DefaultAnnouncementOrder.Field})

// inStates are announcements that stand so now.
func inStates(all []AnnouncementStatus, now time.Time) predicate.Announcement {
	over := entannouncement.And(entannouncement.EndsAtNotNil(), entannouncement.EndsAtLTE(now))
	states := map[AnnouncementStatus]predicate.Announcement{
		AnnouncementWithdrawn: entannouncement.WithdrawnAtNotNil(),
		AnnouncementEnded:     entannouncement.And(entannouncement.WithdrawnAtIsNil(), over),
		AnnouncementScheduled: entannouncement.And(entannouncement.WithdrawnAtIsNil(), entannouncement.StartsAtGT(now), entannouncement.Not(over)),
		AnnouncementCurrent:   current(now),
	}
	where := make([]predicate.Announcement, len(all))
	for i, s := range all {
		where[i] = states[s]
	}
	if len(where) == 0 {
		return entannouncement.IDIn()
	}
	return entannouncement.Or(where...)
}

// current are announcements that are shown now.
func current(now time.Time) predicate.Announcement {
	return entannouncement.And(entannouncement.WithdrawnAtIsNil(), entannouncement.StartsAtLTE(now),
		entannouncement.Or(entannouncement.EndsAtIsNil(), entannouncement.EndsAtGT(now)))
}
