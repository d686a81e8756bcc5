package order

import (
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/shipment"
)

// changes is what a verb does to its orders. The methods bring the objects
// held in memory to where they go and gather the rows that record it; write
// (write.go) then stores each kind of row at once, however many orders there
// are. Orders must hold their payments (Edges.Payments).
type changes struct {
	actor *uuid.UUID // who is written into the book
	many  bool       // of a batch, by somebody who may write all orders

	events    []*ent.OrderEvent
	payments  []*ent.Payment  // new ones
	paidBack  []*ent.Payment  // older ones whose refunded or status changed
	renamed   []*ent.Payment  // older ones that stand for less, or have a name now
	shipments []*ent.Shipment // new ones

	shipped, cancelled, returned []any // orders whose lines all were
	parcels                      map[parcelMove][]uuid.UUID
}

// parcelMove is where the parcels of an order went, and when.
type parcelMove struct {
	to shipment.Status
	at time.Time
}

// parcel is what is known of the carrier of a shipment.
type parcel struct{ carrier, number, url *string }

// note writes one entry into an order's book; an amount other than zero
// changes what is owed with it, so that the total stays the sum of the book.
func (c *changes) note(o *ent.Order, kind orderevent.Kind, at time.Time, amount int64, data map[string]any) {
	o.EventSeq++
	o.TotalMinor += amount
	reach(o, kind, at)
	c.events = append(c.events, &ent.OrderEvent{
		OwnerID: o.OwnerID, OrderID: o.ID, Seq: o.EventSeq, Kind: kind, OccurredAt: at,
		Currency: o.Currency, AmountMinor: amount, Data: data, ActorID: c.actor,
	})
}

// reach keeps on the order when a step of it was reached, as the book says.
func reach(o *ent.Order, kind orderevent.Kind, at time.Time) {
	var step **time.Time
	switch kind {
	case orderevent.KindPAYMENT_CONFIRMED:
		step = &o.PaymentConfirmedAt
	case orderevent.KindASSEMBLING:
		step = &o.AssemblingAt
	case orderevent.KindSHIPPED:
		step = &o.ShippedAt
	case orderevent.KindRECEIVED:
		step = &o.ReceivedAt
	default:
		return
	}
	if *step == nil || at.Before(**step) {
		*step = &at
	}
}

// pay records money that comes in, or is reserved, outside of Kabinet.
func (c *changes) pay(o *ent.Order, amount int64, status payment.Status, at time.Time) {
	if amount <= 0 { // nothing is owed: a free order is paid without a payment
		return
	}
	p := &ent.Payment{
		ID: uuid.Must(uuid.NewV7()), OwnerID: o.OwnerID, OrderID: &o.ID, Kind: payment.KindPAYMENT, Status: status,
		Currency: o.Currency, AmountMinor: amount, Method: "EXTERNAL", OccurredAt: at,
	}
	c.payments = append(c.payments, p)
	o.Edges.Payments = append(o.Edges.Payments, p)
	if status == payment.StatusSUCCEEDED {
		o.PaidMinor += amount
	}
}

// refund gives back what was paid, payment by payment. It counts as refunded
// from now on, also while the refund itself is PENDING: nothing can be given
// back twice.
func (c *changes) refund(o *ent.Order, amount int64, status payment.Status, at time.Time) {
	for _, p := range o.Edges.Payments {
		part := min(amount, p.AmountMinor-p.RefundedMinor)
		if p.Kind != payment.KindPAYMENT || p.Status != payment.StatusSUCCEEDED || part <= 0 {
			continue
		}
		amount -= part
		c.refundOf(o, p, part, status, at)
	}
}

// refundOf gives back a part of one payment of an order.
func (c *changes) refundOf(o *ent.Order, p *ent.Payment, part int64, status payment.Status, at time.Time) *ent.Payment {
	o.RefundedMinor += part
	r := c.refundPart(p, part, status, at)
	r.OwnerID, r.OrderID, r.Currency = o.OwnerID, &o.ID, o.Currency
	return r
}

