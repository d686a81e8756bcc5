package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/notify"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/notify/preference"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is a database with a room over it, and sam, who may do all of it.
type world struct {
	*storetest.DB
	*broadcast.Broadcasts
	inbox *notify.Inbox
	sam   uuid.UUID
}

func newWorld(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	w := &world{DB: db}
	hub := live.NewHub(live.HubOptions{Heads: db.Heads, ResyncEvery: 20 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { hub.Watch(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done; hub.Close() })
	streams := &live.Streams{Hub: hub, Read: db.ReadStream, Heads: db.Heads, Epoch: func(context.Context) (string, error) { return "one", nil }}
	settings := &preference.Settings{Store: db.Store}
	prefs := &preference.Preferences{Store: db.Store, Settings: settings}
	w.inbox = &notify.Inbox{Store: db.Store, Streams: streams, Wants: func(ctx context.Context, tx *store.Tx, x notify.Wish) (bool, error) {
		return prefs.InFeed(ctx, tx, x.Type, x.Preferences)
	}}
	w.Broadcasts = &broadcast.Broadcasts{Store: db.Store, Streams: streams, Inbox: w.inbox, Settings: settings}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO companies (id, created_at, updated_at, kind, name) VALUES (?, ?, ?, 'HOUSE', 'House')`, viewer.House, tx.Now, tx.Now)
		return err
	})
	w.sam = uuid.Must(uuid.NewV7()) // no row: he is in no segment
	return w
}

// ok ends the test on an error.
func ok[T any](t testing.TB) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *world) write(t testing.TB, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := w.DB.InTx(storetest.System(), f); err != nil {
		t.Fatal(err)
	}
}

// staff is sam at work.
func (w *world) staff() context.Context {
	grants := map[viewer.Permission]viewer.Reach{}
	for _, r := range []string{"messaging", "user"} {
		for _, o := range []string{"read", "write"} {
			grants[viewer.Permission{Resource: r, Operation: o}] = viewer.ReachAll
		}
	}
	return viewer.With(context.Background(), viewer.Viewer{UserID: w.sam, OwnerID: viewer.House, Staff: true, Locale: "en", Grants: grants})
}

// people makes n active people and gives their ids, ascending.
func (w *world) people(t testing.TB, n int) (ids []uuid.UUID) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		ids = nil
		var all []*ent.UserCreate
		for i := range n {
			id := uuid.Must(uuid.NewV7())
			ids = append(ids, id)
			lang := "en"
			if i%2 == 1 {
				lang = "ru"
			}
			all = append(all, tx.User.Create().SetID(id).SetDisplayName(fmt.Sprintf("P%d", i)).SetLocale(lang).SetStatus(entuser.StatusACTIVE))
			if len(all) == 500 || i == n-1 {
				if err := tx.User.CreateBulk(all...).Exec(ctx); err != nil {
					return err
				}
				all = nil
			}
		}
		return nil
	})
	return ids
}

func wantFault(t *testing.T, err error, want *fault.Fault, path ...string) {
	t.Helper()
	f, _ := fault.As(err)
	if !errors.Is(err, want) || f == nil || fmt.Sprint(f.Path) != fmt.Sprint(path) && len(path) > 0 {
		t.Fatalf("got %v, want %s at %v", err, want.Code, path)
	}
}

func ptr[T any](v T) *T { return &v }

func as(prefix string, id uuid.UUID) scalar.ID { return scalar.ID{Prefix: prefix, UUID: id} }

func (w *world) number(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	rows, err := w.DB.Query(context.Background(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// told are the facts of a kind on a stream.
func (w *world) told(t testing.TB, stream uuid.UUID, kind string) (events []event.Stored) {
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
