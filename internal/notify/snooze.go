package notify

import (
	"context"
	"errors"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// longestSnooze is how long one can be out of the feed.
const longestSnooze = 365 * 24 * time.Hour

// ErrIllegalTransition is a step that what one wants is past; params.fromState, params.toState.
var ErrIllegalTransition = fault.New(fault.Refused, "ILLEGAL_TRANSITION")

// What actions are refused with.
var (
	// ErrTooManyItems: params.limit.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrDuplicateKey: a key or a language that comes twice.
	ErrDuplicateKey = fault.New(fault.Invalid, "DUPLICATE_KEY")
)

var (
	snooze   = mark{"snoozed", "snoozed_until_at = ?", "snoozed_until_at IS NULL AND archived_at IS NULL", "read_at IS NULL", -1}
	resnooze = mark{"snoozed", "snoozed_until_at = ?", "snoozed_until_at IS NOT NULL", "false", 0} // was not counted
	unsnooze = mark{"returned", "snoozed_until_at = NULL", "snoozed_until_at IS NOT NULL", "read_at IS NULL", +1}
)

// Snooze takes one out of the feed and the count until a moment, a year ahead
// at most; of one that is snoozed it moves the moment. Faults: INVALID_ID,
// NOT_FOUND, OUT_OF_RANGE, ILLEGAL_TRANSITION of an archived one;
// UNAUTHENTICATED.
func (i *Inbox) Snooze(ctx context.Context, in SnoozeNotificationInput) (Marked, error) {
	now := i.Store.Now()
	if latest := now.Add(longestSnooze); !in.Until.After(now) || in.Until.After(latest) {
		return Marked{}, fault.ErrOutOfRange.At("input", "until").With("min", now.Format(time.RFC3339)).With("max", latest.Format(time.RFC3339))
	}
	until := in.Until.UTC().Truncate(time.Microsecond)
	return i.markOne(ctx, in.ID, func(ctx context.Context, tx *store.Tx, me, key uuid.UUID) (changed int, err error) {
		fact := event.NotificationsChanged{NotificationID: key, Change: snooze.name}
		if changed, err = snooze.tell(ctx, tx, me, key, []any{until, tx.Now}, fact); err != nil || changed > 0 {
			return changed, err
		}
		n, err := tx.Notification.Query().Where(entnotification.ID(key), entnotification.UserID(me), tx.Locking()).
			Select(entnotification.FieldArchivedAt, entnotification.FieldSnoozedUntilAt).Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return 0, fault.ErrNotFound.At("input", "id")
		case err != nil:
			return 0, err
		case n.ArchivedAt != nil:
			return 0, ErrIllegalTransition.At("input", "id").With("fromState", "ARCHIVED").With("toState", "SNOOZED")
		case n.SnoozedUntilAt != nil && n.SnoozedUntilAt.Equal(until):
			return 0, nil
		}
		return resnooze.tell(ctx, tx, me, key, []any{until, tx.Now}, fact)
	})
}

// Unsnooze brings a snoozed one back now, counted if it is unread. Again
// changes nothing. Faults: as MarkRead.
func (i *Inbox) Unsnooze(ctx context.Context, in UnsnoozeNotificationInput) (Marked, error) {
	return i.markOne(ctx, in.ID, either(unsnooze))
}

// WakeDue brings back what was snoozed until now or before, the longest due
// first, person by person in transactions of their own, and says how many. It
// is for a periodic job; several may run at once. What comes back is to be
// shown anew.
func (i *Inbox) WakeDue(ctx context.Context, limit int) (n int, err error) {
	ctx = viewer.AsSystem(ctx, "notify.wake")
	due, err := i.Store.Client.Notification.Query().Where(entnotification.SnoozedUntilAtLTE(i.Store.Now())).
		Order(entnotification.BySnoozedUntilAt(sql.OrderAsc()), entnotification.ByID()).Limit(limit).
		Select(entnotification.FieldID, entnotification.FieldUserID).All(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	return i.eachPerson(ctx, due, func(ctx context.Context, tx *store.Tx, user uuid.UUID, ids []uuid.UUID) (done int, err error) {
		rows, err := tx.Notification.Query().Where(entnotification.IDIn(ids...), entnotification.SnoozedUntilAtLTE(tx.Now), tx.Locking()).
			Order(ent.Asc(entnotification.FieldID)).Select(entnotification.FieldID, entnotification.FieldReadAt).All(ctx)
		if err != nil || len(rows) == 0 {
			return 0, err
		}
		back := make([]uuid.UUID, len(rows))
		for n, r := range rows {
			delta := int64(0)
			if r.ReadAt == nil {
				delta = +1
			}
			back[n] = r.ID
			tx.TellUnread(event.NotificationsChanged{NotificationID: r.ID, Change: unsnooze.name}, user, delta)
		}
		return tx.Notification.Update().Where(entnotification.IDIn(back...)).ClearSnoozedUntilAt().ClearSeenAt().Save(ctx)
	})
}

// eachPerson does something to rows of the feed, those of one person in one
// transaction; where it fails the others need not wait for him.
func (i *Inbox) eachPerson(ctx context.Context, rows []*ent.Notification, do func(ctx context.Context, tx *store.Tx, user uuid.UUID, ids []uuid.UUID) (int, error)) (n int, err error) {
	var users []uuid.UUID
	of := map[uuid.UUID][]uuid.UUID{}
	for _, r := range rows {
		if of[r.UserID] == nil {
			users = append(users, r.UserID)
		}
		of[r.UserID] = append(of[r.UserID], r.ID)
	}
	for _, user := range users {
		done := 0
		failed := i.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			done, err = do(ctx, tx, user, of[user])
			return err
		})
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		n += done
	}
	return n, err
}

// TrimDue deletes items that are older than the feed keeps them, the oldest
// first, but for those that are snoozed: somebody waits for them. It says how
// many, and each person how far his feed was cut. It is for a periodic job;
// several may run at once.
func (i *Inbox) TrimDue(ctx context.Context, limit int) (n int, err error) {
	if i.Retention <= 0 {
		return 0, nil
	}
	ctx = viewer.AsSystem(ctx, "notify.trim")
	old, err := i.Store.Client.Notification.Query().Where(entnotification.CreatedAtLT(i.Store.Now().Add(-i.Retention)), entnotification.SnoozedUntilAtIsNil()).
		Order(entnotification.ByCreatedAt(sql.OrderAsc()), entnotification.ByID()).Limit(limit).Select(entnotification.FieldID, entnotification.FieldUserID).All(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	return i.eachPerson(ctx, old, func(ctx context.Context, tx *store.Tx, user uuid.UUID, ids []uuid.UUID) (done int, err error) {
		rows, err := tx.Notification.Query().Where(entnotification.IDIn(ids...), entnotification.SnoozedUntilAtIsNil(), tx.Locking()).
			Order(ent.Asc(entnotification.FieldID)).Select(entnotification.FieldID, entnotification.FieldReadAt, entnotification.FieldArchivedAt).All(ctx)
		if err != nil || len(rows) == 0 {
			return 0, err
		}
		gone, counted := make([]uuid.UUID, len(rows)), int64(0)
		for n, r := range rows {
			if gone[n] = r.ID; r.ReadAt == nil && r.ArchivedAt == nil {
				counted++
			}
		}
		tx.TellUnread(event.NotificationsChanged{NotificationID: gone[len(gone)-1], Change: "withdrawn"}, user, -counted)
		return tx.Notification.Delete().Where(entnotification.IDIn(gone...)).Exec(ctx)
	})
}