// refundPart gives back a part of one payment, of an order or of none.
func (c *changes) refundPart(p *ent.Payment, part int64, status payment.Status, at time.Time) *ent.Payment {
	p.RefundedMinor += part
	c.settle(p)
	if fromWallet(p) {
		status = payment.StatusSUCCEEDED
	}
	r := &ent.Payment{
		ID: uuid.Must(uuid.NewV7()), OwnerID: p.OwnerID, OrderID: p.OrderID, Kind: payment.KindREFUND, ParentID: &p.ID, Status: status,
		Currency: p.Currency, AmountMinor: part, Method: p.Method, Provider: p.Provider, InvoiceID: p.InvoiceID, OccurredAt: at,
	}
	c.payments = append(c.payments, r)
	return r
}

// settle remembers that a payment which is stored already has changed.
func (c *changes) settle(p *ent.Payment) {
	for _, n := range c.payments {
		if n == p {
			return
		}
	}
	for _, n := range c.paidBack {
		if n == p {
			return
		}
	}
	c.paidBack = append(c.paidBack, p)
}

// move brings an order to other axes, but for a cancel, and records what that
// means: payments, parcels, steps in the book.
func (c *changes) move(o *ent.Order, to axes, at time.Time, p parcel) {
	if o.PaymentStatus != to.Payment {
		c.moveMoney(o, to.Payment, at)
	}
	if o.FulfillmentStatus != to.Fulfillment {
		c.moveGoods(o, to.Fulfillment, at, p)
	}
	if o.Status != to.Status && to.Status == entorder.StatusCOMPLETED {
		o.Status = to.Status
		c.note(o, orderevent.KindCOMPLETED, at, 0, nil)
	}
}

func (c *changes) moveMoney(o *ent.Order, to entorder.PaymentStatus, at time.Time) {
	from := o.PaymentStatus
	o.PaymentStatus = to
	if to == entorder.PaymentStatusAUTHORIZED {
		c.pay(o, o.TotalMinor-o.PaidMinor, payment.StatusAUTHORIZED, at)
		return
	}
	if !settled(from) {
		c.capture(o)
		c.pay(o, o.TotalMinor-o.PaidMinor, payment.StatusSUCCEEDED, at)
		c.note(o, orderevent.KindPAYMENT_CONFIRMED, at, 0, nil)
		if o.Source == nil { // goods came back since more was reserved; what an outside system gives back it tells
			c.refund(o, o.PaidMinor-o.RefundedMinor-o.TotalMinor, payment.StatusPENDING, at)
		}
	}
	if to == entorder.PaymentStatusREFUNDED {
		c.refund(o, o.PaidMinor-o.RefundedMinor, payment.StatusSUCCEEDED, at)
		c.note(o, orderevent.KindREFUNDED, at, 0, nil)
	}
}

// capture takes what was reserved.
func (c *changes) capture(o *ent.Order) {
	for _, p := range o.Edges.Payments {
		if p.Kind == payment.KindPAYMENT && p.Status == payment.StatusAUTHORIZED {
			p.Status = payment.StatusSUCCEEDED
			o.PaidMinor += p.AmountMinor
			c.settle(p)
		}
	}
}

// steps are what the book calls the places of the journey.
var steps = map[entorder.FulfillmentStatus]orderevent.Kind{
	entorder.FulfillmentStatusASSEMBLING:         orderevent.KindASSEMBLING,
	entorder.FulfillmentStatusSHIPPED:            orderevent.KindSHIPPED,
	entorder.FulfillmentStatusAT_PICKUP_POINT:    orderevent.KindAT_PICKUP_POINT,
	entorder.FulfillmentStatusDELIVERED:          orderevent.KindRECEIVED,
	entorder.FulfillmentStatusPARTIALLY_RETURNED: orderevent.KindRETURNED,
	entorder.FulfillmentStatusRETURNED:           orderevent.KindRETURNED,
}

