package ledger_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/store/storetest"
)

// Returns in parts, in any order and repeated, come to the same as one return
// of all of it: each says what the order still earns, and what is there then
// is what it says, as far as the policy takes.
func TestReturnsConverge(t *testing.T) {
	for name, c := range map[string]struct {
		short        ledger.Short
		spent, after int64 // points, and what is there when nothing stands any more
	}{
		"unspent":             {ledger.ShortForgiven, 0, 0},
		"forgiven":            {ledger.ShortForgiven, 70, 0},
		"owed, unspent":       {ledger.ShortOwed, 0, 0},
		"owed":                {ledger.ShortOwed, 70, -70},
		"left":                {ledger.ShortLeft, 70, 30},
		"forgiven, all spent": {ledger.ShortForgiven, 100, 0},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				w := openWorld(t, db, 30*day, nil)
				for range 6 {
					alice := pointsOf(owner())
					now := w.give(alice, 100, 30*day)
					if c.spent > 0 {
						w.must(w.spend(alice, c.spent))
					}
					left := int64(100) // what stands by now
					for _, stands := range append(steps(), 0, 0) {
						kept, _, err := w.replace(alice, now.ID, min(stands, left), c.short)
						if err != nil && !errors.Is(err, ledger.ErrAlreadyReversed) { // after all of it is gone
							t.Fatal(err)
						}
						if kept != nil {
							now = kept
						}
						left = min(left, stands)
					}
					w.want(alice, c.after, 0, 0)
				}
			})
		})
	}
}

// steps are what stands after each of a few returns, never more than before,
// some of them said twice.
func steps() (stands []int64) {
	left := int64(100)
	for range 1 + rand.IntN(4) {
		left -= rand.Int64N(left + 1)
		for range 1 + rand.IntN(2) {
			stands = append(stands, left)
		}
	}
	return stands
}

// Pending points are taken back where they wait, and what stands keeps waiting.
func TestReturnOfPendingPoints(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 10*day, nil)
		alice := pointsOf(owner())
		due := w.Clock.Now().Add(2 * day)
		e := w.must(w.on(alice, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
			return b.Give(ctx, ledger.Posting{Kind: ledgerentry.KindACCRUAL, Amount: 50, Bucket: ledgerentry.BucketPENDING, Contra: ledger.Issued, Cause: w.cause()}, &due)
		}))
		w.Clock.Add(day)
		kept, reversed, err := w.replace(alice, e.ID, 20, ledger.ShortLeft)
		if err != nil || kept.Amount != 20 || kept.Bucket != "PENDING" || reversed.Amount != -50 || *reversed.ParentID != e.ID {
			t.Fatal(kept, reversed, err)
		}
		w.want(alice, 0, 20, 0)
		w.Clock.Add(day)
		w.want(alice, 20, 0, 0)
		w.must(w.spend(alice, 15))
		if _, _, err = w.replace(alice, kept.ID, 10, ledger.ShortForgiven); err != nil {
			t.Fatal(err)
		}
		w.want(alice, 0, 0, 0)
	})
}

// What expired of an accrual was taken already.
func TestReturnAfterExpiry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 10*day, nil)
		alice := pointsOf(owner())
		e := w.give(alice, 100, 10*day)
		w.must(w.spend(alice, 30))
		w.Clock.Add(10 * day)
		w.give(alice, 50, 10*day)
		kept, reversed, err := w.replace(alice, e.ID, 40, ledger.ShortForgiven) // he had thirty of them
		if kept != nil || reversed != nil || err != nil {
			t.Fatal(kept, reversed, err)
		}
		if _, reversed, err = w.replace(alice, e.ID, 20, ledger.ShortForgiven); err != nil || reversed.Amount != -30 {
			t.Fatal(reversed, err)
		}
		w.want(alice, 40, 0, 0)
		gone := w.give(alice, 5, day)
		w.Clock.Add(day)
		if e, err := w.reverse(alice, gone.ID, ledger.ShortRefused); e != nil || err != nil {
			t.Error(e, err)
		}
	})
}

