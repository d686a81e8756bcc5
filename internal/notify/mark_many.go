package notify

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostArchived is how many archiveNotifications takes.
const mostArchived = 100

// sweep is a change of all that stand in the feed up to one.
type sweep struct {
	name   string // as event.NotificationsChanged says it
	upTo   *scalar.ID
	topics []entnotification.Topic
	from   predicate.Notification // which of them there is something to change of
	set    func(*ent.NotificationUpdate, *store.Tx)
	also   func(*ent.NotificationUpdate, *store.Tx) // before it, of all of them that were not seen; may be nil
	delta  int64                                    // of the unread count, for each
}

// MarkSeen marks all up to and with one as seen: shown, not read. Faults:
// INVALID_ID, NOT_FOUND; UNAUTHENTICATED.
func (i *Inbox) MarkSeen(ctx context.Context, in MarkNotificationsSeenInput) (Marked, error) {
	return i.sweep(ctx, sweep{name: "seen", upTo: &in.UpTo, from: entnotification.SeenAtIsNil(),
		set: func(u *ent.NotificationUpdate, tx *store.Tx) { u.SetSeenAt(tx.Now) }})
}

// MarkAllRead marks all up to and with one as read, or all that are there: what
// comes later stays unread. Faults: as MarkSeen.
func (i *Inbox) MarkAllRead(ctx context.Context, in MarkAllNotificationsReadInput) (Marked, error) {
	return i.sweep(ctx, sweep{name: "all_read", upTo: in.UpTo, topics: in.Topics, from: entnotification.ReadAtIsNil(), delta: -1,
		set:  func(u *ent.NotificationUpdate, tx *store.Tx) { u.SetReadAt(tx.Now) },
		also: func(u *ent.NotificationUpdate, tx *store.Tx) { u.SetSeenAt(tx.Now) }})
}

// ArchiveRead takes all that are read out of the feed, up to and with one or
// all that are there. Faults: as MarkSeen.
func (i *Inbox) ArchiveRead(ctx context.Context, in ArchiveReadNotificationsInput) (Marked, error) {
	return i.sweep(ctx, sweep{name: "read_archived", upTo: in.UpTo, topics: in.Topics, from: entnotification.ReadAtNotNil(),
		set: func(u *ent.NotificationUpdate, tx *store.Tx) { u.SetArchivedAt(tx.Now) }})
}

func (i *Inbox) sweep(ctx context.Context, w sweep) (Marked, error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return Marked{}, fault.ErrUnauthenticated
	}
	changed := 0
	err := i.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		last, err := lastOf(ctx, tx, me, w.upTo)
		if changed = 0; err != nil || last == uuid.Nil {
			return err
		}
		among := []predicate.Notification{entnotification.UserID(me), entnotification.IDLTE(last), entnotification.ArchivedAtIsNil(), entnotification.SnoozedUntilAtIsNil()}
		if len(w.topics) > 0 {
			among = append(among, entnotification.TopicIn(w.topics...))
		}
		u := tx.Notification.Update().Where(among...).Where(w.from)
		w.set(u, tx)
		if changed, err = u.Save(ctx); err != nil || changed == 0 {
			return err
		}
		if w.also != nil {
			u := tx.Notification.Update().Where(among...).Where(entnotification.SeenAtIsNil())
			w.also(u, tx)
			if err := u.Exec(ctx); err != nil {
				return err
			}
		}
		fact := event.NotificationsChanged{NotificationID: last, Change: w.name}
		for _, t := range w.topics {
			fact.Topics = append(fact.Topics, string(t))
		}
		tx.TellUnread(fact, me, w.delta*int64(changed))
		return nil
	})
	if err != nil {
		return Marked{}, err
	}
	return i.counted(ctx, me, changed)
}

// lastOf is the one to mark up to: the given one, else the newest; nil when
// the feed is empty. Ids rise in the order in which the items appear (give.go).
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

// ArchiveMany takes some out of the feed, each told by itself; all of them or
// none. Faults: REQUIRED, TOO_LONG, INVALID_ID and NOT_FOUND at the one
// that is wrong; UNAUTHENTICATED.
func (i *Inbox) ArchiveMany(ctx context.Context, in ArchiveNotificationsInput) (Marked, error) {
	me := viewer.From(ctx).UserID
	switch {
	case me == uuid.Nil:
		return Marked{}, fault.ErrUnauthenticated
	case len(in.Ids) == 0:
		return Marked{}, fault.ErrRequired.At("input", "ids")
	case len(in.Ids) > mostArchived:
		return Marked{}, fault.ErrTooLong.At("input", "ids").With("limit", mostArchived)
	}
	keys := make([]uuid.UUID, len(in.Ids))
	for n, id := range in.Ids {
		var err error
		if keys[n], err = keyOf(id, "input", "ids", strconv.Itoa(n)); err != nil {
			return Marked{}, err
		}
	}
	changed := 0
	err := i.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		changed, err = archiveSome(ctx, tx, me, keys)
		return err
	})
	if err != nil {
		return Marked{}, err
	}
	return i.counted(ctx, me, changed)
}

func archiveSome(ctx context.Context, tx *store.Tx, me uuid.UUID, keys []uuid.UUID) (changed int, err error) {
	rows, err := tx.Notification.Query().Where(entnotification.UserID(me), entnotification.IDIn(keys...), tx.Locking()).Order(ent.Asc(entnotification.FieldID)).
		Select(entnotification.FieldID, entnotification.FieldReadAt, entnotification.FieldArchivedAt, entnotification.FieldSnoozedUntilAt).All(ctx)
	if err != nil {
		return 0, err
	}
	there := make(map[uuid.UUID]bool, len(rows))
	var open []uuid.UUID
	for _, n := range rows {
		if there[n.ID] = true; n.ArchivedAt != nil {
			continue
		}
		delta := int64(0)
		if n.ReadAt == nil && n.SnoozedUntilAt == nil {
			delta = -1
		}
		open = append(open, n.ID)
		tx.TellUnread(event.NotificationsChanged{NotificationID: n.ID, Change: archive.name}, me, delta)
	}
	for n, key := range keys {
		if !there[key] {
			return 0, fault.ErrNotFound.At("input", "ids", strconv.Itoa(n))
		}
	}
	if len(open) == 0 {
		return 0, nil
	}
	return tx.Notification.Update().Where(entnotification.UserID(me), entnotification.IDIn(open...)).SetArchivedAt(tx.Now).ClearSnoozedUntilAt().Save(ctx)
}
