package after

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// HearPayment applies a message of the provider to the payment of an order, or
// to a refund of one, in the transaction that keeps the message once, and says
// of which it was. Money that came is booked also after a failure, the end of
// its time or a cancel, where it is owed back at once; so is what went back.
// What does not agree in amount, currency or the provider's id books nothing and
// is put on record.
func (s *Acts) HearPayment(ctx context.Context, tx *store.Tx, n Notice) (Outcome, *uuid.UUID, error) {
	o, p, err := heardOf(ctx, tx, n)
	if err != nil || p == nil {
		return Unknown, nil, err
	}
	rule := judge
	if p.Kind == payment.KindREFUND {
		rule = judgeRefund
	}
	outcome := rule(p, n)
	if outcome == Applied && p.ProviderRef == nil { // the answer was lost: its id must be nobody else's
		other, err := tx.Payment.Query().Where(payment.Provider(n.Provider), payment.ProviderRef(n.Ref), payment.IDNEQ(p.ID)).Exist(ctx)
		if err != nil {
			return "", nil, err
		}
		if other {
			outcome = Mismatch
		}
	}
	switch outcome {
	case Mismatch:
		err = tx.Audit(ctx, "order.payment_mismatch", o.OwnerID, p.GlobalID(), map[string]any{
			"number": o.Number, "amount": cutTo(n.Amount, 40), "currency": cutTo(n.Currency, 10), "ref": cutTo(n.Ref, 255), "wantedMinor": p.AmountMinor, "wantedCurrency": p.Currency,
		})
	case Applied:
		err = s.applied(ctx, tx, o, p, n)
	}
	return outcome, &p.ID, err
}

// heardOf holds the order of the payment or refund that a message is about, and
// gives both; nil where there is none.
func heardOf(ctx context.Context, tx *store.Tx, n Notice) (*ent.Order, *ent.Payment, error) {
	id, err := scalar.ParseID(n.Reference)
	kind, known := map[string]payment.Kind{"pay": payment.KindPAYMENT, "rfd": payment.KindREFUND}[id.Prefix]
	if err != nil || !known {
		return nil, nil, nil
	}
	which, err := tx.Payment.Query().Where(payment.ID(id.UUID), payment.Provider(n.Provider), payment.KindEQ(kind), payment.OrderIDNotNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	o, err := order.Held(ctx, tx, *which.OrderID)
	if err != nil {
		return nil, nil, err
	}
	p := paymentOf(o, which.ID)
	if p == nil { // it cannot be: payments stay with their order
		return nil, nil, fault.ErrInternal
	}
	return o, p, nil
}

// applied books what a message says.
func (s *Acts) applied(ctx context.Context, tx *store.Tx, o *ent.Order, p *ent.Payment, n Notice) error {
	switch n.Type {
	case succeeded:
		return s.Orders.Received(ctx, tx, o, p, n.Ref)
	case refundSucceeded:
		if err := s.Orders.GaveBack(ctx, tx, o, p, n.Ref); err != nil {
			return err
		}
		return s.refunded(ctx, tx, o)
	case refundFailed:
		return s.Orders.NotGivenBack(ctx, tx, p, n.Ref, whyNot(n))
	case expired:
		return s.Orders.NotPaid(ctx, tx, p, payment.StatusVOID, n.Ref, cutTo(n.Reason, 500))
	}
	return s.Orders.NotPaid(ctx, tx, p, payment.StatusFAILED, n.Ref, cutTo(n.Reason, 500))
}

// whyNot is why a refund failed, which is never empty: by it one that failed is
// told from one that is still on its way.
func whyNot(n Notice) string {
	if why := cutTo(n.Reason, 500); why != "" {
		return why
	}
	return n.Type
}

// The types of messages that mean something.
const (
	succeeded = "payment.succeeded"
	failed    = "payment.failed"
	expired   = "payment.expired"

	refundSucceeded = "refund.succeeded"
	refundFailed    = "refund.failed"
)

// judge is the rule: what a message means to its payment.
func judge(p *ent.Payment, n Notice) Outcome {
	switch {
	case n.Type != succeeded && n.Type != failed && n.Type != expired:
		return Ignored
	case n.Ref == "" || p.ProviderRef != nil && *p.ProviderRef != n.Ref:
		return Mismatch
	case n.Type == succeeded:
		m, err := scalar.ParseMoney(n.Amount, n.Currency)
		switch {
		case err != nil || m.Minor != p.AmountMinor || m.Currency != p.Currency:
			return Mismatch
		case p.Status == payment.StatusSUCCEEDED:
			return Stale
		}
	case p.Status != payment.StatusPENDING:
		return Stale
	}
	return Applied
}

// judgeRefund is the rule for a refund. One that failed stays PENDING, with why:
// the money is owed, and staff gives it back by another way.
func judgeRefund(r *ent.Payment, n Notice) Outcome {
	switch {
	case n.Type != refundSucceeded && n.Type != refundFailed:
		return Ignored
	case n.Ref == "" || r.Status == payment.StatusPENDING && r.ProviderRef != nil && *r.ProviderRef != n.Ref:
		return Mismatch
	case n.Type == refundFailed && (r.Status != payment.StatusPENDING || r.Failure != nil):
		return Stale
	case n.Type == refundFailed:
		return Applied
	}
	m, err := scalar.ParseMoney(n.Amount, n.Currency)
	switch {
	case err != nil || m.Minor != r.AmountMinor || m.Currency != r.Currency:
		return Mismatch
	case r.Status == payment.StatusSUCCEEDED && (r.ProviderRef == nil || *r.ProviderRef == n.Ref):
		return Stale
	case r.Status == payment.StatusSUCCEEDED: // staff gave it back another way, and so did the provider: somebody has to look
		return Mismatch
	case r.Status != payment.StatusPENDING: // staff has noted that it failed, and it did not: somebody has to look
		return Mismatch
	}
	return Applied
}
