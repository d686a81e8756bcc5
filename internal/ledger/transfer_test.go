package ledger_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/ledger"
	"kabinet/internal/store/storetest"
)

// A transfer keeps due times, pays its fee, and is done whole or not at all.
func TestMove(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice, bob := pointsOf(owner()), pointsOf(owner())
		w.give(alice, 10, 2*day)
		w.give(alice, 10, 5*day)
		w.give(alice, 10, 0)
		from, to := w.id(alice), w.id(bob)
		_, err := w.move(from, to, uuid.New(), 29, 2)
		wantErr(t, err, ledger.ErrTooFewPoints)
		by := uuid.New()
		out, err := w.move(from, to, by, 15, 3)
		if err != nil || *out.TransferID != by || out.Amount != -15 {
			t.Fatal(out, err)
		}
		w.want(alice, 12, 0, 0)
		w.want(bob, 15, 0, 0)
		if _, err := w.move(from, to, by, 5, 0); err == nil { // once for ever
			t.Error("one transfer took place twice")
		}
		w.Clock.Add(2 * day)
		w.want(bob, 5, 0, 0)
		w.want(alice, 12, 0, 0)
		w.Clock.Add(3 * day)
		w.want(bob, 0, 0, 0)
		w.want(alice, 10, 0, 0)
		if got, want := fmt.Sprint(w.book(alice)), "[ACCRUAL +10 ACTIVE ACCRUAL +10 ACTIVE ACCRUAL +10 ACTIVE TRANSFER -15 ACTIVE FEE -3 ACTIVE EXPIRY -2 ACTIVE]"; got != want {
			t.Errorf("the book reads %s\nwant %s", got, want)
		}
	})
}

// What comes pays a debt first.
func TestMovePaysDebts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice, bob := pointsOf(owner()), pointsOf(owner())
		e := w.give(bob, 12, 0)
		w.must(w.spend(bob, 12))
		w.must(w.reverse(bob, e.ID, ledger.ShortOwed))
		w.want(bob, -12, 0, 0)
		w.give(alice, 10, 2*day)
		w.give(alice, 10, 5*day)
		if _, err := w.move(w.id(alice), w.id(bob), uuid.New(), 15, 0); err != nil {
			t.Fatal(err)
		}
		w.want(bob, 3, 0, 0)
		w.Clock.Add(3 * day)
		w.want(bob, 3, 0, 0) // those that live longest came into a lot
		w.Clock.Add(3 * day)
		w.want(bob, 0, 0, 0)
	})
}

// security K9: money goes both ways between two accounts a thousand times at
// once; nobody waits for ever and nothing is lost. Three more make rings.
func TestTransfersDoNotStopEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		const start, times = 1000, 1000
		var ids []uuid.UUID
		var keys []ledger.Key
		for range 3 {
			k := moneyOf(owner(), "EUR")
			w.give(k, start, 0)
			keys, ids = append(keys, k), append(ids, w.id(k))
		}
		jobs := make(chan int)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for i := range jobs {
					a, b := ids[i%2], ids[1-i%2] // A -> B, B -> A
					if i%10 >= 8 {
						a, b = ids[i%3], ids[(i+1)%3]
					}
					if _, err := w.move(a, b, uuid.New(), int64(1+i%3), 0); err != nil && !errors.Is(err, ledger.ErrInsufficientFunds) {
						t.Error(err)
					}
				}
			})
		}
		for i := range 2 * times {
			jobs <- i
		}
		close(jobs)
		wg.Wait()
		var sum int64
		for _, k := range keys {
			sum += w.account(k).Active
		}
		if sum != 3*start {
			t.Errorf("%d of %d are there", sum, 3*start)
		}
	})
}
