package after_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/uuid"

	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/reason"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// saysAt is refused with what the path and the facts are.
func saysAt(t *testing.T, err error, code, path string, facts map[string]any) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != code || strings.Join(f.Path, ".") != path {
		t.Errorf("%v, want %s at %s", err, code, path)
		return
	}
	for name, want := range facts {
		if got := f.Params[name]; !equal(got, want) {
			t.Errorf("%s: %s is %v, want %v", code, name, got, want)
		}
	}
}

func equal(got, want any) bool {
	a, isList := got.([]string)
	b, _ := want.([]string)
	if isList {
		return strings.Join(a, " ") == strings.Join(b, " ")
	}
	return got == want
}

func TestAbsurdQuantities(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K11
		w := newWorld(t, db)
		alice, clerk := storetest.As(w.alice), w.asClerk()
		o := w.bought(true, true, "TEA", 2)
		for _, c := range []struct {
			n    int
			code string
		}{{0, "OUT_OF_RANGE"}, {-1, "OUT_OF_RANGE"}, {math.MinInt64, "OUT_OF_RANGE"}, {3, "NOT_RETURNABLE"}, {math.MaxInt32, "NOT_RETURNABLE"}, {math.MaxInt64, "NOT_RETURNABLE"}} {
			_, err := w.RequestReturn(alice, w.back(o, 1, c.n))
			saysAt(t, err, c.code, "input.lines.0.quantity", nil)
		}
		in := w.back(o, 1, 2)
		asked, err := w.RequestReturn(alice, in)
		check(t, err)
		id, line := asked.Return.GlobalID(), in.Lines[0].OrderLineID
		for _, n := range []int{-1, 3, math.MaxInt64, math.MinInt64} {
			_, err := w.DecideReturn(clerk, after.DecideReturnInput{ReturnID: id, Decision: after.ReturnDecisionApprove, IdempotencyKey: w.key(), Lines: []*after.DecidedReturnLineInput{{OrderLineID: line, Quantity: n}}})
			saysAt(t, err, "OUT_OF_RANGE", "input.lines.0.quantity", map[string]any{"min": 0, "max": int64(2)})
		}
		_, err = w.DecideReturn(clerk, after.DecideReturnInput{ReturnID: id, Decision: after.ReturnDecisionApprove, IdempotencyKey: w.key(), Lines: []*after.DecidedReturnLineInput{{OrderLineID: line}}})
		saysAt(t, err, "INVALID_VALUE", "input.lines", nil)
		w.approve(asked.Return)
		for _, n := range []int{-1, 3, math.MaxInt64} {
			_, err := w.ReceiveReturn(clerk, after.ReceiveReturnInput{ReturnID: id, IdempotencyKey: w.key(), Lines: []*after.ReceivedReturnLineInput{{OrderLineID: line, Quantity: n}}})
			saysAt(t, err, "OUT_OF_RANGE", "input.lines.0.quantity", map[string]any{"min": 0, "max": int64(2)})
		}
		_, err = w.ReceiveReturn(clerk, after.ReceiveReturnInput{ReturnID: id, IdempotencyKey: w.key(), Lines: []*after.ReceivedReturnLineInput{{OrderLineID: line}}})
		saysAt(t, err, "INVALID_VALUE", "input.lines", nil)
		_, err = w.ReceiveReturn(clerk, after.ReceiveReturnInput{ReturnID: id, IdempotencyKey: w.key(), Lines: []*after.ReceivedReturnLineInput{{OrderLineID: line, Quantity: 1}, {OrderLineID: line, Quantity: 1}}})
		saysAt(t, err, "DUPLICATE_KEY", "input.lines.1.orderLineId", nil)
		_, err = w.ReceiveReturn(clerk, after.ReceiveReturnInput{ReturnID: id, IdempotencyKey: w.key(), Lines: []*after.ReceivedReturnLineInput{{OrderLineID: scalar.ID{Prefix: "line", UUID: uuid.New()}, Quantity: 1}}})
		saysAt(t, err, "NOT_FOUND", "input.lines.0.orderLineId", nil)
		for _, n := range []int{0, -1, 1_000_001, math.MaxInt64} {
			_, err := w.PlaceGuest(alice, after.PlaceGuestOrderInput{Lines: basket("TEA", n), Contact: after.GuestContactInput{Email: ptr("g@example.com")}, IdempotencyKey: w.key()})
			saysAt(t, err, "OUT_OF_RANGE", "input.lines.0.quantity", nil)
		}
	})
}

