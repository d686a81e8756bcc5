package order_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/shipment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// set is SetStatus by staff.
func (s *shop) set(o *ent.Order, input order.SetOrderStatusInput) error {
	input.OrderID = o.GlobalID()
	if input.IdempotencyKey == "" {
		input.IdempotencyKey = s.key()
	}
	_, err := s.SetStatus(s.asStaff(), input)
	return err
}

func (s *shop) exec(statement string, args ...any) {
	s.t.Helper()
	check(s.t, s.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	}))
}

func TestSetStatusAllTheWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		o := s.placed(storetest.As(s.alice), "TEA", 2, "CUP", 1)
		db.Clock.Add(time.Hour)
		check(t, s.set(o, order.SetOrderStatusInput{PaymentStatus: ptr(entorder.PaymentStatusAUTHORIZED)}))
		check(t, s.set(o, order.SetOrderStatusInput{PaymentStatus: ptr(entorder.PaymentStatusPAID), FulfillmentStatus: ptr(entorder.FulfillmentStatusASSEMBLING)}))
		got := s.now(o)
		if got.PaidMinor != 1900 || len(got.Edges.Payments) != 1 || got.Edges.Payments[0].Status != payment.StatusSUCCEEDED || got.Edges.Payments[0].Method != "EXTERNAL" {
			t.Fatalf("%+v %v", got, got.Edges.Payments)
		}
		check(t, s.set(o, order.SetOrderStatusInput{
			FulfillmentStatus: ptr(entorder.FulfillmentStatusSHIPPED), Carrier: ptr("Royal Mail"), TrackingNumber: ptr("RM1"), TrackingURL: ptr("https://example.com/RM1"),
		}))
		got = s.now(o)
		if p := got.Edges.Shipments[0]; p.Status != shipment.StatusIN_TRANSIT || *p.Carrier != "Royal Mail" || *p.TrackingNumber != "RM1" || !p.ShippedAt.Equal(storetest.Start.Add(time.Hour)) {
			t.Errorf("%+v", p)
		}
		for _, l := range got.Edges.Lines {
			if l.Shipped != l.Quantity {
				t.Errorf("%+v", l)
			}
		}
		check(t, s.set(o, order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusAT_PICKUP_POINT)}))
		if p := s.now(o).Edges.Shipments[0]; p.Status != shipment.StatusAT_PICKUP_POINT || p.ReceivedAt != nil {
			t.Errorf("%+v", p)
		}
		then := storetest.Start.Add(30 * time.Minute)
		check(t, s.set(o, order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusDELIVERED), OccurredAt: &then}))
		check(t, s.set(o, order.SetOrderStatusInput{Status: ptr(entorder.StatusCOMPLETED)}))
		got = s.now(o)
		if p := got.Edges.Shipments[0]; p.Status != shipment.StatusDELIVERED || !p.ReceivedAt.Equal(then) || len(got.Edges.Shipments) != 1 {
			t.Errorf("%+v", p)
		}
		if got.Status != entorder.StatusCOMPLETED || got.PointsEarned != 19 || s.earned.Load() != 1 {
			t.Errorf("%+v", got)
		}
		if b := book(got); b != "1 PLACED 1900, 2 PAYMENT_CONFIRMED 0, 3 ASSEMBLING 0, 4 SHIPPED 0, 5 AT_PICKUP_POINT 0, 6 RECEIVED 0, 7 COMPLETED 0" {
			t.Error(b)
		}
		if at := got.Edges.Events[5].OccurredAt; !at.Equal(then) || got.Edges.Events[5].ActorID == nil || *got.Edges.Events[5].ActorID != s.staff {
			t.Errorf("%+v", got.Edges.Events[5])
		}
		if n := s.news(s.alice); n != "order.placed"+strings.Repeat(" order.status_changed", 6) {
			t.Error(n)
		}
		if n := one(t, db.Store, `SELECT count(*) FROM audit_entries WHERE action = 'order.set_status'`); n != "6" {
			t.Error(n)
		}
		refused(t, s.cancel(storetest.As(s.alice), o), order.ErrOrderAlreadyShipped, "input.orderId", "")
	})
}

