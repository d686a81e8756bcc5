package notify_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// With progress a badge is right from the first message, also where something
// was added while the stream began.
func TestBadgeOfProgress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := subscribe(t, storetest.As(w.alice))
		heads, once := w.inbox.Streams.Heads, sync.Once{}
		w.inbox.Streams.Heads = func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]int64, error) {
			once.Do(func() { w.give(t, w.alice, 1) })
			return heads(ctx, ids)
		}
		stream, err := w.inbox.Added(alice, nil, ptr(true))
		if err != nil {
			t.Fatal(err)
		}
		w.tell(t, event.SecurityChanged{UserID: w.alice, Change: "change_password"}, store.ToUser(w.alice))
		if m := take(t, stream, 1)[0]; m.Notification != nil || m.UnreadCount != 1 {
			t.Errorf("%+v, want one unread", m)
		}
	})
}
