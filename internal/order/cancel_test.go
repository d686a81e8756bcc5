package order_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func (s *shop) cancel(ctx context.Context, o *ent.Order) error {
	_, err := s.Cancel(ctx, order.CancelOrderInput{OrderID: o.GlobalID(), Reason: entorder.CancelReasonTOO_SLOW, IdempotencyKey: s.key()})
	return err
}

func TestCancel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		s.earnOn = order.Placed
		ctx := storetest.As(s.alice)
		o := s.placed(ctx, "CUP", 2, "CARD", 1, "CUP", 1)
		input := order.CancelOrderInput{OrderID: o.GlobalID(), Reason: entorder.CancelReasonOTHER, Note: ptr("too blue"), IdempotencyKey: "k", DryRun: ptr(true)}
		dry, err := s.Cancel(ctx, input)
		check(t, err)
		if dry.Order.Status != entorder.StatusCANCELLED || s.now(o).Status != entorder.StatusPLACED || s.stock("CUP") != 2 {
			t.Fatal("the dry run", dry.Order, s.now(o))
		}
		input.DryRun = nil
		done, err := s.Cancel(ctx, input)
		check(t, err)
		got := s.now(o)
		if got.Status != entorder.StatusCANCELLED || *got.CancelReason != entorder.CancelReasonOTHER || *got.CancelNote != "too blue" ||
			!got.CancelledAt.Equal(storetest.Start) || got.TotalMinor != 0 || got.SubtotalMinor != 3700 || got.PointsEarned != 0 || got.Revision != o.Revision+1 {
			t.Errorf("%+v", got)
		}
		if got.PaymentStatus != entorder.PaymentStatusPENDING || len(got.Edges.Payments) != 0 || s.unearned.Load() != 2 { // one of them dry
			t.Errorf("%v %v %d", got.PaymentStatus, got.Edges.Payments, s.unearned.Load())
		}
		if b := book(got); b != "1 PLACED 3700, 2 CANCELLED -3700" {
			t.Error(b)
		}
		for _, l := range got.Edges.Lines {
			if l.Cancelled != l.Quantity {
				t.Errorf("line %+v", l)
			}
		}
		if s.stock("CUP") != 5 || s.stock("CARD") != -1 {
			t.Error(s.stock("CUP"), s.stock("CARD"))
		}
		if n := s.news(s.alice); n != "order.placed order.cancelled" {
			t.Error(n)
		}
		if n := one(t, db.Store, `SELECT count(*) FROM audit_entries`); n != "0" {
			t.Error("a customer's own cancel is no act of staff")
		}
		again, err := s.Cancel(ctx, input)
		check(t, err)
		if !*again.Replayed || *done.Replayed || s.stock("CUP") != 5 {
			t.Error("a repeat did something")
		}
		refused(t, s.cancel(ctx, o), order.ErrOrderAlreadyCancelled, "input.orderId", "")
	})
}

func TestCancelWhatIsPaid(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K2 K3
		s := newShop(t, db)
		ctx := storetest.As(s.alice)
		paid, reserved := s.placed(ctx, "TEA", 2), s.placed(ctx, "TEA", 2)
		check(t, s.set(paid, order.SetOrderStatusInput{PaymentStatus: ptr(entorder.PaymentStatusPAID)}))
		check(t, s.set(reserved, order.SetOrderStatusInput{PaymentStatus: ptr(entorder.PaymentStatusAUTHORIZED)}))
		check(t, s.cancel(ctx, paid))
		check(t, s.cancel(ctx, reserved))
		got := s.now(paid)
		if got.PaymentStatus != entorder.PaymentStatusREFUNDED || got.PaidMinor != 700 || got.RefundedMinor != 700 || len(got.Edges.Payments) != 2 {
			t.Fatalf("%+v", got)
		}
		in, err := order.Payments(ctx, got)
		check(t, err)
		out, err := order.Refunds(ctx, got)
		check(t, err)
		if len(in) != 1 || len(out) != 1 || in[0].RefundedMinor != 700 || out[0].Status != payment.StatusPENDING || out[0].AmountMinor != 700 || *out[0].ParentID != in[0].ID || out[0].GlobalID().Prefix != "rfd" {
			t.Errorf("%v %v", in, out)
		}
		if got = s.now(reserved); got.PaymentStatus != entorder.PaymentStatusPENDING || len(got.Edges.Payments) != 1 || got.Edges.Payments[0].Status != payment.StatusVOID {
			t.Errorf("%+v", got)
		}
	})
}

func TestCancelRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F1 K11
		s := newShop(t, db)
		ctx := storetest.As(s.alice)
		o := s.placed(ctx, "TEA", 1)
		for _, who := range []context.Context{storetest.As(s.bob), context.Background(), s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner)} {
			refused(t, s.cancel(who, o), fault.ErrNotFound, "input.orderId", "")
		}
		unknown := &ent.Order{ID: uuid.Must(uuid.NewV7())}
		refused(t, s.cancel(ctx, unknown), fault.ErrNotFound, "input.orderId", "")
		_, err := s.Cancel(ctx, order.CancelOrderInput{OrderID: scalar.ID{Prefix: "usr", UUID: o.ID}, IdempotencyKey: "k"})
		refused(t, err, fault.ErrInvalidID, "input.orderId", "")
		check(t, s.set(o, order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusSHIPPED)}))
		for _, who := range []context.Context{ctx, s.asStaff()} {
			refused(t, s.cancel(who, o), order.ErrOrderAlreadyShipped, "input.orderId", "")
		}
		if got := s.now(o); got.Status != entorder.StatusPLACED || s.stock("TEA") != 99 {
			t.Errorf("%+v", got)
		}
	})
}

func TestCancelByStaffIsOnRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		o := s.placed(s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner), "TEA", 1)
		check(t, s.cancel(s.asStaff(), o))
		if got := one(t, db.Store, `SELECT action, owner_id, actor_id, subject_id, subject_kind FROM audit_entries`); got != "order.cancel|"+s.acme.String()+"|"+s.staff.String()+"|"+o.ID.String()+"|order" {
			t.Error(got)
		}
		if s.news(s.acme) != "order.placed order.cancelled" || s.news(s.carol) != "order.placed order.cancelled" {
			t.Error(s.news(s.acme), s.news(s.carol))
		}
	})
}

// A member who left, or whose time is up, is not told of the company's orders
// any more.
func TestFormerMemberHearsNothing(t *testing.T) {
	for _, gone := range []string{`UPDATE memberships SET status = 'ENDED'`, `UPDATE memberships SET valid_until_at = updated_at`} {
		storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F6
			s := newShop(t, db)
			o := s.placed(s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner), "TEA", 1)
			s.exec(gone)
			check(t, s.cancel(s.asStaff(), o))
			if s.news(s.acme) != "order.placed order.cancelled" || s.news(s.carol) != "order.placed" {
				t.Error(gone, s.news(s.acme), s.news(s.carol))
			}
		})
	}
}

func TestCancelOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K2: in parallel
		s := newShop(t, db)
		o := s.placed(storetest.As(s.alice), "CUP", 3)
		var won, late atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				switch err := s.cancel(storetest.As(s.alice), o); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, order.ErrOrderAlreadyCancelled):
					late.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || late.Load() != 19 || s.stock("CUP") != 5 || s.unearned.Load() != 1 {
			t.Fatalf("%d won, %d late, %d cups", won.Load(), late.Load(), s.stock("CUP"))
		}
	})
}

func TestCancelAgainstShipping(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K11: cancel while it ships
		s := newShop(t, db)
		for range 10 {
			o := s.placed(storetest.As(s.alice), "TEA", 1)
			before := s.stock("TEA")
			var cancelled, shipped error
			var wg sync.WaitGroup
			wg.Go(func() { cancelled = s.cancel(storetest.As(s.alice), o) })
			wg.Go(func() {
				shipped = s.set(o, order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusSHIPPED)})
			})
			wg.Wait()
			got := s.now(o)
			switch {
			case cancelled == nil && errors.Is(shipped, order.ErrIllegalTransition):
				if got.Status != entorder.StatusCANCELLED || got.FulfillmentStatus != entorder.FulfillmentStatusNEW || len(got.Edges.Shipments) != 0 || s.stock("TEA") != before+1 {
					t.Fatalf("cancelled: %+v", got)
				}
			case shipped == nil && errors.Is(cancelled, order.ErrOrderAlreadyShipped):
				if got.Status != entorder.StatusPLACED || got.FulfillmentStatus != entorder.FulfillmentStatusSHIPPED || got.TotalMinor != 350 || s.stock("TEA") != before {
					t.Fatalf("shipped: %+v", got)
				}
			default:
				t.Fatal(cancelled, shipped)
			}
		}
	})
}

// Of many who cancel and many who ship at once one side wins whole, once; each
// of the other is told why not, and what was paid is given back or kept.
func TestManyCancelAgainstManyShip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K11
		s := newShop(t, db)
		for range 6 {
			o := s.placed(storetest.As(s.alice), "TEA", 2)
			check(t, s.set(o, order.SetOrderStatusInput{PaymentStatus: ptr(entorder.PaymentStatusPAID)}))
			before, cancels, ships := s.stock("TEA"), make([]error, 10), make([]error, 10)
			var wg sync.WaitGroup
			for i := range cancels {
				who := storetest.As(s.alice)
				if i%2 == 1 {
					who = s.asStaff()
				}
				wg.Go(func() { cancels[i] = s.cancel(who, o) })
				wg.Go(func() {
					ships[i] = s.set(o, order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusSHIPPED)})
				})
			}
			wg.Wait()
			got, won := s.now(o), 0
			for _, err := range cancels {
				if err == nil {
					won++
				}
			}
			var told, toldToo *fault.Fault // what those of each side hear who did not win
			switch won {
			case 1:
				told, toldToo = order.ErrOrderAlreadyCancelled, order.ErrIllegalTransition
				if got.Status != entorder.StatusCANCELLED || got.FulfillmentStatus != entorder.FulfillmentStatusNEW || got.RefundedMinor != 700 || len(got.Edges.Shipments) != 0 || s.stock("TEA") != before+2 {
					t.Fatalf("cancelled: %+v", got)
				}
			case 0:
				told = order.ErrOrderAlreadyShipped
				if got.Status != entorder.StatusPLACED || got.FulfillmentStatus != entorder.FulfillmentStatusSHIPPED || got.RefundedMinor != 0 || got.TotalMinor != 700 || len(got.Edges.Shipments) != 1 || s.stock("TEA") != before {
					t.Fatalf("shipped: %+v", got)
				}
			default:
				t.Fatalf("%d cancelled it", won)
			}
			for i := range cancels {
				if cancels[i] != nil && !errors.Is(cancels[i], told) || toldToo == nil && ships[i] != nil || toldToo != nil && !errors.Is(ships[i], toldToo) {
					t.Fatal(cancels[i], ships[i])
				}
			}
		}
	})
}
