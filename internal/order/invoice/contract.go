package invoice

import (
	"time"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this domain takes; field by field they are
// described in schema/invoice*.graphqls and schema/payment_record.graphqls. Its
// enums are in enums.go.

// InvoiceFilter narrows a list of invoices.
type InvoiceFilter struct {
	Status  []InvoiceStatus
	Overdue *bool
	From    *time.Time
	Before  *time.Time
	OrderID *scalar.ID
}

// CreateInvoicePaymentLinkInput is the input of createInvoicePaymentLink.
type CreateInvoicePaymentLinkInput struct {
	InvoiceID       scalar.ID
	Amount          *scalar.MoneyInput
	PaymentMethodID *scalar.ID
	ReturnURL       *string
	IdempotencyKey  string
	DryRun          *bool
}

// RecordPaymentInput is the input of recordPayment: exactly one of OrderID and
// InvoiceID.
type RecordPaymentInput struct {
	OrderID        *scalar.ID
	InvoiceID      *scalar.ID
	Amount         scalar.MoneyInput
	Means          PaymentMeans
	External       scalar.ExternalKey
	OccurredAt     *time.Time
	Surplus        *PaymentSurplus
	Note           *string
	IdempotencyKey string
	DryRun         *bool
}

// UpsertDocumentsInput is the input of upsertDocuments.
type UpsertDocumentsInput struct {
	Documents   []*UpsertDocumentInput
	ErrorPolicy *scalar.ErrorPolicy
	DryRun      *bool
}

// UpsertDocumentInput is one paper of an outside system.
type UpsertDocumentInput struct {
	External        scalar.ExternalKey
	SourceUpdatedAt time.Time
	Kind            entdocument.Kind
	Title           string
	Series          *string
	Number          *string
	PeriodFrom      *string
	PeriodTo        *string
	Order           *scalar.ExternalKey
	Customer        *order.CustomerRef
	CompanyID       *scalar.ID
	Amount          *scalar.MoneyInput
	IssuedAt        *time.Time
	DueAt           *time.Time
	Void            *bool
	File            *PaperFileInput
	Metadata        map[string]any
}

// PaperFileInput is the bytes of a paper that will be sent.
type PaperFileInput struct {
	Size int // bytes
}

// Begun is what createInvoicePaymentLink gives.
type Begun struct {
	Payment  *ent.Payment
	Invoice  *Invoice
	Replayed *bool
}

// Recorded is what recordPayment gives.
type Recorded struct {
	Payment  *ent.Payment
	Refund   *order.Refund
	Order    *ent.Order
	Invoice  *Invoice
	Replayed *bool
}

// Upserted is what became of one paper of a batch.
type Upserted struct {
	Document *ent.Document // nil where it was refused
	Invoice  *Invoice      // where it is one
	Bytes    int64         // the most that will be sent; 0: nothing
	Outcome  scalar.UpsertOutcome
	Err      error // a fault, where it was refused
}

// Page is a part of a list.
type Page struct {
	After, Before *scalar.Cursor
	First, Last   *int
}
