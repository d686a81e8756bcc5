package prepared_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// keeping opens db's database once more, with connections that keep so many
// statements.
func keeping(t testing.TB, db *storetest.DB, statements int) (*store.Store, *sql.DB) {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: db.URL, Statements: statements})
	check(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s, s.Writer()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mark is the n-th placeholder.
func mark(s *store.Store, n int) string {
	if s.Dialect() == dialect.Postgres {
		return fmt.Sprintf("CAST($%d AS bigint)", n)
	}
	return "?"
}

func onServer(t *testing.T, c *sql.Conn, like string) (n int) {
	t.Helper()
	err := c.QueryRowContext(context.Background(), `SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE $1`, like).Scan(&n)
	check(t, err)
	return n
}

// A connection keeps what comes again and no more than it may, however many
// texts there are; what is used all the time is not driven out.
func TestKeepsABoundedNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s, pool := keeping(t, db, 20)
		ctx := context.Background()
		c, err := pool.Conn(ctx)
		check(t, err)
		defer c.Close()
		for i := range 10_000 {
			var sum int64
			check(t, c.QueryRowContext(ctx, fmt.Sprintf(`SELECT %s + %d`, mark(s, 1), i%5000), i).Scan(&sum))
			if sum != int64(i+i%5000) {
				t.Fatalf("%d: %d", i, sum)
			}
			check(t, c.QueryRowContext(ctx, `SELECT `+mark(s, 1)+` AS hot`, i).Scan(&sum))
		}
		if s.Dialect() != dialect.Postgres {
			return
		}
		if n := onServer(t, c, "%"); n > 20 || n < 10 {
			t.Fatalf("the server holds %d statements of at most 20", n)
		}
		if n := onServer(t, c, "%hot"); n != 1 {
			t.Fatalf("the statement that is used all the time is kept %d times", n)
		}
	})
}

func TestKeepsPlainStatementsOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s, pool := keeping(t, db, 0)
		if s.Dialect() != dialect.Postgres {
			return
		}
		ctx := context.Background()
		c, err := pool.Conn(ctx)
		check(t, err)
		defer c.Close()
		for range 3 {
			for _, text := range []string{
				`SELECT 1; SELECT 2`, `SET work_mem = '4MB'`, `CREATE TEMP TABLE IF NOT EXISTS x (a int)`, `BEGIN`, `SAVEPOINT a`, `COMMIT`,
				`SELECT '` + strings.Repeat("long", 10_000) + `'`,
			} {
				_, err := c.ExecContext(ctx, text)
				check(t, err)
			}
			_, err := c.ExecContext(ctx, "-- name: Sqlc :one\n  SELECT 'kept'")
			check(t, err)
		}
		if n := onServer(t, c, "%kept%"); n != 1 {
			t.Errorf("a statement after a comment is kept %d times", n)
		}
		if n := onServer(t, c, "%"); n != 2 { // the kept one and our question
			t.Errorf("%d statements are kept", n)
		}
		copies, err := c.BeginTx(ctx, nil)
		check(t, err)
		in, err := copies.Prepare(`COPY "x" ("a") FROM STDIN`)
		check(t, err)
		_, err = in.Exec(7)
		check(t, err)
		check(t, in.Close()) //nolint:sqlclosecheck // closing ends the COPY, before the commit
		check(t, copies.Commit())
		var a int
		if err := c.QueryRowContext(ctx, `SELECT a FROM x`).Scan(&a); err != nil || a != 7 {
			t.Errorf("COPY: %d %v", a, err)
		}
	})
}

// Many at once over few places: a statement is never closed under its user.
func TestConcurrency(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s, pool := keeping(t, db, 3)
		if s.Dialect() == dialect.SQLite {
			pool.SetMaxOpenConns(4)
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var all sync.WaitGroup
		for g := range 100 {
			all.Go(func() {
				for i := range 50 {
					want := int64(g + i%7)
					var got int64
					if err := pool.QueryRowContext(ctx, fmt.Sprintf(`SELECT %s + %d`, mark(s, 1), i%7), g).Scan(&got); err != nil || got != want {
						t.Errorf("%d, not %d: %v", got, want, err)
						return
					}
				}
			})
		}
		all.Wait()
	})
}

