package desk_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"kabinet/ent/generated/ticket"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/desk"
)

// The columns that a page of the queue shows.
const shown = `id, owner_id, user_id, number, kind, subject, status, status_reason, priority, locale, assignee_id, team_id, last_activity_at, due_at, urgency, created_at, revision, staff_seq, staff_read_seq`

// BenchmarkQueue is a page of the queue among 1,000,000 tickets (or as many as
// KABINET_BENCH_ROWS says; 50,000 when it is silent) beside one query written by
// hand of the same rows, by turns, so that what shares the machine falls on
// both: queue-µs and hand-µs are medians, ratio is the queue by the hand.
//
//	KABINET_BENCH_ROWS=1000000 go run ./internal/store/pgtest -- go test ./internal/support/desk -run '^$' -bench Queue -benchtime 100x -timeout 30m
func BenchmarkQueue(b *testing.B) {
	rows := 50_000
	if n, err := strconv.Atoi(os.Getenv("KABINET_BENCH_ROWS")); err == nil {
		rows = n
	}
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		q := &desk.Queue{Store: db.Store, Tickets: &support.Tickets{Store: db.Store}}
		fill(b, db, rows)
		open := []ticket.Status{ticket.StatusOPEN}
		team, who := key(2, 3), key(3, 7)
		middle := scalar.Cursor{ID: key(1, rows/2), Value: start.Add(time.Duration(rows/2) * time.Second)}
		for _, c := range []struct {
			name   string
			filter *desk.TicketQueueFilter
			sort   desk.TicketSort
			after  *scalar.Cursor
			where  string
			args   []any
			order  string
		}{
			{"all", nil, desk.SortLastActive, nil, `true`, nil, `last_activity_at DESC, id DESC`},
			{"all-middle", nil, desk.SortLastActive, &middle, `(last_activity_at, id) < (?, ?)`, []any{middle.Value, middle.ID}, `last_activity_at DESC, id DESC`},
			{"all-oldest", nil, desk.SortOldestActive, nil, `true`, nil, `last_activity_at, id`},
			{"newest", nil, desk.SortNewest, nil, `true`, nil, `id DESC`},
			{"open", &desk.TicketQueueFilter{Status: open}, desk.SortLastActive, nil, `status = 'OPEN'`, nil, `last_activity_at DESC, id DESC`},
			{"open-due", &desk.TicketQueueFilter{Status: open}, desk.SortDue, nil, `status = 'OPEN'`, nil, `due_at, id`},
			{"open-urgent", &desk.TicketQueueFilter{Status: open}, desk.SortUrgency, nil, `status = 'OPEN'`, nil, `urgency DESC, id DESC`},
			{"open-newest", &desk.TicketQueueFilter{Status: open}, desk.SortNewest, nil, `status = 'OPEN'`, nil, `id DESC`},
			{"not-closed", &desk.TicketQueueFilter{Status: []ticket.Status{ticket.StatusOPEN, ticket.StatusSNOOZED}}, desk.SortLastActive, nil, `status IN ('OPEN', 'SNOOZED')`, nil, `last_activity_at DESC, id DESC`},
			{"unassigned", &desk.TicketQueueFilter{Status: open, Unassigned: ptr(true)}, desk.SortOldestActive, nil, `status = 'OPEN' AND assignee_id IS NULL`, nil, `last_activity_at, id`},
			{"mine", &desk.TicketQueueFilter{Status: open, AssigneeID: ptr(usr(who))}, desk.SortLastActive, nil, `status = 'OPEN' AND assignee_id = ?`, []any{who}, `last_activity_at DESC, id DESC`},
			{"team", &desk.TicketQueueFilter{Status: open, TeamID: &scalar.ID{Prefix: "team", UUID: team}}, desk.SortLastActive, nil, `status = 'OPEN' AND team_id = ?`, []any{team}, `last_activity_at DESC, id DESC`},
			{"kind-seldom", &desk.TicketQueueFilter{Status: open, Kind: []ticket.Kind{ticket.KindFEEDBACK}}, desk.SortLastActive, nil, `status = 'OPEN' AND kind = 'FEEDBACK'`, nil, `last_activity_at DESC, id DESC`},
			{"several", &desk.TicketQueueFilter{Status: open, Priority: []ticket.Priority{ticket.PriorityURGENT, ticket.PriorityHIGH}, Locale: []string{"ru"}, Unread: ptr(true)}, desk.SortDue, nil,
				`status = 'OPEN' AND priority IN ('URGENT', 'HIGH') AND locale = 'ru' AND staff_seq > staff_read_seq`, nil, `due_at, id`},
			{"of-a-customer", &desk.TicketQueueFilter{CustomerID: ptr(usr(key(4, 11)))}, desk.SortLastActive, nil, `owner_id = ?`, []any{key(4, 11)}, `last_activity_at DESC, id DESC`},
			{"number", &desk.TicketQueueFilter{Number: ptr("T1000")}, desk.SortLastActive, nil, `number = ?`, []any{"T1000"}, `last_activity_at DESC, id DESC`},
			{"period", &desk.TicketQueueFilter{CreatedFrom: ptr(start.Add(100 * time.Second)), CreatedBefore: ptr(start.Add(200 * time.Second))}, desk.SortNewest, nil,
				`created_at >= ? AND created_at < ?`, []any{start.Add(100 * time.Second), start.Add(200 * time.Second)}, `id DESC`},
			{"breached", &desk.TicketQueueFilter{Status: open, LevelStatus: []ticket.LevelStatus{ticket.LevelStatusBREACHED}}, desk.SortDue, nil, `status = 'OPEN' AND level_status = 'BREACHED'`, nil, `due_at, id`},
		} {
			b.Run(c.name, func(b *testing.B) {
				hand := `SELECT ` + shown + ` FROM tickets WHERE ` + c.where + ` ORDER BY ` + c.order + ` LIMIT 21`
				sideBySide(b,
					func() int { return page(b, q, c.filter, c.sort, c.after) },
					func() int { return byHand(b, db, hand, c.args) })
			})
		}
	})
}

