package after_test

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/reason"
	"kabinet/internal/bonus"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/wallet"
)

// way is the journey of goods by hand, in order; the last two are of returns.
var way = []entorder.FulfillmentStatus{"NEW", "ASSEMBLING", "SHIPPED", "AT_PICKUP_POINT", "DELIVERED", "PARTIALLY_RETURNED", "RETURNED"}

func (o *modelOrder) at() int { return slices.Index(way, o.goods) }

func (m *machine) set(rt *rapid.T, o *modelOrder, what, code string, change func(*order.SetOrderStatusInput)) bool {
	in := order.SetOrderStatusInput{OrderID: scalar.ID{Prefix: "order", UUID: o.id}, IdempotencyKey: m.key()}
	change(&in)
	_, err := m.Orders.SetStatus(m.everything(), in)
	if !m.done(rt, what, code, err) {
		return false
	}
	m.repeatable(func() (order.Outcome, error) { return m.Orders.SetStatus(m.everything(), in) })
	return true
}

func (m *machine) move(rt *rapid.T) {
	o, code := m.one(rt, func(o *modelOrder) bool { return o.status == entorder.StatusPLACED }), ""
	to := rapid.IntRange(1, 5).Draw(rt, "to")
	if to == 5 {
		if o.status != entorder.StatusCOMPLETED && (o.status != entorder.StatusPLACED || o.at() < 4 || !paidUp(o)) {
			code = "ILLEGAL_TRANSITION"
		}
		if m.set(rt, o, "complete", code, func(in *order.SetOrderStatusInput) { in.Status = ptr(entorder.StatusCOMPLETED) }) {
			o.status = entorder.StatusCOMPLETED
		}
		return
	}
	if to < o.at() || to > o.at() && (o.at() >= 4 || o.status != entorder.StatusPLACED) {
		code = "ILLEGAL_TRANSITION"
	}
	if m.set(rt, o, "move", code, func(in *order.SetOrderStatusInput) { in.FulfillmentStatus = &way[to] }) {
		o.goods = way[to]
	}
}

// deliver brings an order all the way at once.
func (m *machine) deliver(rt *rapid.T) {
	o := m.one(rt, func(o *modelOrder) bool { return o.status == entorder.StatusPLACED && o.at() < 4 })
	if o.status != entorder.StatusPLACED || o.at() > 4 {
		rt.Skip("it is over")
	}
	if m.set(rt, o, "deliver", "", func(in *order.SetOrderStatusInput) { in.FulfillmentStatus = &way[4] }) {
		o.goods = way[4]
	}
}

func (m *machine) payByHand(rt *rapid.T) {
	o, code := m.one(rt, func(o *modelOrder) bool { return o.open() > 0 || o.reserved > 0 }), ""
	to := rapid.SampledFrom([]entorder.PaymentStatus{"AUTHORIZED", "PAID"}).Draw(rt, "to")
	if to != o.money && (paidUp(o) || o.status != entorder.StatusPLACED) {
		code = "ILLEGAL_TRANSITION"
	}
	same := to == o.money
	if !m.set(rt, o, "pay by hand", code, func(in *order.SetOrderStatusInput) { in.PaymentStatus = &to }) || same {
		return
	}
	o.money = to
	if to == entorder.PaymentStatusAUTHORIZED {
		o.reserved = max(0, o.total-o.paid)
		return
	}
	o.settle()
}

// settle is what makes an order PAID by hand: what was reserved is taken, the
// rest comes; what is too much goes back.
func (o *modelOrder) settle() {
	o.paid += o.reserved
	o.reserved = 0
	o.paid += max(0, o.total-o.paid)
	if o.external == "" { // what an outside system gives back it tells
		o.refunded += max(0, o.paid-o.refunded-o.total)
	}
}

// confirm is what makes an order PAID by money that came.
func (o *modelOrder) confirm() {
	if o.status != entorder.StatusCANCELLED && !paidUp(o) && o.paid-o.refunded >= o.total {
		o.money, o.reserved = entorder.PaymentStatusPAID, 0
	}
}

func (o *modelOrder) open() int64 {
	if paidUp(o) {
		return 0
	}
	return max(0, o.total-o.paid-o.reserved)
}

// mayPay is the code of somebody who may not.
func (o *modelOrder) mayPay() string {
	switch {
	case o.status == entorder.StatusCANCELLED:
		return "ORDER_ALREADY_CANCELLED"
	case o.open() == 0:
		return "ORDER_ALREADY_PAID"
	}
	return ""
}