// One text a second time while its rows are read: SQLite reads both, lib/pq
// refuses, and nothing breaks.
func TestReadingTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s, pool := keeping(t, db, 1)
		ctx := context.Background()
		c, err := pool.Conn(ctx)
		check(t, err)
		defer c.Close()
		const three = `SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 ORDER BY n`
		read := func(between func()) (sum int64) {
			r, err := c.QueryContext(ctx, three)
			check(t, err)
			defer r.Close()
			for r.Next() {
				var n int64
				check(t, r.Scan(&n))
				sum += n
				between()
			}
			check(t, r.Err())
			return sum
		}
		read(func() {})
		sum := read(func() {
			if s.Dialect() == dialect.Postgres {
				if _, err := c.ExecContext(ctx, `SELECT 1`); err == nil {
					t.Error("a statement while rows are read")
				}
				return
			}
			if inner := read(func() {}); inner != 6 {
				t.Errorf("the inner rows sum up to %d", inner)
			}
			for i := range 3 { // drive it out while it is read
				_, err := c.ExecContext(ctx, fmt.Sprintf(`SELECT %d`, i%2))
				check(t, err)
			}
		})
		if sum != 6 || read(func() {}) != 6 {
			t.Errorf("the rows sum up to %d", sum)
		}
	})
}

// The tables change under a kept statement: outside a transaction nobody
// notices, inside the transaction is tried again.
func TestSchemaChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s, pool := keeping(t, db, 0)
		ctx := context.Background()
		pool.SetMaxOpenConns(1)
		exec := func(text string) {
			t.Helper()
			_, err := pool.ExecContext(ctx, text)
			check(t, err)
		}
		columns := func() int {
			r, err := pool.QueryContext(ctx, `SELECT * FROM scratch`)
			check(t, err)
			defer r.Close()
			names, err := r.Columns()
			check(t, err)
			check(t, r.Err())
			return len(names)
		}
		exec(`CREATE TABLE scratch (a bigint)`)
		exec(`INSERT INTO scratch VALUES (1)`)
		if n := columns(); n != 1 {
			t.Fatalf("%d columns", n)
		}
		exec(`ALTER TABLE scratch ADD COLUMN b bigint`)
		if n := columns(); n != 2 {
			t.Fatalf("%d columns", n)
		}
		other, err := store.Open(ctx, store.Options{URL: db.URL})
		check(t, err)
		defer other.Close()
		tries := 0
		err = s.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			tries++
			if tries == 1 && s.Dialect() == dialect.Postgres { // SQLite would wait for us
				_, err := other.Writer().ExecContext(ctx, `ALTER TABLE scratch ADD COLUMN c bigint`)
				check(t, err)
			}
			rows, err := tx.Query(ctx, `SELECT * FROM scratch`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				continue
			}
			return rows.Err()
		})
		check(t, err)
		if want := map[string]int{dialect.Postgres: 2, dialect.SQLite: 1}[s.Dialect()]; tries != want {
			t.Errorf("%d tries, not %d", tries, want)
		}
	})
}

// Who gives up in the middle of a statement hears so, and leaves no connection
// behind that refuses or cancels somebody else's.
func TestCancellation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s, pool := keeping(t, db, 0)
		pool.SetMaxOpenConns(2)
		slow := `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + mark(s, 1) + `) SELECT max(i) FROM n`
		for i := range 10 {
			var n int64
			check(t, pool.QueryRow(slow, 10).Scan(&n))
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
			err := pool.QueryRowContext(ctx, slow, int64(100_000_000)).Scan(&n)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a cancelled statement: %v", err)
			}
			if i%2 == 0 {
				err = s.InTx(ctx, func(context.Context, *store.Tx) error { return nil })
			} else {
				ctx, stop := context.WithTimeout(storetest.System(), 5*time.Millisecond)
				err = s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
					return tx.QueryRow(ctx, strings.ReplaceAll(slow, mark(s, 1), `CAST(? AS bigint)`), int64(100_000_000)).Scan(&n)
				})
				stop()
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a cancelled transaction: %v", err)
			}
			cancel()
			for range 5 {
				check(t, pool.QueryRow(slow, 10).Scan(&n))
			}
		}
	})
}

// What a statement refuses leaves it as good as before.
func TestARefusedStatementIsKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s, pool := keeping(t, db, 0)
		_, err := pool.Exec(`CREATE TABLE scratch (a bigint PRIMARY KEY)`)
		check(t, err)
		insert := `INSERT INTO scratch (a) VALUES (?)`
		for i := range 6 {
			err := s.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, insert, i/2)
				return err
			})
			if taken := i%2 == 1; taken != store.IsUnique(err) || !taken && err != nil {
				t.Fatalf("%d: %v", i, err)
			}
		}
		var n int
		if err := pool.QueryRow(`SELECT count(*) FROM scratch`).Scan(&n); err != nil || n != 3 {
			t.Fatal(n, err)
		}
	})
}
