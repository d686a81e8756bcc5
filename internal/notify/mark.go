package notify

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
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

// mark is one kind of change to one notification of the caller. An archived one
// is never snoozed, so what is counted is unread and neither.
type mark struct {
	name    string // as event.NotificationsChanged says it
	set     string // of the row; ? is the time
	from    string // the condition under which there is something to change
	counted string // the condition under which the unread count moves …
	delta   int64  // … by so much
}

var (
	markRead    = mark{"read", "read_at = ?, seen_at = coalesce(seen_at, ?)", "read_at IS NULL", "archived_at IS NULL AND snoozed_until_at IS NULL", -1}
	markUnread  = mark{"unread", "read_at = NULL", "read_at IS NOT NULL", "archived_at IS NULL AND snoozed_until_at IS NULL", +1}
	archive     = mark{"archived", "archived_at = ?", "archived_at IS NULL AND snoozed_until_at IS NULL", "read_at IS NULL", -1}
	archiveLate = mark{"archived", "archived_at = ?, snoozed_until_at = NULL", "archived_at IS NULL AND snoozed_until_at IS NOT NULL", "false", 0} // was not counted
	unarchive   = mark{"unarchived", "archived_at = NULL", "archived_at IS NOT NULL", "read_at IS NULL", +1}
	interact    = mark{"interacted", "interacted_at = ?", "interacted_at IS NULL", "false", 0}
)

// MarkRead marks one as read; again changes nothing. Faults: INVALID_ID,
// NOT_FOUND; UNAUTHENTICATED.
func (i *Inbox) MarkRead(ctx context.Context, in MarkNotificationReadInput) (Marked, error) {
	return i.markOne(ctx, in.ID, either(markRead))
}

// MarkUnread marks one as unread; again changes nothing. Faults: as MarkRead.
func (i *Inbox) MarkUnread(ctx context.Context, in MarkNotificationUnreadInput) (Marked, error) {
	return i.markOne(ctx, in.ID, either(markUnread))
}

// Archive takes one out of the feed; an unread one is not counted any more, and
// a snoozed one does not return. Again changes nothing. Faults: as MarkRead.
func (i *Inbox) Archive(ctx context.Context, in ArchiveNotificationInput) (Marked, error) {
	return i.markOne(ctx, in.ID, either(archive, archiveLate))
}

// Unarchive brings one back into the feed, counted if it is unread. Again
// changes nothing. Faults: as MarkRead.
func (i *Inbox) Unarchive(ctx context.Context, in UnarchiveNotificationInput) (Marked, error) {
	return i.markOne(ctx, in.ID, either(unarchive))
}

// MarkInteracted says that the person followed one, which is to have read it
// too. Again changes nothing. Faults: as MarkRead.
func (i *Inbox) MarkInteracted(ctx context.Context, in MarkNotificationInteractedInput) (Marked, error) {
	return i.markOne(ctx, in.ID, followed)
}

// followed is what happens to one that its person acts upon.
func followed(ctx context.Context, tx *store.Tx, me, key uuid.UUID) (changed int, err error) {
	if _, err := markRead.try(ctx, tx, me, key); err != nil {
		return 0, err
	}
	return either(interact)(ctx, tx, me, key)
}

// change does something to one of the caller's and says how many rows it
// changed: none where it is so already.
type change = func(ctx context.Context, tx *store.Tx, me, key uuid.UUID) (changed int, err error)

// either is the first of some marks that has something to change; NOT_FOUND
// where there is no such row.
func either(marks ...mark) change {
	return func(ctx context.Context, tx *store.Tx, me, key uuid.UUID) (changed int, err error) {
		for _, m := range marks {
			if changed, err = m.try(ctx, tx, me, key); err != nil || changed > 0 {
				return changed, err
			}
		}
		return 0, exists(ctx, tx, me, key, "input", "id")
	}
}

func (i *Inbox) markOne(ctx context.Context, id scalar.ID, do change) (Marked, error) {
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
		changed, err = do(ctx, tx, me, key)
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

// try changes the row by one conditional statement, which also says whether
// the row was counted: of two marks at once the second sees what the first
// has left, so that no count moves twice or for nothing.
func (m mark) try(ctx context.Context, tx *store.Tx, me, key uuid.UUID) (changed int, err error) {
	var args []any
	for range strings.Count(m.set, "?") + 1 { // updated_at too
		args = append(args, tx.Now)
	}
	return m.tell(ctx, tx, me, key, args, event.NotificationsChanged{NotificationID: key, Change: m.name})
}

// tell is try with the values of set and updated_at, and what is told of it.
func (m mark) tell(ctx context.Context, tx *store.Tx, me, key uuid.UUID, args []any, fact event.NotificationsChanged) (changed int, err error) {
	counted := false
	err = tx.QueryRow(ctx, `UPDATE notifications SET `+m.set+`, updated_at = ? WHERE id = ? AND user_id = ? AND `+m.from+` RETURNING `+m.counted,
		append(args, key, me)...).Scan(&counted)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	delta := int64(0)
	if counted {
		delta = m.delta
	}
	tx.TellUnread(fact, me, delta)
	return 1, nil
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
