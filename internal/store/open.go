// Package store is the only door to the database: opening, migrations,
// transactions, the fence of ownership, the event log and the plain tables.
// It holds no business rule. It alone writes audit_entries, tasks, settings,
// streams, account_events, idempotencies, rate_limits and challenges.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"
	"modernc.org/sqlite"

	ent "kabinet/ent/generated"
	"kabinet/internal/store/prepared"
)

// Options opens a Store.
type Options struct {
	URL         string                                      // sqlite:///path, sqlite://./path or postgres://…
	Clock       func() time.Time                            // time.Now when nil
	Log         *slog.Logger                                // slog.Default() when nil
	OnStatement func(ctx context.Context, statement string) // sees every statement; for tests and bench
	Statements  int                                         // how many each connection keeps prepared; 0: prepared.Size, less than 0: none
}

// Store is one opened database. Client reads outside transactions; it is
// fenced (scope.go), and every write goes through InTx.
type Store struct {
	Client *ent.Client
	drv    *pools
	url    string
	clock  func() time.Time
	log    *slog.Logger
	told   func(heard bool) // rings the relay after a commit that told events
	heard  map[string]bool  // kinds of facts that anybody hears; nil: all
	epoch  atomic.Pointer[string]
	owners owners
}

// maxConns is what was measured best for short transactions on two cores;
// larger pools make conditional updates queue inside the database.
const maxConns = 16

// Open opens the pools and checks that the database answers. It does not
// migrate: call Migrate.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{url: o.URL, clock: o.Clock, log: o.Log, told: func(bool) {}}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	drv, err := openDriver(o.URL, o.Statements)
	if err != nil {
		return nil, err
	}
	if err := drv.write.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	drv.onStatement = o.OnStatement
	s.drv = drv
	s.Client = ent.NewClient(ent.Driver(drv))
	s.stamp()
	s.fence()
	return s, nil
}

// Close closes the pools.
func (s *Store) Close() error { return s.drv.Close() }

// Now is the clock's time, UTC, cut to the microseconds both databases keep.
func (s *Store) Now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.drv.write.PingContext(ctx) }

// Dialect is dialect.Postgres or dialect.SQLite.
func (s *Store) Dialect() string { return s.drv.dialect }

// Writer is the pool that River shares; nothing else may use it.
func (s *Store) Writer() *sql.DB { return s.drv.write }

// OnTold sets what is called after each commit that told events, and whether
// anybody hears one of them.
func (s *Store) OnTold(f func(heard bool)) { s.told = f }

func openDriver(raw string, keep int) (*pools, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	switch u.Scheme {
	case "postgres", "postgresql":
		db, err := openPostgres(u, keep, statementTimeout)
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(maxConns)
		db.SetMaxIdleConns(maxConns)
		return &pools{dialect: dialect.Postgres, write: db, read: db}, nil
	case "sqlite":
		path := SQLitePath(raw)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("open sqlite: %w", err)
		}
		write, err := openSQLite(path, "&_txlock=immediate&_pragma=foreign_keys(1)", keep)
		if err != nil {
			return nil, err
		}
		write.SetMaxOpenConns(1)
		read, err := openSQLite(path, "&_pragma=query_only(1)", keep)
		if err != nil {
			return nil, err
		}
		read.SetMaxOpenConns(8)
		read.SetMaxIdleConns(8)
		return &pools{dialect: dialect.SQLite, write: write, read: read}, nil
	}
	return nil, fmt.Errorf("database url: scheme %q is not known; use sqlite:///path or postgres://user@host/name", u.Scheme)
}

// A statement that nobody waits for any more must not work on for ever, and an
// instance that froze inside a transaction must not hold its locks: the others
// wait for them. Milliseconds; who names them in the URL decides himself.
const (
	statementTimeout   = "60000"
	transactionTimeout = "60000"
)

func openPostgres(u *url.URL, keep int, statements string) (*sql.DB, error) {
	q := u.Query()
	for name, value := range map[string]string{"statement_timeout": statements, "idle_in_transaction_session_timeout": transactionTimeout} {
		if !q.Has(name) && !strings.Contains(q.Get("options"), name) {
			q.Set(name, value)
		}
	}
	named := *u
	named.RawQuery = q.Encode()
	connector, err := pq.NewConnector(named.String())
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	return sql.OpenDB(prepared.Connector(connector, keep, true)), nil
}

// SQLitePath is the file of a sqlite:// URL.
func SQLitePath(raw string) string { return strings.TrimPrefix(raw, "sqlite://") }

func openSQLite(path, more string, keep int) (*sql.DB, error) {
	// WAL lets readers go on beside the one writer; times are written so that
	// their text sorts as they do.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_time_format=sqlite&_timezone=UTC&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)" + more
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	return sql.OpenDB(prepared.Connector(connector, keep, false)), nil
}