func (m *machine) beginToPay(rt *rapid.T) {
	o := m.one(rt, func(o *modelOrder) bool { return o.open() > 0 && o.mayPay() == "" })
	out, err := m.CreatePaymentLink(storetest.As(m.alice), after.CreatePaymentLinkInput{OrderID: &scalar.ID{Prefix: "order", UUID: o.id}, IdempotencyKey: m.key()})
	if m.done(rt, "begin to pay", o.mayPay(), err) {
		o.begun = append(o.begun, &modelPayment{row: out.Payment, amount: o.open(), state: payment.StatusPENDING})
	}
}

func (m *machine) providerTells(rt *rapid.T) {
	o := m.one(rt, func(o *modelOrder) bool { return len(o.begun) > 0 })
	if len(o.begun) == 0 {
		rt.Skip("nothing was begun")
	}
	p := o.begun[rapid.IntRange(0, len(o.begun)-1).Draw(rt, "payment")]
	says := rapid.SampledFrom([]string{"payment.succeeded", "payment.succeeded", "payment.failed", "payment.expired"}).Draw(rt, "says")
	minor, want := p.amount, after.Applied
	if says == "payment.succeeded" {
		minor += rapid.SampledFrom([]int64{0, 0, 0, 1}).Draw(rt, "too much")
	}
	switch {
	case minor != p.amount:
		want = after.Mismatch
	case says == "payment.succeeded" && p.state == payment.StatusSUCCEEDED, says != "payment.succeeded" && p.state != payment.StatusPENDING:
		want = after.Stale
	}
	if got := m.hear(says, p.row, scalar.Money{Minor: minor, Currency: "GBP"}.Amount()); got != want {
		rt.Fatalf("%s of a payment that is %s: %s, want %s", says, p.state, got, want)
	}
	if want != after.Applied {
		return
	}
	switch says {
	case "payment.failed":
		p.state = payment.StatusFAILED
	case "payment.expired":
		p.state = payment.StatusVOID
	default:
		p.state = payment.StatusSUCCEEDED
		o.paid += p.amount
		o.refunded += max(0, min(o.paid-o.refunded-o.total, p.amount))
		if o.status == entorder.StatusCANCELLED {
			o.money = o.givenBack()
		}
		o.confirm()
	}
}

// givenBack is where the money of an order stands of which some was given back.
func (o *modelOrder) givenBack() entorder.PaymentStatus {
	switch {
	case o.refunded >= o.paid:
		return entorder.PaymentStatusREFUNDED
	case o.refunded > 0:
		return entorder.PaymentStatusPARTIALLY_REFUNDED
	}
	return entorder.PaymentStatusPAID
}

func (m *machine) payFromWallet(rt *rapid.T) {
	o := m.one(rt, func(o *modelOrder) bool { return o.open() > 0 && o.mayPay() == "" })
	in := wallet.PayOrderFromWalletInput{OrderID: scalar.ID{Prefix: "order", UUID: o.id}, WalletID: m.purse, IdempotencyKey: m.key()}
	code, minor := o.mayPay(), o.open()
	if minor > 1 && rapid.Bool().Draw(rt, "a part") {
		minor /= 2
		in.Amount = &scalar.MoneyInput{Amount: scalar.Money{Minor: minor, Currency: "GBP"}.Amount(), Currency: "GBP"}
	}
	if code == "" && minor > m.inWallet() {
		code = "INSUFFICIENT_FUNDS"
	}
	_, err := m.wallets.PayOrder(storetest.As(m.alice), in)
	if m.done(rt, "pay from wallet", code, err) {
		o.paid += minor
		o.confirm()
	}
}

func (m *machine) spendPoints(rt *rapid.T) {
	o, code := m.one(rt, func(o *modelOrder) bool { return o.status == entorder.StatusPLACED }), ""
	switch {
	case o.status == entorder.StatusCANCELLED:
		code = "ORDER_ALREADY_CANCELLED"
	case o.goods == entorder.FulfillmentStatusRETURNED:
		rt.Skip("nothing is left of it")
	}
	_, err := m.points.Redeem(storetest.As(m.alice), bonus.RedeemPointsInput{Amount: rapid.Int64Range(1, 5).Draw(rt, "points"), OrderID: &scalar.ID{Prefix: "order", UUID: o.id}, IdempotencyKey: m.key()})
	m.done(rt, "spend points", code, err)
}

