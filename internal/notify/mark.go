package notify

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/predicate"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Marked is what a mark has done. The pointers are nil when it was refused.
type Marked struct {
	Notification *ent.Notification // after it; nil of marks on many
	Changed      *int              // how many rows really changed
	UnreadCount  *int              // of the person, now
}

// mark is one kind of change to one notification of the caller.
type mark struct {
	name    string // as event.NotificationsChanged says it
	set     string // of the row; ? is the time
	from    string // the condition under which there is something to change
	counted string // the condition under which the unread count moves …
	delta   int64  // … by so much
}

var (
	markRead   = mark{"read", "read_at = ?, seen_at = coalesce(seen_at, ?)", "read_at IS NULL", "archived_at IS NULL", -1}
	markUnread = mark{"unread", "read_at = NULL", "read_at IS NOT NULL", "archived_at IS NULL", +1}
	archive    = mark{"archived", "archived_at = ?", "archived_at IS NULL", "read_at IS NULL", -1}
)

// MarkRead marks one as read; again changes nothing. Faults: INVALID_ID,
// NOT_FOUND; UNAUTHENTICATED.
func (i *Inbox) MarkRead(ctx context.Context, in MarkNotificationReadInput) (Marked, error) {
	return i.markOne(ctx, in.ID, markRead)
}

// MarkUnread marks one as unread; again changes nothing. Faults: as MarkRead.
func (i *Inbox) MarkUnread(ctx context.Context, in MarkNotificationUnreadInput) (Marked, error) {
	return i.markOne(ctx, in.ID, markUnread)
}

// Archive takes one out of the feed; an unread one is not counted any more.
// Again changes nothing. Faults: as MarkRead.
func (i *Inbox) Archive(ctx context.Context, in ArchiveNotificationInput) (Marked, error) {
	return i.markOne(ctx, in.ID, archive)
}

func (i *Inbox) markOne(ctx context.Context, id scalar.ID, m mark) (Marked, error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return Marked{}, fault.ErrUnauthenticated
	}
	key, err := keyOf(id, "input", "id")
	if err != nil {
		return Marked{}, err
	}
	changed := 0
	err = i.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		changed, err = m.apply(ctx, tx, me, key)
		return err
	})
	if err != nil {
		return Marked{}, err
	}
	n, err := i.shown(ctx, key, me)
	if err != nil {
		return Marked{}, store.Translate(err)
	}
	done, err := i.counted(ctx, me, changed)
	done.Notification = n
	return done, err
}

// apply changes the row by one conditional statement, which also says whether
// the row was counted: of two marks at once the second sees what the first
// has left, so that no count moves twice or for nothing.
func (m mark) apply(ctx context.Context, tx *store.Tx, me, key uuid.UUID) (changed int, err error) {
	var args []any
	for range strings.Count(m.set, "?") + 1 { // updated_at too
		args = append(args, tx.Now)
	}
	counted := false
	err = tx.QueryRow(ctx, `UPDATE notifications SET `+m.set+`, updated_at = ? WHERE id = ? AND user_id = ? AND `+m.from+` RETURNING `+m.counted,
		append(args, key, me)...).Scan(&counted)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, exists(ctx, tx, me, key, "input", "id")
	}
	if err != nil {
		return 0, err
	}
	delta := int64(0)
	if counted {
		delta = m.delta
	}
	tx.TellUnread(event.NotificationsChanged{NotificationID: key, Change: m.name}, me, delta)
	return 1, nil
}

// MarkSeen marks all up to and with one as seen: shown, not read. Faults:
// INVALID_ID, NOT_FOUND; UNAUTHENTICATED.
func (i *Inbox) MarkSeen(ctx context.Context, in MarkNotificationsSeenInput) (Marked, error) {
	return i.markMany(ctx, &in.UpTo, "seen", 0, entnotification.SeenAtIsNil(), func(u *ent.NotificationUpdate, tx *store.Tx) { u.SetSeenAt(tx.Now) })
}

// MarkAllRead marks all up to and with one as read, or all that are there: what
// comes later stays unread. Faults: as MarkSeen.
func (i *Inbox) MarkAllRead(ctx context.Context, in MarkAllNotificationsReadInput) (Marked, error) {
	return i.markMany(ctx, in.UpTo, "all_read", -1, entnotification.ReadAtIsNil(), func(u *ent.NotificationUpdate, tx *store.Tx) { u.SetReadAt(tx.Now) })
}

func (i *Inbox) markMany(ctx context.Context, upTo *scalar.ID, name string, delta int64, from predicate.Notification, set func(*ent.NotificationUpdate, *store.Tx)) (Marked, error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return Marked{}, fault.ErrUnauthenticated
	}
	changed := 0
	err := i.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		last, err := lastOf(ctx, tx, me, upTo)
		if changed = 0; err != nil || last == uuid.Nil {
			return err
		}
		u := tx.Notification.Update().Where(entnotification.UserID(me), entnotification.IDLTE(last), entnotification.ArchivedAtIsNil(), from)
		set(u, tx)
		if changed, err = u.Save(ctx); err != nil || changed == 0 {
			return err
		}
		if delta != 0 {
			also := tx.Notification.Update().Where(entnotification.UserID(me), entnotification.IDLTE(last), entnotification.ArchivedAtIsNil(), entnotification.SeenAtIsNil())
			if err := also.SetSeenAt(tx.Now).Exec(ctx); err != nil {
				return err
			}
		}
		tx.TellUnread(event.NotificationsChanged{NotificationID: last, Change: name}, me, delta*int64(changed))
		return nil
	})
	if err != nil {
		return Marked{}, err
	}
	return i.counted(ctx, me, changed)
}

// lastOf is the one to mark up to: the given one, else the newest; nil when
// the feed is empty. Ids rise in the order in which the items appear (make.go).
func lastOf(ctx context.Context, tx *store.Tx, me uuid.UUID, upTo *scalar.ID) (uuid.UUID, error) {
	if upTo != nil {
		key, err := keyOf(*upTo, "input", "upTo")
		if err != nil {
			return uuid.Nil, err
		}
		return key, exists(ctx, tx, me, key, "input", "upTo")
	}
	id, err := tx.Notification.Query().Where(entnotification.UserID(me), entnotification.ArchivedAtIsNil()).
		Order(ent.Desc(entnotification.FieldID)).FirstID(ctx)
	if ent.IsNotFound(err) {
		return uuid.Nil, nil
	}
	return id, err
}

// exists is NOT_FOUND for what is not in the caller's feed.
func exists(ctx context.Context, tx *store.Tx, me, key uuid.UUID, path ...string) error {
	ok, err := tx.Notification.Query().Where(entnotification.ID(key), entnotification.UserID(me)).Exist(ctx)
	if err == nil && !ok {
		return fault.ErrNotFound.At(path...)
	}
	return err
}

// counted fills in the person's unread count as it is now.
func (i *Inbox) counted(ctx context.Context, me uuid.UUID, changed int) (Marked, error) {
	n, err := i.unread(ctx, me)
	if err != nil {
		return Marked{}, err
	}
	return Marked{Changed: &changed, UnreadCount: &n}, nil
}

func (i *Inbox) unread(ctx context.Context, me uuid.UUID) (int, error) {
	n, err := i.Store.Client.User.Query().Where(entuser.ID(me)).Select(entuser.FieldUnreadCount).Int(ctx)
	return n, store.Translate(err)
}

func keyOf(id scalar.ID, path ...string) (uuid.UUID, error) {
	if id.Prefix != "ntf" {
		return uuid.Nil, fault.ErrInvalidID.At(path...)
	}
	return id.UUID, nil
}
