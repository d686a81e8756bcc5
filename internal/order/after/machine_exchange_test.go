package after_test

import (
	"github.com/google/uuid"
	"pgregory.net/rapid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/order/after"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// exchanged books the order of the goods that went out in place of n that came,
// as far as they were there; an empty one where none did.
func (m *machine) exchanged(rt *rapid.T, r *modelReturn, n int64, done *ent.ReturnRequest) *modelOrder {
	other := &modelOrder{}
	if r.wants == "" {
		if done.ExchangeOrderID != nil {
			rt.Fatal("goods went out for a return")
		}
		return other
	}
	out := min(n, m.stock[r.wants])
	if l := done.Lines[0]; l.Exchanged == nil || *l.Exchanged != out || (done.ExchangeOrderID != nil) != (out > 0) {
		rt.Fatalf("%+v went out, want %d", l, out)
	}
	if out > 0 {
		other.lines = []*modelLine{{sku: r.wants, price: prices[r.wants], quantity: out}}
		m.placed(other, *done.ExchangeOrderID)
	}
	return other
}

// refundAgain begins a refund anew that failed: as much as is still owed, once.
func (m *machine) refundAgain(rt *rapid.T, o *modelOrder, r *ent.Payment) {
	var left int64
	for _, p := range m.now(o.id).Edges.Payments {
		if p.ID == *r.ParentID {
			left = min(r.AmountMinor, p.AmountMinor-p.RefundedMinor, o.paid-o.refunded-o.total)
		}
	}
	code := ""
	if r.Status != payment.StatusFAILED || left <= 0 {
		code = "ILLEGAL_TRANSITION"
	}
	_, err := m.RecordRefund(m.everything(), after.RecordRefundInput{RefundID: scalar.ID{Prefix: "rfd", UUID: r.ID}, Outcome: after.RefundOutcomeAgain, IdempotencyKey: m.key()})
	if m.done(rt, "refund again", code, err) {
		o.refunded += left
		o.failed -= left
		o.money = o.givenBack()
	}
}

// returnsAreRight holds that a return waits for money as long as some is to
// come, or has to begin anew, and that goods pay for others no more than they
// were worth.
func (m *machine) returnsAreRight(rt *rapid.T) {
	rows, err := m.db.Client.ReturnRequest.Query().All(storetest.System())
	check(m.t, err)
	status := map[uuid.UUID]returnrequest.Status{}
	for _, r := range rows {
		status[r.ID] = r.Status
	}
	waits := map[*modelOrder]bool{}
	for _, r := range m.returns {
		switch got := string(status[r.id.UUID]); {
		case r.state != "RECEIVED" && got != r.state, r.state == "RECEIVED" && got != "RECEIVED" && got != "REFUNDED":
			rt.Fatalf("a return is %s, want %s", got, r.state)
		case got == "RECEIVED":
			waits[r.order] = true
		}
	}
	var gave, got int64
	for _, o := range m.orders {
		now, pending, failed := m.now(o.id), false, false
		for _, p := range now.Edges.Payments {
			switch refund := p.Kind == payment.KindREFUND; {
			case refund && p.Status == payment.StatusPENDING:
				pending = true
			case refund && p.Status == payment.StatusFAILED:
				failed = true
			case refund && p.Method == "EXCHANGE" && p.Status == payment.StatusSUCCEEDED:
				gave += p.AmountMinor
			case !refund && p.Method == "EXCHANGE":
				got += p.AmountMinor
			}
		}
		if waits[o] && !pending && (!failed || o.paid-o.refunded <= o.total) {
			rt.Fatalf("a return of %s waits for nothing", now.Number)
		}
	}
	if got > gave { // what went out and came back is counted twice in what was given
		rt.Fatalf("goods of %d came back for others, which were paid by %d of them", gave, got)
	}
}