func (m *machine) cancel(rt *rapid.T) {
	o, code := m.one(rt, func(o *modelOrder) bool { return o.status == entorder.StatusPLACED && o.at() < 2 }), ""
	switch {
	case o.status == entorder.StatusCANCELLED:
		code = "ORDER_ALREADY_CANCELLED"
	case o.at() >= 2:
		code = "ORDER_ALREADY_SHIPPED"
	}
	in, ctx := order.CancelOrderInput{OrderID: scalar.ID{Prefix: "order", UUID: o.id}, Reason: entorder.CancelReasonCHANGED_MIND, IdempotencyKey: m.key()}, storetest.As(m.alice)
	if rapid.Bool().Draw(rt, "by staff") {
		ctx = m.everything()
	}
	_, err := m.Orders.Cancel(ctx, in)
	if !m.done(rt, "cancel", code, err) {
		return
	}
	m.repeatable(func() (order.Outcome, error) { return m.Orders.Cancel(ctx, in) })
	o.status, o.money, o.total, o.reserved = entorder.StatusCANCELLED, entorder.PaymentStatusPENDING, 0, 0
	if o.paid > 0 {
		o.refunded, o.failed, o.money = o.paid, 0, entorder.PaymentStatusREFUNDED
	}
	for _, p := range o.begun {
		if p.state == payment.StatusPENDING {
			p.state = payment.StatusVOID
		}
	}
	for _, l := range o.lines {
		l.cancelled = l.quantity
		m.stock[l.sku] += l.quantity
	}
}

func (m *machine) askToReturn(rt *rapid.T) {
	o := m.one(rt, func(o *modelOrder) bool { return o.at() == 4 || o.at() == 5 })
	i, code := rapid.IntRange(0, len(o.lines)-1).Draw(rt, "line"), ""
	l, n := o.lines[i], rapid.Int64Range(1, 4).Draw(rt, "quantity")
	if o.status == entorder.StatusCANCELLED || o.at() != 4 && o.at() != 5 || n > l.quantity-l.cancelled-l.returned-l.comesBack {
		code = "NOT_RETURNABLE"
	}
	r := &modelReturn{line: l, order: o, quantity: n, state: "REQUESTED"}
	in := m.back(&ent.Order{ID: o.id}, m.position(o, l), int(n))
	if rapid.Bool().Draw(rt, "into the wallet") {
		in.RefundTo = ptr(after.RefundDestinationWallet)
	}
	if rapid.IntRange(0, 2).Draw(rt, "for others") == 0 {
		r.wants = rapid.SampledFrom([]string{"TEA", "CUP"}).Draw(rt, "wanted")
		in.Kind, in.Lines[0].ExchangeSku = ptr(after.ReturnKindExchange), &r.wants
	}
	out, err := m.RequestReturn(storetest.As(m.alice), in)
	if m.done(rt, "ask to return", code, err) {
		l.comesBack += n
		r.id = out.Return.GlobalID()
		m.returns = append(m.returns, r)
	}
}

func (m *machine) position(o *modelOrder, line *modelLine) int {
	for _, l := range m.now(o.id).Edges.Lines {
		if l.ID == line.id {
			return l.Position
		}
	}
	return -1
}

// oneReturn draws a return, and the code where it stands at none of these.
func (m *machine) oneReturn(rt *rapid.T, from ...string) (r *modelReturn, code string) {
	can := func(r *modelReturn) bool { return slices.Contains(from, r.state) }
	if r = some(rt, m.returns, can); !can(r) {
		code = "ILLEGAL_TRANSITION"
	}
	return r, code
}

func (m *machine) decide(rt *rapid.T) {
	r, code := m.oneReturn(rt, "REQUESTED")
	in := after.DecideReturnInput{ReturnID: r.id, Decision: after.ReturnDecisionApprove, ReasonID: ptr(m.reason(reason.KindREFUSE, "used")), IdempotencyKey: m.key()}
	left := r.quantity
	switch rejects := rapid.IntRange(0, 3).Draw(rt, "no") == 0; {
	case rejects:
		in.Decision, left = after.ReturnDecisionReject, 0
	case r.quantity > 1:
		left = rapid.Int64Range(1, r.quantity).Draw(rt, "allowed")
		in.Lines = []*after.DecidedReturnLineInput{{OrderLineID: scalar.ID{Prefix: "line", UUID: r.line.id}, Quantity: int(left)}}
	}
	_, err := m.DecideReturn(m.everything(), in)
	if !m.done(rt, "decide", code, err) {
		return
	}
	r.line.comesBack -= r.quantity - left
	if r.quantity, r.state = left, "APPROVED"; left == 0 {
		r.state = "REJECTED"
	}
}

