package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// The pages of history and the search over HTTP, small beside large by turns, so
// that what shares the machine falls on both: small-µs and large-µs are medians,
// ratio is large by small.
//
//	go run ./internal/store/pgtest -- go test . -run '^$' -bench 'History|Search' -benchtime 300x -timeout 30m

// few and many are the orders of two customers.
const few, many = 50, 50_000

// BenchmarkHistory is a page of a customer with 50,000 orders beside one with
// 50: at the beginning, at the very end (page 2,500), and narrowed by filters of
// which much, little or nothing is left.
func BenchmarkHistory(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		w := newWorld(b, db)
		fill(b, db, 1, few, userOf(b, w, "alice"), few)
		fill(b, db, 2, many, userOf(b, w, "bob"), many)
		analyse(b, db)
		w.vars["aliceEnd"], w.vars["bobEnd"] = w.lastPage(b, "alice"), w.lastPage(b, "bob")
		for _, c := range []struct{ name, args string }{
			{"first", ``}, {"last", `after: "{{END}}"`}, {"oldest", `sort: OLDEST`}, {"dearest", `sort: TOTAL_DESC`},
			{"channel", `filter: {channel: [STORE]}, first: 8`}, {"channel-last", `filter: {channel: [STORE]}, first: 2, after: "{{END}}"`},
			{"view", `filter: {view: PURCHASES}`}, {"period", `filter: {placedFrom: "2020-01-01T00:00:00Z", placedBefore: "2020-01-01T00:30:00Z"}`},
			{"amount", `filter: {totalFrom: {amount: "10.00", currency: "GBP"}, totalTo: {amount: "40.00", currency: "GBP"}}, first: 10`},
			{"seldom", `filter: {channel: [PHONE]}`}, {"none-paid-so", `filter: {paymentStatus: [REFUNDED]}`}, {"none-there", `filter: {fulfillmentStatus: [AT_PICKUP_POINT]}`},
			{"none-of-state", `filter: {status: [CANCELLED]}`}, {"none-so-dear", `filter: {totalFrom: {amount: "90000.00", currency: "GBP"}}`}, {"none-of-currency", `filter: {totalFrom: {amount: "1.00", currency: "EUR"}}`},
			{"several", `filter: {status: [COMPLETED], channel: [STORE, ONLINE], totalFrom: {amount: "10.00", currency: "GBP"}, placedFrom: "2020-01-01T00:00:00Z"}`},
		} {
			page := func(who string) func() {
				args := strings.ReplaceAll(c.args, "{{END}}", w.vars[who+"End"])
				if args == "" {
					args = "first: 20"
				}
				return w.asks(b, who, `{ me { orders(`+args+`) { nodes { number status placedAt total { amount } lines { title } } pageInfo { hasNextPage endCursor } } } }`)
			}
			b.Run(c.name, func(b *testing.B) { sideBySide(b, page("alice"), page("bob")) })
		}
	})
}

// BenchmarkSearch is a search among 1,000,000 orders beside one among 10,000:
// of a customer among his 50, and of staff among all.
func BenchmarkSearch(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		worlds := map[int]*world{}
		other := storetest.Empty(b, db)
		_, err := other.Migrate(context.Background())
		check(b, err)
		for n, db := range map[int]*storetest.DB{10_000: db, 1_000_000: other} {
			w := newWorld(b, db)
			fill(b, db, 3, n, userOf(b, w, "alice"), few)
			analyse(b, db)
			worlds[n] = w
		}
		for _, c := range []struct{ name, who, text string }{
			{"own-word", "alice", "brass"}, {"own-two-words", "alice", "lamps brass"}, {"own-number", "alice", "N00000007"}, {"own-nothing", "alice", "kettles"},
			{"all-number", "staff", "N00009999"}, {"all-beginning", "staff", "n0000999"}, {"all-ten", "staff", "kettles"}, {"all-nothing", "staff", "brass kettles teapots"},
			{"all-half", "staff", "lamp"}, {"all-twentieth", "staff", "brass lamps"}, {"all-thousandth", "staff", "brooms"},
		} {
			find := func(w *world) func() {
				q := `orders(filter: {text: "` + c.text + `"}, first: 20) { nodes { number placedAt lines { title } } pageInfo { hasNextPage endCursor } }`
				if c.who == "alice" {
					q = `me { ` + q + ` }`
				}
				return w.asks(b, c.who, `{ `+q+` }`)
			}
			b.Run(c.name, func(b *testing.B) { sideBySide(b, find(worlds[10_000]), find(worlds[1_000_000])) })
		}
	})
}