func TestSetStatusLeaps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		o := s.placed(storetest.As(s.alice), "TEA", 1)
		input := order.SetOrderStatusInput{
			OrderID: o.GlobalID(), Status: ptr(entorder.StatusCOMPLETED), PaymentStatus: ptr(entorder.PaymentStatusPAID),
			FulfillmentStatus: ptr(entorder.FulfillmentStatusDELIVERED), IdempotencyKey: "k", DryRun: ptr(true),
		}
		dry, err := s.SetStatus(s.asStaff(), input)
		check(t, err)
		if dry.Order.Status != entorder.StatusCOMPLETED || dry.Order.PointsEarned != 3 || s.now(o).Status != entorder.StatusPLACED || s.news(s.alice) != "order.placed" {
			t.Fatal("the dry run")
		}
		input.DryRun = nil
		check(t, s.set(o, input))
		got := s.now(o)
		if p := got.Edges.Shipments; len(p) != 1 || p[0].Status != shipment.StatusDELIVERED || p[0].ReceivedAt == nil || got.Edges.Lines[0].Shipped != 1 || got.PointsEarned != 3 {
			t.Errorf("%+v %v", got, p)
		}
		again, err := s.SetStatus(s.asStaff(), input)
		check(t, err)
		if !*again.Replayed || again.Order.Revision != got.Revision || s.earned.Load() != 2 { // one of them dry
			t.Error("a repeat did something")
		}
	})
}

// Where an order stands already, nothing happens and nobody is told.
func TestSetStatusToTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		o := s.placed(storetest.As(s.alice), "TEA", 1)
		ship := order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusSHIPPED), TrackingNumber: ptr("1")}
		check(t, s.set(o, ship))
		before, news, audits := s.now(o), s.news(s.alice), one(t, db.Store, `SELECT count(*) FROM audit_entries`)
		check(t, s.set(o, ship))
		check(t, s.set(o, order.SetOrderStatusInput{Status: ptr(entorder.StatusPLACED), PaymentStatus: ptr(entorder.PaymentStatusPENDING)}))
		after := s.now(o)
		if after.Revision != before.Revision || book(after) != book(before) || len(after.Edges.Shipments) != 1 ||
			s.news(s.alice) != news || one(t, db.Store, `SELECT count(*) FROM audit_entries`) != audits {
			t.Error("something happened")
		}
	})
}

func TestSetStatusRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K11 K15
		s := newShop(t, db)
		o := s.placed(storetest.As(s.alice), "TEA", 1)
		future := storetest.Start.Add(time.Second)
		for name, c := range map[string]struct {
			input order.SetOrderStatusInput
			want  *fault.Fault
			path  string
			facts string
		}{
			"nothing said":       {order.SetOrderStatusInput{}, fault.ErrRequired, "input", ""},
			"in the future":      {order.SetOrderStatusInput{Status: ptr(entorder.StatusCOMPLETED), OccurredAt: &future}, fault.ErrOutOfRange, "input.occurredAt", ""},
			"carrier of nothing": {order.SetOrderStatusInput{PaymentStatus: ptr(entorder.PaymentStatusPAID), Carrier: ptr("x")}, fault.ErrInvalidValue, "input.carrier", ""},
			"long carrier":       {order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusSHIPPED), Carrier: ptr(strings.Repeat("x", 101))}, fault.ErrTooLong, "input.carrier", `{"limit":100}`},
			"too early":          {order.SetOrderStatusInput{Status: ptr(entorder.StatusCOMPLETED)}, order.ErrIllegalTransition, "input.status", `{"allowed":[],"fromState":"PLACED","toState":"COMPLETED"}`},
			"by another verb":    {order.SetOrderStatusInput{Status: ptr(entorder.StatusCANCELLED)}, fault.ErrInvalidValue, "input.status", ""},
			"returned by hand":   {order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusRETURNED)}, order.ErrIllegalTransition, "input.fulfillmentStatus", `{"allowed":["ASSEMBLING","SHIPPED","AT_PICKUP_POINT","DELIVERED"],"fromState":"NEW","toState":"RETURNED"}`},
		} {
			t.Log(name)
			refused(t, s.set(o, c.input), c.want, c.path, c.facts)
		}
		if got := s.now(o); got.Revision != 1 || book(got) != "1 PLACED 350" {
			t.Errorf("%+v", got)
		}
		// security F1: not staff's, so not there (the edge says FORBIDDEN before)
		for _, who := range []context.Context{storetest.As(s.bob), context.Background()} {
			_, err := s.SetStatus(who, order.SetOrderStatusInput{OrderID: o.GlobalID(), PaymentStatus: ptr(entorder.PaymentStatusPAID), IdempotencyKey: "k"})
			refused(t, err, fault.ErrNotFound, "input.orderId", "")
		}
	})
}

