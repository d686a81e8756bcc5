package order

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/payment"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
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
	if err := s.papers(ctx, tx, o.ID); err != nil {
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
	return s.ending(ctx, tx, []*ent.Order{o}, func(e *ending) error { return e.moved(ctx, o, from) })
}

func (e *ending) moved(ctx context.Context, o *ent.Order, from axes) error {
	to := standing(o)
	if to.Fulfillment == entorder.FulfillmentStatusDELIVERED && from.Fulfillment != to.Fulfillment {
		if err := e.earn(ctx, o, Delivered); err != nil {
			return err
		}
	}
	if to.Fulfillment == entorder.FulfillmentStatusRETURNED && from.Fulfillment != to.Fulfillment {
		if err := e.returned(ctx, e.tx, o); err != nil {
			return err
		}
	}
	e.tx.Tell(event.OrderStatusChanged{
		OrderID: o.ID, OwnerID: o.OwnerID, UserID: o.UserID, Number: o.Number, Changed: changedAxes(from, to),
		Status: string(to.Status), PaymentStatus: string(to.Payment), FulfillmentStatus: string(to.Fulfillment),
	}, e.to(o)...)
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

// Back is goods of an order that came back.
type Back struct {
	Lines   map[uuid.UUID]int64 // units of each line
	Minor   int64               // what is taken off the total: their worth, without what is kept
	Tax     int64               // contained in it
	Data    map[string]any      // for the book
	Restock bool
	Other   int64 // how much of it, at most, pays for other goods in their place
	// Credit pays what is given back into a wallet; nil: it goes whence it came.
	Credit func(ctx context.Context, tx *store.Tx, owner uuid.UUID, currency string, minor int64, refund uuid.UUID) (entry uuid.UUID, err error)
}

// TakeBack books goods of an order that is held as come back: they leave the
// total, the shelf gets them, the points follow by the programme's setting, and
// what was paid beyond the new total is given back. It says how much that is,
// and how much of it pays for other goods.
func (s *Orders) TakeBack(ctx context.Context, tx *store.Tx, o *ent.Order, b Back) (back, other int64, err error) {
	from, c := standing(o), &changes{actor: viewer.From(ctx).Actor()}
	shelf, whole := map[uuid.UUID]int64{}, true
	for _, l := range o.Edges.Lines {
		n := b.Lines[l.ID]
		if n < 0 || n > l.Quantity-l.Cancelled-l.Returned { // a mistake of ours must not become money
			return 0, 0, fault.ErrInternal
		}
		l.Returned += n
		whole = whole && l.Returned+l.Cancelled == l.Quantity
		if l.ProductID != nil && n > 0 {
			shelf[*l.ProductID] += n
		}
	}
	o.FulfillmentStatus = entorder.FulfillmentStatusPARTIALLY_RETURNED
	if whole {
		o.FulfillmentStatus = entorder.FulfillmentStatusRETURNED
	}
	o.TaxMinor = max(0, o.TaxMinor-b.Tax)
	c.note(o, orderevent.KindRETURNED, tx.Now, -min(b.Minor, o.TotalMinor), b.Data)
	if back = min(b.Minor, o.PaidMinor-o.RefundedMinor-o.TotalMinor); back > 0 {
		other = min(back, b.Other)
		c.giveBack(o, other, back-other, b.Credit != nil, tx.Now)
		o.PaymentStatus = entorder.PaymentStatusPARTIALLY_REFUNDED
		if o.RefundedMinor >= o.PaidMinor {
			o.PaymentStatus = entorder.PaymentStatusREFUNDED
		}
		c.release(o, payment.StatusAUTHORIZED) // of what is left nothing is owed
		c.note(o, orderevent.KindREFUNDED, tx.Now, 0, withGivenBack(b.Data, back))
	} else {
		back = 0
		c.confirm(o, tx.Now)
	}
	if err := saveOrder(ctx, tx, o); err != nil {
		return 0, 0, err
	}
	if err := s.storeBack(ctx, tx, o, c, b, shelf); err != nil {
		return 0, 0, err
	}
	if !whole && s.Return != nil && o.OwnerID != viewer.House {
		if err := s.giveBackPoints(ctx, tx, o, o.Edges.Lines); err != nil {
			return 0, 0, err
		}
	}
	if standing(o) == from {
		return back, other, nil
	}
	return back, other, s.moved(ctx, tx, o, from)
}

// givenBack is where the book keeps how much money was given back for goods.
const givenBack = "refundMinor"

func withGivenBack(data map[string]any, minor int64) map[string]any {
	kept := map[string]any{givenBack: minor}
	maps.Copy(kept, data)
	return kept
}

// GivenBack is how much of an order's money an entry REFUNDED of its book says
// was given back for goods that came, minor units.
func GivenBack(e *ent.OrderEvent) int64 {
	switch minor := e.Data[givenBack].(type) {
	case float64: // as JSON is read; below 2^53 it is exact, and amounts are
		return int64(minor)
	case json.Number:
		n, _ := minor.Int64()
		return n
	case int64:
		return minor
	}
	return 0
}

// giveBack divides what is given back: first what pays for other goods, then
// the rest, into a wallet or whence it came.
func (c *changes) giveBack(o *ent.Order, other, rest int64, toWallet bool, at time.Time) {
	for _, p := range o.Edges.Payments {
		if p.Kind != payment.KindPAYMENT || p.Status != payment.StatusSUCCEEDED {
			continue
		}
		if part := min(other, p.AmountMinor-p.RefundedMinor); part > 0 {
			other -= part
			r := c.refundOf(o, p, part, payment.StatusSUCCEEDED, at)
			r.Method, r.Provider = exchange, nil
		}
		if part := min(rest, p.AmountMinor-p.RefundedMinor); part > 0 && other == 0 {
			rest -= part
			r := c.refundOf(o, p, part, payment.StatusPENDING, at)
			if toWallet && !fromWallet(p) {
				r.Method, r.Provider, r.Status = "WALLET", nil, payment.StatusSUCCEEDED
			}
		}
	}
}

// storeBack stores goods that came back and the money that goes: rows of the
// business first, then accounts.
func (s *Orders) storeBack(ctx context.Context, tx *store.Tx, o *ent.Order, c *changes, b Back, shelf map[uuid.UUID]int64) error {
	if err := c.write(ctx, tx); err != nil {
		return err
	}
	for part := range slices.Chunk(slices.Collect(maps.Keys(b.Lines)), atOnce) {
		var which strings.Builder
		var args, ids []any
		for _, id := range part {
			which.WriteString(" WHEN ? THEN CAST(? AS bigint)")
			args, ids = append(args, id, b.Lines[id]), append(ids, id)
		}
		args = append(append(args, tx.Now, o.ID), ids...)
		_, err := tx.Exec(ctx, `UPDATE order_lines SET returned = returned + CASE id`+which.String()+` END, updated_at = ? WHERE order_id = ? AND id IN (`+marks(len(ids))+`)`, args...)
		if err != nil {
			return err
		}
	}
	if b.Restock && o.Source == nil { // an outside system keeps its own stock
		if err := returnStock(ctx, tx, shelf); err != nil {
			return err
		}
	}
	if err := s.repay(ctx, tx, c); err != nil || b.Credit == nil {
		return err
	}
	for _, r := range c.payments {
		if r.Method != "WALLET" || fromWallet(r) {
			continue
		}
		if _, err := b.Credit(ctx, tx, o.OwnerID, o.Currency, r.AmountMinor, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// Deliver sends an order that is held to a saved address of its owner, as long
// as it has not left. Faults: ORDER_ALREADY_CANCELLED, ORDER_ALREADY_SHIPPED,
// NOT_FOUND of the address.
func (s *Orders) Deliver(ctx context.Context, tx *store.Tx, o *ent.Order, to scalar.ID) error {
	if err := checkDeliver(standing(o)); err != nil {
		return err
	}
	owners := []uuid.UUID{o.OwnerID}
	if o.UserID != nil {
		owners = append(owners, *o.UserID)
	}
	snapshot, err := delivery(ctx, tx, &to, owners...)
	if err != nil {
		return err
	}
	o.Delivery = snapshot
	c := &changes{actor: viewer.From(ctx).Actor()}
	c.note(o, orderevent.KindEDITED, tx.Now, 0, map[string]any{"changed": []string{"delivery"}})
	if err := saveOrder(ctx, tx, o); err != nil {
		return err
	}
	if err := c.write(ctx, tx); err != nil {
		return err
	}
	streams, err := audience(ctx, tx, o)
	if err != nil {
		return err
	}
	tx.Tell(event.OrderEdited{
		OrderID: o.ID, OwnerID: o.OwnerID, UserID: o.UserID, Number: o.Number, Changed: []string{"delivery"},
		TotalMinor: o.TotalMinor, Currency: o.Currency,
	}, streams...)
	return nil
}

// checkDeliver says whether an order may still go elsewhere.
func checkDeliver(at axes) error {
	switch {
	case at.Status == entorder.StatusCANCELLED:
		return ErrOrderAlreadyCancelled.At("input", "orderId")
	case at.Status != entorder.StatusPLACED, reached(at.Fulfillment, entorder.FulfillmentStatusSHIPPED):
		return ErrOrderAlreadyShipped.At("input", "orderId")
	}
	return nil
}
