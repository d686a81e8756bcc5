package order_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	entschema "entgo.io/ent/dialect/sql/schema"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/adapter/onlineretail"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// invoices is a Source of a list.
type invoices struct {
	name, key string
	list      []order.Invoice
	at        int
	breakAt   int // Next fails there, when above zero
}

var errBroken = errors.New("the file cannot be read on")

func (s *invoices) Name() string { return s.name }
func (s *invoices) Key() string  { return s.key }

func (s *invoices) Next() (order.Invoice, error) {
	switch {
	case s.breakAt > 0 && s.at == s.breakAt:
		return order.Invoice{}, errBroken
	case s.at == len(s.list):
		return order.Invoice{}, io.EOF
	}
	s.at++
	return s.list[s.at-1], nil
}

func (s *invoices) SkipTo(position int) error {
	if position > len(s.list) {
		return io.ErrUnexpectedEOF
	}
	s.at = position
	return nil
}

// excerpt is the committed excerpt of the real set.
func excerpt(t testing.TB) *invoices {
	t.Helper()
	r, err := onlineretail.NewReader(onlineretail.Excerpt(), nil)
	check(t, err)
	s := &invoices{name: "online-retail", key: "excerpt"}
	for {
		in, err := r.Next()
		if errors.Is(err, io.EOF) {
			return s
		}
		check(t, err)
		out := order.Invoice{Number: in.Number, Customer: in.CustomerID, Country: in.Country, Currency: "GBP", At: in.At}
		if !in.Reported() {
			out.Kind = order.InvoicePurchase
			if in.Kind == onlineretail.Cancellation {
				out.Kind = order.InvoiceReturn
			}
		}
		for _, l := range in.Lines {
			out.Lines = append(out.Lines, order.InvoiceLine{SKU: l.StockCode, Title: l.Title(), Quantity: max(l.Quantity, -l.Quantity),
				UnitPriceMinor: l.UnitPriceMinor, Product: l.Class == onlineretail.Goods || l.Class == onlineretail.Voucher})
		}
		s.list = append(s.list, out)
	}
}

// importing is the service with people who are made as account makes them.
func importing(s *store.Store) *order.Orders {
	return &order.Orders{Store: s, Customers: func(ctx context.Context, tx *store.Tx, source string, ids []string) (map[string]uuid.UUID, error) {
		ctx = viewer.AsSystem(ctx, "test")
		found, err := tx.User.Query().Where(user.Source(source), user.ExternalIDIn(ids...)).All(ctx)
		if err != nil {
			return nil, err
		}
		out := map[string]uuid.UUID{}
		for _, u := range found {
			out[*u.ExternalID] = u.ID
		}
		var add []*ent.UserCreate
		for _, id := range ids {
			if _, there := out[id]; !there {
				out[id] = uuid.Must(uuid.NewV7())
				add = append(add, tx.User.Create().SetID(out[id]).SetSource(source).SetExternalID(id).SetDisplayName("Customer "+id))
			}
		}
		return out, tx.User.CreateBulk(add...).Exec(ctx)
	}}
}

