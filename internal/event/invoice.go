package event

import (
	"time"

	"github.com/google/uuid"
)

// InvoiceIssued is told when somebody is asked for money on paper.
type InvoiceIssued struct {
	InvoiceID   uuid.UUID  `json:"invoiceId"`
	OwnerID     uuid.UUID  `json:"ownerId"`
	UserID      *uuid.UUID `json:"userId,omitempty"`
	Number      string     `json:"number,omitempty"`
	AmountMinor int64      `json:"amountMinor"`
	Currency    string     `json:"currency"`
	DueAt       *time.Time `json:"dueAt,omitempty"`
}

// InvoicePaid is told when the last of an invoice was paid.
type InvoicePaid struct {
	InvoiceID   uuid.UUID  `json:"invoiceId"`
	OwnerID     uuid.UUID  `json:"ownerId"`
	UserID      *uuid.UUID `json:"userId,omitempty"`
	Number      string     `json:"number,omitempty"`
	AmountMinor int64      `json:"amountMinor"`
	Currency    string     `json:"currency"`
}

// InvoiceOverdue is told once, when an invoice was not paid in time. OpenMinor
// is what was open on it then.
type InvoiceOverdue struct {
	InvoiceID uuid.UUID  `json:"invoiceId"`
	OwnerID   uuid.UUID  `json:"ownerId"`
	UserID    *uuid.UUID `json:"userId,omitempty"`
	Number    string     `json:"number,omitempty"`
	OpenMinor int64      `json:"openMinor"`
	Currency  string     `json:"currency"`
	DueAt     time.Time  `json:"dueAt"`
}

// Kind implements Fact.
func (InvoiceIssued) Kind() string { return "invoice.issued" }

// Subject implements Fact.
func (f InvoiceIssued) Subject() (string, uuid.UUID) { return "bill", f.InvoiceID }

// Kind implements Fact.
func (InvoicePaid) Kind() string { return "invoice.paid" }

// Subject implements Fact.
func (f InvoicePaid) Subject() (string, uuid.UUID) { return "bill", f.InvoiceID }

// Kind implements Fact.
func (InvoiceOverdue) Kind() string { return "invoice.overdue" }

// Subject implements Fact.
func (f InvoiceOverdue) Subject() (string, uuid.UUID) { return "bill", f.InvoiceID }
