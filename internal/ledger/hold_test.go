package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// A hold takes what falls due first, is captured in parts, and what is released
// goes back to where it came from.
func TestHold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice := pointsOf(owner())
		w.give(alice, 10, 2*day)
		w.give(alice, 20, 5*day)
		w.give(alice, 30, 0)
		h := w.must(w.hold(alice, 40, day))
		w.want(alice, 20, 0, 40)
		_, err := w.hold(alice, 21, day)
		wantErr(t, err, ledger.ErrTooFewPoints)
		_, err = w.spend(alice, 21)
		wantErr(t, err, ledger.ErrTooFewPoints)
		c := w.must(w.capture(alice, h.ID, 15)) // ten, and five of the twenty
		if c.Amount != -15 || c.BalanceAfter != 45 {
			t.Errorf("%+v", c)
		}
		w.must(w.release(alice, h.ID, 12)) // ten of those for ever, two of the twenty
		w.want(alice, 32, 0, 13)
		_, err = w.capture(alice, h.ID, 14)
		wantErr(t, err, ledger.ErrTooFewPoints)
		w.check()
		w.Clock.Add(day) // the rest comes back by itself
		w.want(alice, 45, 0, 0)
		_, err = w.capture(alice, h.ID, 1)
		wantErr(t, err, ledger.ErrTooFewPoints)
		_, err = w.release(alice, h.ID, 0)
		wantErr(t, err, ledger.ErrTooFewPoints)
		w.Clock.Add(4 * day) // fifteen of the twenty are there to expire
		w.want(alice, 30, 0, 0)
		_, err = w.refund(alice, c.ID, 0) // into lots that fell due: they expire again
		if err != nil {
			t.Error(err)
		}
		w.want(alice, 30, 0, 0)
		if got, want := fmt.Sprint(w.book(alice)), "[ACCRUAL +10 ACTIVE ACCRUAL +20 ACTIVE ACCRUAL +30 ACTIVE HOLD -40 ACTIVE CAPTURE -15 HELD RELEASE +12 ACTIVE RELEASE +13 ACTIVE EXPIRY -15 ACTIVE REFUND +15 ACTIVE EXPIRY -10 ACTIVE EXPIRY -5 ACTIVE]"; got != want {
			t.Errorf("the book reads %s\nwant %s", got, want)
		}
	})
}

// Points that fall due while they are held expire when they are released, not
// before; captured ones do not.
func TestHeldPointsFallDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice := pointsOf(owner())
		w.give(alice, 50, 2*day)
		h := w.must(w.hold(alice, 30, 4*day))
		w.Clock.Add(3 * day)
		w.want(alice, 0, 0, 30)
		w.must(w.capture(alice, h.ID, 20))
		w.want(alice, 0, 0, 10)
		w.Clock.Add(day)
		w.want(alice, 0, 0, 0)
	})
}

// A hold is of one book: another owner's is not found.
func TestHoldOfSomebodyElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice, bob := pointsOf(owner()), pointsOf(owner())
		w.give(alice, 50, 0)
		w.give(bob, 50, 0)
		h := w.must(w.hold(alice, 30, 0))
		_, err := w.capture(bob, h.ID, 1)
		wantErr(t, err, fault.ErrNotFound)
		_, err = w.release(bob, h.ID, 1)
		wantErr(t, err, fault.ErrNotFound)
		_, err = w.refund(bob, h.ID, 1)
		wantErr(t, err, fault.ErrNotFound)
		_, err = w.reverse(bob, h.ID, ledger.ShortRefused)
		wantErr(t, err, fault.ErrNotFound)
		_, err = w.capture(alice, w.give(alice, 1, 0).ID, 1) // no hold at all
		wantErr(t, err, fault.ErrNotFound)
		w.Clock.Add(1000 * day) // without a time it stays
		w.want(alice, 21, 0, 30)
	})
}

