package invoice

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/store"
)

// CloseRefund notes what became of a refund of an invoice that is of no order,
// for after.Acts.RecordRefund, which has checked the rest. What failed is not
// given back until it begins anew: it stays more than was asked for. Faults:
// ILLEGAL_TRANSITION, NOT_FOUND, those of idempotency keys.
func (s *Bills) CloseRefund(ctx context.Context, in after.RecordRefundInput) (replayed bool, err error) {
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	_, replayed, err = s.once(ctx, "recordRefund", in.IdempotencyKey, isDry(in.DryRun), bare, func(ctx context.Context, tx *store.Tx) (kept, error) {
		return s.closeRefund(ctx, tx, in)
	}, func(context.Context, *store.Tx, kept) error { return nil })
	return replayed, err
}

func (s *Bills) closeRefund(ctx context.Context, tx *store.Tx, in after.RecordRefundInput) (kept, error) {
	r, err := tx.Payment.Query().Where(payment.ID(in.RefundID.UUID), payment.KindEQ(payment.KindREFUND), payment.OrderIDIsNil(), payment.InvoiceIDNotNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return kept{}, fault.ErrNotFound.At("input", "refundId")
	}
	if err != nil {
		return kept{}, err
	}
	d, err := s.hold(ctx, tx, *r.InvoiceID, mayRead)
	if err != nil {
		return kept{}, at(err, "refundId")
	}
	if r, err = tx.Payment.Query().Where(payment.ID(r.ID)).Only(ctx); err != nil { // as it is now that its invoice is held
		return kept{}, err
	}
	from := payment.StatusPENDING
	if in.Outcome == after.RefundOutcomeAgain {
		from = payment.StatusFAILED
	}
	if r.Status != from {
		return kept{}, illegal(r, in.Outcome)
	}
	switch in.Outcome {
	case after.RefundOutcomeAgain:
		r, err = s.refundAgain(ctx, tx, d.doc, r)
	case after.RefundOutcomeFailed:
		if err = unrefund(ctx, tx, *r.ParentID, r.AmountMinor); err == nil {
			err = closed(ctx, tx, r, payment.StatusFAILED, in)
		}
	default:
		err = closed(ctx, tx, r, payment.StatusSUCCEEDED, in)
	}
	if err != nil {
		return kept{}, err
	}
	return kept{Invoice: &d.doc.ID, Payment: r.ID}, tx.Audit(ctx, "order.record_refund", d.doc.OwnerID, in.RefundID, map[string]any{
		"invoice": idOf(d.doc.ID).String(), "number": numberOf(d.doc), "outcome": in.Outcome, "amountMinor": r.AmountMinor, "refund": r.GlobalID().String()})
}

func illegal(r *ent.Payment, to after.RefundOutcome) error {
	return order.ErrIllegalTransition.With("fromState", string(r.Status)).With("toState", string(to)).With("allowed", []string{}).At("input", "refundId")
}

func closed(ctx context.Context, tx *store.Tx, r *ent.Payment, status payment.Status, in after.RecordRefundInput) error {
	return tx.Payment.UpdateOneID(r.ID).SetStatus(status).SetNillableProviderRef(in.Reference).SetNillableFailure(in.Failure).Exec(ctx)
}

// refundAgain owes what a refund of an invoice that is held did not give back,
// by a new refund of the same payment; no more than is kept beyond what was paid
// of it. Fault: ILLEGAL_TRANSITION where nothing is.
func (s *Bills) refundAgain(ctx context.Context, tx *store.Tx, d *ent.Document, r *ent.Payment) (*ent.Payment, error) {
	came, err := tx.Payment.Query().Where(payment.InvoiceID(d.ID), payment.KindEQ(payment.KindPAYMENT), payment.StatusEQ(payment.StatusSUCCEEDED)).All(system(ctx))
	if err != nil {
		return nil, err
	}
	var of *ent.Payment
	over := -d.PaidMinor
	for _, p := range came {
		over += p.AmountMinor - p.RefundedMinor
		if p.ID == *r.ParentID {
			of = p
		}
	}
	if of != nil {
		over = min(over, r.AmountMinor, of.AmountMinor-of.RefundedMinor)
	}
	if of == nil || over <= 0 {
		return nil, illegal(r, after.RefundOutcomeAgain)
	}
	again, err := s.Orders.GiveBack(ctx, tx, order.Owed{Payment: of, Minor: over})
	if err != nil {
		return nil, err
	}
	return again[0], nil
}

// giveBack owes back all that came for invoices of no order that are held and
// void: into the wallets that paid at once, else by refunds that are on their way.
func (s *Bills) giveBack(ctx context.Context, tx *store.Tx, docs []*ent.Document) error {
	if len(docs) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(docs))
	for i, d := range docs {
		ids[i] = d.ID
	}
	came, err := tx.Payment.Query().Where(payment.InvoiceIDIn(ids...), payment.KindEQ(payment.KindPAYMENT), payment.StatusEQ(payment.StatusSUCCEEDED)).
		Order(payment.ByOwnerID(), payment.ByID()).All(system(ctx)) // as everybody locks accounts
	if err != nil {
		return err
	}
	var parts []order.Owed
	for _, p := range came {
		if rest := p.AmountMinor - p.RefundedMinor; rest > 0 {
			parts = append(parts, order.Owed{Payment: p, Minor: rest})
		}
	}
	_, err = s.Orders.GiveBack(ctx, tx, parts...)
	return err
}

// unrefund notes on a payment that so much of it does not go back.
func unrefund(ctx context.Context, tx *store.Tx, id uuid.UUID, minor int64) error {
	return tx.Payment.UpdateOneID(id).AddRefundedMinor(-minor).Exec(ctx)
}
