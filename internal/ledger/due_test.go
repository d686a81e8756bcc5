package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Many lots of one account fall due at once: the clock settles them so many a
// transaction, and who writes meanwhile waits for one of these at most.
func TestManyLotsOfOneAccountFallDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		const lots = 1200 // more than two transactions' worth
		w := openWorld(t, db, 0, nil)
		alice := pointsOf(owner())
		w.give(alice, 5, 0)
		due := w.Clock.Now().Add(day)
		w.must(w.on(alice, func(ctx context.Context, b *ledger.Book) (e *ent.LedgerEntry, err error) {
			for range lots {
				if e, err = b.Give(ctx, ledger.Posting{Kind: ledgerentry.KindACCRUAL, Amount: 2, Contra: ledger.Issued, Cause: w.cause()}, &due); err != nil {
					return nil, err
				}
			}
			return e, nil
		}))
		w.Clock.Add(day)
		n, log := w.Statements(func() {
			if done, err := w.books.SettleDue(storetest.System(), 10); done != 1 || err != nil {
				t.Error(done, err)
			}
		})
		commits := 0
		for _, s := range log {
			if strings.HasPrefix(s, "UPDATE ledger_accounts SET active") {
				commits++
			}
		}
		if commits < 2 || db.Dialect() == dialect.Postgres && n > lots/4 {
			t.Errorf("%d lots were settled in %d transactions of %d statements", lots, commits, n)
		}
		w.want(alice, 5, 0, 0)
	})
}

// security K10: two instances settle many accounts at once, while their owners
// spend; each lot expires once, nobody waits for the clock's other accounts,
// and none fails. What was done is not done again where one is cut off.
func TestTwoInstancesSettle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		second, err := store.Open(context.Background(), store.Options{URL: db.URL, Clock: db.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		var keys []ledger.Key
		for range 60 {
			k := pointsOf(owner())
			w.give(k, 10, day)
			w.give(k, 10, 0)
			keys = append(keys, k)
		}
		w.Clock.Add(day)
		var done, spent atomic.Int64
		var wg sync.WaitGroup
		for i, books := range []*ledger.Books{w.books, {Store: second}, w.books} {
			wg.Go(func() {
				ctx := storetest.System()
				if i == 2 { // it is stopped in the middle
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
					defer cancel()
				}
				n, err := books.SettleDue(ctx, 1000)
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
				done.Add(int64(n))
			})
		}
		for _, k := range keys[:20] {
			wg.Go(func() {
				switch _, err := w.spend(k, 15); {
				case err == nil:
					spent.Add(1)
				case !errors.Is(err, ledger.ErrTooFewPoints):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if spent.Load() != 0 || done.Load() > 60 {
			t.Errorf("%d spent what had expired, %d accounts settled", spent.Load(), done.Load())
		}
		if _, err := w.books.SettleDue(storetest.System(), 1000); err != nil { // what was left by who was stopped
			t.Error(err)
		}
		for _, k := range keys {
			w.want(k, 10, 0, 0)
			if n := len(w.book(k)); n != 3 {
				t.Errorf("%d entries: %v", n, w.book(k))
			}
		}
	})
}

// A writer of an account that is due is not held up by the clock's work on
// others: an account that somebody holds is left alone by the clock.
func TestTheClockSkipsWhatIsHeld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		if db.Dialect() != dialect.Postgres {
			t.Log("one writer at a time: nothing is held while another one writes")
			return
		}
		w := openWorld(t, db, 0, nil)
		alice, bob := pointsOf(owner()), pointsOf(owner())
		w.give(alice, 5, day)
		w.give(bob, 5, day)
		id := w.id(alice)
		w.Clock.Add(day)
		w.do(func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Lock(ctx, "ledger_accounts", "id", id); err != nil {
				return err
			}
			done := make(chan error, 1)
			go func() {
				n, err := w.books.SettleDue(storetest.System(), 10)
				if n != 1 && err == nil {
					err = fmt.Errorf("%d accounts were settled", n)
				}
				done <- err
			}()
			select {
			case err := <-done:
				return err
			case <-time.After(20 * time.Second):
				return errors.New("the clock waits for who holds an account")
			}
		})
		w.want(bob, 0, 0, 0)
		w.want(alice, 0, 0, 0)
	})
}

// The balance is one row, found by an index, whatever the account's history.
func TestBalanceIsOneIndexedRow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice := pointsOf(owner())
		for range 50 {
			w.give(pointsOf(owner()), 5, 0)
			w.give(alice, 5, 0)
		}
		const balance = `SELECT active, pending, held FROM ledger_accounts WHERE owner_id = ? AND unit = ? AND kind = ? AND name = ''`
		explain := `EXPLAIN QUERY PLAN ` + balance
		if db.Dialect() == dialect.Postgres {
			if _, err := db.Writer().Exec(`ANALYZE ledger_accounts`); err != nil {
				t.Fatal(err)
			}
			explain = `EXPLAIN ` + balance
		}
		w.do(func(ctx context.Context, tx *store.Tx) error {
			if db.Dialect() == dialect.Postgres { // so few rows would be read whole
				if _, err := tx.Exec(ctx, `SET LOCAL enable_seqscan = off`); err != nil {
					return err
				}
			}
			rows, err := tx.Query(ctx, explain, alice.Owner, alice.Unit, string(alice.Kind))
			if err != nil {
				return err
			}
			defer rows.Close()
			columns, _ := rows.Columns()
			var plan strings.Builder
			for rows.Next() {
				cells := make([]any, len(columns))
				for i := range cells {
					cells[i] = new(any)
				}
				if err := rows.Scan(cells...); err != nil {
					return err
				}
				fmt.Fprintln(&plan, *cells[len(cells)-1].(*any))
			}
			if p := plan.String(); !strings.Contains(p, "ledgeraccount_owner_id_unit_kind_name") || strings.Contains(p, "ledger_entries") || strings.Contains(p, "ledger_lots") {
				t.Errorf("the plan of a balance:\n%s", p)
			}
			return rows.Err()
		})
		n, log := w.Statements(func() {
			if _, err := w.read(alice); err != nil {
				t.Error(err)
			}
		})
		if n != 1 {
			t.Errorf("a balance takes %v", log)
		}
	})
}
