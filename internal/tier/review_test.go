package tier_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/order"
	"kabinet/internal/event"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/tier"
)

// A rise is at once; a fall waits for the deadline, and goes as the policy says.
func TestRiseAndFall(t *testing.T) {
	for _, c := range []struct {
		name  string
		terms func(*tier.SaveTierInput)
		book  []string
		left  float64
	}{
		{"by balance", days(30, 60, 0, "BY_BALANCE"), []string{"JOINED standard", "UPGRADED gold", "DOWNGRADED standard"}, -1},
		{"one down", days(30, 60, 0, "ONE_DOWN"), []string{"JOINED standard", "UPGRADED gold", "DOWNGRADED silver"}, 60},
		{"never", days(30, 60, 0, "NEVER"), []string{"JOINED standard", "UPGRADED gold"}, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				w := newWorld(t, db)
				w.ladder(c.terms)
				alice := w.customer("alice")
				w.earn(alice, 10)
				w.want(alice, "standard", -1)
				w.Clock.Add(day)
				w.earn(alice, 490)
				for range 3 { // idempotent
					w.look(alice)
					w.clock()
				}
				w.wantBook(alice, "JOINED standard", "UPGRADED gold")
				w.Clock.Add(60*day - time.Microsecond)
				w.clock()
				w.wantBook(alice, "JOINED standard", "UPGRADED gold")
				w.Clock.Add(time.Microsecond)
				w.clock()
				w.clock()
				w.wantBook(alice, c.book...)
				if a := w.account(alice); (a.TierUntilAt == nil) != (c.left < 0) {
					t.Errorf("kept until %v", a.TierUntilAt)
				}
				if n := w.events(alice, "tier.changed"); n != len(c.book) {
					t.Errorf("%d facts of %d changes", n, len(c.book))
				}
			})
		})
	}
}

// What was done in the window that ends at the deadline keeps the tier, to the
// microsecond.
func TestWindowIsExact(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.ladder(days(30, 60, 0, "BY_BALANCE"))
		kept, lost := w.customer("kept"), w.customer("lost")
		w.earn(kept, 100)
		w.earn(lost, 100)
		// The deadline is in 60 days; its window is the 30 days before it, a
		// microsecond of which is the deadline's own.
		w.Clock.Add(30*day - time.Microsecond)
		w.earn(lost, 100)
		w.Clock.Add(time.Microsecond)
		w.earn(kept, 100)
		w.Clock.Add(30*day - 2*time.Microsecond)
		w.clock()
		w.want(lost, "silver", (2*time.Microsecond).Hours()/24)
		w.Clock.Add(2 * time.Microsecond)
		w.clock()
		w.wantBook(kept, "JOINED silver", "PROLONGED silver")
		w.want(kept, "silver", 60)
		w.wantBook(lost, "JOINED silver", "DOWNGRADED standard")
	})
}

// Calendar years begin and end with the business's, in UTC.
func TestCalendarYears(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db) // 2026-11-21T12:00Z
		year := tier.TierWindow("CALENDAR_YEAR")
		w.ladder(func(in *tier.SaveTierInput) { in.Window = &year })
		alice, bob := w.customer("alice"), w.customer("bob")
		w.earn(alice, 100)
		w.earn(bob, 100)
		until := time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)
		if a := w.account(alice); !a.TierUntilAt.Equal(until) {
			t.Errorf("until %v", a.TierUntilAt)
		}
		w.Clock.Add(time.Date(2027, 12, 31, 23, 59, 59, 999999000, time.UTC).Sub(w.Clock.Now()))
		w.clock()
		w.earn(alice, 100) // the last microsecond of the year
		w.Clock.Add(time.Microsecond)
		w.earn(bob, 100) // the first one of the next
		w.clock()
		w.wantBook(alice, "JOINED silver", "PROLONGED silver")
		if a := w.account(alice); !a.TierUntilAt.Equal(until.AddDate(1, 0, 0)) {
			t.Errorf("until %v", a.TierUntilAt)
		}
		w.wantBook(bob, "JOINED silver", "DOWNGRADED standard", "UPGRADED silver")
		if a := w.account(bob); !a.TierUntilAt.Equal(until.AddDate(2, 0, 0)) {
			t.Errorf("until %v", a.TierUntilAt)
		}
	})
}

