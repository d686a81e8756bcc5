package order

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/reason"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Cancel ends an order that has not left the warehouse: the customer's own, or
// any by staff. Goods go back to the shelf, points earned go, points spent
// come back, money paid is owed back by a PENDING refund. Faults: CANCELLING_OFF,
// ORDER_ALREADY_CANCELLED, ORDER_ALREADY_SHIPPED, ILLEGAL_TRANSITION,
// NOT_FOUND, INVALID_ID, and those of texts and idempotency keys.
func (s *Orders) Cancel(ctx context.Context, input CancelOrderInput) (Outcome, error) {
	if _, err := input.OrderID.As("order"); err != nil {
		return Outcome{}, fault.ErrInvalidID.At("input", "orderId")
	}
	if input.ReasonID != nil {
		if _, err := input.ReasonID.As("rsn"); err != nil {
			return Outcome{}, fault.ErrInvalidID.At("input", "reasonId")
		}
	}
	if err := checkOptional(input.Note, maxNote, "input", "note"); err != nil {
		return Outcome{}, err
	}
	bare := input
	bare.IdempotencyKey, bare.DryRun = "", nil
	return s.once(ctx, "cancelOrder", input.IdempotencyKey, input.DryRun, bare, input.OrderID.UUID, func(ctx context.Context, tx *store.Tx) (*ent.Order, error) {
		return nil, s.cancel(ctx, tx, input)
	})
}

func (s *Orders) cancel(ctx context.Context, tx *store.Tx, input CancelOrderInput) error {
	o, err := held(ctx, tx, input.OrderID.UUID)
	if err != nil {
		return err
	}
	if err := s.mayCancel(ctx, o); err != nil {
		return err
	}
	if err := checkCancel(standing(o)); err != nil {
		return err
	}
	staff := byStaff(ctx, o)
	c := &changes{actor: viewer.From(ctx).Actor()}
	o.CancelReason, o.CancelNote = &input.Reason, input.Note
	why, err := whyCancelled(ctx, tx, input)
	if err != nil {
		return err
	}
	c.cancel(o, tx.Now, why)
	c.release(o, payment.StatusAUTHORIZED, payment.StatusPENDING)
	o.PaymentStatus = entorder.PaymentStatusPENDING
	if o.PaidMinor > 0 {
		c.refund(o, o.PaidMinor-o.RefundedMinor, payment.StatusPENDING, tx.Now)
		o.PaymentStatus = entorder.PaymentStatusREFUNDED
	}
	if err := saveOrder(ctx, tx, o); err != nil {
		return err
	}
	if err := c.write(ctx, tx); err != nil {
		return err
	}
	if o.Source == nil { // an outside system keeps its own stock, and knows no codes
		if err := s.unreduce(ctx, tx, o); err != nil {
			return err
		}
		if err := returnStock(ctx, tx, quantities(o)); err != nil {
			return err
		}
	}
	if err := s.repay(ctx, tx, c); err != nil {
		return err
	}
	err = s.ending(ctx, tx, []*ent.Order{o}, func(e *ending) error { return e.cancelled(ctx, o, staff) })
	if err != nil || !staff {
		return err
	}
	return tx.Audit(ctx, "order.cancel", o.OwnerID, o.GlobalID(), map[string]any{"number": o.Number, "reason": input.Reason})
}

// whyCancelled is what the book says of the reason. Fault: NOT_FOUND, where the
// catalogue has no such reason today.
func whyCancelled(ctx context.Context, tx *store.Tx, input CancelOrderInput) (map[string]any, error) {
	why := map[string]any{"reason": input.Reason}
	if input.ReasonID == nil {
		return why, nil
	}
	r, err := tx.Reason.Query().Where(reason.KeyID(input.ReasonID.UUID), reason.KindEQ(reason.KindCANCEL), reason.RetiredAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "reasonId")
	}
	if err != nil {
		return nil, err
	}
	why["reasonId"], why["handle"] = input.ReasonID.String(), r.Handle
	return why, nil
}

// cancelled is the end of every cancel: points go and come back, then the news.
func (e *ending) cancelled(ctx context.Context, o *ent.Order, staff bool) error {
	if e.Unearn != nil && o.OwnerID != viewer.House {
		if err := e.Unearn(ctx, e.tx, o); err != nil {
			return err
		}
	}
	if o.PointsEarned != 0 || o.PointsSpent != 0 {
		o.PointsEarned, o.PointsSpent = 0, 0
		if err := e.tx.Order.Update().Where(entorder.ID(o.ID)).SetPointsEarned(0).SetPointsSpent(0).Exec(ctx); err != nil {
			return err
		}
	}
	fact := event.OrderCancelled{OrderID: o.ID, OwnerID: o.OwnerID, UserID: o.UserID, Number: o.Number, ByStaff: staff}
	if o.CancelReason != nil {
		fact.Reason = string(*o.CancelReason)
	}
	e.tx.Tell(fact, e.to(o)...)
	return nil
}

// mayCancel refuses customers where orders are cancelled by staff alone. Fault:
// CANCELLING_OFF.
func (s *Orders) mayCancel(ctx context.Context, o *ent.Order) error {
	if s.NoCancel && !byStaff(ctx, o) && !viewer.From(ctx).IsSystem() {
		return ErrCancellingOff.At("input", "orderId")
	}
	return nil
}

// Held is an order for a change, held, with its lines and payments. Fault:
// NOT_FOUND.
func Held(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Order, error) {
	return held(ctx, tx, id)
}

// held reads an order for a change, with lines and payments, holding it so
// that a cancel and a shipping cannot both find it open. Fault: NOT_FOUND.
func held(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Order, error) {
	if err := tx.Lock(ctx, "orders", "id", id); err != nil {
		return nil, err
	}
	o, err := tx.Order.Query().Where(entorder.ID(id)).WithLines().WithPayments().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "orderId")
	}
	return o, err
}

// quantities is how many of each product an order took off the shelf.
func quantities(o *ent.Order) map[uuid.UUID]int64 {
	n := map[uuid.UUID]int64{}
	for _, l := range o.Edges.Lines {
		if l.ProductID != nil {
			n[*l.ProductID] += l.Quantity - l.Cancelled
		}
	}
	return n
}
