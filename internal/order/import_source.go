package order

import (
	"context"
	"strings"
	"time"

	"kabinet/internal/store"
)

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

// sheet gathers rows of one table, to be inserted many at a time: that is
// several times faster than ent's builders, and the table's defaults, CHECKs
// and triggers hold all the same.
type sheet struct {
	table   string
	columns []string
	end     string // what follows the rows in the statement
	args    []any
}

// sheetArgs is how many values a statement takes at most; SQLite allows
// 32,766, but parsing is quickest in moderation.
const sheetArgs = 3_000

func (s *sheet) add(values ...any) {
	if len(values) != len(s.columns) {
		panic("import: a row of " + s.table + " does not fit its columns")
	}
	s.args = append(s.args, values...)
}

// each runs do for statements that hold all rows together.
func (s *sheet) each(do func(query string, args []any) error) error {
	most := max(1, sheetArgs/len(s.columns))
	for args := s.args; len(args) > 0; {
		n := min(most, len(args)/len(s.columns))
		values := n * len(s.columns)
		row := "(" + marks(len(s.columns)) + "),"
		query := "INSERT INTO " + s.table + " (" + strings.Join(s.columns, ", ") + ") VALUES " +
			strings.TrimSuffix(strings.Repeat(row, n), ",") + s.end
		if err := do(query, args[:values]); err != nil {
			return err
		}
		args = args[values:]
	}
	return nil
}

func (s *sheet) insert(ctx context.Context, tx *store.Tx) error {
	return s.each(func(query string, args []any) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}

// marks is n placeholders.
func marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?,", n), ",")
}

// The columns that history fills; the others have their defaults.
var (
	orderSheet = sheet{table: "orders", columns: []string{
		"id", "created_at", "updated_at", "revision", "owner_id", "user_id", "source", "external_id", "source_updated_at",
		"metadata", "number", "status", "payment_status", "fulfillment_status", "channel", "currency",
		"subtotal_minor", "total_minor", "paid_minor", "refunded_minor", "placed_at", "event_seq",
	}}
	lineSheet = sheet{table: "order_lines", columns: []string{
		"id", "created_at", "updated_at", "owner_id", "order_id", "position", "product_id", "sku", "title",
		"quantity", "currency", "unit_price_minor", "total_minor", "shipped", "returned",
	}}
	eventSheet = sheet{table: "order_events", columns: []string{
		"id", "created_at", "owner_id", "order_id", "seq", "kind", "occurred_at", "currency", "amount_minor", "data",
	}}
	paymentSheet = sheet{table: "payments", columns: []string{
		"id", "created_at", "updated_at", "owner_id", "order_id", "kind", "parent_id", "status", "currency",
		"amount_minor", "refunded_minor", "method", "occurred_at",
	}}
	returnSheet = sheet{table: "return_requests", columns: []string{
		"id", "created_at", "updated_at", "owner_id", "user_id", "source", "external_id", "source_updated_at",
		"order_id", "number", "kind", "status", "lines", "currency", "amount_minor", "requested_at", "decided_at",
	}}
	productSheet = sheet{table: "products", columns: []string{
		"id", "created_at", "updated_at", "source", "external_id", "source_updated_at", "sku", "title", "price_minor", "currency",
	}, end: ` ON CONFLICT (sku) DO UPDATE SET title = excluded.title, price_minor = excluded.price_minor,
		updated_at = excluded.updated_at, source_updated_at = excluded.source_updated_at, revision = products.revision + 1
		WHERE products.source = excluded.source RETURNING sku, id`}
)
