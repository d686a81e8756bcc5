package bonus_test

import (
	"context"
	"fmt"
	"testing"

	"kabinet/ent/generated/order"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// manyRules makes n rules of all kinds, half of which ask for the customer.
func (b *books) manyRules(n int) {
	for i := range n {
		b.rule(fmt.Sprint("rule", i), func(in *earning.EarningRuleInput) {
			switch i % 4 {
			case 0:
				in.RatePoints, in.RatePer = some[int64](1), &scalar.MoneyInput{Amount: "1", Currency: "GBP"}
			case 1:
				in.Expression, in.Condition = some(`percent(line.total, "0.5")`), some(`order.total > 100 && customer.orders >= 1`)
			case 2:
				in.FixedPoints, in.CapPerPeriod = some[int64](1), some[int64](1000)
			case 3:
				in.MultiplierBasisPoints, in.Tiers = some(11000), []string{"gold"}
			}
		})
	}
}

// However many rules there are, an order costs the same statements: the facts
// of the customer, what the limited rules gave before, the entry, its uses.
func TestStatementsOfRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		b.earn(b.order(alice, 1000, 2000, 3000), "DELIVERED")
		count := func() int {
			o := b.order(alice, 1000, 2000, 3000)
			b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { // the rules are cached
				_, err := b.points.Programs(ctx)
				return err
			}))
			b.earn(b.order(alice, 1000), "DELIVERED")
			n, _ := db.Statements(func() { b.earn(o, "DELIVERED") })
			return n
		}
		none := count()
		b.manyRules(4)
		four := count()
		b.manyRulesMore(20)
		twenty := count()
		if four != twenty || four > none+9 {
			t.Errorf("%d statements without rules, %d by four, %d by twenty", none, four, twenty)
		}
	})
}

func (b *books) manyRulesMore(n int) {
	for i := range n {
		b.rule(fmt.Sprint("more", i), func(in *earning.EarningRuleInput) {
			in.FixedPoints, in.PerPeriod, in.Condition = some[int64](1), some(1000), some(`customer.registeredDays >= 0`)
		})
	}
}

// BenchmarkEarnForOrder gives for an order of five lines by 0 and by 20 rules.
func BenchmarkEarnForOrder(bench *testing.B) {
	for _, n := range []int{0, 20} {
		bench.Run(fmt.Sprint(n, "rules"), func(bench *testing.B) {
			storetest.EachB(bench, func(bench *testing.B, db *storetest.DB) {
				b := openBooks(bench, db, terms(nil))
				b.manyRules(n)
				alice := b.customer("alice")
				for bench.Loop() {
					bench.StopTimer()
					made := b.order(alice, 1000, 2000, 3000, 4000, 5000)
					o, err := b.Client.Order.Query().Where(order.ID(made.ID)).WithLines().Only(storetest.System())
					b.must(err)
					bench.StartTimer()
					b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
						_, err := b.earnings.EarnForOrder(ctx, tx, o, o.Edges.Lines, "DELIVERED")
						return err
					}))
				}
			})
		})
	}
}
