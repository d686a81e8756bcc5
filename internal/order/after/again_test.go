package after_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func (w *world) records(r *ent.Payment, outcome after.RefundOutcome) error {
	_, err := w.RecordRefund(w.asClerk(), after.RecordRefundInput{RefundID: r.GlobalID(), Outcome: outcome, IdempotencyKey: w.key()})
	return err
}

// lastRefund is the newest refund of an order.
func (w *world) lastRefund(id uuid.UUID) (last *ent.Payment) {
	w.t.Helper()
	for _, p := range w.now(id).Edges.Payments {
		if p.Kind == payment.KindREFUND && (last == nil || p.ID.String() > last.ID.String()) {
			last = p
		}
	}
	return last
}

// A refund that failed begins anew, once, and the return that waits for it ends
// when the money is there, though others of the order ended before.
func TestRefundAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o := w.bought(true, true, "TEA", 3)
		returned := func() (*ent.ReturnRequest, *ent.Payment) {
			asked, err := w.RequestReturn(storetest.As(w.alice), w.back(o, 1, 1))
			check(t, err)
			w.approve(asked.Return)
			w.received(asked.Return)
			return asked.Return, w.lastRefund(o.ID)
		}
		stands := func(r *ent.ReturnRequest, want returnrequest.Status, refunded int64) {
			t.Helper()
			now, err := db.Client.ReturnRequest.Get(storetest.System(), r.ID)
			check(t, err)
			if got := w.now(o.ID); now.Status != want || got.RefundedMinor != refunded {
				t.Errorf("%s with %d given back, want %s with %d", now.Status, got.RefundedMinor, want, refunded)
			}
		}
		first, lost := returned()
		refused(t, w.records(lost, after.RefundOutcomeAgain), "ILLEGAL_TRANSITION")
		check(t, w.records(lost, after.RefundOutcomeFailed))
		stands(first, returnrequest.StatusRECEIVED, 0)
		second, other := returned()
		check(t, w.records(other, after.RefundOutcomeSucceeded))
		stands(first, returnrequest.StatusRECEIVED, 350) // its money is not there
		in := after.RecordRefundInput{RefundID: lost.GlobalID(), Outcome: after.RefundOutcomeAgain, IdempotencyKey: w.key()}
		for _, wrong := range []after.RecordRefundInput{{Failure: ptr("x")}, {Reference: ptr("x")}} {
			wrong.RefundID, wrong.Outcome, wrong.IdempotencyKey = in.RefundID, in.Outcome, w.key()
			_, err := w.RecordRefund(w.asClerk(), wrong)
			refused(t, err, "INVALID_VALUE")
		}
		for range 2 { // the same key
			_, err := w.RecordRefund(w.asClerk(), in)
			check(t, err)
		}
		refused(t, w.records(lost, after.RefundOutcomeAgain), "ILLEGAL_TRANSITION") // it did already
		stands(first, returnrequest.StatusRECEIVED, 700)
		again := w.lastRefund(o.ID)
		if n, pending := w.refunds(o); n != 3 || pending != 350 || again.ID == lost.ID || *again.ParentID != *lost.ParentID {
			t.Errorf("%d refunds, %d on the way", n, pending)
		}
		check(t, w.records(again, after.RefundOutcomeSucceeded))
		stands(first, returnrequest.StatusREFUNDED, 700)
		stands(second, returnrequest.StatusREFUNDED, 700)
	})
}

// What the provider did not give back it is asked for anew, under a new reference.
func TestRefundAgainThroughTheProvider(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o, r := w.owedBack()
		check(t, w.records(r, after.RefundOutcomeFailed))
		check(t, w.records(r, after.RefundOutcomeAgain))
		if n, err := w.RefundDue(storetest.System(), 10); err != nil || n != 1 || w.repaid[0].Reference == r.GlobalID().String() {
			t.Errorf("%d, %v, %+v", n, err, w.repaid)
		}
		if got := w.hear("refund.succeeded", w.lastRefund(o.ID), "12.00"); got != after.Applied {
			t.Error(got)
		}
		if now := w.now(o.ID); now.RefundedMinor != 1200 || now.PaymentStatus != entorder.PaymentStatusREFUNDED {
			t.Errorf("%+v", now)
		}
	})
}

// Who sees the orders of all colleagues, but makes his own alone, neither sends
// theirs back nor pays them.
func TestColleaguesOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, company := newWorld(t, db), uuid.New()
		as := func(who uuid.UUID, write viewer.Reach) context.Context {
			return viewer.With(context.Background(), viewer.Viewer{UserID: who, OwnerID: company, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
				{Resource: "order", Operation: "read"}: viewer.ReachOwner, {Resource: "order", Operation: "write"}: write,
			}})
		}
		for _, delivered := range []bool{false, true} {
			done, err := w.Orders.Place(as(w.alice, viewer.ReachOwn), order.PlaceOrderInput{Lines: basket("TEA", 2), IdempotencyKey: w.key()})
			check(t, err)
			o := done.Order
			act := func(ctx context.Context) error {
				_, err := w.CreatePaymentLink(ctx, after.CreatePaymentLinkInput{OrderID: ptr(o.GlobalID()), IdempotencyKey: w.key()})
				return err
			}
			if delivered {
				_, err := w.Orders.SetStatus(w.asClerk(), order.SetOrderStatusInput{OrderID: o.GlobalID(), PaymentStatus: ptr(entorder.PaymentStatusPAID), FulfillmentStatus: ptr(entorder.FulfillmentStatusDELIVERED), IdempotencyKey: w.key()})
				check(t, err)
				act = func(ctx context.Context) error {
					_, err := w.RequestReturn(ctx, w.back(o, 1, 1))
					return err
				}
			}
			for _, reach := range []viewer.Reach{viewer.ReachNone, viewer.ReachOwn} {
				refused(t, act(as(w.bob, reach)), "NOT_FOUND")
			}
			check(t, act(as(w.alice, viewer.ReachOwn)))
			check(t, act(as(w.bob, viewer.ReachOwner)))
		}
	})
}

// Dry runs of strangers are bounded, for they say what there is and what it
// costs; they take none of the orders away that can be placed.
func TestDryRunsOfGuestsAreBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := viewer.With(context.Background(), viewer.Viewer{IP: "192.0.2.7", Locale: "en"})
		for _, c := range []struct {
			dry  bool
			want int
		}{{true, 300}, {false, 30}} {
			n, err := 0, error(nil)
			for ; err == nil && n <= c.want; n++ {
				_, err = w.PlaceGuest(ctx, after.PlaceGuestOrderInput{Lines: basket("TEA", 1), Contact: after.GuestContactInput{Email: ptr("g@example.com")}, IdempotencyKey: w.key(), DryRun: &c.dry})
			}
			if refused(t, err, fault.ErrRateLimited.Code); n != c.want+1 {
				t.Errorf("dry %t: refused at %d", c.dry, n)
			}
		}
	})
}
