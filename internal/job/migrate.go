package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"kabinet/internal/store"
)

// migrationLock is the advisory lock under which PostgreSQL migrates River's tables.
const migrationLock = 0x6b6162696e6574 // "kabinet"

// Migrate makes or updates River's tables; call it right after store.Migrate.
// Several instances may call it at once: the others wait. A database that a
// newer River migrated is store.ErrNewer.
func Migrate(ctx context.Context, s *store.Store) error {
	// Tables that are not there yet are what Migrate is for.
	if err := Check(ctx, s); errors.Is(err, store.ErrNewer) {
		return err
	}
	if s.Dialect() == dialect.Postgres {
		return migratePostgres(ctx, s)
	}
	m, err := migrator(s)
	if err != nil {
		return err
	}
	// One transaction holds SQLite's only write lock from the first look.
	return s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return up(ctx, m, tx.SQL())
	})
}

// migratePostgres cannot use one transaction: some steps add values to an enum
// that the next step uses. A lock held on a connection of its own does as well.
func migratePostgres(ctx context.Context, s *store.Store) error {
	conn, err := s.Writer().Conn(ctx)
	if err != nil {
		return fmt.Errorf("job: migrate: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return fmt.Errorf("job: migrate: %w", err)
	}
	defer func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
	}()
	m, err := migrator(s)
	if err != nil {
		return err
	}
	return up(ctx, m, nil)
}

func up(ctx context.Context, m *rivermigrate.Migrator[*sql.Tx], tx *sql.Tx) error {
	var err error
	if tx == nil {
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	} else {
		_, err = m.MigrateTx(ctx, tx, rivermigrate.DirectionUp, nil) //nolint:staticcheck // on SQLite every step may share a transaction, and one must hold the write lock
	}
	if err != nil {
		return fmt.Errorf("job: migrate: %w", err)
	}
	return nil
}

func newest(list []rivermigrate.Migration) int {
	v := 0
	for _, m := range list {
		v = max(v, m.Version)
	}
	return v
}

// Check says whether River's tables are exactly at this binary's version.
func Check(ctx context.Context, s *store.Store) error {
	m, err := migrator(s)
	if err != nil {
		return err
	}
	var at sql.NullInt64
	rows, err := s.Query(ctx, `SELECT max(version) FROM river_migration WHERE line = 'main'`)
	if err != nil {
		return fmt.Errorf("job tables cannot be read: run kabinet migrate up: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&at); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	switch want := int64(newest(m.AllVersions())); {
	case at.Int64 > want:
		return fmt.Errorf("job tables are at %d, this binary at %d: %w", at.Int64, want, store.ErrNewer)
	case at.Int64 < want:
		return errors.New("job tables are not up to date: run kabinet migrate up")
	}
	return nil
}

func migrator(s *store.Store) (*rivermigrate.Migrator[*sql.Tx], error) {
	config := &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}
	var m *rivermigrate.Migrator[*sql.Tx]
	var err error
	if s.Dialect() == dialect.Postgres {
		m, err = rivermigrate.New(riverdatabasesql.New(s.Writer()), config)
	} else {
		m, err = rivermigrate.New(riversqlite.New(s.Writer()), config)
	}
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return m, nil
}
