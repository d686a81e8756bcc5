package order_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestImportTakesTheExcerpt(t *testing.T) { // security L11: exact counts
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		src := excerpt(t)
		sum := take(t, db, src, order.ImportOptions{})
		want := order.ImportCounts{Orders: 250, GuestOrders: 31, Lines: 4118, OrdersMinor: 38299223, Returns: 113, GuestReturns: 10,
			ReturnsMinor: 25946348, TiedWhole: 77, TiedPartly: 7, RefundMinor: 24836645, Reported: 44, Customers: 60}
		if sum.ImportCounts != want || sum.Invoices != 407 || sum.From != 0 || sum.Already {
			t.Errorf("summary = %+v\nwant %+v", sum, want)
		}
		for q, n := range map[string]string{
			`SELECT count(*) FROM orders WHERE source = 'online-retail' AND number = external_id AND status = 'COMPLETED'`: "250",
			`SELECT count(*) FROM return_requests WHERE status = 'REFUNDED'`:                                               "113",
			`SELECT count(*) FROM return_requests WHERE order_id IS NOT NULL`:                                              "84",
			`SELECT count(*) FROM order_lines`:                                                                             fmt.Sprint(want.Lines),
			`SELECT sum(total_minor) FROM order_lines`:                                                                     fmt.Sprint(want.OrdersMinor),
			`SELECT sum(amount_minor) FROM return_requests`:                                                                fmt.Sprint(want.ReturnsMinor),
			`SELECT sum(refunded_minor) FROM orders`:                                                                       fmt.Sprint(want.RefundMinor),
			`SELECT count(*) FROM shipments`:                                                                               "0",
			`SELECT count(*) FROM audit_entries`:                                                                           "0",
			`SELECT count(*) FROM account_events`:                                                                          "0",
			`SELECT count(*) FROM notifications`:                                                                           "0",
			`SELECT count(*) FROM ledger_entries`:                                                                          "0",
			`SELECT count(*) FROM users`:                                                                                   "60",
			`SELECT count(*) FROM orders WHERE points_earned <> 0`:                                                         "0",
			`SELECT count(*) FROM products WHERE sku IN ('POST', 'M')`:                                                     "0",
		} {
			if got := one(t, db.Store, q); got != n {
				t.Errorf("%s = %s, want %s", q, got, n)
			}
		}
		guests := `SELECT count(*) FROM orders WHERE owner_id = ? AND user_id IS NULL`
		if got := one(t, db.Store, guests, viewer.House); got != "31" {
			t.Errorf("%s orders of guests are the House's, want 31", got)
		}
		balanced(t, db)
		repeatedLinesStay(t, db, src)
	})
}

// balanced wants the money of every order to add up.
func balanced(t *testing.T, db *storetest.DB) {
	t.Helper()
	for what, q := range map[string]string{
		"total is not the sum of the book": `SELECT o.number FROM orders o
			WHERE o.total_minor <> (SELECT coalesce(sum(e.amount_minor), 0) FROM order_events e WHERE e.order_id = o.id)`,
		"subtotal is not the sum of the lines": `SELECT o.number FROM orders o
			WHERE o.subtotal_minor <> (SELECT sum(l.total_minor) FROM order_lines l WHERE l.order_id = o.id)`,
		"owed is not paid less refunded": `SELECT number FROM orders WHERE total_minor <> paid_minor - refunded_minor`,
		"paid is not what was paid": `SELECT o.number FROM orders o
			WHERE o.paid_minor <> (SELECT coalesce(sum(p.amount_minor), 0) FROM payments p WHERE p.order_id = o.id AND p.kind = 'PAYMENT')`,
		"refunded is not what was given back": `SELECT o.number FROM orders o
			WHERE o.refunded_minor <> (SELECT coalesce(sum(p.amount_minor), 0) FROM payments p WHERE p.order_id = o.id AND p.kind = 'REFUND')
			OR o.refunded_minor <> (SELECT coalesce(sum(p.refunded_minor), 0) FROM payments p WHERE p.order_id = o.id)`,
		"last event is not the count of events": `SELECT o.number FROM orders o
			WHERE o.event_seq <> (SELECT count(*) FROM order_events e WHERE e.order_id = o.id)`,
		"status does not say what was refunded": `SELECT number FROM orders WHERE payment_status <> CASE
			WHEN refunded_minor = 0 THEN 'PAID' WHEN refunded_minor < paid_minor THEN 'PARTIALLY_REFUNDED' ELSE 'REFUNDED' END`,
		"something came back and the status does not say so": `SELECT o.number FROM orders o WHERE (o.fulfillment_status = 'DELIVERED') =
			EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id AND l.returned > 0)`,
		"all goods came back and the status does not say so": `SELECT o.number FROM orders o WHERE (o.fulfillment_status = 'RETURNED') <>
			(NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id AND l.product_id IS NOT NULL AND l.returned < l.quantity)
			AND EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id AND l.returned > 0))`,
		"a line is not its owner's": `SELECT l.sku FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE l.owner_id <> o.owner_id`,
		"a product is missing":      `SELECT l.sku FROM order_lines l WHERE l.product_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM products p WHERE p.id = l.product_id AND p.sku = l.sku)`,
		"a return is tied to somebody else's or a later order": `SELECT r.number FROM return_requests r JOIN orders o ON o.id = r.order_id
			WHERE r.owner_id <> o.owner_id OR r.user_id IS NULL OR o.placed_at > r.requested_at`,
	} {
		if wrong := query(t, db.Store, q); len(wrong) > 0 {
			t.Errorf("%s: %d orders, %v …", what, len(wrong), wrong[:min(3, len(wrong))])
		}
	}
}

