package invoice

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/locale"
	"kabinet/internal/order"
	"kabinet/internal/order/history"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// Invoice is money that is asked for on paper: a view over a document.
type Invoice struct {
	*ent.Document
	// Payments are those of this invoice, newest first.
	Payments []*history.PaymentRecord
	order    *ent.Order // that it is for, with its payments; nil: none
	now      time.Time
}

// ID is the edge id.
func (i *Invoice) ID() scalar.ID { return idOf(i.Document.ID) }

func idOf(id uuid.UUID) scalar.ID { return scalar.ID{Prefix: "bill", UUID: id} }

// Amount is what it asks for.
func (i *Invoice) Amount() scalar.Money { return i.money(asked(i.Document)) }

// Paid is what of it was paid.
func (i *Invoice) Paid() scalar.Money { return i.money(i.PaidMinor) }

// Open is what can be paid now.
func (i *Invoice) Open() scalar.Money { return i.money(openOf(i.Document, i.order)) }

// Status is where it stands.
func (i *Invoice) Status() InvoiceStatus { return statusOf(i.Document, i.now) }

// StatusLabel is where it stands, in the caller's language.
func (i *Invoice) StatusLabel(ctx context.Context) string {
	return locale.Text(viewer.From(ctx).Locale, "invoice.status."+string(i.Status()), nil)
}

// IssuedAt is when it was issued.
func (i *Invoice) IssuedAt() time.Time {
	if i.Document.IssuedAt != nil {
		return *i.Document.IssuedAt
	}
	return i.CreatedAt
}

// PeriodFrom is the first day of the period that it is for.
func (i *Invoice) PeriodFrom() *string { return i.FromOn }

// PeriodTo is the last day of that period.
func (i *Invoice) PeriodTo() *string { return i.ToOn }

// OrderID is the edge id of the order that it is for.
func (i *Invoice) OrderID() *scalar.ID {
	if id := orderOf(i.Document); id != nil {
		return &scalar.ID{Prefix: "order", UUID: *id}
	}
	return nil
}

// OrderNumber is that order's number; nil where the caller may not see it.
func (i *Invoice) OrderNumber() *string {
	if i.order == nil {
		return nil
	}
	return &i.order.Number
}

func (i *Invoice) money(minor int64) scalar.Money {
	return scalar.Money{Minor: minor, Currency: unit(i.Document)}
}

// InvoiceConnection is a page of invoices.
type InvoiceConnection struct {
	Edges      []*InvoiceEdge
	PageInfo   ent.PageInfo
	TotalCount int
}

// InvoiceEdge is an invoice and its place in the list.
type InvoiceEdge struct {
	Node   *Invoice
	Cursor scalar.Cursor
}

// Nodes are the invoices of the page without their cursors.
func (c *InvoiceConnection) Nodes() []*Invoice {
	nodes := make([]*Invoice, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// The rules of one invoice.

func asked(d *ent.Document) int64 {
	if d.AmountMinor == nil {
		return 0
	}
	return *d.AmountMinor
}

func unit(d *ent.Document) string {
	if d.Currency == nil {
		return ""
	}
	return *d.Currency
}

// orderOf is the order that a paper is about; nil: none.
func orderOf(d *ent.Document) *uuid.UUID {
	if d.SubjectKind == nil || *d.SubjectKind != "order" {
		return nil
	}
	return d.SubjectID
}

// openOf is what can be paid of an invoice now: no more than is open on its
// order, for that is what it asks for. The order has its payments.
func openOf(d *ent.Document, o *ent.Order) int64 {
	if d.Status != entdocument.StatusISSUED {
		return 0
	}
	open := asked(d) - d.PaidMinor
	switch {
	case orderOf(d) == nil:
		return open
	case o == nil || o.Currency != unit(d) || o.OwnerID != d.OwnerID:
		return 0
	}
	return min(open, order.Open(o))
}

// statusOf is where an invoice stands.
func statusOf(d *ent.Document, now time.Time) InvoiceStatus {
	switch d.Status {
	case entdocument.StatusPAID:
		return Paid
	case entdocument.StatusISSUED:
		if d.DueAt != nil && now.After(*d.DueAt) {
			return Overdue
		}
		return Issued
	}
	return Void
}