// What a refund gave back with days of grace and expired then is gone as well,
// however often it came back.
func TestReverseAfterGrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, func(terms *ledger.Terms) { terms.Grace = 3 * day })
		alice := pointsOf(owner())
		e := w.give(alice, 100, 10*day)
		spending := w.must(w.spend(alice, 30))
		w.Clock.Add(10 * day)
		w.must(w.refund(alice, spending.ID, 30))
		again := w.must(w.spend(alice, 20))
		w.Clock.Add(3 * day)
		w.must(w.refund(alice, again.ID, 20))
		w.Clock.Add(3 * day)
		w.give(alice, 40, 0)
		if r, err := w.reverse(alice, e.ID, ledger.ShortForgiven); r != nil || err != nil {
			t.Error(r, err)
		}
		w.want(alice, 40, 0, 0)
	})
}

// A reversal takes its own points first, is refused where they are spent unless
// told otherwise, and puts back what a correction took.
func TestReverse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice := pointsOf(owner())
		w.give(alice, 10, 2*day)
		e := w.give(alice, 20, 5*day)
		w.must(w.reverse(alice, e.ID, ledger.ShortRefused))
		w.want(alice, 10, 0, 0)
		_, err := w.reverse(alice, e.ID, ledger.ShortRefused)
		wantErr(t, err, ledger.ErrAlreadyReversed)

		e = w.give(alice, 20, 5*day)
		s := w.must(w.spend(alice, 25))
		_, err = w.reverse(alice, e.ID, ledger.ShortRefused)
		wantErr(t, err, ledger.ErrTooFewPoints)
		_, err = w.reverse(alice, s.ID, ledger.ShortRefused)
		wantErr(t, err, ledger.ErrNotReversible)
		_, err = w.refund(alice, e.ID, 1)
		if err == nil {
			t.Error("an accrual was refunded")
		}

		loss := w.must(w.on(alice, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
			return b.Take(ctx, ledger.Posting{Kind: ledgerentry.KindADJUSTMENT, Amount: 4, Contra: ledger.Adjusted, Cause: w.cause()})
		}))
		w.want(alice, 1, 0, 0)
		r := w.must(w.reverse(alice, loss.ID, ledger.ShortRefused))
		if r.Amount != 4 || r.ContraID != loss.ContraID {
			t.Errorf("%+v", r)
		}
		w.want(alice, 5, 0, 0)
		w.Clock.Add(5 * day)
		w.want(alice, 0, 0, 0) // with the due time that they had
	})
}

// security K2 K3: every refund and every reversal asked for ten times at once
// takes place once, and parts never add up to more than was spent.
func TestUndoInParallel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice := pointsOf(owner())
		const rounds = 10
		type pair struct{ accrual, spending uuid.UUID }
		var pairs []pair
		for range rounds {
			e := w.give(alice, 30, 0)
			s := w.must(w.spend(alice, 20))
			pairs = append(pairs, pair{e.ID, s.ID})
		}
		var refunded, reversed atomic.Int64
		var wg sync.WaitGroup
		for _, p := range pairs {
			for range 10 {
				wg.Go(func() {
					switch e, err := w.refund(alice, p.spending, 3); {
					case err == nil && e != nil:
						refunded.Add(e.Amount)
					case err != nil && !errors.Is(err, ledger.ErrTooFewPoints):
						t.Error(err)
					}
				})
				wg.Go(func() {
					switch e, err := w.reverse(alice, p.accrual, ledger.ShortForgiven); {
					case err == nil && e != nil:
						reversed.Add(1)
					case !errors.Is(err, ledger.ErrAlreadyReversed):
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if refunded.Load() != rounds*18 || reversed.Load() != rounds {
			t.Errorf("%d points came back of %d, %d reversals of %d", refunded.Load(), rounds*18, reversed.Load(), rounds)
		}
	})
}