// selection is the query that a page is asked for by, so that what it reads is
// what a client asks for.
const selection = `{ ticketQueue { nodes { id number kind subject status statusReason priority locale lastActivityAt createdAt revision } pageInfo { hasNextPage endCursor } } }`

// asked is staff who asks for that.
func asked(b *testing.B) context.Context {
	b.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: selection})
	if err != nil {
		b.Fatal(err)
	}
	field := doc.Operations[0].SelectionSet[0].(*ast.Field)
	ctx := graphql.WithOperationContext(agent(uuid.New()), &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: map[string]any{}})
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: graphql.CollectedField{Field: field, Selections: field.SelectionSet}})
}

func page(b *testing.B, q *desk.Queue, filter *desk.TicketQueueFilter, sort desk.TicketSort, after *scalar.Cursor) int {
	b.Helper()
	c, err := q.List(asked(b), filter, &sort, desk.Page{After: after, First: ptr(20)})
	if err != nil {
		b.Fatal(err)
	}
	return len(c.Edges)
}

func byHand(b *testing.B, db *storetest.DB, query string, args []any) (n int) {
	b.Helper()
	rows, err := db.Query(storetest.System(), query, args...)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, owner uuid.UUID
		var user, assignee, team uuid.NullUUID
		var text [8]string
		var at [3]sql.NullTime
		var number [4]int64
		err := rows.Scan(&id, &owner, &user, &text[0], &text[1], &text[2], &text[3], &text[4], &text[5], &text[6], &assignee, &team,
			&at[0], &at[1], &number[0], &at[2], &number[1], &number[2], &number[3])
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return min(n, 20)
}

