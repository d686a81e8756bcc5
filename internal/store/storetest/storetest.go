// Package storetest opens real, migrated databases for tests: a SQLite file
// and, where KABINET_TEST_POSTGRES names a server (make test starts one), a
// PostgreSQL database cloned from a template. It is imported by tests only.
package storetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/migrations"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Start is the time at which every test's clock begins.
var Start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Clock is the injected clock of a test.
type Clock struct{ now atomic.Int64 }

// Now is the clock's time.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.now.Load()).UTC() }

// Add moves the clock.
func (c *Clock) Add(d time.Duration) { c.now.Add(d.Microseconds()) }

// statement is one that was seen.
type statement struct {
	text    string
	request bool // it belongs to a request over HTTP or a socket
}

// DB is one test's database.
type DB struct {
	*store.Store
	Clock *Clock
	URL   string
	mu    sync.Mutex
	log   []statement

	tampered atomic.Bool
}

// Tampered says that the test breaks the books of the ledger on purpose: else
// they are proven when it ends.
func (db *DB) Tampered() { db.tampered.Store(true) }

// Statements counts the SQL statements that f causes, and lists them.
func (db *DB) Statements(f func()) (int, []string) { return db.count(f, false) }

// RequestStatements counts those alone that belong to a request: what runs
// behind the requests in a whole server is left out.
func (db *DB) RequestStatements(f func()) (int, []string) { return db.count(f, true) }

func (db *DB) count(f func(), requests bool) (int, []string) {
	db.mu.Lock()
	db.log = nil
	db.mu.Unlock()
	f()
	db.mu.Lock()
	defer db.mu.Unlock()
	var list []string
	for _, s := range db.log {
		if s.request || !requests {
			list = append(list, s.text)
		}
	}
	return len(list), list
}

// Each runs f on SQLite and on PostgreSQL, in parallel.
func Each(t *testing.T, f func(t *testing.T, db *DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, Open(t))
	})
	admin := os.Getenv("KABINET_TEST_POSTGRES")
	if admin == "" {
		if os.Getenv("KABINET_TEST_REQUIRE_POSTGRES") != "" {
			t.Fatal("KABINET_TEST_POSTGRES is not set, and KABINET_TEST_REQUIRE_POSTGRES demands it: run make test")
		}
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := openURL(t, clonePostgres(t, admin))
		db.prove(t)
		f(t, db)
	})
}

// EachB is Each for a benchmark, one after the other; PostgreSQL is left out
// where there is none.
func EachB(b *testing.B, f func(b *testing.B, db *DB)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { f(b, Open(b)) })
	if admin := os.Getenv("KABINET_TEST_POSTGRES"); admin != "" {
		b.Run("postgres", func(b *testing.B) { f(b, openURL(b, clonePostgres(b, admin))) })
	}
}

// Open gives a migrated SQLite file of its own; its books are proven at the end.
func Open(t testing.TB) *DB {
	t.Helper()
	template := sqliteTemplate(t)
	path := filepath.Join(t.TempDir(), "kabinet.db")
	b, err := os.ReadFile(template)
	must(t, err)
	must(t, os.WriteFile(path, b, 0o600))
	db := openURL(t, "sqlite://"+path)
	db.prove(t)
	return db
}

// Empty opens a second database of db's kind with nothing in it.
func Empty(t testing.TB, db *DB) *DB {
	t.Helper()
	if strings.HasPrefix(db.URL, "sqlite:") {
		return openURL(t, "sqlite://"+filepath.Join(t.TempDir(), "empty.db"))
	}
	admin := os.Getenv("KABINET_TEST_POSTGRES")
	name := "e" + strings.ReplaceAll(uuid.NewString(), "-", "")
	conn, err := sql.Open("postgres", admin)
	must(t, err)
	defer conn.Close()
	_, err = conn.Exec(`CREATE DATABASE ` + name)
	must(t, err)
	return openURL(t, withDatabase(t, admin, name))
}

// System is a context that acts as a part of Kabinet, past the fence.
func System() context.Context { return viewer.AsSystem(context.Background(), "test") }

// As is a context of a signed-in customer acting for himself.
func As(user uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: user, OwnerID: user, Locale: "en", TimeZone: "UTC"})
}

func openURL(t testing.TB, url string) *DB {
	t.Helper()
	db := &DB{Clock: &Clock{}, URL: url}
	db.Clock.now.Store(Start.UnixMicro())
	keep, _ := strconv.Atoi(os.Getenv("KABINET_TEST_STATEMENTS")) // -1 shows what prepared statements are worth
	s, err := store.Open(context.Background(), store.Options{URL: url, Clock: db.Clock.Now, Statements: keep, OnStatement: func(ctx context.Context, q string) {
		db.mu.Lock()
		defer db.mu.Unlock()
		db.log = append(db.log, statement{q, viewer.From(ctx).RequestID != ""})
	}})
	must(t, err)
	db.Store = s
	t.Cleanup(func() { _ = s.Close() })
	return db
}

var template struct {
	once sync.Once
	path string
	err  error
}

func sqliteTemplate(t testing.TB) string {
	t.Helper()
	template.once.Do(func() {
		dir, err := os.MkdirTemp("", "kabinet-template")
		if err != nil {
			template.err = err
			return
		}
		template.path = filepath.Join(dir, "template.db")
		template.err = migrate("sqlite://" + template.path)
	})
	must(t, template.err)
	return template.path
}

// migrate makes the schema and closes, which folds SQLite's log into the file.
func migrate(url string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return err
	}
	if _, err := s.Migrate(ctx); err != nil {
		return err
	}
	return s.Close()
}

// clonePostgres clones the template of this schema; the first test to need it
// makes it, under a lock all test processes share.
func clonePostgres(t testing.TB, admin string) string {
	t.Helper()
	db, err := sql.Open("postgres", admin)
	must(t, err)
	defer db.Close()
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	must(t, err)
	defer conn.Close()
	name := "kabinet_template_" + schemaHash(t)
	_, err = conn.ExecContext(ctx, `SELECT pg_advisory_lock(7301)`)
	must(t, err)
	var there bool
	must(t, conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&there))
	if !there {
		_, err = conn.ExecContext(ctx, `CREATE DATABASE `+name+`_new`)
		must(t, err)
		must(t, migrate(withDatabase(t, admin, name+"_new")))
		_, err = conn.ExecContext(ctx, `ALTER DATABASE `+name+`_new RENAME TO `+name)
		must(t, err)
	}
	clone := "t" + strings.ReplaceAll(uuid.NewString(), "-", "")
	_, err = conn.ExecContext(ctx, fmt.Sprintf(`CREATE DATABASE %s TEMPLATE %s`, clone, name))
	must(t, err)
	_, err = conn.ExecContext(ctx, `SELECT pg_advisory_unlock(7301)`)
	must(t, err)
	t.Cleanup(func() {
		if db, err := sql.Open("postgres", admin); err == nil {
			_, _ = db.Exec(`DROP DATABASE IF EXISTS ` + clone + ` WITH (FORCE)`)
			_ = db.Close()
		}
	})
	return withDatabase(t, admin, clone)
}

func withDatabase(t testing.TB, admin, name string) string {
	t.Helper()
	u, err := url.Parse(admin)
	must(t, err)
	u.Path = "/" + name
	return u.String()
}

func schemaHash(t testing.TB) string {
	t.Helper()
	h := sha256.New()
	must(t, fs.WalkDir(migrations.Postgres, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := migrations.Postgres.ReadFile(path)
		h.Write(b)
		return err
	}))
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
