package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// A fact that nobody has heard or relayed yet is not trimmed, however old it
// is and whatever came after it.
func TestTrimKeepsWhatIsStillNeeded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		u := makeUser(t, db, "u")
		tell := func(n int) {
			t.Helper()
			if err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				for range n {
					tx.Tell(fact{u}, store.ToUser(u))
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		exec := func(query string, args ...any) {
			t.Helper()
			if err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, query, args...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		left := func(after int64, want int) {
			t.Helper()
			if err := db.Trim(storetest.System(), 1800e9); err != nil {
				t.Fatal(err)
			}
			events, err := db.ReadStream(context.Background(), u, after, 100)
			if err != nil || len(events) != want {
				t.Fatalf("%d events left after %d, want %d, %v", len(events), after, want, err)
			}
		}
		tell(4)
		exec(`UPDATE account_events SET heard = ?, relayed = ? WHERE seq IN (1, 3, 4)`, true, true)
		db.Clock.Add(3600e9)
		left(1, 3)
		exec(`UPDATE account_events SET heard = ? WHERE seq = 2`, true)
		left(1, 3)
		exec(`UPDATE users SET stream_seq = stream_seq + 20000 WHERE id = ?`, u) // as if so many came since
		left(1, 3)
		exec(`UPDATE account_events SET relayed = ? WHERE seq = 2`, true)
		left(10_004, 0)
	})
}

// The relay and the hearers, woken by one commit, want the same row at the
// same moment: neither passes over it and leaves it to the next poll.
func TestRelayAndHearersDoNotHideRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		if db.Dialect() != dialect.Postgres {
			return // one writer
		}
		u := makeUser(t, db, "u")
		tell := func() {
			t.Helper()
			if err := db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
				tx.Tell(fact{u}, store.ToUser(u))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		tell()
		var order []int64
		hear := func(slow func()) (int, error) {
			return db.Hear(storetest.System(), 1, []store.Hearer{{Name: "h", Kinds: []string{"test.fact"}, On: func(_ context.Context, _ *store.Tx, e event.Stored) error {
				order = append(order, e.Seq)
				slow()
				return nil
			}}}, nil)
		}
		// While the first fact is being heard, its bell rings.
		n, err := hear(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			rung := int64(0)
			_, err := db.Claim(ctx, 10, func(b []event.Bell) error { rung = b[0].Seq; return nil })
			if err != nil || rung != 1 {
				t.Errorf("rung up to %d, %v", rung, err)
			}
		})
		if n != 1 || err != nil {
			t.Fatal(n, err)
		}
		tell()
		// While somebody else holds the second one, a hearer waits for it.
		held, free := make(chan struct{}), make(chan struct{})
		failed := errors.New("rolled back")
		done := make(chan error, 1)
		go func() {
			done <- db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE account_events SET relayed = ? WHERE seq = 2`, true)
				close(held)
				<-free
				return errors.Join(err, failed)
			})
		}()
		<-held
		time.AfterFunc(100*time.Millisecond, func() { close(free) })
		if n, err := hear(func() {}); n != 1 || err != nil {
			t.Errorf("heard %d, %v", n, err)
		}
		if err := <-done; !errors.Is(err, failed) {
			t.Error(err)
		}
		if len(order) != 2 || order[0] != 1 || order[1] != 2 {
			t.Errorf("heard %v", order)
		}
		// What was passed over above is marked by the next claim.
		for range 2 {
			n, err = db.Claim(context.Background(), 10, func([]event.Bell) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		if n != 0 {
			t.Errorf("%d rung for ever", n)
		}
	})
}