func TestFreeOrderIsPaidWithoutPayment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		s.exec(`UPDATE products SET price_minor = 0 WHERE sku = 'CARD'`)
		o := s.placed(storetest.As(s.alice), "CARD", 3)
		check(t, s.set(o, order.SetOrderStatusInput{PaymentStatus: ptr(entorder.PaymentStatusPAID)}))
		if got := s.now(o); got.PaymentStatus != entorder.PaymentStatusPAID || len(got.Edges.Payments) != 0 {
			t.Errorf("%+v", got)
		}
		check(t, s.cancel(storetest.As(s.alice), o))
	})
}

// A walk of random acts: what is refused changes nothing, what is done never
// goes back, and each change is told once. The books are proven at the end.
func TestSetStatusRandomWalk(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		journey := []entorder.FulfillmentStatus{"NEW", "ASSEMBLING", "SHIPPED", "AT_PICKUP_POINT", "DELIVERED", "PARTIALLY_RETURNED", "RETURNED"}
		money := []entorder.PaymentStatus{"PENDING", "AUTHORIZED", "PAID", "PARTIALLY_REFUNDED", "REFUNDED"}
		r := rand.New(rand.NewPCG(7, 7))
		done, refusals := 0, 0
		for range 12 {
			o := s.placed(storetest.As(s.bob), "CARD", 1+r.IntN(5))
			for range 10 {
				before, told := s.now(o), len(strings.Fields(s.news(s.bob)))
				var err error
				switch r.IntN(6) {
				case 0:
					err = s.cancel(storetest.As(s.bob), o)
				case 1, 2:
					err = s.set(o, order.SetOrderStatusInput{PaymentStatus: &money[r.IntN(len(money))]})
				case 3:
					err = s.set(o, order.SetOrderStatusInput{Status: ptr(entorder.StatusCOMPLETED)})
				default:
					err = s.set(o, order.SetOrderStatusInput{FulfillmentStatus: &journey[min(r.IntN(len(journey)), r.IntN(len(journey)))]})
				}
				after := s.now(o)
				changed := after.Revision != before.Revision
				if changed == (len(strings.Fields(s.news(s.bob))) == told) || err != nil && changed {
					t.Fatalf("%v: changed %v", err, changed)
				}
				if slices.Index(journey, after.FulfillmentStatus) < slices.Index(journey, before.FulfillmentStatus) {
					t.Fatalf("%s after %s", after.FulfillmentStatus, before.FulfillmentStatus)
				}
				if err != nil {
					refusals++
					if !errors.Is(err, order.ErrIllegalTransition) && !errors.Is(err, order.ErrOrderAlreadyShipped) && !errors.Is(err, order.ErrOrderAlreadyCancelled) {
						t.Fatal(err)
					}
				} else if changed {
					done++
				}
			}
		}
		if done < 20 || refusals < 20 {
			t.Errorf("%d done, %d refused: the walk shows little", done, refusals)
		}
	})
}
