package order

import (
	"context"
	"strings"

	"kabinet/internal/store"
)

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
