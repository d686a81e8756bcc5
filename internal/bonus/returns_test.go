package bonus_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/order"
	"kabinet/ent/generated/orderline"
	"kabinet/internal/bonus"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// things makes a placed order with a line for each number of things, each for
// 10.00 GBP.
func (b *books) things(user uuid.UUID, quantities ...int64) *ent.Order {
	b.t.Helper()
	o := b.order(user)
	b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for i, q := range quantities {
			err := tx.OrderLine.Create().SetOwnerID(user).SetOrderID(o.ID).SetPosition(i).SetSku("SKU").SetTitle("Tea").
				SetQuantity(q).SetCurrency("GBP").SetUnitPriceMinor(1000).SetTotalMinor(q * 1000).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return o
}

// comeBack does what the domain of orders does when things of a line come back.
func (b *books) comeBack(o *ent.Order, line int, n int64) error {
	return b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "orders", "id", o.ID); err != nil {
			return err
		}
		if err := tx.OrderLine.Update().Where(orderline.OrderID(o.ID), orderline.Position(line)).AddReturned(n).Exec(ctx); err != nil {
			return err
		}
		o, err := tx.Order.Query().Where(order.ID(o.ID)).WithLines().Only(ctx)
		if err != nil {
			return err
		}
		earned, spent, err := b.points.ReturnForOrder(ctx, tx, o, o.Edges.Lines)
		if err != nil {
			return err
		}
		return o.Update().SetPointsEarned(earned).SetPointsSpent(spent).Exec(ctx)
	})
}

// back is one return: how many things of which line.
type back struct {
	line int
	n    int64
}

// What a return takes under each policy: in part, once more, out of order,
// before and after the points can be spent, spent or not.
// security K3
func TestReturnTakesBackWhatItsGoodsEarned(t *testing.T) {
	for _, c := range []struct {
		name            string
		terms           bonus.Terms
		wait, spent     int64  // days, points
		returns         []back // of lines of 3 and 2 things, which earn 30 and 20
		active, pending int64
	}{
		{name: "pending only, while pending", terms: on(pendingOnly, 3, 0), returns: []back{{0, 1}}, pending: 40},
		{name: "pending only, repeated", terms: on(pendingOnly, 3, 0), returns: []back{{0, 1}, {1, 1}, {0, 1}}, pending: 20},
		{name: "pending only, when active", terms: on(pendingOnly, 3, 0), wait: 3, returns: []back{{0, 1}, {1, 2}}, active: 50},
		{name: "up to balance, unspent", terms: on(upToBalance, 0, 0), returns: []back{{1, 1}}, active: 40},
		{name: "up to balance, while pending", terms: on(upToBalance, 3, 0), returns: []back{{1, 1}, {0, 3}}, pending: 10},
		{name: "up to balance, spent in part", terms: on(upToBalance, 0, 0), spent: 35, returns: []back{{0, 1}}, active: 5},
		{name: "up to balance, spent, forgiven once", terms: on(upToBalance, 0, 0), spent: 50, returns: []back{{0, 1}, {0, 1}}, active: 0},
		{name: "up to balance, all in parts", terms: on(upToBalance, 0, 0), spent: 15, returns: []back{{0, 1}, {1, 2}, {0, 2}}, active: 0},
		{name: "negative, spent", terms: on(allowNegative, 0, 0), spent: 45, returns: []back{{1, 2}}, active: -15},
		{name: "negative, all in parts", terms: on(allowNegative, 0, 0), spent: 45, returns: []back{{1, 1}, {0, 3}, {1, 1}}, active: -45},
		{name: "negative, while pending", terms: on(allowNegative, 3, 0), returns: []back{{0, 2}}, pending: 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				b := openBooks(t, db, c.terms)
				alice := b.customer("alice")
				o := b.things(alice, 3, 2)
				b.earn(o, "DELIVERED")
				for range c.wait {
					b.Clock.Add(day)
				}
				if c.spent > 0 {
					b.must(b.spend(alice, c.spent, nil))
				}
				for _, r := range c.returns {
					b.must(b.comeBack(o, r.line, r.n))
					b.must(b.comeBack(o, r.line, 0)) // told once more
				}
				b.want(alice, c.active, c.pending)
				b.give(alice, 7, 0)
				b.must(b.comeBack(o, 0, 0)) // forgiven is forgiven, though there are points again
				b.want(alice, c.active+7, c.pending)
			})
		})
	}
}

// In whatever parts and order goods come back, what the order earned at the end
// is the same: rounding does not add up.
func TestReturnsConverge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		tt := on(upToBalance, 0, 0)
		tt.EarnPoints, tt.EarnPerMinor = 1, 700 // 1000 earn 1 3/7
		b := openBooks(t, db, tt)
		ends := map[string]bool{}
		for try := range 6 {
			alice := b.customer(fmt.Sprint("alice", try))
			o := b.things(alice, 7, 5, 3)
			b.earn(o, "DELIVERED")
			parts := []back{{0, 1}, {0, 3}, {1, 2}, {1, 2}, {2, 1}}
			rand.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			for _, r := range parts {
				b.must(b.comeBack(o, r.line, r.n))
			}
			a := b.account(alice)
			ends[fmt.Sprint(a.Available(), a.Pending)] = true
		}
		if len(ends) != 1 {
			t.Errorf("the ends differ: %v", ends)
		}
	})
}

// What was spent on goods that came back comes back in proportion, into the
// lots it was taken from; what expired meanwhile lives on where the programme
// grants some days.
func TestReturnGivesBackWhatWasSpent(t *testing.T) {
	for _, grace := range []int{0, 10} {
		t.Run(fmt.Sprintf("grace of %d days", grace), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				b := openBooks(t, db, terms(func(t *bonus.Terms) { t.EarnPoints = 0 }))
				b.changeProgram(bonus.SaveBonusProgramInput{RefundGraceDays: &grace})
				alice := b.customer("alice")
				b.give(alice, 10, 5*day)
				b.give(alice, 20, 50*day)
				o := b.things(alice, 5)
				b.must(b.spend(alice, 25, o))
				b.must(b.comeBack(o, 0, 2)) // two fifths: ten, last taken first
				b.want(alice, 15, 0)
				b.Clock.Add(10 * day)
				b.want(alice, 15, 0) // nothing was in the lot that expired
				b.must(b.comeBack(o, 0, 0))
				b.want(alice, 15, 0)
				b.must(b.comeBack(o, 0, 3))
				if grace == 0 {
					b.want(alice, 20, 0)
					return
				}
				b.want(alice, 30, 0)
				b.Clock.Add(11 * day)
				b.want(alice, 20, 0)
			})
		})
	}
}

// changeProgram makes a new version of the default programme.
func (b *books) changeProgram(in bonus.SaveBonusProgramInput) *ent.BonusProgram {
	b.t.Helper()
	now, err := b.Client.BonusProgram.Query().Where(bonusprogram.IsDefault(true), bonusprogram.RetiredAtIsNil()).Only(storetest.System())
	b.must(err)
	id := now.GlobalID()
	in.ID = &id
	saved, err := b.points.SaveProgram(b.staff(), in)
	b.must(err)
	return saved
}
