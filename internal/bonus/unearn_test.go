package bonus_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/internal/bonus"
	"kabinet/internal/store/storetest"
)

const (
	pendingOnly   = bonusprogram.ReturnPolicyPENDING_ONLY
	upToBalance   = bonusprogram.ReturnPolicyUP_TO_BALANCE
	allowNegative = bonusprogram.ReturnPolicyALLOW_NEGATIVE
)

// A cancel under each policy after some, all or none of the points were spent,
// while they are pending and after; and once more, which does nothing.
// security K3
func TestCancelTakesBackWhatWasEarned(t *testing.T) {
	for _, c := range []struct {
		name             string
		terms            bonus.Terms
		wait, spent      int64 // days, points
		active, pending  int64
		then, afterwards int64 // a gift, and what can be spent then
		book             []string
	}{
		{name: "pending", terms: on(upToBalance, 3, 0), then: 40, afterwards: 40,
			book: []string{"ACCRUAL +100 PENDING", "REVERSAL -100 PENDING"}},
		{name: "pending only, active", terms: on(pendingOnly, 3, 0), wait: 3, spent: 30, active: 70, then: 40, afterwards: 110,
			book: []string{"ACCRUAL +100 PENDING", "ACTIVATION +100", "REDEMPTION -30"}},
		{name: "up to balance, unspent", terms: on(upToBalance, 0, 0), then: 40, afterwards: 40,
			book: []string{"ACCRUAL +100", "REVERSAL -100"}},
		{name: "up to balance, part spent", terms: on(upToBalance, 3, 0), wait: 3, spent: 30, then: 40, afterwards: 40,
			book: []string{"ACCRUAL +100 PENDING", "ACTIVATION +100", "REDEMPTION -30", "ADJUSTMENT +30", "REVERSAL -100"}},
		{name: "up to balance, all spent", terms: on(upToBalance, 0, 0), spent: 100, then: 40, afterwards: 40,
			book: []string{"ACCRUAL +100", "REDEMPTION -100", "ADJUSTMENT +100", "REVERSAL -100"}},
		{name: "negative, part spent", terms: on(allowNegative, 0, 0), spent: 30, active: -30, then: 40, afterwards: 10,
			book: []string{"ACCRUAL +100", "REDEMPTION -30", "REVERSAL -100"}},
		{name: "negative, all spent", terms: on(allowNegative, 0, 0), spent: 100, active: -100, then: 40, afterwards: -60,
			book: []string{"ACCRUAL +100", "REDEMPTION -100", "REVERSAL -100"}},
		{name: "expired in part", terms: on(upToBalance, 0, 5), wait: 5, then: 40, afterwards: 40,
			book: []string{"ACCRUAL +100", "EXPIRY -100"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				b := openBooks(t, db, c.terms)
				alice := b.customer("alice")
				o := b.order(alice, 10000)
				b.earn(o, "DELIVERED")
				for range c.wait {
					b.Clock.Add(day)
				}
				if c.spent > 0 {
					b.must(b.spend(alice, c.spent, nil))
				}
				for range 3 {
					b.must(b.cancel(o))
					b.want(alice, c.active, c.pending)
				}
				b.wantBook(alice, c.book...)
				b.give(alice, c.then, 0)
				b.want(alice, c.afterwards, 0)
				b.must(b.cancel(o)) // forgiven is forgiven, though there are points again
				b.want(alice, c.afterwards, 0)
				if c.afterwards < 0 {
					wantErr(t, b.spend(alice, 1, nil), bonus.ErrTooFewPoints)
				}
				if n := b.earn(o, "DELIVERED"); n != 0 { // out of order
					t.Errorf("a cancelled order earned %d", n)
				}
			})
		})
	}
}

