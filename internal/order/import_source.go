package order

import "time"

// Source gives the invoices of one file of an outside system, in file order.
// It is used by one goroutine. An adapter's reader is made to fit it in main,
// since adapters and domains do not know each other.
type Source interface {
	// Name of the outside system, as in orders.source.
	Name() string
	// Key of the content and of how it is read: the same key gives the same
	// invoices. Once they are all taken, the key is never taken again.
	Key() string
	// Next gives the next invoice, io.EOF after the last.
	Next() (Invoice, error)
	// SkipTo goes on until position invoices are behind, and fails when there
	// are fewer. Problems of what is skipped are told again.
	SkipTo(position int) error
}

// InvoiceKind is what the importer does with an invoice.
type InvoiceKind uint8

// The kinds of invoices.
const (
	InvoiceReported InvoiceKind = iota // counted; the source says why
	InvoicePurchase                    // an order
	InvoiceReturn                      // a return
)

// Invoice is one invoice of a Source.
type Invoice struct {
	Number   string // unique in the source; external id and, where free, number
	Kind     InvoiceKind
	Customer string // external id; empty for a guest
	Country  string // as the source writes it
	Currency string // ISO 4217
	At       time.Time
	Lines    []InvoiceLine
}

// InvoiceLine is one line of an invoice.
type InvoiceLine struct {
	SKU            string
	Title          string // the sku where the source has none
	Quantity       int64  // above zero, of returns too
	UnitPriceMinor int64  // zero or more
	Product        bool   // goods and vouchers: kept in products
}

// AmountMinor is quantity times price.
func (l InvoiceLine) AmountMinor() int64 { return l.Quantity * l.UnitPriceMinor }

// TotalMinor is the sum of the lines.
func (i Invoice) TotalMinor() (sum int64) {
	for _, l := range i.Lines {
		sum += l.AmountMinor()
	}
	return sum
}