func (c *changes) moveGoods(o *ent.Order, to entorder.FulfillmentStatus, at time.Time, p parcel) {
	from := o.FulfillmentStatus
	o.FulfillmentStatus = to
	var less int64
	if to == entorder.FulfillmentStatusRETURNED { // of a part nobody said how much
		less = max(0, o.TotalMinor-o.ShippingMinor)
	}
	c.note(o, steps[to], at, -less, nil)
	status := parcelStatus(to)
	if crosses(from, to, entorder.FulfillmentStatusSHIPPED) {
		c.shipped = append(c.shipped, o.ID)
		s := &ent.Shipment{
			OwnerID: o.OwnerID, OrderID: o.ID, Status: status, ShippedAt: &at,
			Carrier: p.carrier, TrackingNumber: p.number, TrackingURL: p.url,
		}
		if reached(to, entorder.FulfillmentStatusDELIVERED) {
			s.ReceivedAt = &at
		}
		c.shipments = append(c.shipments, s)
	} else if reached(from, entorder.FulfillmentStatusSHIPPED) && !reached(from, entorder.FulfillmentStatusDELIVERED) {
		c.send(parcelMove{status, at}, o.ID)
	}
	if to == entorder.FulfillmentStatusRETURNED {
		c.returned = append(c.returned, o.ID)
	}
}

// settleLines sets what happened to all lines of new orders, which are stored
// with it.
func (c *changes) settleLines(fresh []*ent.Order) {
	byID := make(map[any]*ent.Order, len(fresh))
	for _, o := range fresh {
		byID[o.ID] = o
	}
	settle := func(ids []any, set func(l *ent.OrderLine)) []any {
		return slices.DeleteFunc(ids, func(id any) bool {
			o := byID[id]
			if o == nil {
				return false
			}
			for _, l := range o.Edges.Lines {
				set(l)
			}
			return true
		})
	}
	c.shipped = settle(c.shipped, func(l *ent.OrderLine) { l.Shipped = l.Quantity - l.Cancelled })
	c.returned = settle(c.returned, func(l *ent.OrderLine) { l.Returned = l.Quantity - l.Cancelled }) // before a cancel, as in the book
	c.cancelled = settle(c.cancelled, func(l *ent.OrderLine) { l.Cancelled = l.Quantity - l.Returned })
}

// send moves the parcels of an order.
func (c *changes) send(move parcelMove, order uuid.UUID) {
	if c.parcels == nil {
		c.parcels = map[parcelMove][]uuid.UUID{}
	}
	c.parcels[move] = append(c.parcels[move], order)
}

func parcelStatus(f entorder.FulfillmentStatus) shipment.Status {
	switch f {
	case entorder.FulfillmentStatusSHIPPED:
		return shipment.StatusIN_TRANSIT
	case entorder.FulfillmentStatusAT_PICKUP_POINT:
		return shipment.StatusAT_PICKUP_POINT
	}
	return shipment.StatusDELIVERED // it came, whatever went back later
}

// cancel ends an order: nothing is owed any more. The former total, paid or
// not, is in the book with its sign turned.
func (c *changes) cancel(o *ent.Order, at time.Time, data map[string]any) {
	c.note(o, orderevent.KindCANCELLED, at, -o.TotalMinor, data)
	o.Status, o.TaxMinor, o.CancelledAt = entorder.StatusCANCELLED, 0, &at
	c.cancelled = append(c.cancelled, o.ID)
}

// release lets go of what was reserved or begun.
func (c *changes) release(o *ent.Order, from ...payment.Status) {
	for _, p := range o.Edges.Payments {
		if p.Kind == payment.KindPAYMENT && slices.Contains(from, p.Status) {
			p.Status = payment.StatusVOID
			c.settle(p)
		}
	}
}