func repeatedLinesStay(t *testing.T, db *storetest.DB, src *invoices) {
	t.Helper()
	repeated := 0
	for _, in := range src.list {
		if in.Kind != order.InvoicePurchase {
			continue
		}
		var want []string
		seen := map[string]bool{}
		for i, l := range in.Lines {
			if seen[l.SKU] {
				repeated++
			}
			seen[l.SKU] = true
			want = append(want, fmt.Sprintf("%d|%s|%s|%d|%d|%d", i+1, l.SKU, l.Title, l.Quantity, l.UnitPriceMinor, l.Quantity*l.UnitPriceMinor))
		}
		got := query(t, db.Store, `SELECT l.position, l.sku, l.title, l.quantity, l.unit_price_minor, l.total_minor
			FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.number = ? ORDER BY l.position`, in.Number)
		same(t, "lines of "+in.Number, got, want)
	}
	if repeated < 30 {
		t.Errorf("%d repeated stock codes: too few to prove anything", repeated)
	}
}

func TestImportAgainWritesNothing(t *testing.T) { // security L11: the same file twice
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		first := take(t, db, excerpt(t), order.ImportOptions{})
		before := touched(t, db.Store)
		db.Clock.Add(1 << 40)
		var again order.ImportSummary
		src := excerpt(t)
		_, statements := db.Statements(func() { again = take(t, db, src, order.ImportOptions{Reread: true}) })
		if !again.Already || again.ImportCounts != first.ImportCounts || again.Invoices != 407 {
			t.Errorf("again = %+v", again)
		}
		if src.at != len(src.list) {
			t.Errorf("read to %d of %d: its problems are not told", src.at, len(src.list))
		}
		same(t, "tables", touched(t, db.Store), before)
		for _, s := range statements {
			if !strings.HasPrefix(s, "SELECT") {
				t.Errorf("the second run did %s", s)
			}
		}
		if len(statements) != 1 {
			t.Errorf("%d statements, want the task's", len(statements))
		}
	})
}

func TestImportLeavesWhatIsThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		part := excerpt(t)
		part.key, part.list = "part", part.list[:200]
		take(t, db, part, order.ImportOptions{})
		before := map[string]bool{}
		for _, row := range query(t, db.Store, `SELECT id, created_at, number FROM orders UNION ALL SELECT id, created_at, number FROM return_requests`) {
			before[row] = true
		}
		db.Clock.Add(1 << 40)
		sum := take(t, db, excerpt(t), order.ImportOptions{Batch: 64})
		if sum.AlreadyThere != int64(len(before)) || sum.Orders+sum.Returns+sum.Reported+sum.AlreadyThere != 407 || sum.Invoices != 407 {
			t.Errorf("%d were there: %+v", len(before), sum)
		}
		after := query(t, db.Store, `SELECT id, created_at, number FROM orders UNION ALL SELECT id, created_at, number FROM return_requests`)
		for _, row := range after {
			delete(before, row)
		}
		if len(before) > 0 || len(after) != 363 {
			t.Errorf("%d are gone, %d are there", len(before), len(after))
		}
		balanced(t, db)
	})
}

func TestImportOnlyOneAtATime(t *testing.T) { // security L11: two imports at once
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		orders := importing(db.Store)
		var during error
		sum, err := orders.Import(context.Background(), excerpt(t), order.ImportOptions{Batch: 100, Progress: func(order.ImportSummary) {
			other := excerpt(t)
			other.key = "another file"
			_, during = importing(db.Store).Import(context.Background(), other, order.ImportOptions{})
		}})
		check(t, err)
		if !errors.Is(during, order.ErrImportRunning) || sum.Invoices != 407 {
			t.Errorf("the other got %v, this one %+v", during, sum)
		}
		another := excerpt(t)
		another.key = "another file"
		if sum := take(t, db, another, order.ImportOptions{}); sum.AlreadyThere != 363 || sum.Reported != 44 {
			t.Errorf("after it: %+v", sum)
		}
	})
}

// A lock can be lost without its holder hearing of it: then the task's
// position tells, and nothing is taken twice.
func TestImportStopsWhenAnotherWentOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		ctx := viewer.AsSystem(context.Background(), "test")
		id := uuid.MustParse
		sum, err := importing(db.Store).Import(ctx, excerpt(t), order.ImportOptions{Batch: 100, Progress: func(sum order.ImportSummary) {
			if sum.Invoices == 200 {
				task := id(one(t, db.Store, `SELECT id FROM tasks`))
				check(t, db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
					return tx.AdvanceTask(ctx, task, 300, map[string]int64{})
				}))
			}
		}})
		if !errors.Is(err, store.ErrTaskMoved) || sum.Invoices != 200 {
			t.Fatalf("%v, %+v", err, sum)
		}
		if n := one(t, db.Store, `SELECT count(*) FROM orders`); n != fmt.Sprint(sum.Orders) {
			t.Errorf("%s orders, want the %d of 200 invoices", n, sum.Orders)
		}
		if status := one(t, db.Store, `SELECT status FROM tasks`); status != "RUNNING" {
			t.Errorf("the task of the other is %s", status)
		}
	})
}