// asks sends one query again and again.
func (w *world) asks(b *testing.B, who, query string) func() {
	return func() {
		if answer := w.send(b, step{name: "bench", as: who}, query); answer["errors"] != nil {
			b.Fatal(answer)
		}
	}
}

// lastPage is the cursor after which 20 orders are left.
func (w *world) lastPage(b *testing.B, who string) string {
	answer := w.send(b, step{name: "bench", as: who}, `{ me { orders(last: 21) { edges { cursor } } } }`)
	edges := answer["data"].(map[string]any)["me"].(map[string]any)["orders"].(map[string]any)["edges"].([]any)
	return edges[0].(map[string]any)["cursor"].(string)
}

func sideBySide(b *testing.B, small, large func()) {
	var took [2][]time.Duration
	for range 20 { // plans and caches are warm then
		small()
		large()
	}
	for b.Loop() {
		for i, f := range []func(){small, large} {
			start := time.Now()
			f()
			took[i] = append(took[i], time.Since(start))
		}
	}
	var median [2]float64
	for i, all := range took {
		slices.Sort(all)
		median[i] = float64(all[len(all)/2].Nanoseconds()) / 1e3
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median[0], "small-µs")
	b.ReportMetric(median[1], "large-µs")
	b.ReportMetric(median[1]/median[0], "ratio")
}

func analyse(b *testing.B, db *storetest.DB) {
	statement := `ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)` // no log holds a million orders but this one
	if db.Dialect() == dialect.Postgres {
		statement = `VACUUM ANALYZE`
	}
	_, err := db.Writer().Exec(statement)
	check(b, err)
}

