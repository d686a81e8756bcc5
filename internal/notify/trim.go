package notify

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"

	"entgo.io/ent/dialect/sql"
)

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
