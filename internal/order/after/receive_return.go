package after

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/store"
)

// ReceiveReturn notes what of an approved return came: the goods leave the
// order, points follow the programme's setting, the money is given back, at
// once into a wallet, by a refund under way to its source. Of an exchange the
// order of the new goods is placed and paid by the old ones, as far as they are
// to be had: what is not is given back as money, for the goods did come. Staff
// only; it is put on record. Faults: ILLEGAL_TRANSITION, INVALID_VALUE where nothing
// came, OUT_OF_RANGE, DUPLICATE_KEY, NOT_FOUND, INVALID_ID, STALE_OBJECT, those
// of idempotency keys; UNAUTHENTICATED, FORBIDDEN.
func (s *Acts) ReceiveReturn(ctx context.Context, in ReceiveReturnInput) (out Returned, err error) {
	if err := staff(ctx); err != nil {
		return Returned{}, err
	}
	if len(in.Lines) > maxReturnLines {
		return Returned{}, fault.ErrTooLong.With("limit", maxReturnLines).At("input", "lines")
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	for attempt := range exchangeTries {
		out, err = s.once(ctx, "receiveReturn", in.IdempotencyKey, in.DryRun, bare, func(ctx context.Context, tx *store.Tx) (*ent.ReturnRequest, *ent.Order, error) {
			return s.receive(ctx, tx, in, attempt+1 < exchangeTries)
		})
		if !errors.As(err, new(notPlaced)) {
			break
		}
	}
	return out, err
}

// receive is ReceiveReturn in its transaction; anew says whether other goods are
// sent in place of those that came.
func (s *Acts) receive(ctx context.Context, tx *store.Tx, in ReceiveReturnInput, anew bool) (*ent.ReturnRequest, *ent.Order, error) {
	r, o, err := heldReturn(ctx, tx, in.ReturnID, in.Revision)
	if err != nil {
		return nil, nil, err
	}
	from := r.Status
	if err := checkStep(from, returnrequest.StatusRECEIVED); err != nil {
		return nil, nil, err
	}
	lines, b, err := received(o, r, in.Lines)
	if err != nil {
		return nil, nil, err
	}
	b.Restock = in.Restock == nil || *in.Restock
	b.Data = map[string]any{"return": r.Number, "returnId": r.GlobalID().String()}
	if r.RefundTo == returnrequest.RefundToWALLET {
		b.Credit = s.Credit
	}
	var other *ent.Order
	if r.Kind == returnrequest.KindEXCHANGE {
		if other, err = s.exchange(ctx, tx, o, lines, anew); err != nil {
			return nil, nil, err
		}
	}
	if err := s.settleBack(ctx, tx, o, b, other); err != nil {
		return nil, nil, err
	}
	if r, err = came(ctx, tx, r, lines, other); err != nil {
		return nil, nil, err
	}
	return r, o, s.told(ctx, tx, o, r, from, false, "return.receive")
}

// settleBack books goods that came and the money for them; what pays for other
// goods, if there are any, is paid on their order.
func (s *Acts) settleBack(ctx context.Context, tx *store.Tx, o *ent.Order, b order.Back, other *ent.Order) error {
	if other != nil {
		b.Other = other.TotalMinor
	}
	_, paid, err := s.Orders.TakeBack(ctx, tx, o, b)
	if err != nil || paid == 0 {
		return err
	}
	return s.Orders.PayByExchange(ctx, tx, other, paid)
}

// came stores a return whose goods came; where no money is on its way any more
// that is its end.
func came(ctx context.Context, tx *store.Tx, r *ent.ReturnRequest, lines []schema.ReturnLine, other *ent.Order) (*ent.ReturnRequest, error) {
	owed, err := owing(ctx, tx, *r.OrderID)
	if err != nil {
		return nil, err
	}
	return stored(ctx, tx, r, func(u *ent.ReturnRequestUpdate) {
		u.SetStatus(returnrequest.StatusRECEIVED).SetLines(lines).SetAmountMinor(sum(lines, amountOf)).SetFeeMinor(sum(lines, feeOf)).SetReceivedAt(tx.Now)
		if !owed {
			u.SetStatus(returnrequest.StatusREFUNDED).SetRefundedAt(tx.Now)
		}
		if other != nil {
			u.SetExchangeOrderID(other.ID)
		}
	})
}

// received are the lines of a return with what came of each, and what that
// takes from the order. Where less came than was allowed, before is what the
// order's book says now.
func received(o *ent.Order, r *ent.ReturnRequest, in []*ReceivedReturnLineInput) ([]schema.ReturnLine, order.Back, error) {
	all := make([]said, len(in))
	for i, l := range in {
		all[i] = said{l.OrderLineID, l.Quantity}
	}
	b := order.Back{Lines: map[uuid.UUID]int64{}}
	n, err := quantities(all, limits(r), lineField)
	if err != nil {
		return nil, b, err
	}
	lines, came := make([]schema.ReturnLine, len(r.Lines)), int64(0)
	for i, l := range r.Lines {
		quantity := counted(l)
		if l.OrderLineID != nil {
			if less, named := n[*l.OrderLineID]; named {
				quantity = less
			}
			if of := lineOf(o, *l.OrderLineID); of != nil {
				before := of.Cancelled + of.Returned
				quantity = max(0, min(quantity, of.Quantity-before)) // an outside system may have noted them already
				b.Lines[of.ID] = quantity
				b.Tax += worth(of.TaxMinor, of.Quantity, before, quantity)
				came += quantity
			} else {
				quantity = 0
			}
			l = rescaled(l, quantity)
		}
		l.Received = &quantity
		lines[i] = l
	}
	if b.Minor = sum(lines, amountOf); came == 0 {
		return nil, b, fault.ErrInvalidValue.At("input", "lines")
	}
	return lines, b, nil
}

// owing says whether a refund of an order is still on its way.
func owing(ctx context.Context, tx *store.Tx, id uuid.UUID) (bool, error) {
	return tx.Payment.Query().Where(payment.OrderID(id), payment.KindEQ(payment.KindREFUND), payment.StatusEQ(payment.StatusPENDING)).Exist(ctx)
}

// keptBack says whether money of an order is kept that a refund did not give back,
// and no other one has since.
func keptBack(o *ent.Order) bool {
	return o.PaidMinor-o.RefundedMinor > o.TotalMinor && slices.ContainsFunc(o.Edges.Payments, func(p *ent.Payment) bool {
		return p.Kind == payment.KindREFUND && p.Status == payment.StatusFAILED
	})
}

// refunded ends the returns of an order that is held whose money is all given
// back: none is on its way, and none failed that did not begin anew.
func (s *Acts) refunded(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	owed, err := owing(ctx, tx, o.ID)
	if err != nil || owed || keptBack(o) {
		return err
	}
	waiting, err := tx.ReturnRequest.Query().Where(returnrequest.OrderID(o.ID), returnrequest.StatusEQ(returnrequest.StatusRECEIVED), tx.Locking()).All(ctx)
	if err != nil {
		return err
	}
	for _, r := range waiting {
		done, err := stored(ctx, tx, r, func(u *ent.ReturnRequestUpdate) {
			u.SetStatus(returnrequest.StatusREFUNDED).SetRefundedAt(tx.Now)
		})
		if err != nil {
			return err
		}
		if err := s.told(ctx, tx, o, done, r.Status, false, "return.refund"); err != nil {
			return err
		}
	}
	return nil
}