// In the days of grace the tier is still given, and what is done in them counts
// towards the window that ended.
func TestGrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.ladder(days(30, 60, 10, "BY_BALANCE"))
		kept, lost := w.customer("kept"), w.customer("lost")
		for _, p := range []uuid.UUID{kept, lost} {
			w.earn(p, 100)
		}
		w.Clock.Add(50 * day)
		w.earn(kept, 60)
		w.earn(lost, 60)
		w.Clock.Add(10 * day)
		w.clock()
		w.want(kept, "silver", 0)
		p, err := w.tiers.ProgressOf(storetest.As(kept), w.account(kept).ID)
		w.must(err)
		if p.Deferred == nil || !p.Deferred.At.Equal(w.Clock.Now().Add(10*day)) || p.Deferred.Tier().Handle != "standard" || *p.StayAmount != 40 || p.Risk == nil {
			t.Errorf("deferred %+v, stay %v", p.Deferred, p.StayAmount)
		}
		w.Clock.Add(10*day - time.Microsecond)
		w.clock()
		w.earn(kept, 40)
		w.wantBook(kept, "JOINED silver", "PROLONGED silver")
		w.Clock.Add(time.Microsecond)
		w.clock()
		w.wantBook(lost, "JOINED silver", "DOWNGRADED standard")
		w.wantBook(kept, "JOINED silver", "PROLONGED silver")
	})
}

// A return takes the tier at its deadline only, unless its terms say at once.
func TestReturn(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		storetest.Each(t, func(t *testing.T, db *storetest.DB) {
			w := newWorld(t, db)
			terms := days(365, 60, 0, "BY_BALANCE")
			w.ladder(func(in *tier.SaveTierInput) { terms(in); in.FallsOnReturn = &atOnce })
			alice := w.customer("alice")
			w.earn(alice, 400)
			w.Clock.Add(day)
			e := w.earn(alice, 100)
			w.want(alice, "gold", 60)
			w.Clock.Add(day)
			w.back(alice, e)
			if atOnce {
				w.wantBook(alice, "JOINED silver", "UPGRADED gold", "DOWNGRADED silver")
				return
			}
			w.want(alice, "gold", 59)
			w.Clock.Add(59 * day)
			w.clock()
			w.wantBook(alice, "JOINED silver", "UPGRADED gold", "DOWNGRADED silver")
		})
	}
}

// What stands after returns in part counts when it was earned, not when the
// return came. security K3
func TestReturnInPart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		terms, yes := days(30, 60, 0, "BY_BALANCE"), true
		w.ladder(func(in *tier.SaveTierInput) { terms(in); in.FallsOnReturn = &yes })
		alice := w.customer("alice")
		e := w.earn(alice, 700)
		w.Clock.Add(40 * day)
		for i, left := range []int64{600, 500} {
			w.tx(func(ctx context.Context, tx *store.Tx) error {
				b, err := w.books.Open(ctx, tx, w.card(alice), nil)
				if err != nil {
					return err
				}
				kept, _, err := b.Replace(ctx, e, left, ledger.Posting{Cause: fmt.Sprint("test:part:", i)})
				if err != nil {
					return err
				}
				e = kept.ID
				return b.Close(ctx)
			})
			w.look(alice)
		}
		w.want(alice, "gold", 20) // 500 are left of what reached it
		w.back(alice, e)
		w.wantBook(alice, "JOINED gold", "DOWNGRADED standard")
	})
}

// Time alone takes no tier before its deadline, also where returns do.
func TestTimeIsNoReturn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		terms, yes := days(10, 60, 0, "BY_BALANCE"), true
		w.ladder(func(in *tier.SaveTierInput) { terms(in); in.FallsOnReturn = &yes })
		alice := w.customer("alice")
		w.earn(alice, 500)
		w.Clock.Add(20 * day) // the window is empty
		e := w.earn(alice, 1)
		w.back(alice, e)
		w.want(alice, "gold", 40)
	})
}

