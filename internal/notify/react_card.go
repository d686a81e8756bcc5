package notify

import (
	"context"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// OnManagerChanged tells a customer who looks after him from now on; of one who
// was only taken away he is not told.
func (i *Inbox) OnManagerChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.ManagerChanged) error {
	if f.ManagerID == nil {
		return nil
	}
	name, err := tx.User.Query().Where(entuser.ID(*f.ManagerID)).Select(entuser.FieldDisplayName).String(viewer.AsSystem(ctx, "notify.hear"))
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return i.giveOwn(ctx, tx, e, note{
		topic: entnotification.TopicSUPPORT, typ: "manager.assigned", severity: entnotification.SeverityINFO,
		params: map[string]any{"name": name},
	})
}
