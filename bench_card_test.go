package main

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
	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"kabinet/internal/demo"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// BenchmarkWholeCard is a customer card with all its fields, over the schema as
// the server runs it, of a customer with 30 of everything among a million
// tickets (KABINET_BENCH_ROWS; 20,000 when nothing is said), beside one
// hand-written statement of the same rows, by turns: card-µs and query-µs are
// medians, ratio is one by the other. The statement's JSON is decoded, as the
// card's rows are.
//
//	KABINET_BENCH_ROWS=1000000 go run ./internal/store/pgtest -- go test . -run '^$' -bench WholeCard -benchtime 300x -timeout 30m
func BenchmarkWholeCard(b *testing.B) {
	rows := 20_000
	if n, err := strconv.Atoi(os.Getenv("KABINET_BENCH_ROWS")); err == nil {
		rows = n
	}
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		var schema graphql.ExecutableSchema
		w := newWorldWith(b, db, func(es graphql.ExecutableSchema) graphql.ExecutableSchema {
			schema = es
			return es
		})
		who := w.somebodyWith(b, 30)
		fillTickets(b, db, rows, who)
		analyse(b, db)
		ask := execute(b, schema, seesCards(userOf(b, w, "staff")), cardQuery(who))
		query, args := cardByHand(db.Dialect(), who)
		byTurns(b, "card", ask, "query", func() { askByHand(b, db, query, args) })
	})
}