// fill writes n orders of one line each past the API, with what their search
// keeps: own of them are one person's, the others of people with 50 each. Every
// second has a lamp, every 20th brass, every 1,000th a broom, ten a kettle;
// every 10,000th came by phone.
func fill(b *testing.B, db *storetest.DB, set, n int, owner uuid.UUID, own int) {
	b.Helper()
	start := time.Now()
	conn, err := db.Writer().Conn(context.Background())
	check(b, err)
	defer conn.Close()
	statements := fillStatements(db.Dialect(), set, n, owner, own)
	if db.Dialect() == dialect.Postgres { // no request takes so long
		statements = append(append([]string{`SET statement_timeout = 0`}, statements...), `RESET statement_timeout`)
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(context.Background(), statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	b.Logf("%d orders in %s", n, time.Since(start).Round(time.Second))
}

// fillStatements are those that write the rows.
func fillStatements(d string, set, n int, owner uuid.UUID, own int) []string {
	series, id, at, vector := `generate_series(1, `+fmt.Sprint(n)+`) AS g(i)`, `CAST(lpad(to_hex(%[1]s), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(%[2]s), 12, '0') AS uuid)`,
		`timestamptz '2020-01-01T00:00:00Z' + i * interval '1 minute'`, `array_to_tsvector(array_remove(string_to_array(%s, ' '), ''))`
	number, hexed := `lpad(CAST(i + `+fmt.Sprint((set-3)*-10_000_000)+` AS text), 8, '0')`, `lpad(to_hex(i / 50), 12, '0')`
	person := `CASE WHEN i <= ` + fmt.Sprint(own) + ` THEN uuid '` + owner.String() + `' ELSE CAST('0a000000-0000-7000-8000-' || ` + hexed + ` AS uuid) END`
	with := ``
	if d == dialect.SQLite {
		with, series = `WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < `+fmt.Sprint(n)+`) `, `g`
		id, at, vector = `printf('%%08x-0000-7000-8000-%%012x', %[1]s, %[2]s)`, `strftime('%Y-%m-%d %H:%M:%S', 1577836800 + i * 60, 'unixepoch') || '+00:00'`, `trim(%s)`
		number, hexed = `printf('%08d', i + `+fmt.Sprint((set-3)*-10_000_000)+`)`, `printf('%012x', i / 50)`
		person = `CASE WHEN i <= ` + fmt.Sprint(own) + ` THEN '` + owner.String() + `' ELSE '0a000000-0000-7000-8000-' || ` + hexed + ` END`
	}
	key := func(of int) string { return fmt.Sprintf(id, fmt.Sprint(set*16+of), "i") }
	title := func(lamp, brass, broom, kettle string) string {
		return `CASE WHEN i % 2 = 0 THEN '` + lamp + ` ' ELSE '' END || CASE WHEN i % 20 = 0 THEN '` + brass + ` ' ELSE '' END || CASE WHEN i % 1000 = 999 THEN '` + broom + ` ' ELSE '' END || CASE WHEN i % ` +
			fmt.Sprint(max(n/10, 1)) + ` = 77 THEN '` + kettle + ` ' ELSE '' END`
	}
	stem := func(w string) string { return store.SeekWords(w)[0] }
	words := title(stem("lamp"), stem("brass"), stem("broom"), stem("kettle")) + ` || 'n' || ` + number
	for k := 3; k < 8; k++ {
		words += ` || ' n' || substr(` + number + `, 1, ` + fmt.Sprint(k) + `)`
	}
	words += ` || ' o' || CASE WHEN i <= ` + fmt.Sprint(own) + ` THEN '` + hex.EncodeToString(owner[:]) + `' ELSE '0a000000000070008000' || ` + hexed + ` END`
	total := `1000 + i % 9000 * 7919 % 9000`
	return []string{
		`INSERT INTO orders (id, created_at, updated_at, owner_id, number, status, payment_status, fulfillment_status, channel, currency, subtotal_minor, total_minor, paid_minor, placed_at) ` + with +
			`SELECT ` + key(1) + `, ` + at + `, ` + at + `, ` + person + `, 'N' || ` + number + `, CASE WHEN i % 3 = 0 THEN 'PLACED' ELSE 'COMPLETED' END, 'PAID', CASE WHEN i % 3 = 0 THEN 'SHIPPED' ELSE 'DELIVERED' END,
			CASE WHEN i % 10000 = 5000 THEN 'PHONE' WHEN i % 5 = 0 THEN 'STORE' ELSE 'ONLINE' END, 'GBP', ` + total + `, ` + total + `, ` + total + `, ` + at + ` FROM ` + series,
		`INSERT INTO order_lines (id, created_at, updated_at, owner_id, position, sku, title, quantity, currency, unit_price_minor, total_minor, order_id) ` + with +
			`SELECT ` + key(2) + `, ` + at + `, ` + at + `, ` + person + `, 1, 'goods', ` + title("Lamp", "Brass", "Broom", "Kettle") + `, 1, 'GBP', ` + total + `, ` + total + `, ` + key(1) + ` FROM ` + series,
		`INSERT INTO search_docs (object_id, kind, owner_id, placed_at, words) ` + with + `SELECT ` + key(1) + `, 'ORDER', ` + person + `, ` + at + `, ` + fmt.Sprintf(vector, words) + ` FROM ` + series + ` WHERE true ON CONFLICT DO NOTHING`, // the housework may have come first
	}
}