// sideBySide measures two by turns.
func sideBySide(b *testing.B, queue, hand func() int) {
	var took [2][]time.Duration
	for range 20 { // plans and caches are warm then
		if a, h := queue(), hand(); a != h {
			b.Fatalf("%d rows, by hand %d", a, h)
		}
	}
	for b.Loop() {
		for i, f := range []func() int{queue, hand} {
			from := time.Now()
			f()
			took[i] = append(took[i], time.Since(from))
		}
	}
	var median [2]float64
	for i, all := range took {
		slices.Sort(all)
		median[i] = float64(all[len(all)/2].Nanoseconds()) / 1e3
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median[0], "queue-µs")
	b.ReportMetric(median[1], "hand-µs")
	b.ReportMetric(median[0]/median[1], "ratio")
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// key is an id that fill gives: of tickets (1), teams (2), operators (3) and
// customers (4).
func key(of, n int) uuid.UUID {
	return uuid.MustParse(fmt.Sprintf("%08x-0000-7000-8000-%012x", of, n))
}

// fill writes n tickets past the API: 2 % open, 3 % snoozed, the others closed;
// of 1,000 customers, 20 teams and 100 operators, a third of the open ones
// nobody's; every thousandth is praise.
func fill(b *testing.B, db *storetest.DB, n int) {
	b.Helper()
	series, at := `generate_series(1, `+fmt.Sprint(n)+`) AS g(i)`, `timestamptz '2026-01-01T00:00:00Z' + i * interval '1 second'`
	id := func(of int, number string) string {
		return `CAST(lpad(to_hex(` + fmt.Sprint(of) + `), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(` + number + `), 12, '0') AS uuid)`
	}
	with, done := ``, `VACUUM ANALYZE`
	if db.Dialect() == dialect.SQLite {
		with, series = `WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < `+fmt.Sprint(n)+`) `, `g`
		at, done = `strftime('%Y-%m-%d %H:%M:%S', 1767225600 + i, 'unixepoch') || '+00:00'`, `ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)`
		id = func(of int, number string) string {
			return fmt.Sprintf(`printf('%%08x-0000-7000-8000-%%012x', %d, %s)`, of, number)
		}
	}
	status := `CASE WHEN i % 50 = 0 THEN 'OPEN' WHEN i % 33 = 0 THEN 'SNOOZED' ELSE 'CLOSED' END`
	query := `INSERT INTO tickets (id, created_at, updated_at, revision, owner_id, user_id, number, kind, subject, status, status_reason, priority, urgency, channel, locale,
		assignee_id, team_id, bot_state, level_status, due_at, last_activity_at, seq, public_seq, staff_seq, staff_read_seq, first_reply_breaches, next_reply_breaches, resolve_breaches, reopened) ` + with +
		`SELECT ` + id(1, `i`) + `, ` + at + `, ` + at + `, 1, ` + id(4, `i % 1000`) + `, ` + id(4, `i % 1000`) + `, 'T' || i, CASE WHEN i % 1000 = 0 THEN 'FEEDBACK' ELSE 'QUESTION' END, 'Subject ' || i, ` +
		status + `, CASE WHEN i % 50 = 0 THEN 'NEW_REPLY' ELSE 'RESOLVED' END, CASE WHEN i % 700 = 0 THEN 'URGENT' WHEN i % 70 = 0 THEN 'HIGH' ELSE 'NORMAL' END,
		CASE WHEN i % 700 = 0 THEN 3 WHEN i % 70 = 0 THEN 2 ELSE 1 END, 'ACCOUNT', CASE WHEN i % 4 = 0 THEN 'ru' ELSE 'en' END,
		CASE WHEN i % 3 = 0 THEN NULL ELSE ` + id(3, `i / 50 % 100`) + ` END, ` + id(2, `i / 50 % 20`) + `, 'NONE', CASE WHEN i % 400 = 0 THEN 'BREACHED' ELSE 'PENDING' END, ` + at + `, ` + at + `, 1, 0, 1, i % 2, 0, 0, 0, 0 FROM ` + series
	conn, err := db.Writer().Conn(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	statements := []string{query, done}
	if db.Dialect() == dialect.Postgres { // no request takes so long
		statements = []string{`SET statement_timeout = 0`, query, `RESET statement_timeout`, done}
	}
	for _, s := range statements {
		if _, err := conn.ExecContext(context.Background(), s); err != nil {
			b.Fatalf("%.300s: %v", strings.TrimSpace(s), err)
		}
	}
}
