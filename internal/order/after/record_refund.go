package after

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/store"
)

// RecordRefund notes what became of a refund that was on its way, or begins one
// anew that failed. Staff only; it is put on record. Faults: ILLEGAL_TRANSITION,
// also where nothing is left to be given back anew, NOT_FOUND, INVALID_ID,
// INVALID_VALUE of a reference that another payment has, of a failure of what was
// done and of either of what begins anew, those of texts and idempotency keys;
// UNAUTHENTICATED, FORBIDDEN.
func (s *Acts) RecordRefund(ctx context.Context, in RecordRefundInput) (order.Outcome, error) {
	if err := staff(ctx); err != nil {
		return order.Outcome{}, err
	}
	if _, err := in.RefundID.As("rfd", "pay"); err != nil {
		return order.Outcome{}, fault.ErrInvalidID.At("input", "refundId")
	}
	switch {
	case in.Outcome != RefundOutcomeFailed && in.Failure != nil:
		return order.Outcome{}, fault.ErrInvalidValue.At("input", "failure")
	case in.Outcome == RefundOutcomeAgain && in.Reference != nil:
		return order.Outcome{}, fault.ErrInvalidValue.At("input", "reference")
	}
	if err := firstError(checkText(in.Reference, 100, "input", "reference"), checkText(in.Failure, 500, "input", "failure")); err != nil {
		return order.Outcome{}, err
	}
	id, err := s.refundedOrder(ctx, in.RefundID.UUID)
	if err != nil {
		return order.Outcome{}, err
	}
	if id == uuid.Nil {
		return s.invoiceRefund(ctx, in)
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	out, err := s.Orders.Once(ctx, "recordRefund", in.IdempotencyKey, in.DryRun, bare, id, func(ctx context.Context, tx *store.Tx) error {
		return s.recordRefund(ctx, tx, id, in)
	})
	if store.IsUnique(err) {
		err = fault.ErrInvalidValue.At("input", "reference").Because(err)
	}
	return out, err
}

// invoiceRefund is RecordRefund of an invoice that is of no order.
func (s *Acts) invoiceRefund(ctx context.Context, in RecordRefundInput) (order.Outcome, error) {
	replayed, err := s.CloseRefund(ctx, in)
	switch {
	case store.IsUnique(err):
		return order.Outcome{}, fault.ErrInvalidValue.At("input", "reference").Because(err)
	case err != nil:
		return order.Outcome{}, err
	}
	return order.Outcome{Replayed: &replayed}, nil
}

// refundedOrder is the order of a refund; uuid.Nil of an invoice's that is of
// none. Fault: NOT_FOUND.
func (s *Acts) refundedOrder(ctx context.Context, refund uuid.UUID) (uuid.UUID, error) {
	p, err := s.Store.Client.Payment.Query().Where(payment.ID(refund), payment.KindEQ(payment.KindREFUND)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return uuid.Nil, fault.ErrNotFound.At("input", "refundId")
	case err != nil:
		return uuid.Nil, store.Translate(err)
	case p.OrderID != nil:
		return *p.OrderID, nil
	case p.InvoiceID != nil && s.CloseRefund != nil:
		return uuid.Nil, nil
	}
	return uuid.Nil, fault.ErrNotFound.At("input", "refundId")
}

func (s *Acts) recordRefund(ctx context.Context, tx *store.Tx, id uuid.UUID, in RecordRefundInput) error {
	o, err := order.Held(ctx, tx, id)
	if err != nil {
		return err
	}
	r := paymentOf(o, in.RefundID.UUID)
	if r == nil {
		return fault.ErrNotFound.At("input", "refundId")
	}
	if in.Outcome == RefundOutcomeAgain {
		if r, err = s.Orders.RefundAgain(ctx, tx, o, r); err == nil && r == nil {
			err = illegal(string(paymentOf(o, in.RefundID.UUID).Status), string(in.Outcome)).At("input", "refundId")
		}
		if err != nil {
			return err
		}
	} else if err := s.closeRefund(ctx, tx, o, r, in); err != nil {
		return err
	}
	return tx.Audit(ctx, "order.record_refund", o.OwnerID, in.RefundID, map[string]any{"number": o.Number, "outcome": in.Outcome, "amountMinor": r.AmountMinor, "refund": r.GlobalID().String()})
}

func (s *Acts) closeRefund(ctx context.Context, tx *store.Tx, o *ent.Order, r *ent.Payment, in RecordRefundInput) error {
	if r.Status != payment.StatusPENDING {
		return illegal(string(r.Status), string(in.Outcome)).At("input", "refundId")
	}
	done := in.Outcome == RefundOutcomeSucceeded
	if err := s.Orders.CloseRefund(ctx, tx, o, r, done, in.Reference, in.Failure); err != nil || !done {
		return err
	}
	return s.refunded(ctx, tx, o)
}

// paymentOf is a payment of an order; nil for none.
func paymentOf(o *ent.Order, id uuid.UUID) *ent.Payment {
	for _, p := range o.Edges.Payments {
		if p.ID == id {
			return p
		}
	}
	return nil
}
