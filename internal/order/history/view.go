package history

import (
	"time"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/scalar"
)

// OrderSum is what orders in one currency come to.
type OrderSum struct {
	Currency              string
	Orders                int
	Total, Paid, Refunded scalar.Money
}

// OrderStep is one step on the way of the goods.
type OrderStep struct {
	Kind  OrderStepKind
	Label string
	State OrderStepState
	At    *time.Time
}

// OrderBuyer is who bought an order.
type OrderBuyer struct {
	Kind                    OrderBuyerKind
	PersonName, CompanyName *string
}

// SpendingReport is what orders of a period cost.
type SpendingReport struct {
	From, To string // days, YYYY-MM-DD
	GroupBy  SpendingGroup
	Totals   []*SpendingTotal
	Shares   []*SpendingShare
}

// SpendingTotal is what orders in one currency cost.
type SpendingTotal struct {
	Orders int
	Amount scalar.Money
}

// SpendingShare is a part of what was spent, in one currency.
type SpendingShare struct {
	Label    string
	Month    *string // its first day, YYYY-MM-DD
	Category *string
	Channel  *entorder.Channel
	Orders   *int // nil of what is left of the categories
	Amount   scalar.Money
}

// PaymentRecord is one payment, whatever it was for.
type PaymentRecord struct {
	ID          scalar.ID
	Kind        PaymentRecordKind
	Label       string
	Status      payment.Status
	Amount      scalar.Money
	Method      string
	Provider    *string
	OccurredAt  time.Time
	OrderID     *scalar.ID
	OrderNumber *string
	WalletID    *scalar.ID
	// Of what was paid for an invoice, bill_….
	InvoiceID     *scalar.ID
	InvoiceNumber *string
}

// PaymentRecordConnection is a page of payments.
type PaymentRecordConnection struct {
	Edges      []*PaymentRecordEdge
	PageInfo   ent.PageInfo
	TotalCount int
}

// PaymentRecordEdge is a payment and its place in the list.
type PaymentRecordEdge struct {
	Node   *PaymentRecord
	Cursor scalar.Cursor
}

// Nodes are the payments of the page without their cursors.
func (c *PaymentRecordConnection) Nodes() []*PaymentRecord {
	nodes := make([]*PaymentRecord, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// TrackingEvent is what a carrier said of a parcel: an entry of the order's book.
type TrackingEvent struct {
	ID          scalar.ID
	Status      TrackingStatus
	Label       string
	OccurredAt  time.Time
	Place, Note *string
}
