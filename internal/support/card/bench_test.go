package card_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/customernote"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/outsidecard"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/store/storetest"
)

// BenchmarkCard is the whole of a customer card among a million tickets
// (KABINET_BENCH_ROWS; 20,000 when nothing is said) beside one hand-written
// query of the same rows, by turns: card-µs and query-µs are medians, ratio is
// one by the other. The query's JSON is decoded, as the card's rows are.
//
//	KABINET_BENCH_ROWS=1000000 go run ./internal/store/pgtest -- go test ./internal/support/card -run '^$' -bench Card -benchtime 300x -timeout 30m
func BenchmarkCard(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		t := &testing.T{}
		w := newWorld(t, db)
		w.furnish()
		w.fill(b, rowsOfBench())
		ctx := chief(w.sue)
		w.parts(ctx)
		query, args := byHand(db.Dialect(), w.alice)
		var took [2][]time.Duration
		turn := func() {
			for i, f := range []func(){func() { w.parts(ctx) }, func() { w.ask(b, query, args) }} {
				start := time.Now()
				f()
				took[i] = append(took[i], time.Since(start))
			}
		}
		for range 20 { // plans and caches are warm then
			turn()
		}
		took = [2][]time.Duration{}
		for b.Loop() {
			turn()
		}
		var median [2]float64
		for i, all := range took {
			slices.Sort(all)
			median[i] = float64(all[len(all)/2].Nanoseconds()) / 1e3
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(median[0], "card-µs")
		b.ReportMetric(median[1], "query-µs")
		b.ReportMetric(median[0]/median[1], "ratio")
	})
}

func rowsOfBench() int {
	if n, err := strconv.Atoi(os.Getenv("KABINET_BENCH_ROWS")); err == nil {
		return n
	}
	return 20_000
}