// Money of completed orders counts, in its currency, without what was refunded.
func TestSpent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		spent, zero := tier.TierBasis("SPENT"), int64(0)
		w.save(0, "standard", zero, nil)
		w.save(1, "vip", zero, func(in *tier.SaveTierInput) {
			in.Basis, in.EarnedThreshold, in.SpentThreshold = &spent, nil, money("100.00", "GBP")
		})
		alice := w.customer("alice")
		completed := func(id uuid.UUID) {
			w.tx(func(ctx context.Context, tx *store.Tx) error {
				return w.tiers.OnOrderStatusChanged(ctx, tx, event.OrderStatusChanged{OrderID: id, OwnerID: alice, UserID: &alice, Changed: []string{"status"}, Status: "COMPLETED"})
			})
		}
		completed(w.bought(alice, 9_999, "GBP"))
		completed(w.bought(alice, 9_999, "EUR"))
		w.want(alice, "standard", -1)
		id := w.bought(alice, 2, "GBP")
		w.tx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Order.UpdateOneID(id).SetRefundedMinor(2).Exec(ctx)
		})
		completed(id)
		w.want(alice, "standard", -1)
		id = w.bought(alice, 1, "GBP")
		w.tx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Order.UpdateOneID(id).SetStatus(order.StatusPLACED).Exec(ctx)
		})
		completed(id) // said so, but it is not
		w.want(alice, "standard", -1)
		w.tx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Order.UpdateOneID(id).SetStatus(order.StatusCOMPLETED).Exec(ctx)
		})
		completed(id)
		w.wantBook(alice, "JOINED standard", "UPGRADED vip")
	})
}

// Warnings come once for each of their days, and only where there is a risk.
func TestWarnings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.ladder(days(30, 90, 0, "BY_BALANCE"))
		lost, kept := w.customer("lost"), w.customer("kept")
		w.earn(lost, 100)
		w.earn(kept, 100)
		for range 90 {
			w.Clock.Add(day)
			if left := w.account(kept).TierUntilAt.Sub(w.Clock.Now()); left == 20*day {
				w.earn(kept, 100)
			}
			w.earn(lost, 1)
			w.clock()
			w.clock()
		}
		if n := w.events(lost, "tier.will_downgrade"); n != 2 {
			t.Errorf("%d warnings, want one 30 and one 7 days before", n)
		}
		if n := w.events(kept, "tier.will_downgrade"); n != 1 { // 30 days before it was not kept yet
			t.Errorf("%d warnings, want the first", n)
		}
	})
}

// Years without a clock are made up for, each deadline as it was.
func TestLongSleep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.ladder(days(30, 10, 0, "BY_BALANCE"))
		alice := w.customer("alice")
		w.earn(alice, 500)
		w.Clock.Add(20 * day)
		w.earn(alice, 100)
		w.Clock.Add(1000 * day)
		w.clock()
		// The 500 count until day 30 and the 100 until day 50; deadlines are 10 days apart.
		w.wantBook(alice, "JOINED gold", "PROLONGED gold", "PROLONGED gold", "PROLONGED gold", "DOWNGRADED silver", "PROLONGED silver", "DOWNGRADED standard")
	})
}

// security K10: what two instances and a customer do at once is done once.
func TestReviewedAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.ladder(days(30, 60, 0, "BY_BALANCE"))
		people := make([]uuid.UUID, 12)
		for i := range people {
			people[i] = w.customer("somebody")
			w.earn(people[i], 500)
		}
		w.Clock.Add(60 * day)
		other := &tier.Tiers{Store: db.Store, Account: w.tiers.Account}
		var wg sync.WaitGroup
		for _, s := range []*tier.Tiers{w.tiers, other, w.tiers, other} {
			wg.Go(func() {
				if _, err := s.ReviewDue(storetest.System(), 100); err != nil {
					t.Error(err)
				}
			})
		}
		for _, p := range people {
			id := w.account(p).ID
			wg.Go(func() {
				if _, err := w.tiers.ProgressOf(storetest.As(p), id); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.clock()
		for _, p := range people {
			w.wantBook(p, "JOINED gold", "DOWNGRADED standard")
		}
	})
}
