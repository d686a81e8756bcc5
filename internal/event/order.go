package event

import "github.com/google/uuid"

// OrderPlaced is told when an order is placed.
type OrderPlaced struct {
	OrderID      uuid.UUID  `json:"orderId"`
	OwnerID      uuid.UUID  `json:"ownerId"`
	UserID       *uuid.UUID `json:"userId,omitempty"`
	Number       string     `json:"number"`
	TotalMinor   int64      `json:"totalMinor"`
	Currency     string     `json:"currency"`
	PointsEarned int64      `json:"pointsEarned,omitempty"`
}

// OrderStatusChanged is told when an order moves along any of its axes.
type OrderStatusChanged struct {
	OrderID           uuid.UUID  `json:"orderId"`
	OwnerID           uuid.UUID  `json:"ownerId"`
	UserID            *uuid.UUID `json:"userId,omitempty"`
	Number            string     `json:"number"`
	Changed           []string   `json:"changed"` // status, paymentStatus, fulfillmentStatus
	Status            string     `json:"status"`
	PaymentStatus     string     `json:"paymentStatus"`
	FulfillmentStatus string     `json:"fulfillmentStatus"`
}

// OrderEdited is told when the outside system that owns an order changes what
// is no step of it: shipping (and so the total), channel, the time it was
// placed, metadata, or the customer of a guest's order.
type OrderEdited struct {
	OrderID    uuid.UUID  `json:"orderId"`
	OwnerID    uuid.UUID  `json:"ownerId"`
	UserID     *uuid.UUID `json:"userId,omitempty"`
	Number     string     `json:"number"`
	Changed    []string   `json:"changed"`
	TotalMinor int64      `json:"totalMinor"`
	Currency   string     `json:"currency"`
}

// OrderCancelled is told when an order is cancelled.
type OrderCancelled struct {
	OrderID uuid.UUID  `json:"orderId"`
	OwnerID uuid.UUID  `json:"ownerId"`
	UserID  *uuid.UUID `json:"userId,omitempty"`
	Number  string     `json:"number"`
	Reason  string     `json:"reason"`
	ByStaff bool       `json:"byStaff,omitempty"`
}

// ShipmentChanged is told when more is said of a parcel: its carrier, number,
// link, point or promise, or an event of the carrier's, which Status names.
type ShipmentChanged struct {
	OrderID    uuid.UUID  `json:"orderId"`
	OwnerID    uuid.UUID  `json:"ownerId"`
	UserID     *uuid.UUID `json:"userId,omitempty"`
	Number     string     `json:"number"`
	ShipmentID uuid.UUID  `json:"shipmentId"`
	Changed    []string   `json:"changed"`
	Status     string     `json:"status,omitempty"`
}

// Kind implements Fact.
func (OrderPlaced) Kind() string { return "order.placed" }

// Subject implements Fact.
func (f OrderPlaced) Subject() (string, uuid.UUID) { return "order", f.OrderID }

// Kind implements Fact.
func (OrderStatusChanged) Kind() string { return "order.status_changed" }

// Subject implements Fact.
func (f OrderStatusChanged) Subject() (string, uuid.UUID) { return "order", f.OrderID }

// Kind implements Fact.
func (OrderEdited) Kind() string { return "order.edited" }

// Subject implements Fact.
func (f OrderEdited) Subject() (string, uuid.UUID) { return "order", f.OrderID }

// Kind implements Fact.
func (OrderCancelled) Kind() string { return "order.cancelled" }

// Subject implements Fact.
func (f OrderCancelled) Subject() (string, uuid.UUID) { return "order", f.OrderID }

// Kind implements Fact.
func (ShipmentChanged) Kind() string { return "order.shipment_changed" }

// Subject implements Fact.
func (f ShipmentChanged) Subject() (string, uuid.UUID) { return "order", f.OrderID }