func (w *world) ask(b *testing.B, query string, args []any) {
	b.Helper()
	rows, err := w.Store.Query(context.Background(), query, args...)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var raw sql.RawBytes
		if err := rows.Scan(&raw); err != nil {
			b.Fatal(err)
		}
		var all map[string]any
		if err := json.Unmarshal(raw, &all); err != nil {
			b.Fatal(err)
		}
		if len(all["tickets"].([]any)) != 10 {
			b.Fatal("not the same rows")
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
}

// byHand is the card in one statement, as one would write it.
func byHand(d string, who uuid.UUID) (string, []any) {
	object, array := "json_object", "json_group_array"
	if d == dialect.Postgres {
		object, array = "json_build_object", "json_agg"
	}
	quote := func(c string) string {
		if d == dialect.SQLite && slices.Contains(blobs, c) { // JSON is kept as bytes there
			return `CAST("` + c + `" AS text)`
		}
		return `"` + c + `"`
	}
	list := func(columns []string, from string) string {
		row := object + `(`
		for i, c := range columns {
			if i > 0 {
				row += `, `
			}
			row += `'` + c + `', ` + quote(c)
		}
		return wrap(d, `(SELECT `+array+`(`+row+`)) FROM (`+from+`) x)`)
	}
	var args []any
	me := func(n int) {
		for range n {
			args = append(args, who)
		}
	}
	ticketColumns := slices.DeleteFunc(slices.Clone(ticket.Columns), func(c string) bool { return len(c) > 40 })
	query := `SELECT ` + object + `(
		'user', ` + list(entuser.Columns[:min(len(entuser.Columns), 45)], `SELECT * FROM users WHERE id = ?`) + `,
		'contacts', ` + list(contactpoint.Columns, `SELECT * FROM contact_points WHERE user_id = ?`) + `,
		'companies', ` + list([]string{"id", "name", "role", "kind"}, `SELECT c.id, c.name, r.name AS role, c.kind FROM memberships m JOIN companies c ON c.id = m.owner_id JOIN roles r ON r.key_id = m.role_id AND r.retired_at IS NULL WHERE m.user_id = ? AND m.status = 'ACTIVE'`) + `,
		'spent', ` + list([]string{"currency", "n", "minor"}, `SELECT currency, count(*) AS n, sum(total_minor) AS minor FROM orders WHERE owner_id = ? AND status IN ('PLACED', 'COMPLETED') GROUP BY currency`) + `,
		'orders', ` + listWide(object, array, quote, entorder.Columns, `SELECT * FROM orders WHERE owner_id = ? ORDER BY placed_at DESC, id DESC LIMIT 5`) + `,
		'returns', ` + listWide(object, array, quote, returnrequest.Columns, `SELECT * FROM return_requests WHERE owner_id = ? AND status NOT IN ('REFUNDED', 'REJECTED', 'CANCELLED') ORDER BY id DESC LIMIT 20`) + `,
		'counts', ` + list([]string{"status", "n", "rated", "sum"}, `SELECT status, count(*) AS n, count(rating) AS rated, sum(rating) AS sum FROM (SELECT status, rating FROM tickets WHERE owner_id = ? UNION ALL SELECT t.status, t.rating FROM ticket_participants p JOIN tickets t ON t.id = p.ticket_id WHERE p.user_id = ? AND p.left_at IS NULL AND t.owner_id <> ?) m GROUP BY status`) + `,
		'tickets', ` + listWide(object, array, quote, ticketColumns, `SELECT * FROM tickets WHERE id IN (SELECT id FROM (SELECT id FROM tickets WHERE owner_id = ? ORDER BY last_activity_at DESC, id DESC LIMIT 10) a) OR id IN (SELECT id FROM (SELECT t.id FROM ticket_participants p JOIN tickets t ON t.id = p.ticket_id WHERE p.user_id = ? AND p.left_at IS NULL AND t.owner_id <> ? ORDER BY t.last_activity_at DESC, t.id DESC LIMIT 10) b) ORDER BY last_activity_at DESC, id DESC LIMIT 10`) + `,
		'notes', ` + list(customernote.Columns, `SELECT * FROM customer_notes WHERE user_id = ? AND removed_at IS NULL ORDER BY pinned DESC, id DESC LIMIT 100`) + `,
		'sources', ` + list([]string{"id", "name", "address"}, `SELECT * FROM card_sources WHERE enabled ORDER BY position, id LIMIT 20`) + `,
		'cards', ` + list(outsidecard.Columns, `SELECT * FROM outside_cards WHERE user_id = ?`) + `,
		'manager', ` + list([]string{"id", "display_name", "manager_contacts"}, `SELECT u.* FROM users u JOIN users c ON c.manager_id = u.id WHERE c.id = ? AND u.id IN (SELECT user_id FROM memberships WHERE kind = 'STAFF' AND status = 'ACTIVE')`) + `,
		'reached', ` + list(contactpoint.Columns, `SELECT p.* FROM contact_points p JOIN users c ON c.manager_id = p.user_id WHERE c.id = ? AND p.verified_at IS NOT NULL`) + `)`
	me(1 + 1 + 1 + 1 + 1 + 1 + 3 + 3 + 1 + 1 + 1 + 1)
	return query, args
}

// blobs are the columns of JSON.
var blobs = []string{"metadata", "private_metadata", "rows", "lines", "photos", "reject_reason", "interests", "ui", "privacy", "requisites", "delivery", "manager_contacts",
	"address", "shipping_address", "billing_address", "recipient", "point", "guest", "taxes", "reductions", "discounts", "promotions", "earn", "explain", "contact", "charges", "buyer"}

// listWide is a list of rows with more columns than one function takes values.
func listWide(object, array string, quote func(string) string, columns []string, from string) string {
	if object == "json_build_object" {
		return `(SELECT json_agg(row_to_json(x)) FROM (` + from + `) x)`
	}
	var halves []string
	for half := range slices.Chunk(columns, 40) {
		var row []string
		for _, c := range half {
			row = append(row, `'`+c+`', `+quote(c))
		}
		halves = append(halves, object+`(`+strings.Join(row, `, `)+`)`)
	}
	return wrap(dialect.SQLite, `(SELECT `+array+`(json_array(`+strings.Join(halves, `, `)+`)) FROM (`+from+`) x)`)
}

// wrap keeps SQLite from writing a list as a text.
func wrap(d, list string) string {
	if d == dialect.SQLite {
		return `json(` + list + `)`
	}
	return list
}

// fill writes tickets past the service: 200 of alice, the others of customers
// with 20 each.
func (w *world) fill(b *testing.B, n int) {
	b.Helper()
	const columns = `(id, created_at, updated_at, number, subject, owner_id, user_id, last_activity_at, due_at, status, kind, status_reason, priority, channel, locale, urgency, bot_state, first_reply_breaches, next_reply_breaches, resolve_breaches, reopened, seq, public_seq, staff_seq, staff_read_seq, revision)`
	const values = `%s, %s, %s, 'B' || i, 'A ticket', %s, %s, %s, '9999-12-31 00:00:00+00:00', CASE WHEN i %% 5 = 0 THEN 'OPEN' ELSE 'CLOSED' END, 'QUESTION', 'NEW', 'NORMAL', 'ACCOUNT', 'en', 1, 'NONE', 0, 0, 0, 0, 1, 0, 1, 0, 1`
	at := `strftime('%Y-%m-%d %H:%M:%S+00:00', 1700000000 + i * 10, 'unixepoch')`
	series := `WITH RECURSIVE s (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s WHERE i < %d)`
	ids := func(head, by string) string {
		return strings.ReplaceAll(fmt.Sprintf(`'%s-0000-7000-8000-' || printf('%%012x', %s)`, head, by), "%%", "%")
	}
	from := ` FROM s`
	if w.db.Dialect() == dialect.Postgres {
		at = `to_timestamp(1700000000 + i * 10)`
		ids = func(head, by string) string {
			return fmt.Sprintf(`CAST('%s-0000-7000-8000-' || lpad(to_hex(%s), 12, '0') AS uuid)`, head, by)
		}
		series, from = ``, ` FROM generate_series(1, %d) AS i`
	}
	owner := `CASE WHEN i % ` + strconv.Itoa(max(n/200, 1)) + ` = 0 THEN ` + w.literal(w.alice) + ` ELSE ` + ids("00000001", "i / 20") + ` END`
	body := fmt.Sprintf(values, ids("00000002", "i"), at, at, owner, owner, at)
	statement := `INSERT INTO tickets ` + columns + ` ` + count(series, n) + ` SELECT ` + body + count(from, n)
	if w.db.Dialect() != dialect.Postgres {
		statement = count(series, n) + ` INSERT INTO tickets ` + columns + ` SELECT ` + body + from
	}
	if w.db.Dialect() == dialect.Postgres {
		statement = strings.ReplaceAll(statement, `'9999-12-31 00:00:00+00:00'`, `CAST('9999-12-31 00:00:00+00' AS timestamptz)`)
	}
	conn, err := w.db.Writer().Conn(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if w.db.Dialect() == dialect.Postgres { // no request takes so long
		statement = `SET statement_timeout = 0; ` + statement
	}
	if _, err := conn.ExecContext(context.Background(), statement); err != nil {
		b.Fatal(err)
	}
	analyse := `ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)`
	if w.db.Dialect() == dialect.Postgres {
		analyse = `VACUUM ANALYZE`
	}
	if _, err := conn.ExecContext(context.Background(), analyse); err != nil {
		b.Fatal(err)
	}
}

func (w *world) literal(id uuid.UUID) string {
	if w.db.Dialect() == dialect.Postgres {
		return `CAST('` + id.String() + `' AS uuid)`
	}
	return `'` + id.String() + `'`
}

func count(s string, n int) string {
	if strings.Contains(s, "%d") {
		return fmt.Sprintf(s, n)
	}
	return s
}