func TestStaleRevisions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, clerk := storetest.As(w.alice), w.asClerk()
		o := w.bought(true, true, "TEA", 2)
		asked, err := w.RequestReturn(alice, w.back(o, 1, 2))
		check(t, err)
		id, revision := asked.Return.GlobalID(), int(asked.Return.Revision)
		for _, stale := range []int{revision - 1, revision + 1, -1} {
			_, err := w.DecideReturn(clerk, after.DecideReturnInput{ReturnID: id, Decision: after.ReturnDecisionApprove, Revision: &stale, IdempotencyKey: w.key()})
			saysAt(t, err, "STALE_OBJECT", "input.revision", nil)
		}
		_, err = w.DecideReturn(clerk, after.DecideReturnInput{ReturnID: id, Decision: after.ReturnDecisionApprove, Revision: &revision, IdempotencyKey: w.key()})
		check(t, err)
		_, err = w.ReceiveReturn(clerk, after.ReceiveReturnInput{ReturnID: id, Revision: &revision, IdempotencyKey: w.key()})
		saysAt(t, err, "STALE_OBJECT", "input.revision", nil)
		_, err = w.SavePolicy(clerk, after.SaveOrderPolicyInput{ReturnDays: ptr(3), Revision: ptr(9)})
		saysAt(t, err, "STALE_OBJECT", "input.revision", nil)
		open := w.bought(false, false, "TEA", 1)
		adr := w.address(w.alice)
		_, err = w.ChangeAddress(alice, after.ChangeOrderAddressInput{OrderID: open.GlobalID(), AddressID: adr, Revision: ptr(int(open.Revision) + 1), IdempotencyKey: w.key()})
		saysAt(t, err, "STALE_OBJECT", "input.revision", nil)
		_, err = w.ChangeAddress(alice, after.ChangeOrderAddressInput{OrderID: open.GlobalID(), AddressID: w.address(w.bob), IdempotencyKey: w.key()}) // security F1
		saysAt(t, err, "NOT_FOUND", "input.addressId", nil)
		moved, err := w.ChangeAddress(alice, after.ChangeOrderAddressInput{OrderID: open.GlobalID(), AddressID: adr, Revision: ptr(int(open.Revision)), IdempotencyKey: w.key()})
		check(t, err)
		if w.now(moved.Order.ID).Delivery["city"] != "Leeds" {
			t.Errorf("%+v", moved.Order.Delivery)
		}
	})
}

func (w *world) address(of uuid.UUID) (id scalar.ID) {
	w.t.Helper()
	check(w.t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		a, err := tx.Address.Create().SetOwnerID(of).SetLines([]string{"1 High Street"}).SetCity("Leeds").SetCountry("GB").Save(ctx)
		if err == nil {
			id = a.GlobalID()
		}
		return err
	}))
	return id
}

// A move that is not allowed says from where, to where, and what is.
func TestMovesSayWhatIsAllowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, clerk := storetest.As(w.alice), w.asClerk()
		o := w.bought(true, true, "TEA", 2)
		asked, err := w.RequestReturn(alice, w.back(o, 1, 2))
		check(t, err)
		id := asked.Return.GlobalID()
		_, err = w.SendReturn(alice, after.SendReturnInput{ReturnID: id, IdempotencyKey: w.key()})
		saysAt(t, err, "ILLEGAL_TRANSITION", "input.returnId", map[string]any{"fromState": "REQUESTED", "toState": "IN_TRANSIT", "allowed": []string{"APPROVED", "REJECTED", "CANCELLED"}})
		_, err = w.ReceiveReturn(clerk, after.ReceiveReturnInput{ReturnID: id, IdempotencyKey: w.key()})
		saysAt(t, err, "ILLEGAL_TRANSITION", "input.returnId", map[string]any{"fromState": "REQUESTED", "toState": "RECEIVED", "allowed": []string{"APPROVED", "REJECTED", "CANCELLED"}})
		_, err = w.CancelReturn(alice, after.CancelReturnInput{ReturnID: id, IdempotencyKey: w.key()})
		check(t, err)
		_, err = w.CancelReturn(alice, after.CancelReturnInput{ReturnID: id, IdempotencyKey: w.key()})
		saysAt(t, err, "ILLEGAL_TRANSITION", "input.returnId", map[string]any{"fromState": "CANCELLED", "toState": "CANCELLED", "allowed": []string{}})
		_, err = w.CancelReturn(storetest.As(w.bob), after.CancelReturnInput{ReturnID: id, IdempotencyKey: w.key()}) // security F1
		saysAt(t, err, "NOT_FOUND", "input.returnId", nil)
		_, err = w.CancelReturn(alice, after.CancelReturnInput{ReturnID: o.GlobalID(), IdempotencyKey: w.key()})
		saysAt(t, err, "INVALID_ID", "input.returnId", nil)
	})
}

// A reason of the catalogue stands in the book of a cancelled order.
func TestCancelForAReason(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		o := w.bought(false, false, "TEA", 1)
		in := order.CancelOrderInput{OrderID: o.GlobalID(), Reason: entorder.CancelReasonOTHER, IdempotencyKey: w.key()}
		for _, c := range []struct {
			id   scalar.ID
			code string
		}{{o.GlobalID(), "INVALID_ID"}, {scalar.ID{Prefix: "rsn", UUID: uuid.New()}, "NOT_FOUND"}, {w.reason(reason.KindRETURN, "changed_mind"), "NOT_FOUND"}} {
			in.ReasonID = &c.id
			_, err := w.Orders.Cancel(alice, in)
			saysAt(t, err, c.code, "input.reasonId", nil)
		}
		why := w.reason(reason.KindCANCEL, "too_slow")
		in.ReasonID = &why
		_, err := w.Orders.Cancel(alice, in)
		check(t, err)
		e, err := db.Client.OrderEvent.Query().Where(orderevent.OrderID(o.ID), orderevent.KindEQ(orderevent.KindCANCELLED)).Only(storetest.System())
		check(t, err)
		if e.Data["reasonId"] != why.String() || e.Data["handle"] != "too_slow" || e.Data["reason"] != "OTHER" {
			t.Errorf("%v", e.Data)
		}
		w.Orders.NoCancel = true
		late := w.bought(false, false, "TEA", 1)
		in = order.CancelOrderInput{OrderID: late.GlobalID(), Reason: entorder.CancelReasonOTHER, IdempotencyKey: w.key()}
		_, err = w.Orders.Cancel(alice, in)
		saysAt(t, err, "CANCELLING_OFF", "input.orderId", nil)
		_, err = w.Orders.Cancel(storetest.As(w.bob), in) // security F1: not a word of whose it is
		saysAt(t, err, "NOT_FOUND", "input.orderId", nil)
		if _, err = w.Orders.Cancel(w.asClerk(), in); err != nil {
			t.Errorf("staff: %v", err)
		}
	})
}