// security K3 K10: captures and releases of one hold, and the clock that ends
// it, meet; together they never go beyond it.
func TestHoldInParallel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice := pointsOf(owner())
		w.give(alice, 60, 30*day)
		w.give(alice, 40, 0)
		h := w.must(w.hold(alice, 90, day))
		w.Clock.Add(day - time.Millisecond)
		var captured atomic.Int64
		var wg sync.WaitGroup
		try := func(f func() (*ent.LedgerEntry, error), n int64) {
			wg.Go(func() {
				switch _, err := f(); {
				case err == nil:
					captured.Add(n)
				case !errors.Is(err, ledger.ErrTooFewPoints):
					t.Error(err)
				}
			})
		}
		for i := range 10 {
			try(func() (*ent.LedgerEntry, error) { return w.capture(alice, h.ID, 7) }, 7)
			try(func() (*ent.LedgerEntry, error) { return w.release(alice, h.ID, 6) }, 0)
			if i == 5 {
				wg.Go(func() { w.Clock.Add(time.Millisecond) })
				wg.Go(func() {
					if _, err := w.books.SettleDue(storetest.System(), 10); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if n := captured.Load(); n > 90 {
			t.Errorf("%d of 90 were captured", n)
		}
		w.want(alice, 100-captured.Load(), 0, 0)
	})
}

// Money is held as points are; an account of credit goes down to its floor,
// also where nothing lies in lots.
func TestHoldOfMoneyAndCredit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice := moneyOf(owner(), "EUR")
		w.give(alice, 500, 0)
		h := w.must(w.hold(alice, 300, day))
		_, err := w.spend(alice, 201)
		wantErr(t, err, ledger.ErrInsufficientFunds)
		w.must(w.capture(alice, h.ID, 100))
		w.Clock.Add(day)
		w.want(alice, 400, 0, 0)

		credit := ledger.Key{Owner: owner(), Unit: "EUR", Kind: ledgeraccount.KindCREDIT}
		w.give(credit, 30, 0)
		w.do(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE ledger_accounts SET floor = -100 WHERE owner_id = ?`, credit.Owner)
			return err
		})
		h = w.must(w.hold(credit, 80, day))
		w.want(credit, -50, 0, 80)
		_, err = w.spend(credit, 51)
		wantErr(t, err, ledger.ErrInsufficientFunds)
		w.must(w.spend(credit, 50))
		w.must(w.capture(credit, h.ID, 40))
		w.must(w.release(credit, h.ID, 0))
		w.want(credit, -60, 0, 0)
		w.give(credit, 100, 0)
		w.want(credit, 40, 0, 0)
	})
}

// Whoever earns or spends keeps all his points alive, where terms slide.
func TestSlidingLots(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 10*day, func(terms *ledger.Terms) { terms.Sliding = true })
		alice, bob, carol := pointsOf(owner()), pointsOf(owner()), pointsOf(owner())
		w.give(alice, 10, 10*day)
		w.give(alice, 10, 30*day) // longer than the terms: it is never made shorter
		w.give(bob, 10, 10*day)
		w.give(carol, 10, 10*day)
		w.Clock.Add(9 * day)
		w.must(w.spend(alice, 1))
		w.give(bob, 1, day) // what is given now lives as the terms say too
		w.must(w.hold(carol, 1, 0))
		w.Clock.Add(9 * day)
		w.want(alice, 19, 0, 0)
		w.want(bob, 11, 0, 0)
		w.want(carol, 0, 0, 1) // to reserve is not to spend
		w.Clock.Add(day)
		w.want(alice, 10, 0, 0)
		w.want(bob, 0, 0, 0)
		w.must(w.spend(alice, 5))
		w.Clock.Add(11 * day)
		w.want(alice, 0, 0, 0)
	})
}

// What comes back after it fell due lives for the days of grace, where the
// terms have some; also where it comes back in parts.
func TestGrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, func(terms *ledger.Terms) { terms.Grace = 3 * day })
		alice := pointsOf(owner())
		w.give(alice, 20, day)
		w.give(alice, 20, 20*day)
		s := w.must(w.spend(alice, 30))
		w.Clock.Add(2 * day)
		w.must(w.refund(alice, s.ID, 15)) // ten live on, five have grace
		w.Clock.Add(day)
		w.must(w.refund(alice, s.ID, 5))
		w.want(alice, 30, 0, 0)
		w.Clock.Add(2 * day)
		w.want(alice, 25, 0, 0)
		w.must(w.refund(alice, s.ID, 0))
		_, err := w.refund(alice, s.ID, 1)
		wantErr(t, err, ledger.ErrTooFewPoints)
		w.want(alice, 35, 0, 0)
		w.Clock.Add(day)
		w.want(alice, 30, 0, 0)
		w.Clock.Add(2 * day)
		w.want(alice, 20, 0, 0)
	})
}

// Balances stay within what a client's number holds, and nothing is written
// where they would not. security K7
func TestAmountsStayInRange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice := pointsOf(owner())
		w.give(alice, 1<<53-1, 0)
		_, err := w.on(alice, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
			return b.Give(ctx, ledger.Posting{Kind: ledgerentry.KindACCRUAL, Amount: 1, Contra: ledger.Issued, Cause: w.cause()}, nil)
		})
		wantErr(t, err, fault.ErrOutOfRange)
		w.want(alice, 1<<53-1, 0, 0)
		if _, err := w.move(w.id(alice), w.id(alice), uuid.New(), 5, 0); err == nil {
			t.Error("an account gave to itself")
		}
		if _, err := w.move(w.id(alice), w.id(moneyOf(owner(), "EUR")), uuid.New(), 5, 0); err == nil { // security K8
			t.Error("points became euros")
		}
		if _, err := w.move(w.id(moneyOf(owner(), "GBP")), w.id(moneyOf(owner(), "EUR")), uuid.New(), 5, 0); err == nil {
			t.Error("pounds became euros")
		}
	})
}