// take imports and wants it to succeed.
func take(t testing.TB, db *storetest.DB, src order.Source, opts order.ImportOptions) order.ImportSummary {
	t.Helper()
	sum, err := importing(db.Store).Import(context.Background(), src, opts)
	check(t, err)
	return sum
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// query gives rows as text, a line each.
func query(t testing.TB, s *store.Store, q string, args ...any) []string {
	t.Helper()
	rows, err := s.Query(context.Background(), q, args...)
	check(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	check(t, err)
	var out []string
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		check(t, rows.Scan(into...))
		texts := make([]string, len(columns))
		for i, c := range cells {
			texts[i] = c.String
			if at, err := time.Parse(time.RFC3339, c.String); err == nil {
				texts[i] = at.UTC().Format(time.RFC3339)
			}
		}
		out = append(out, strings.Join(texts, "|"))
	}
	check(t, rows.Err())
	return out
}

// one is query for a single number or text.
func one(t testing.TB, s *store.Store, q string, args ...any) string {
	t.Helper()
	rows := query(t, s, q, args...)
	if len(rows) != 1 {
		t.Fatalf("%s: %d rows", q, len(rows))
	}
	return rows[0]
}

// imported is all that an import writes but for ids and the times of writing.
// Revisions of products are left out: they count batches.
func imported(t testing.TB, s *store.Store) []string {
	t.Helper()
	var all []string
	for _, q := range []string{
		`SELECT 'user', source, external_id, display_name FROM users ORDER BY external_id`,
		`SELECT 'product', source, external_id, source_updated_at, sku, title, price_minor, currency, status FROM products ORDER BY sku`,
		`SELECT 'order', o.number, o.external_id, o.source, o.source_updated_at, u.external_id, o.owner_id = u.id, o.revision, o.metadata, o.status, o.payment_status,
			o.fulfillment_status, o.currency, o.subtotal_minor, o.total_minor, o.paid_minor, o.refunded_minor, o.points_earned, o.placed_at, o.event_seq
			FROM orders o LEFT JOIN users u ON u.id = o.user_id ORDER BY o.number`,
		`SELECT 'line', o.number, l.position, l.owner_id = o.owner_id, l.sku, l.title, p.sku, l.quantity, l.unit_price_minor, l.total_minor, l.shipped, l.returned
			FROM order_lines l JOIN orders o ON o.id = l.order_id LEFT JOIN products p ON p.id = l.product_id ORDER BY o.number, l.position`,
		`SELECT 'event', o.number, e.seq, e.kind, e.owner_id = o.owner_id, e.occurred_at, e.amount_minor, e.data
			FROM order_events e JOIN orders o ON o.id = e.order_id ORDER BY o.number, e.seq`,
		`SELECT 'payment', o.number, p.kind, q.kind, p.owner_id = o.owner_id, p.status, p.amount_minor, p.refunded_minor, p.method, p.occurred_at
			FROM payments p JOIN orders o ON o.id = p.order_id LEFT JOIN payments q ON q.id = p.parent_id AND q.order_id = p.order_id
			ORDER BY o.number, p.kind, p.occurred_at, p.amount_minor`,
		`SELECT 'task', kind, status, dedup_key, cursor, counts, total FROM tasks ORDER BY dedup_key`,
	} {
		all = append(all, query(t, s, q)...)
	}
	return append(all, importedReturns(t, s)...)
}

func importedReturns(t testing.TB, s *store.Store) (all []string) {
	t.Helper()
	place := map[string]string{}
	for _, row := range query(t, s, `SELECT l.id, o.number, l.position FROM order_lines l JOIN orders o ON o.id = l.order_id`) {
		id, at, _ := strings.Cut(row, "|")
		place[id] = at
	}
	for _, row := range query(t, s, `SELECT r.number, r.status, r.kind, r.amount_minor, r.requested_at, r.decided_at, u.external_id, r.owner_id = u.id, o.number, r.lines
		FROM return_requests r LEFT JOIN users u ON u.id = r.user_id LEFT JOIN orders o ON o.id = r.order_id ORDER BY r.number`) {
		cut := strings.LastIndex(row, "|[")
		var lines []schema.ReturnLine
		check(t, json.Unmarshal([]byte(row[cut+1:]), &lines))
		row = "return|" + row[:cut]
		for _, l := range lines {
			at := "-"
			if l.OrderLineID != nil {
				at = place[l.OrderLineID.String()]
			}
			row += fmt.Sprintf("|%s %s %d %d %s", l.SKU, l.Title, l.Quantity, l.AmountMinor, at)
		}
		all = append(all, row)
	}
	return all
}

// same wants two dumps to be equal and shows the first rows that differ.
func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	t.Errorf("%s: %d rows, want %d", what, len(got), len(want))
	for i, shown := 0, 0; i < max(len(got), len(want)) && shown < 5; i++ {
		g, w := "", ""
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("row %d:\n got %s\nwant %s", i, g, w)
			shown++
		}
	}
}

// touched is the count of rows and the last change of every table.
func touched(t testing.TB, s *store.Store) (all []string) {
	t.Helper()
	for _, table := range store.Tables() {
		last := "max(created_at)"
		if slices.ContainsFunc(table.Columns, func(c *entschema.Column) bool { return c.Name == "updated_at" }) {
			last = "max(updated_at)"
		}
		all = append(all, table.Name+": "+one(t, s, `SELECT count(*), `+last+` FROM `+table.Name))
	}
	for _, plain := range []string{"account_events", "streams", "idempotencies"} {
		all = append(all, plain+": "+one(t, s, `SELECT count(*) FROM `+plain))
	}
	return all
}
