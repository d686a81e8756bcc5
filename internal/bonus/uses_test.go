package bonus_test

import (
	"testing"

	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/store/storetest"
)

// A return in part does not make a rule give once more; only where nothing of
// what it gave stands is its use free again.
func TestReturnInPartKeepsTheUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(func(t *bonus.Terms) { t.EarnPoints = 0 }))
		r := b.rule("first", func(in *earning.EarningRuleInput) { in.FixedPoints, in.PerOwner = some[int64](60), some(1) })
		alice := b.customer("alice")
		o := b.things(alice, 3)
		if n := b.earn(o, "DELIVERED"); n != 60 {
			t.Fatalf("the first order earns %d", n)
		}
		for _, left := range []int64{40, 20} {
			b.must(b.comeBack(o, 0, 1))
			b.want(alice, left, 0)
			if n := b.earn(b.order(alice, 1000), "DELIVERED"); n != 0 {
				t.Errorf("with %d points left of the first order another one earns %d", left, n)
			}
			b.Clock.Add(day) // what is summed up is read anew
			given, err := b.earnings.RuleGiven(b.staff(), r)
			b.must(err)
			if given.Times != 1 {
				t.Errorf("gave %+v", given)
			}
		}
		b.must(b.comeBack(o, 0, 1))
		b.want(alice, 0, 0)
		if n := b.earn(b.order(alice, 1000), "DELIVERED"); n != 60 {
			t.Errorf("after all of it came back it gives %d", n)
		}
	})
}
