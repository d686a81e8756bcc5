package after_test

import (
	"sync"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/reason"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/order/after"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

func (w *world) back(o *ent.Order, line, quantity int) after.RequestReturnInput {
	lines := w.now(o.ID).Edges.Lines
	for _, l := range lines {
		if l.Position == line {
			return after.RequestReturnInput{OrderID: o.GlobalID(), IdempotencyKey: w.key(),
				Lines: []*after.ReturnLineInput{{OrderLineID: l.GlobalID(), Quantity: quantity, ReasonID: w.reason(reason.KindRETURN, "does_not_fit")}}}
		}
	}
	w.t.Fatal("no such line")
	return after.RequestReturnInput{}
}

func (w *world) approve(r *ent.ReturnRequest) {
	w.t.Helper()
	_, err := w.DecideReturn(w.asClerk(), after.DecideReturnInput{ReturnID: r.GlobalID(), Decision: after.ReturnDecisionApprove, IdempotencyKey: w.key()})
	check(w.t, err)
}

func TestReturnToSource(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o := w.bought(true, true, "TEA", 3, "CUP", 1)
		alice := storetest.As(w.alice)
		options, err := w.Options(alice, o.GlobalID())
		check(t, err)
		if !options.Returnable || len(options.Lines) != 2 || options.Lines[0].Returnable != 3 || options.Lines[0].Amount.Minor != 1050 || options.Until == nil || len(options.RefundTo) != 2 {
			t.Fatalf("%+v", options)
		}
		in := w.back(o, 1, 2)
		in.DryRun = ptr(true)
		shown, err := w.RequestReturn(alice, in)
		check(t, err)
		if shown.Summary.Refund.Minor != 700 || shown.Return.Status != returnrequest.StatusREQUESTED {
			t.Errorf("%+v", shown.Summary)
		}
		if n, _ := db.Client.ReturnRequest.Query().Count(storetest.System()); n != 0 {
			t.Error("a dry run kept something")
		}
		in.DryRun = nil
		asked, err := w.RequestReturn(alice, in)
		check(t, err)
		again, err := w.RequestReturn(alice, in) // security K4
		check(t, err)
		if again.Return.ID != asked.Return.ID || !*again.Replayed {
			t.Error("a repeat made another return")
		}
		_, err = w.RequestReturn(alice, w.back(o, 1, 2))
		refused(t, err, "NOT_RETURNABLE")
		w.approve(asked.Return)
		_, err = w.SendReturn(alice, after.SendReturnInput{ReturnID: asked.Return.GlobalID(), Carrier: ptr("Post"), IdempotencyKey: w.key()})
		check(t, err)
		_, err = w.CancelReturn(alice, after.CancelReturnInput{ReturnID: asked.Return.GlobalID(), IdempotencyKey: w.key()})
		refused(t, err, "ILLEGAL_TRANSITION")
		got, err := w.ReceiveReturn(w.asClerk(), after.ReceiveReturnInput{ReturnID: asked.Return.GlobalID(), IdempotencyKey: w.key()})
		check(t, err)
		now := w.now(o.ID)
		if got.Return.Status != returnrequest.StatusRECEIVED || now.TotalMinor != 1550 || now.RefundedMinor != 700 || now.FulfillmentStatus != entorder.FulfillmentStatusPARTIALLY_RETURNED ||
			now.PaymentStatus != entorder.PaymentStatusPARTIALLY_REFUNDED || w.stock("TEA") != 99 {
			t.Errorf("%s %+v, %d in stock", got.Return.Status, now, w.stock("TEA"))
		}
		if n, pending := w.refunds(o); n != 1 || pending != 700 {
			t.Errorf("%d refunds, %d on the way", n, pending)
		}
		for _, p := range now.Edges.Payments {
			if p.Kind == payment.KindREFUND {
				_, err = w.RecordRefund(w.asClerk(), after.RecordRefundInput{RefundID: scalar.ID{Prefix: "rfd", UUID: p.ID}, Outcome: after.RefundOutcomeSucceeded, IdempotencyKey: w.key()})
				check(t, err)
			}
		}
		if r, _ := db.Client.ReturnRequest.Get(storetest.System(), asked.Return.ID); r.Status != returnrequest.StatusREFUNDED || r.RefundedAt == nil {
			t.Errorf("%+v", r)
		}
	})
}

