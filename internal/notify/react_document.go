package notify

import (
	"context"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// OnFileReady tells who asked for a file of rows that it is there.
func (i *Inbox) OnFileReady(ctx context.Context, tx *store.Tx, e event.Stored, f event.FileReady) error {
	return i.giveOwn(ctx, tx, e, note{
		topic: entnotification.TopicSERVICE, typ: "file.ready", severity: entnotification.SeveritySUCCESS, params: map[string]any{"title": f.Title},
	})
}