// byTurns takes the time of two by turns.
func byTurns(b *testing.B, one string, f func(), other string, g func()) {
	var took [2][]time.Duration
	turn := func() {
		for i, do := range []func(){f, g} {
			start := time.Now()
			do()
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
	b.ReportMetric(median[0], one+"-µs")
	b.ReportMetric(median[1], other+"-µs")
	b.ReportMetric(median[0]/median[1], "ratio")
}

// seesCards is a member of staff who reads all that stands on a card.
func seesCards(staff uuid.UUID) context.Context {
	ctx := demo.AsStaff(context.Background(), staff)
	v := viewer.From(ctx)
	for _, resource := range []string{"marketing", "audit_entry", "support"} {
		v.Grants[viewer.Permission{Resource: resource, Operation: "read"}] = viewer.ReachAll
	}
	return ctx
}

// execute sends a query to a schema again and again, past HTTP.
func execute(b *testing.B, es graphql.ExecutableSchema, as context.Context, query string) func() {
	ex := executor.New(es)
	ex.SetQueryCache(graphql.MapCache[*ast.QueryDocument]{})
	return func() {
		ctx := graphql.StartOperationTrace(as)
		op, errs := ex.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
		if len(errs) > 0 {
			b.Fatal(errs)
		}
		respond, ctx := ex.DispatchOperation(ctx, op)
		answer := respond(ctx)
		if answer == nil || len(answer.Errors) > 0 || len(answer.Data) < 10_000 {
			b.Fatalf("%+v", answer)
		}
	}
}

func askByHand(b *testing.B, db *storetest.DB, query string, args []any) {
	b.Helper()
	rows, err := db.Query(context.Background(), query, args...)
	check(b, err)
	defer rows.Close()
	for rows.Next() {
		var raw sql.RawBytes
		check(b, rows.Scan(&raw))
		var all map[string][]any
		check(b, json.Unmarshal(raw, &all))
		for part, want := range map[string]int{"tickets": 10, "last": 5, "returns": 20, "notes": 30, "contacts": 30, "companies": 30, "clubs": 20, "discounts": 30, "offers": 20, "activity": 10, "cards": 20, "accounts": 1} {
			if len(all[part]) != want {
				b.Fatalf("%s: %d rows, not %d", part, len(all[part]), want)
			}
		}
	}
	check(b, rows.Err())
}

// partsByHand are the parts of a card, each a query; every ? is the customer.
// Names of columns come first, as its JSON has them. What says to whom an offer
// or a discount is, is read with it, as a program would read it to decide.
var partsByHand = [][3]string{
	{"user", `id display_name kind status locale time_zone created_at`, `SELECT * FROM users WHERE id = ?`},
	{"contacts", `id kind value verified_at is_primary`, `SELECT * FROM contact_points WHERE user_id = ? ORDER BY id LIMIT 100`},
	{"companies", `id name role kind`, `SELECT c.id, c.name, r.name AS role, c.kind FROM memberships m JOIN companies c ON c.id = m.owner_id JOIN roles r ON r.key_id = m.role_id AND r.retired_at IS NULL WHERE m.user_id = ? AND m.status = 'ACTIVE' ORDER BY m.id LIMIT 50`},
	{"spent", `currency n minor`, `SELECT currency, count(*) AS n, sum(total_minor) AS minor FROM orders WHERE owner_id = ? AND status IN ('PLACED', 'COMPLETED') GROUP BY currency`},
	{"last", `id number status payment_status fulfillment_status placed_at currency total_minor`, `SELECT * FROM orders WHERE owner_id = ? ORDER BY placed_at DESC, id DESC LIMIT 5`},
	{"lines", `order_id title quantity`, `SELECT l.* FROM order_lines l JOIN (SELECT id FROM orders WHERE owner_id = ? ORDER BY placed_at DESC, id DESC LIMIT 5) o ON o.id = l.order_id ORDER BY l.position`},
	{"returns", `id number status currency amount_minor requested_at lines`, `SELECT id, number, status, currency, amount_minor, requested_at, CAST(lines AS text) AS lines FROM return_requests WHERE owner_id = ? AND status NOT IN ('REFUNDED', 'REJECTED', 'CANCELLED') ORDER BY id DESC LIMIT 20`},
	{"accounts", `id unit active pending held tier program`, `SELECT a.id, a.unit, a.active, a.pending, a.held, t.handle AS tier, p.name AS program FROM ledger_accounts a LEFT JOIN bonus_programs p ON p.key_id = a.program_id AND p.retired_at IS NULL LEFT JOIN tiers t ON t.key_id = a.tier_id AND t.retired_at IS NULL WHERE a.owner_id = ? AND a.kind = 'BONUS'`},
	{"tiers", `name rank perks`, `SELECT CAST(texts AS text) AS name, rank, CAST(perks AS text) AS perks FROM tiers WHERE retired_at IS NULL`},
	{"clubs", `id joined_at handle texts perks`, `SELECT m.id, m.joined_at, c.handle, CAST(c.texts AS text) AS texts, CAST(c.perks AS text) AS perks FROM club_members m JOIN clubs c ON c.id = m.club_id WHERE m.owner_id = ? AND m.left_at IS NULL ORDER BY m.id DESC LIMIT 20`},
	{"discounts", `id kind texts effect ends_at`, `SELECT id, kind, CAST(texts AS text) AS texts, CAST(effect AS text) AS effect, ends_at FROM promotions WHERE kind IN ('DISCOUNT', 'PERSONAL_PRICE') AND status = 'ACTIVE' AND CAST(audience AS text) LIKE '%' || CAST(? AS text) || '%' ORDER BY id LIMIT 200`},
	{"offers", `id texts effect ends_at activated_at status`, `SELECT p.id, CAST(p.texts AS text) AS texts, CAST(p.effect AS text) AS effect, p.ends_at, c.activated_at, c.status FROM promotions p JOIN promo_codes c ON c.promotion_id = p.id AND c.code_key IS NULL AND c.owner_id = ? WHERE p.kind = 'OFFER' AND p.status <> 'DRAFT' ORDER BY p.id DESC LIMIT 20`},
	{"counts", `status n rated sum`, `SELECT status, count(*) AS n, count(rating) AS rated, sum(rating) AS sum FROM (SELECT status, rating FROM tickets WHERE owner_id = ? UNION ALL SELECT t.status, t.rating FROM ticket_participants p JOIN tickets t ON t.id = p.ticket_id WHERE p.user_id = ? AND p.left_at IS NULL AND t.owner_id <> ?) m GROUP BY status`},
	{"tickets", `id number subject status status_reason priority owner_id user_id staff_seq staff_read_seq last_activity_at assignee body author_name`,
		`SELECT t.*, u.display_name AS assignee, m.body, m.author_name FROM (` + lastByHand + `) l JOIN tickets t ON t.id = l.id LEFT JOIN users u ON u.id = t.assignee_id LEFT JOIN ticket_messages m ON m.id = t.last_message_id ORDER BY t.last_activity_at DESC, t.id DESC`},
	{"participants", `ticket_id role display_name`, `SELECT p.ticket_id, p.role, u.display_name FROM (` + lastByHand + `) l JOIN ticket_participants p ON p.ticket_id = l.id AND p.left_at IS NULL JOIN users u ON u.id = p.user_id`},
	{"links", `ticket_id kind`, `SELECT k.ticket_id, k.kind FROM (` + lastByHand + `) l JOIN ticket_links k ON k.ticket_id = l.id`},
	{"notes", `id body pinned author_id author_name created_at updated_at revision`, `SELECT * FROM customer_notes WHERE user_id = ? AND removed_at IS NULL ORDER BY pinned DESC, id DESC LIMIT 100`},
	{"activity", `id created_at action actor_kind actor_id user_agent ip display_name`, `SELECT a.*, u.display_name FROM audit_entries a LEFT JOIN users u ON u.id = a.actor_id WHERE a.owner_id = ? AND a.action LIKE 'account.%' ORDER BY a.id DESC LIMIT 10`},
	{"cards", `id name title rows link fetched_at expires_at error failed_at`, `SELECT s.id, s.name, o.title, CAST(o."rows" AS text) AS "rows", o.link, o.fetched_at, o.expires_at, o.error, o.failed_at FROM card_sources s LEFT JOIN outside_cards o ON o.source_id = s.id AND o.user_id = ? WHERE s.enabled ORDER BY s.position, s.id LIMIT 20`},
	{"manager", `id display_name avatar_id kind value`, `SELECT u.id, u.display_name, u.avatar_id, p.kind, p.value FROM users c JOIN users u ON u.id = c.manager_id LEFT JOIN contact_points p ON p.user_id = u.id AND p.verified_at IS NOT NULL WHERE c.id = ? AND u.id IN (SELECT user_id FROM memberships WHERE kind = 'STAFF' AND status = 'ACTIVE')`},
}

// lastByHand are the ids of his tickets last active.
const lastByHand = `SELECT id FROM (SELECT id, last_activity_at FROM (SELECT id, last_activity_at FROM tickets WHERE owner_id = ? ORDER BY last_activity_at DESC, id DESC LIMIT 10) a UNION SELECT id, last_activity_at FROM (SELECT t.id, t.last_activity_at FROM ticket_participants p JOIN tickets t ON t.id = p.ticket_id WHERE p.user_id = ? AND p.left_at IS NULL AND t.owner_id <> ? ORDER BY t.last_activity_at DESC, t.id DESC LIMIT 10) b) c ORDER BY last_activity_at DESC, id DESC LIMIT 10`

// cardByHand is the card in one statement, as one would write it.
func cardByHand(d string, who uuid.UUID) (string, []any) {
	object, array := "json_object", "json_group_array"
	if d == dialect.Postgres {
		object, array = "json_build_object", "json_agg"
	}
	var all []string
	for _, p := range partsByHand {
		var row []string
		for _, c := range strings.Fields(p[1]) {
			row = append(row, `'`+c+`', "`+c+`"`)
		}
		list := `(SELECT ` + array + `(` + object + `(` + strings.Join(row, `, `) + `)) FROM (` + p[2] + `) x)`
		if d == dialect.SQLite { // or the list would be a text
			list = `json(` + list + `)`
		}
		all = append(all, `'`+p[0]+`', `+list)
	}
	query := `SELECT ` + object + `(` + strings.Join(all, `, `) + `)`
	return query, slices.Repeat([]any{who}, strings.Count(query, "?"))
}

// fillTickets writes n tickets past the API: 200 of one person, the others of
// customers with 20 each, all long ago.
func fillTickets(b *testing.B, db *storetest.DB, n int, who uuid.UUID) {
	b.Helper()
	key := func(head, by string) string { return `'` + head + `-0000-7000-8000-' || printf('%012x', ` + by + `)` }
	literal, at, never := `'`+who.String()+`'`, `strftime('%Y-%m-%d %H:%M:%S+00:00', 1700000000 + i, 'unixepoch')`, `'9999-12-31 00:00:00+00:00'`
	with, from := fmt.Sprintf(`WITH RECURSIVE s (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s WHERE i < %d) `, n), ` FROM s`
	if db.Dialect() == dialect.Postgres {
		key = func(head, by string) string {
			return `CAST('` + head + `-0000-7000-8000-' || lpad(to_hex(` + by + `), 12, '0') AS uuid)`
		}
		literal, at, never = `CAST(`+literal+` AS uuid)`, `to_timestamp(1700000000 + i)`, `CAST(`+never+` AS timestamptz)`
		with, from = ``, fmt.Sprintf(` FROM generate_series(1, %d) AS i`, n)
	}
	owner := fmt.Sprintf(`CASE WHEN i %% %d = 0 THEN %s ELSE %s END`, max(n/200, 1), literal, key("00000001", "i / 20"))
	conn, err := db.Writer().Conn(context.Background())
	check(b, err)
	defer conn.Close()
	if db.Dialect() == dialect.Postgres { // no request takes so long
		_, err := conn.ExecContext(context.Background(), `SET statement_timeout = 0`)
		check(b, err)
	}
	_, err = conn.ExecContext(context.Background(), with+`INSERT INTO tickets (id, created_at, updated_at, number, subject, owner_id, user_id, last_activity_at, due_at, status, kind, status_reason, priority, channel, locale, urgency, bot_state,
		first_reply_breaches, next_reply_breaches, resolve_breaches, reopened, seq, public_seq, staff_seq, staff_read_seq, revision)
		SELECT `+strings.Join([]string{key("00000002", "i"), at, at, `'B' || i`, `'A ticket'`, owner, owner, at, never}, `, `)+`,
		CASE WHEN i % 5 = 0 THEN 'OPEN' ELSE 'CLOSED' END, 'QUESTION', 'NEW', 'NORMAL', 'ACCOUNT', 'en', 1, 'NONE', 0, 0, 0, 0, 1, 0, 1, 0, 1`+from)
	check(b, err)
}
