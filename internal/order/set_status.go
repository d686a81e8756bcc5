package order

import (
	"context"
	"time"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// SetStatus moves an order along its axes, by staff. Where it stands there
// already nothing happens and nobody is told. Faults: ILLEGAL_TRANSITION,
// INVALID_VALUE, OUT_OF_RANGE of a time in the future, NOT_FOUND, INVALID_ID,
// REQUIRED where no axis is given, and those of texts and idempotency keys.
func (s *Orders) SetStatus(ctx context.Context, input SetOrderStatusInput) (Outcome, error) {
	if err := checkSetStatus(input, s.Store.Now()); err != nil {
		return Outcome{}, err
	}
	bare := input
	bare.IdempotencyKey, bare.DryRun = "", nil
	return s.once(ctx, "setOrderStatus", input.IdempotencyKey, input.DryRun, bare, input.OrderID.UUID, func(ctx context.Context, tx *store.Tx) (*ent.Order, error) {
		return nil, s.setStatus(ctx, tx, input)
	})
}

func checkSetStatus(input SetOrderStatusInput, now time.Time) error {
	if _, err := input.OrderID.As("order"); err != nil {
		return fault.ErrInvalidID.At("input", "orderId")
	}
	if input.Status == nil && input.PaymentStatus == nil && input.FulfillmentStatus == nil {
		return fault.ErrRequired.At("input")
	}
	if input.OccurredAt != nil && input.OccurredAt.After(now) {
		return fault.ErrOutOfRange.With("max", now.Format(time.RFC3339Nano)).At("input", "occurredAt")
	}
	parcelToo := input.FulfillmentStatus != nil && reached(*input.FulfillmentStatus, entorder.FulfillmentStatusSHIPPED)
	for field, value := range map[string]*string{"carrier": input.Carrier, "trackingNumber": input.TrackingNumber, "trackingUrl": input.TrackingURL} {
		if value != nil && !parcelToo {
			return fault.ErrInvalidValue.At("input", field)
		}
	}
	return firstError(
		checkOptional(input.Carrier, maxCarrier, "input", "carrier"),
		checkOptional(input.TrackingNumber, maxCarrier, "input", "trackingNumber"),
		checkOptional(input.TrackingURL, 2048, "input", "trackingUrl"),
	)
}

func (s *Orders) setStatus(ctx context.Context, tx *store.Tx, input SetOrderStatusInput) error {
	o, err := held(ctx, tx, input.OrderID.UUID)
	if err != nil {
		return err
	}
	from := standing(o)
	to, err := moveByHand(from, wished(input.Status, input.PaymentStatus, input.FulfillmentStatus))
	if err != nil || to == from {
		return err
	}
	at := tx.Now
	if input.OccurredAt != nil {
		at = *input.OccurredAt
	}
	c := &changes{actor: viewer.From(ctx).Actor()}
	c.move(o, to, at, parcel{input.Carrier, input.TrackingNumber, input.TrackingURL})
	if err := saveOrder(ctx, tx, o); err != nil {
		return err
	}
	if err := c.write(ctx, tx); err != nil {
		return err
	}
	if err := s.repay(ctx, tx, c); err != nil {
		return err
	}
	if err := s.moved(ctx, tx, o, from); err != nil {
		return err
	}
	return tx.Audit(ctx, "order.set_status", o.OwnerID, o.GlobalID(), map[string]any{
		"number": o.Number, "from": named(from), "to": named(to),
	})
}

// moved is the end of every move: the points of a delivery or a return, then
// the news.
func (s *Orders) moved(ctx context.Context, tx *store.Tx, o *ent.Order, from axes) error {
	to := standing(o)
	if to.Fulfillment == entorder.FulfillmentStatusDELIVERED && from.Fulfillment != to.Fulfillment {
		if err := s.earn(ctx, tx, o, Delivered); err != nil {
			return err
		}
	}
	if to.Fulfillment == entorder.FulfillmentStatusRETURNED && from.Fulfillment != to.Fulfillment {
		if err := s.returned(ctx, tx, o); err != nil {
			return err
		}
	}
	streams, err := audience(ctx, tx, o)
	if err != nil {
		return err
	}
	tx.Tell(event.OrderStatusChanged{
		OrderID: o.ID, OwnerID: o.OwnerID, UserID: o.UserID, Number: o.Number, Changed: changedAxes(from, to),
		Status: string(to.Status), PaymentStatus: string(to.Payment), FulfillmentStatus: string(to.Fulfillment),
	}, streams...)
	return nil
}

// wished makes axes of what was said; what was not stays empty.
func wished(status *entorder.Status, money *entorder.PaymentStatus, goods *entorder.FulfillmentStatus) (want axes) {
	if status != nil {
		want.Status = *status
	}
	if money != nil {
		want.Payment = *money
	}
	if goods != nil {
		want.Fulfillment = *goods
	}
	return want
}

func named(at axes) map[string]any {
	return map[string]any{"status": at.Status, "paymentStatus": at.Payment, "fulfillmentStatus": at.Fulfillment}
}