func TestReturnInPartIntoTheWallet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o := w.bought(true, true, "TEA", 3)
		in := w.back(o, 1, 3)
		in.RefundTo = ptr(after.RefundDestinationWallet)
		asked, err := w.RequestReturn(storetest.As(w.alice), in)
		check(t, err)
		decide := after.DecideReturnInput{ReturnID: asked.Return.GlobalID(), Decision: after.ReturnDecisionApprove, IdempotencyKey: w.key(),
			Lines: []*after.DecidedReturnLineInput{{OrderLineID: in.Lines[0].OrderLineID, Quantity: 2}}}
		_, err = w.DecideReturn(storetest.As(w.alice), decide)
		refused(t, err, "FORBIDDEN")
		_, err = w.DecideReturn(w.asClerk(), decide)
		refused(t, err, "REQUIRED")
		decide.ReasonID = ptr(w.reason(reason.KindREFUSE, "used"))
		_, err = w.DecideReturn(w.asClerk(), decide)
		check(t, err)
		got, err := w.ReceiveReturn(w.asClerk(), after.ReceiveReturnInput{ReturnID: asked.Return.GlobalID(), IdempotencyKey: w.key()})
		check(t, err)
		if got.Return.Status != returnrequest.StatusREFUNDED || got.Return.AmountMinor != 700 || len(w.credited) != 1 {
			t.Errorf("%+v %v", got.Return, w.credited)
		}
		_, err = w.ReceiveReturn(w.asClerk(), after.ReceiveReturnInput{ReturnID: asked.Return.GlobalID(), IdempotencyKey: w.key()})
		refused(t, err, "ILLEGAL_TRANSITION")
	})
}

func TestExchange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o := w.bought(true, true, "CUP", 1)
		in := w.back(o, 1, 1)
		in.Kind, in.Lines[0].ExchangeSku = ptr(after.ReturnKindExchange), ptr("TEA")
		asked, err := w.RequestReturn(storetest.As(w.alice), in)
		check(t, err)
		w.approve(asked.Return)
		got, err := w.ReceiveReturn(w.asClerk(), after.ReceiveReturnInput{ReturnID: asked.Return.GlobalID(), IdempotencyKey: w.key()})
		check(t, err)
		other := w.now(*got.Return.ExchangeOrderID)
		if other.OwnerID != w.alice || other.TotalMinor != 350 || other.PaidMinor != 350 || other.PaymentStatus != entorder.PaymentStatusPAID {
			t.Errorf("%+v", other)
		}
		if n, pending := w.refunds(o); n != 2 || pending != 850 {
			t.Errorf("%d refunds, %d on the way", n, pending)
		}
		if now := w.now(o.ID); now.FulfillmentStatus != entorder.FulfillmentStatusRETURNED || now.PaymentStatus != entorder.PaymentStatusREFUNDED {
			t.Errorf("%+v", now)
		}
	})
}

func TestReturnRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		placed := w.bought(true, false, "TEA", 1)
		_, err := w.RequestReturn(alice, w.back(placed, 1, 1))
		refused(t, err, "NOT_RETURNABLE")
		o := w.bought(true, true, "TEA", 2)
		_, err = w.RequestReturn(storetest.As(w.bob), w.back(o, 1, 1)) // security F1
		refused(t, err, "NOT_FOUND")
		_, err = w.Options(storetest.As(w.bob), o.GlobalID())
		refused(t, err, "NOT_FOUND")
		broken := w.back(o, 1, 1)
		broken.Lines[0].ReasonID = w.reason(reason.KindRETURN, "damaged")
		_, err = w.RequestReturn(alice, broken)
		refused(t, err, "PHOTO_REQUIRED")
		_, err = w.SavePolicy(w.asClerk(), after.SaveOrderPolicyInput{WalletRefunds: ptr(false)})
		check(t, err)
		wallet := w.back(o, 1, 1)
		wallet.RefundTo = ptr(after.RefundDestinationWallet)
		_, err = w.RequestReturn(alice, wallet)
		refused(t, err, "WALLET_REFUNDS_OFF")
		twice := w.back(o, 1, 1)
		twice.Lines = append(twice.Lines, twice.Lines[0])
		_, err = w.RequestReturn(alice, twice)
		refused(t, err, "DUPLICATE_KEY")
		_, err = w.RequestReturn(alice, w.back(o, 1, 0))
		refused(t, err, "OUT_OF_RANGE")
		db.Clock.Add(15 * 24 * time.Hour)
		_, err = w.RequestReturn(alice, w.back(o, 1, 1))
		refused(t, err, "NOT_RETURNABLE")
		_, err = w.RequestReturn(w.asClerk(), w.back(o, 1, 1))
		check(t, err)
	})
}

// Of many who ask for the same goods at once one gets them.
func TestReturnsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K3
		w := newWorld(t, db)
		o := w.bought(true, true, "TEA", 3)
		inputs := make([]after.RequestReturnInput, 8)
		for i := range inputs {
			inputs[i] = w.back(o, 1, 2)
		}
		var wg sync.WaitGroup
		errs := make([]error, len(inputs))
		for i, in := range inputs {
			wg.Go(func() { _, errs[i] = w.RequestReturn(storetest.As(w.alice), in) })
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else {
				refused(t, err, "NOT_RETURNABLE")
			}
		}
		if made != 1 {
			t.Errorf("%d returns of the same goods", made)
		}
	})
}
