package promotion_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/bonus"
	"kabinet/internal/event"
	"kabinet/internal/promotion"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// moves lets an order's goods come to where they are now, and the domain hear
// of it where they came to before.
func (w *world) moves(o *ent.Order, now, told entorder.FulfillmentStatus) {
	w.t.Helper()
	b, err := json.Marshal(event.OrderStatusChanged{OrderID: o.ID, OwnerID: o.OwnerID, Changed: []string{"fulfillmentStatus"}, FulfillmentStatus: string(told)})
	w.check(err)
	w.check(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Order.UpdateOneID(o.ID).SetFulfillmentStatus(now).Exec(ctx); err != nil {
			return err
		}
		return w.OnOrderStatusChanged(ctx, tx, event.Stored{Payload: b})
	}))
}

// The points of a code come with the order and go with it, once each, and are
// not given where it had come back already when its arrival was told.
func TestPointsGoBackWithTheOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		points := &bonus.Points{Store: db.Store}
		w.check(points.EnsureDefaultProgram(storetest.System()))
		w.Give = func(ctx context.Context, tx *store.Tx, owner uuid.UUID, n int64, cause string, explain map[string]any, orderID *uuid.UUID) error {
			_, err := points.GiveFor(ctx, tx, bonus.Gift{Owner: owner, Amount: n, Cause: cause, Explain: explain, Order: orderID})
			return err
		}
		w.TakeBack = points.TakeBack
		want := func(n int64) {
			t.Helper()
			a, err := points.AccountOf(as(w.alice), w.alice, nil)
			w.check(err)
			if a.Available() != n {
				t.Errorf("%d points, want %d", a.Available(), n)
			}
		}
		id := w.promotion(promotion.KindCode, "points", promotion.PromotionEffectInput{Points: new(int64(50))})
		w.code(id, "POINTS", nil)
		const delivered, returned = entorder.FulfillmentStatusDELIVERED, entorder.FulfillmentStatusRETURNED
		o, err := w.place(w.alice, []string{"POINTS"}, "TEA", 1)
		w.check(err)
		w.moves(o, delivered, delivered)
		want(50)
		for range 2 {
			w.moves(o, returned, returned)
			want(0)
		}
		w.moves(o, delivered, delivered) // once for ever
		want(0)
		o, err = w.place(w.alice, []string{"POINTS"}, "TEA", 1)
		w.check(err)
		w.moves(o, returned, delivered)
		w.moves(o, returned, returned)
		want(0)
		o, err = w.place(w.alice, []string{"POINTS"}, "TEA", 1)
		w.check(err)
		w.cancel(w.alice, o)
		w.deliver(o)
		want(0)
	})
}
