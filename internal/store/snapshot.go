package store

import (
	"context"
	"database/sql"

	"entgo.io/ent/dialect"
)

// Snapshot is one unmoving view of the database: what is committed while it is
// read is not in it. It reads only, and it is not fenced.
type Snapshot struct {
	store *Store
	tx    *sql.Tx
}

// Reader is a transaction, or a snapshot that keeps nobody waiting.
type Reader interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// InSnapshot runs fn over one snapshot, for proofs that need several
// statements to agree. Its statements take as long as they take. Long reads in
// it hold no lock, but on PostgreSQL they keep old rows from being cleaned up.
func (s *Store) InSnapshot(ctx context.Context, fn func(ctx context.Context, snap *Snapshot) error) error {
	if ctx.Value(holderKey{}) != nil {
		return errNested
	}
	var o sql.TxOptions
	if s.Dialect() == dialect.Postgres {
		o = sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := s.drv.read.BeginTx(ctx, &o)
	if err != nil {
		return translate(err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	if s.Dialect() == dialect.Postgres {
		if _, err := tx.ExecContext(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
			return translate(err)
		}
	}
	return translate(fn(ctx, &Snapshot{store: s, tx: tx}))
}

// Query runs a read with ? placeholders; the caller closes the rows before the
// next one.
func (snap *Snapshot) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	snap.store.drv.saw(ctx, query)
	return snap.tx.QueryContext(ctx, rebind(snap.store.Dialect(), query), args...)
}
