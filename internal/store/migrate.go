package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"kabinet/ent/generated/migrate"
	"kabinet/ent/migrations"
)

// ErrNewer is the refusal to run on a database that a newer Kabinet migrated.
var ErrNewer = errors.New("the database was migrated by a newer Kabinet: run that version, or restore the backup taken before the upgrade")

// MigrationStatus is one migration and when it was applied, zero if it was not.
type MigrationStatus struct {
	Version   int64
	Name      string
	AppliedAt time.Time
}

// Migrate applies what is missing under a lock, so that several instances may
// start at once. It refuses a database that is newer than the binary.
func (s *Store) Migrate(ctx context.Context) (applied []string, err error) {
	err = s.migrating(ctx, func(p *goose.Provider) error {
		if err := refuseNewer(ctx, p); err != nil {
			return err
		}
		results, err := p.Up(ctx)
		for _, r := range results {
			applied = append(applied, r.Source.Path)
		}
		return err
	})
	return applied, err
}

// CheckMigrations says whether the database is exactly at this binary's version.
func (s *Store) CheckMigrations(ctx context.Context) error {
	status, err := s.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	for _, m := range status {
		if m.AppliedAt.IsZero() {
			return fmt.Errorf("migration %s is not applied: run kabinet migrate up", m.Name)
		}
	}
	return nil
}

// MigrationStatus lists the migrations of this binary. A newer database is ErrNewer.
func (s *Store) MigrationStatus(ctx context.Context) (list []MigrationStatus, err error) {
	rows, err := s.Query(ctx, `SELECT version_id, tstamp FROM `+goose.DefaultTablename+` WHERE is_applied`)
	at := map[int64]time.Time{}
	if err == nil {
		defer rows.Close()
		for rows.Next() {
			var v int64
			var t time.Time
			if err := rows.Scan(&v, &t); err != nil {
				return nil, translate(err)
			}
			at[v] = t
		}
		if err := rows.Err(); err != nil {
			return nil, translate(err)
		}
	}
	files, dir := s.migrations()
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	var last int64
	for _, e := range entries {
		v, err := goose.NumericComponent(e.Name())
		if err != nil {
			continue // the checksum file of the diff
		}
		list = append(list, MigrationStatus{v, e.Name(), at[v]})
		last = max(last, v)
	}
	for v := range at {
		if v > last {
			return nil, fmt.Errorf("database is at %d, this binary at %d: %w", v, last, ErrNewer)
		}
	}
	return list, nil
}

func (s *Store) migrations() (files fs.FS, dir string) {
	if s.Dialect() == dialect.Postgres {
		return migrations.Postgres, "postgres"
	}
	return migrations.SQLite, "sqlite"
}

func refuseNewer(ctx context.Context, p *goose.Provider) error {
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read migration version: %w", err)
	}
	if current > target {
		return fmt.Errorf("database is at %d, this binary at %d: %w", current, target, ErrNewer)
	}
	return nil
}

// migrating opens a connection of its own. On PostgreSQL its statements take
// as long as they take: an index of a large table does. On SQLite foreign keys are off (a
// table is copied to change it, and its children must not be deleted with the
// old one), and afterwards the keys are checked.
func (s *Store) migrating(ctx context.Context, do func(*goose.Provider) error) error {
	if s.Dialect() == dialect.Postgres {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		u, err := url.Parse(s.url)
		if err != nil {
			return err
		}
		db, err := openPostgres(withoutTimeout(u), -1, "0")
		if err != nil {
			return err
		}
		defer db.Close()
		p, err := s.provider(goose.DialectPostgres, db, goose.WithSessionLocker(locker))
		if err != nil {
			return err
		}
		return do(p)
	}
	unlock, err := lockSQLite(ctx, SQLitePath(s.url))
	if err != nil {
		return err
	}
	defer unlock()
	db, err := openSQLite(SQLitePath(s.url), "&_txlock=immediate&_pragma=foreign_keys(0)", -1)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	p, err := s.provider(goose.DialectSQLite3, db)
	if err != nil {
		return err
	}
	if err := do(p); err != nil {
		return err
	}
	return foreignKeyCheck(ctx, db)
}

// withoutTimeout drops what the URL says of statements: that is for requests.
func withoutTimeout(u *url.URL) *url.URL {
	q := u.Query()
	q.Del("statement_timeout")
	bare := *u
	bare.RawQuery = q.Encode()
	return &bare
}

// lockSQLite lets one process migrate a file at a time: it holds the exclusive
// lock of a small database beside it, which the system frees after a crash.
// The file itself cannot be locked so: somebody may be serving from it.
func lockSQLite(ctx context.Context, path string) (unlock func(), err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path + ".migrating"}).EscapedPath()+"?_pragma=busy_timeout(60000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `BEGIN EXCLUSIVE`); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("wait for another process that migrates: %w", err)
	}
	return func() { _ = db.Close() }, nil
}

func (s *Store) provider(d goose.Dialect, db *sql.DB, opts ...goose.ProviderOption) (*goose.Provider, error) {
	files, dir := s.migrations()
	sub, err := fs.Sub(files, dir)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(d, db, sub, append(opts, goose.WithDisableGlobalRegistry(true))...)
}

func foreignKeyCheck(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `PRAGMA foreign_key_check`)
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		return errors.New("migration left rows without their parent: restore the backup and report this")
	}
	return rows.Err()
}

// aggregates are the tables whose children hold a foreign key to them. All
// other references are plain ids: an insert locks no owner, rows may move.
var aggregates = map[string][]string{
	"orders":  {"order_lines", "order_events", "payments", "shipments", "return_requests"},
	"tickets": {"ticket_messages", "ticket_participants"},
}

// Tables are ent's tables with the foreign keys between aggregates dropped.
func Tables() []*schema.Table { return tables() }

var tables = sync.OnceValue(func() []*schema.Table {
	for _, t := range migrate.Tables {
		kept := t.ForeignKeys[:0:0]
		for _, fk := range t.ForeignKeys {
			for _, child := range aggregates[fk.RefTable.Name] {
				if child == t.Name {
					kept = append(kept, fk)
				}
			}
		}
		t.ForeignKeys = kept
	}
	return migrate.Tables
})
