package after_test

import (
	"context"
	"sync"
	"testing"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// swapped is an approved exchange of so many units of TEA for CUPs.
func (w *world) swapped(o *ent.Order, n int, to after.RefundDestination) *ent.ReturnRequest {
	w.t.Helper()
	in := w.back(o, 1, n)
	in.Kind, in.RefundTo, in.Lines[0].ExchangeSku = ptr(after.ReturnKindExchange), &to, ptr("CUP")
	asked, err := w.RequestReturn(storetest.As(w.alice), in)
	check(w.t, err)
	w.approve(asked.Return)
	return asked.Return
}

func (w *world) received(r *ent.ReturnRequest) after.Returned {
	w.t.Helper()
	got, err := w.ReceiveReturn(w.asClerk(), after.ReceiveReturnInput{ReturnID: r.GlobalID(), IdempotencyKey: w.key()})
	check(w.t, err)
	return got
}

func (w *world) shelve(sku string, change func(*ent.ProductUpdate)) {
	w.t.Helper()
	check(w.t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		u := tx.Product.Update().Where(product.Sku(sku))
		change(u)
		return u.Exec(ctx)
	}))
}

// Goods that came are here, whatever became of what was wanted in their place:
// what is not to be had any more is given back as money.
func TestExchangeForWhatIsGone(t *testing.T) {
	for name, c := range map[string]struct {
		change    func(*ent.ProductUpdate)
		exchanged int64
		credited  int64
	}{
		"none in stock":  {func(u *ent.ProductUpdate) { u.SetStock(0) }, 0, 1050},
		"not sold":       {func(u *ent.ProductUpdate) { u.SetStatus(product.StatusDISCONTINUED) }, 0, 1050},
		"other currency": {func(u *ent.ProductUpdate) { u.SetCurrency("EUR") }, 0, 1050},
		"fewer":          {func(u *ent.ProductUpdate) { u.SetStock(2).SetPriceMinor(300) }, 2, 450},
		"all":            {func(u *ent.ProductUpdate) { u.SetStock(3).SetPriceMinor(300) }, 3, 150},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				w := newWorld(t, db)
				o := w.bought(true, true, "TEA", 3)
				r := w.swapped(o, 3, after.RefundDestinationWallet)
				w.shelve("CUP", c.change)
				got := w.received(r)
				if l := got.Return.Lines[0]; *l.Received != 3 || l.Exchanged == nil || *l.Exchanged != c.exchanged {
					t.Errorf("%+v", l)
				}
				var credited int64
				for _, minor := range w.credited {
					credited += minor
				}
				if credited != c.credited || got.Return.Status != returnrequest.StatusREFUNDED || (got.Return.ExchangeOrderID == nil) != (c.exchanged == 0) {
					t.Errorf("%d credited, %+v", credited, got.Return)
				}
				if got.Summary.Refund.Minor != 1050 {
					t.Errorf("%+v", got.Summary)
				}
				if id := got.Return.ExchangeOrderID; id != nil {
					if other := w.now(*id); other.TotalMinor != 300*c.exchanged || other.PaymentStatus != entorder.PaymentStatusPAID {
						t.Errorf("%+v", other)
					}
				}
				if now := w.now(o.ID); now.FulfillmentStatus != entorder.FulfillmentStatusRETURNED || now.RefundedMinor != 1050 || w.stock("TEA") != 100 {
					t.Errorf("%+v", now)
				}
			})
		})
	}
}

// Eight exchanges for the same five cups come in while others buy them: each is
// recorded, and no cup goes out twice.
func TestExchangesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K3
		w := newWorld(t, db)
		var all []*ent.ReturnRequest
		for range 8 {
			all = append(all, w.swapped(w.bought(true, true, "TEA", 4), 1, after.RefundDestinationSource))
		}
		var wg sync.WaitGroup
		bought := make([]error, 4)
		for i := range bought {
			wg.Go(func() {
				_, bought[i] = w.Orders.Place(storetest.As(w.bob), order.PlaceOrderInput{Lines: basket("CUP", 1), IdempotencyKey: w.key()})
			})
		}
		out := make([]int64, len(all))
		for i, r := range all {
			wg.Go(func() {
				got, err := w.ReceiveReturn(w.asClerk(), after.ReceiveReturnInput{ReturnID: r.GlobalID(), IdempotencyKey: w.key()})
				if err != nil {
					t.Error(err)
					return
				}
				out[i] = *got.Return.Lines[0].Exchanged
			})
		}
		wg.Wait()
		var gone int64
		for i, err := range bought {
			if err == nil {
				gone++
			} else {
				refused(t, bought[i], "OUT_OF_STOCK")
			}
		}
		for _, n := range out {
			gone += n
		}
		if left := w.stock("CUP"); gone+left != 5 || left < 0 {
			t.Errorf("%d went out, %d are left of 5", gone, left)
		}
	})
}