func (m *machine) send(rt *rapid.T) {
	r, code := m.oneReturn(rt, "APPROVED")
	_, err := m.SendReturn(storetest.As(m.alice), after.SendReturnInput{ReturnID: r.id, IdempotencyKey: m.key()})
	if m.done(rt, "send", code, err) {
		r.state = "IN_TRANSIT"
	}
}

func (m *machine) takeBackReturn(rt *rapid.T) {
	if rapid.IntRange(0, 2).Draw(rt, "seldom") > 0 {
		rt.Skip("it comes")
	}
	r, code := m.oneReturn(rt, "REQUESTED", "APPROVED")
	_, err := m.CancelReturn(storetest.As(m.alice), after.CancelReturnInput{ReturnID: r.id, IdempotencyKey: m.key()})
	if m.done(rt, "take back", code, err) {
		r.state = "CANCELLED"
		r.line.comesBack -= r.quantity
	}
}

func (m *machine) receive(rt *rapid.T) {
	r, code := m.oneReturn(rt, "APPROVED", "IN_TRANSIT")
	n, o := r.quantity, r.order
	in := after.ReceiveReturnInput{ReturnID: r.id, IdempotencyKey: m.key()}
	if code == "" {
		n = rapid.Int64Range(0, r.quantity).Draw(rt, "came")
		in.Lines = []*after.ReceivedReturnLineInput{{OrderLineID: scalar.ID{Prefix: "line", UUID: r.line.id}, Quantity: int(n)}}
		if n == 0 {
			code = "INVALID_VALUE"
		}
	}
	out, err := m.ReceiveReturn(m.everything(), in)
	if !m.done(rt, "receive", code, err) {
		return
	}
	other := m.exchanged(rt, r, n, out.Return)
	m.last = func() (*bool, error) {
		out, err := m.ReceiveReturn(m.everything(), in)
		return out.Replayed, err
	}
	r.state = "RECEIVED"
	r.line.comesBack -= r.quantity
	r.line.returned += n
	m.stock[r.line.sku] += n
	o.total -= r.line.price * n
	if back := min(r.line.price*n, o.paid-o.refunded-o.total); back > 0 {
		o.refunded += back
		other.paid = min(back, other.total)
		other.confirm()
		if o.money = entorder.PaymentStatusPARTIALLY_REFUNDED; o.refunded >= o.paid {
			o.money = entorder.PaymentStatusREFUNDED
		}
		o.reserved = 0 // of what is left nothing is owed
	} else {
		o.confirm()
	}
	o.goods = entorder.FulfillmentStatusRETURNED
	for _, l := range o.lines {
		if l.returned+l.cancelled < l.quantity {
			o.goods = entorder.FulfillmentStatusPARTIALLY_RETURNED
		}
	}
}

func (m *machine) recordRefund(rt *rapid.T) {
	o, code := m.one(rt, func(o *modelOrder) bool { return o.refunded > 0 }), ""
	rows := slices.DeleteFunc(m.now(o.id).Edges.Payments, func(p *ent.Payment) bool { return p.Kind != payment.KindREFUND })
	if len(rows) == 0 {
		rt.Skip("nothing is given back")
	}
	slices.SortFunc(rows, func(a, b *ent.Payment) int { return slices.Compare(a.ID[:], b.ID[:]) })
	p := rows[rapid.IntRange(0, len(rows)-1).Draw(rt, "refund")]
	if p.Status != payment.StatusPENDING {
		code = "ILLEGAL_TRANSITION"
	}
	outcome := rapid.SampledFrom([]after.RefundOutcome{after.RefundOutcomeSucceeded, after.RefundOutcomeFailed, after.RefundOutcomeAgain}).Draw(rt, "outcome")
	if outcome == after.RefundOutcomeAgain {
		m.refundAgain(rt, o, p)
		return
	}
	_, err := m.RecordRefund(m.everything(), after.RecordRefundInput{RefundID: scalar.ID{Prefix: "rfd", UUID: p.ID}, Outcome: outcome, IdempotencyKey: m.key()})
	if m.done(rt, "record refund", code, err) && outcome == after.RefundOutcomeFailed {
		o.refunded -= p.AmountMinor
		o.failed += p.AmountMinor
		o.money = o.givenBack()
	}
}