// Points spent on a cancelled order come back into the lots they were taken
// from, last taken first; lots that fell due meanwhile expire again.
func TestCancelGivesBackWhatWasSpent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		b.give(alice, 10, 5*day)
		b.give(alice, 20, 50*day)
		b.give(alice, 30, 90*day)
		o := b.order(alice, 10000)
		b.must(b.spend(alice, 35, o))
		b.Clock.Add(10 * day)
		b.must(b.cancel(o))
		b.want(alice, 50, 0)
		lots, err := b.points.Lots(storetest.As(alice), b.account(alice))
		b.must(err)
		if len(lots) != 2 || lots[0].Remaining != 20 || lots[1].Remaining != 30 {
			t.Errorf("lots %v", lots)
		}
		b.wantBook(alice, "ACCRUAL +10", "ACCRUAL +20", "ACCRUAL +30", "REDEMPTION -35", "REFUND +35", "EXPIRY -10")
		b.must(b.cancel(o))
		b.want(alice, 50, 0)
		b.Clock.Add(85 * day)
		b.want(alice, 0, 0)
	})
}

// A debt is paid first, by what is given back as well.
func TestCancelPaysDebts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, on(allowNegative, 0, 30))
		alice := b.customer("alice")
		first, second := b.order(alice, 5000), b.order(alice, 5000)
		b.earn(first, "DELIVERED")
		b.must(b.spend(alice, 50, second))
		b.must(b.cancel(first))
		b.want(alice, -50, 0)
		b.must(b.cancel(second))
		b.want(alice, 0, 0)
		b.Clock.Add(40 * day)
		b.give(alice, 7, 0)
		b.want(alice, 7, 0)
		b.wantBook(alice, "ACCRUAL +50", "REDEMPTION -50", "REVERSAL -50", "REFUND +50", "ACCRUAL +7")
	})
}

// What the debt takes of a refund is what was taken first: the lots that expire
// last are filled first.
func TestRefundFillsTheLastLotsFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, on(allowNegative, 0, 30))
		alice := b.customer("alice")
		b.give(alice, 10, 5*day)
		b.give(alice, 20, 50*day)
		earns, spends := b.order(alice, 1500), b.order(alice, 9000)
		b.earn(earns, "DELIVERED")
		b.must(b.spend(alice, 45, spends)) // 10, 15, 20
		b.must(b.cancel(earns))
		b.want(alice, -15, 0)
		b.must(b.cancel(spends))
		b.want(alice, 30, 0)
		b.Clock.Add(10 * day)
		b.want(alice, 30, 0) // none came back into the lot of ten
		b.Clock.Add(25 * day)
		b.want(alice, 20, 0)
	})
}

// An order that earns and is paid with points leaves no trace in the balance.
func TestCancelOfAnOrderThatBothEarnedAndSpent(t *testing.T) {
	for _, policy := range []bonusprogram.ReturnPolicy{upToBalance, allowNegative} {
		t.Run(string(policy), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				b := openBooks(t, db, on(policy, 0, 30))
				alice := b.customer("alice")
				b.give(alice, 60, 10*day)
				o := b.order(alice, 10000)
				b.must(b.spend(alice, 60, o))
				b.earn(o, "DELIVERED")
				b.must(b.cancel(o))
				b.want(alice, 60, 0)
				b.wantBook(alice, "ACCRUAL +60", "REDEMPTION -60", "ACCRUAL +100", "REFUND +60", "REVERSAL -100")
			})
		})
	}
}

// security K2: every cancel twice at once, over a few customers.
func TestCancelInParallel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		people := []uuid.UUID{b.customer("alice"), b.customer("bob"), b.customer("carol")}
		var orders []*ent.Order
		for _, p := range people {
			b.give(p, 100, 0)
			for range 10 {
				o := b.order(p, 1000)
				b.must(b.spend(p, 10, o))
				b.earn(o, "DELIVERED")
				orders = append(orders, o)
			}
		}
		var wg sync.WaitGroup
		for _, o := range orders {
			for range 2 {
				wg.Go(func() {
					if err := b.cancel(o); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		for _, p := range people {
			b.want(p, 100, 0)
			if n := len(b.book(p)); n != 1+4*10 {
				t.Errorf("%d entries: each refund and each reversal once", n)
			}
		}
	})
}
