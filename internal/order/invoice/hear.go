package invoice

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/payment"
	"kabinet/internal/order/after"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// HearPayment applies a message of the provider to the payment of an invoice
// that is of no order, or to a refund of one, in the transaction that keeps the message once, and says
// of which payment it was; those of orders are after.Acts.HearPayment's. Money
// that came is booked also after a failure, the end of its time, or when the
// invoice is paid or void: then it is owed back at once. What does not agree in
// amount, currency or the provider's id books nothing and is put on record.
func (s *Bills) HearPayment(ctx context.Context, tx *store.Tx, n after.Notice) (after.Outcome, *uuid.UUID, error) {
	id, err := scalar.ParseID(n.Reference)
	kind, known := map[string]payment.Kind{"pay": payment.KindPAYMENT, "rfd": payment.KindREFUND}[id.Prefix]
	if err != nil || !known {
		return after.Unknown, nil, nil
	}
	which := tx.Payment.Query().Where(payment.ID(id.UUID), payment.Provider(n.Provider), payment.KindEQ(kind), payment.OrderIDIsNil(), payment.InvoiceIDNotNil())
	p, err := which.Clone().Only(ctx)
	if ent.IsNotFound(err) {
		return after.Unknown, nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	d, err := s.hold(ctx, tx, *p.InvoiceID, mayRead)
	if err != nil {
		return "", nil, err
	}
	if p, err = which.Only(ctx); err != nil { // as it is now that its invoice is held
		return "", nil, err
	}
	outcome, err := judged(ctx, tx, p, n)
	if err != nil {
		return "", nil, err
	}
	switch {
	case outcome == after.Mismatch:
		err = tx.Audit(ctx, "invoice.payment_mismatch", d.doc.OwnerID, p.GlobalID(), map[string]any{
			"invoice": idOf(d.doc.ID).String(), "amount": after.Cut(n.Amount, 40), "currency": after.Cut(n.Currency, 10), "ref": after.Cut(n.Ref, 255), "wantedMinor": p.AmountMinor, "wantedCurrency": p.Currency,
		})
	case outcome == after.Applied && kind == payment.KindREFUND:
		err = s.wentBack(ctx, tx, p, n)
	case outcome == after.Applied && n.Came():
		p.Status, p.ProviderRef = payment.StatusSUCCEEDED, &n.Ref
		_, err = s.book(ctx, tx, d, p, true)
	case outcome == after.Applied:
		status := payment.StatusFAILED
		if n.Expired() {
			status = payment.StatusVOID
		}
		err = s.Orders.NotPaid(ctx, tx, p, status, n.Ref, n.Reasoned())
	}
	return outcome, &p.ID, err
}

// wentBack notes what the provider says of a refund. One that failed is owed
// all the same: staff gives it back another way.
func (s *Bills) wentBack(ctx context.Context, tx *store.Tx, r *ent.Payment, n after.Notice) error {
	if !n.Came() {
		return s.Orders.NotGivenBack(ctx, tx, r, n.Ref, n.WhyNot())
	}
	return tx.Payment.UpdateOneID(r.ID).SetStatus(payment.StatusSUCCEEDED).SetProviderRef(n.Ref).ClearFailure().Exec(ctx)
}

// judged is what a message means to its payment; the provider's id of one whose
// answer was lost must be nobody else's.
func judged(ctx context.Context, tx *store.Tx, p *ent.Payment, n after.Notice) (after.Outcome, error) {
	outcome := after.Judge(p, n)
	if outcome != after.Applied || p.ProviderRef != nil {
		return outcome, nil
	}
	other, err := tx.Payment.Query().Where(payment.Provider(n.Provider), payment.ProviderRef(n.Ref), payment.IDNEQ(p.ID)).Exist(ctx)
	if other {
		outcome = after.Mismatch
	}
	return outcome, err
}