func (m *machine) repeat(rt *rapid.T) {
	old := m.one(rt, func(o *modelOrder) bool { return o.status != entorder.StatusCANCELLED })
	in := after.RepeatOrderInput{OrderID: scalar.ID{Prefix: "order", UUID: old.id}, AcceptGaps: ptr(true), IdempotencyKey: m.key()}
	o, code := &modelOrder{}, "ORDER_EMPTY"
	for _, l := range old.lines {
		if n := min(l.quantity-l.cancelled, m.stock[l.sku]); n > 0 {
			o.lines, code = append(o.lines, &modelLine{sku: l.sku, price: l.price, quantity: n}), ""
		}
	}
	out, err := m.Repeat(storetest.As(m.alice), in)
	if m.done(rt, "repeat", code, err) {
		m.placed(o, out.Order.ID)
	}
}

// upsert makes an order of an outside system, or tells of it anew: what is
// older changes nothing.
func (m *machine) upsert(rt *rapid.T) {
	var of []*modelOrder
	for _, o := range m.orders {
		if o.external != "" {
			of = append(of, o)
		}
	}
	o, code, now := &modelOrder{external: m.key(), status: "PLACED", money: "PENDING", goods: "NEW"}, "", m.db.Clock.Now()
	if fresh := len(of) == 0 || rapid.IntRange(0, 3).Draw(rt, "new") == 0; !fresh {
		o = of[rapid.IntRange(0, len(of)-1).Draw(rt, "order")]
	}
	to := *o
	to.status = rapid.SampledFrom([]entorder.Status{o.status, o.status, "PLACED", "COMPLETED", "CANCELLED"}).Draw(rt, "status")
	to.money = rapid.SampledFrom([]entorder.PaymentStatus{o.money, "PENDING", "AUTHORIZED", "PAID", "PARTIALLY_REFUNDED", "REFUNDED"}).Draw(rt, "money")
	to.goods = rapid.SampledFrom(append([]entorder.FulfillmentStatus{o.goods}, way...)).Draw(rt, "goods")
	if older := o.id != uuid.Nil && rapid.IntRange(0, 3).Draw(rt, "older") == 0; older {
		now, code = o.changedAt.Add(-time.Second), "OUTDATED"
	} else if o.id != uuid.Nil && !o.mayBe(&to) {
		code = "ILLEGAL_TRANSITION"
	}
	done, err := m.Orders.Upsert(m.everything(), order.UpsertOrdersInput{Orders: []*order.UpsertOrderInput{{
		External: &scalar.ExternalKey{Source: "shop", ID: o.external}, SourceUpdatedAt: now, Currency: "GBP", PlacedAt: m.db.Clock.Now().Add(-time.Hour),
		Customer: &order.CustomerRef{ID: &scalar.ID{Prefix: "usr", UUID: m.alice}}, Status: &to.status, PaymentStatus: &to.money, FulfillmentStatus: &to.goods,
		Lines: []*order.UpsertOrderLineInput{{Sku: "OUT", Title: "Of another shop", Quantity: 3, UnitPrice: "7.00"}},
	}}})
	if err == nil {
		err = done[0].Err
	}
	if !m.done(rt, "upsert", code, err) {
		return
	}
	if o.id == uuid.Nil {
		o.lines = []*modelLine{{sku: "OUT", price: 700, quantity: 3}}
		m.placed(o, done[0].Order.ID)
	}
	o.become(&to)
	o.changedAt = now
}

// mayBe says whether an outside system may bring an order there: forward.
func (o *modelOrder) mayBe(to *modelOrder) bool {
	money := []entorder.PaymentStatus{"PENDING", "AUTHORIZED", "PAID", "PARTIALLY_REFUNDED", "REFUNDED"}
	return (to.status == o.status || o.status == entorder.StatusPLACED) && to.at() >= o.at() &&
		slices.Index(money, to.money) >= slices.Index(money, o.money)
}

// become books what an outside system says: money, then goods, then the whole.
func (o *modelOrder) become(to *modelOrder) {
	if to.money != o.money {
		was := paidUp(o)
		switch o.money = to.money; {
		case o.money == entorder.PaymentStatusAUTHORIZED:
			o.reserved = max(0, o.total-o.paid)
		case !was:
			o.settle()
		}
		if o.money == entorder.PaymentStatusREFUNDED {
			o.refunded = o.paid
		}
	}
	if to.goods != o.goods {
		if o.goods = to.goods; o.goods == entorder.FulfillmentStatusRETURNED {
			o.total = 0
			for _, l := range o.lines {
				l.returned = l.quantity - l.cancelled
			}
		}
	}
	if to.status != o.status {
		if o.status = to.status; o.status == entorder.StatusCANCELLED {
			o.total = 0
			for _, l := range o.lines {
				l.cancelled = l.quantity - l.returned
			}
		}
	}
}
