package intake_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// mirror inserts into one database whatever rows are new in another: all of all
// tables, as a program without any rule would.
type mirror struct {
	b        *testing.B
	from, to *storetest.DB
	tables   []string // those that others refer to first
	keys     map[string][]int
	known    map[string]bool
	reads    *sql.DB // of PostgreSQL: the store's own ends long statements
}

// parents are the tables that rows of others refer to.
var parents = []string{"users", "companies", "bonus_programs", "products", "orders", "return_requests", "payments", "shipments", "ledger_accounts", "ledger_entries"}

func newMirror(b *testing.B, from, to *storetest.DB) *mirror {
	b.Helper()
	m := &mirror{b: b, from: from, to: to, keys: map[string][]int{}, known: map[string]bool{}}
	if from.Dialect() == dialect.Postgres {
		conn, err := sql.Open("postgres", from.URL)
		must(b, err)
		b.Cleanup(func() { _ = conn.Close() })
		m.reads = conn
	}
	list := `SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = 'public'`
	if from.Dialect() == dialect.SQLite {
		list = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_words%'`
	}
	m.read(from, list, func(_ []string, row []any) {
		name := fmt.Sprint(row[0])
		if !slices.Contains(parents, name) && !strings.Contains(name, "goose") && !strings.Contains(name, "sqlite_") && !strings.Contains(name, "river_") {
			m.tables = append(m.tables, name)
		}
	})
	m.tables = append(slices.Clone(parents), m.tables...)
	for _, table := range m.tables { // what a migration put there is in both
		m.read(to, `SELECT * FROM `+table, func(columns []string, row []any) { m.known[m.key(table, columns, row)] = true })
	}
	return m
}

// read gives the rows of a query one by one.
func (m *mirror) read(db *storetest.DB, query string, each func(columns []string, row []any)) {
	m.b.Helper()
	ask := db.Query
	if m.reads != nil && db == m.from {
		ask = m.reads.QueryContext
	}
	rows, err := ask(context.Background(), query)
	must(m.b, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(m.b, err)
	for rows.Next() {
		row, at := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			at[i] = &row[i]
		}
		must(m.b, rows.Scan(at...))
		each(columns, row)
	}
	must(m.b, rows.Err())
}

// key tells a row of a table from others: all tables have an id or few columns
// that do.
func (m *mirror) key(table string, columns []string, row []any) string {
	at, there := m.keys[table]
	if !there {
		for _, names := range [][]string{{"id"}, {"object_id"}, {"stream_id", "seq"}} {
			at = nil
			for i, c := range columns {
				if slices.Contains(names, c) {
					at = append(at, i)
				}
			}
			if len(at) == len(names) {
				break
			}
			at = nil
		}
		m.keys[table] = at
	}
	key := table
	if at == nil {
		return table + fmt.Sprint(row...)
	}
	for _, i := range at {
		key += fmt.Sprintf("|%v", row[i])
	}
	return key
}

// copy inserts what is new, 100 rows a statement in one transaction, and says
// how long that took without the reading, and how many rows there were.
func (m *mirror) copy() (took time.Duration, rows map[string]int) {
	m.b.Helper()
	rows = map[string]int{}
	var reading time.Duration
	began := time.Now()
	err := m.to.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for _, table := range m.tables {
			var args []any
			var columns []string
			var failed error
			put := func() {
				n := len(args) / max(1, len(columns))
				if n == 0 || failed != nil {
					return
				}
				began := time.Now()
				row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + "),"
				_, failed = tx.Exec(ctx, "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES "+strings.TrimSuffix(strings.Repeat(row, n), ","), args...)
				reading -= time.Since(began)
				rows[table] += n
				args = args[:0]
			}
			began := time.Now()
			m.read(m.from, `SELECT * FROM `+table, func(names []string, row []any) {
				key := m.key(table, names, row)
				if m.known[key] {
					return
				}
				m.known[key], columns = true, names
				if args = append(args, row...); len(args) >= 100*len(columns) {
					put()
				}
			})
			put()
			if reading += time.Since(began); failed != nil {
				return fmt.Errorf("%s: %w", table, failed)
			}
		}
		return nil
	})
	must(m.b, err)
	return time.Since(began) - reading, rows
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
