package notify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/notify"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is a database with alice, who reads English in London, and boris, who
// reads Russian in Moscow.
type world struct {
	*storetest.DB
	inbox        *notify.Inbox
	epoch        string
	alice, boris uuid.UUID
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	w := &world{DB: db, epoch: "one"}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		a, err := tx.User.Create().SetDisplayName("Alice").SetLocale("en").SetTimeZone("Europe/London").Save(ctx)
		if err != nil {
			return err
		}
		b, err := tx.User.Create().SetDisplayName("Борис").SetLocale("ru").SetTimeZone("Europe/Moscow").Save(ctx)
		if err != nil {
			return err
		}
		w.alice, w.boris = a.ID, b.ID
		return nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	hub := live.NewHub(live.HubOptions{Heads: db.Heads, ResyncEvery: 20 * time.Millisecond})
	done := make(chan struct{})
	go func() { hub.Watch(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done; hub.Close() })
	w.inbox = &notify.Inbox{Store: db.Store, Streams: &live.Streams{
		Hub: hub, Read: db.ReadStream, Heads: db.Heads, Epoch: func(context.Context) (string, error) { return w.epoch, nil },
	}}
	return w
}

func (w *world) write(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := w.InTx(storetest.System(), f); err != nil {
		t.Fatal(err)
	}
}

// tell places a fact as a domain does.
func (w *world) tell(t *testing.T, f event.Fact, to ...store.Stream) {
	t.Helper()
	w.write(t, func(_ context.Context, tx *store.Tx) error {
		tx.Tell(f, to...)
		return nil
	})
}

// hear runs the hearers until nothing is left.
func (w *world) hear(t *testing.T) {
	t.Helper()
	_, err := w.Hear(storetest.System(), 10_000, w.inbox.Hearers(), func(_ context.Context, _ *store.Tx, h string, e event.Stored, err error) error {
		return fmt.Errorf("%s on %s: %w", h, e.Kind, err)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// give makes n notifications for a person.
func (w *world) give(t *testing.T, user uuid.UUID, n int) []*ent.Notification {
	t.Helper()
	for range n {
		w.tell(t, event.SecurityChanged{UserID: user, Change: "change_password"}, store.ToUser(user))
	}
	w.hear(t)
	return w.feed(t, user)
}

// feed is all of a person's notifications, oldest first.
func (w *world) feed(t *testing.T, user uuid.UUID) []*ent.Notification {
	t.Helper()
	all, err := w.Client.Notification.Query().Where(entnotification.UserID(user)).Order(ent.Asc(entnotification.FieldID)).All(storetest.System())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// wantUnread wants the column, and the rows behind it.
func (w *world) wantUnread(t *testing.T, user uuid.UUID, want int64) {
	t.Helper()
	drifts, err := w.inbox.CheckCounts(context.Background())
	if err != nil || len(drifts) > 0 {
		t.Errorf("drift %+v, %v", drifts, err)
	}
	u, err := w.Client.User.Get(storetest.System(), user)
	if err != nil || u.UnreadCount != want {
		t.Errorf("unread %d, want %d (%v)", u.UnreadCount, want, err)
	}
}

func (w *world) told(t *testing.T, stream uuid.UUID, kind string) (events []event.Stored) {
	t.Helper()
	all, err := w.ReadStream(context.Background(), stream, 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Kind == kind {
			events = append(events, e)
		}
	}
	return events
}

func wantFault(t *testing.T, err error, want *fault.Fault) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
}

func ptr[T any](v T) *T { return &v }

// member acts for a company with the given reach on its tickets and orders.
func member(id, company uuid.UUID, reach viewer.Reach) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: company, Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "order", Operation: "read"}: reach, {Resource: "ticket", Operation: "read"}: reach,
	}})
}

func subscribe(t *testing.T, ctx context.Context) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	t.Cleanup(cancel)
	return ctx
}

func take[T any](t *testing.T, from <-chan *T, n int) []*T {
	t.Helper()
	var got []*T
	timeout := time.After(10 * time.Second)
	for len(got) < n {
		select {
		case m, open := <-from:
			if !open {
				t.Fatalf("the stream ended after %d of %d", len(got), n)
			}
			got = append(got, m)
		case <-timeout:
			t.Fatalf("%d messages came, not %d", len(got), n)
		}
	}
	return got
}

func quiet[T any](t *testing.T, from <-chan *T) {
	t.Helper()
	select {
	case m, open := <-from:
		t.Fatalf("unexpected: %+v (open: %v)", m, open)
	case <-time.After(150 * time.Millisecond):
	}
}
