package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	ent "kabinet/ent/generated"
)

// Tx is one transaction: ent's client in it, raw statements, and the events
// that are told at its end.
type Tx struct {
	*ent.Client
	Now      time.Time // the same for everything in the transaction
	store    *Store
	sql      *sql.Tx
	inner    *watchedTx // what Client writes through
	gathered *gathering // in AtOnce
	lastly   []write    // go with the events, at the end
	tales    []tale
	attempt  int
}

// attempts bounds the retries of serialization failures and busy databases.
const attempts = 8

// errDry rolls a dry run back.
var errDry = errors.New("store: dry run")

// InTx runs fn in a transaction and commits. It is retried with jitter on a
// serialization failure, a deadlock or a busy database, so fn must be
// repeatable and do no I/O but SQL. Transactions do not nest. Errors come back
// translated (errors.go).
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return s.inTx(ctx, false, fn)
}

// InDryTx is InTx that, when dry, does everything and keeps nothing.
func (s *Store) InDryTx(ctx context.Context, dry bool, fn func(ctx context.Context, tx *Tx) error) error {
	return s.inTx(ctx, dry, fn)
}

func (s *Store) inTx(ctx context.Context, dry bool, fn func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(holderKey{}) != nil {
		return errNested
	}
	for attempt := 1; ; attempt++ {
		err := s.once(ctx, dry, attempt, fn)
		if err == nil || errors.Is(err, errDry) {
			return nil
		}
		if errors.Is(err, errAgain) && attempt == 1 {
			continue
		}
		if attempt == attempts || !retryable(err) || ctx.Err() != nil {
			return translate(err)
		}
		select {
		case <-ctx.Done():
			return translate(ctx.Err())
		case <-time.After(time.Duration(rand.Int64N(int64(4*time.Millisecond) << attempt))):
		}
	}
}

func (s *Store) once(ctx context.Context, dry bool, attempt int, fn func(ctx context.Context, tx *Tx) error) (err error) {
	h := &holder{}
	ctx = context.WithValue(ctx, holderKey{}, h)
	etx, err := s.Client.Tx(ctx)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // an error or a panic
			_ = etx.Rollback()
		}
	}()
	tx := &Tx{Client: etx.Client(), Now: s.Now(), store: s, sql: h.tx, inner: h.inner, attempt: attempt}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if dry {
		return errDry
	}
	heard := slices.ContainsFunc(tx.tales, func(t tale) bool { return !s.deaf(t.fact.Kind()) })
	told, err := tx.tellAll(ctx)
	if err != nil {
		return err
	}
	done = true
	if err := etx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if told {
		s.told(heard)
	}
	return nil
}

// SQL is the running transaction itself, for River's InsertTx.
func (tx *Tx) SQL() *sql.Tx { return tx.sql }

// Store is the store the transaction runs in.
func (tx *Tx) Store() *Store { return tx.store }

// Exec runs a raw statement with ? placeholders and says how many rows it
// touched; 0 in AtOnce, where nobody knows yet.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if tx.gathered != nil && tx.store.Dialect() == dialect.Postgres {
		tx.gathered.writes = append(tx.gathered.writes, write{text: rebind(dialect.Postgres, query), args: args})
		return 0, nil
	}
	tx.store.drv.saw(ctx, query)
	res, err := tx.sql.ExecContext(ctx, rebind(tx.store.Dialect(), query), args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	if tx.gathered != nil {
		tx.gathered.last = n
	}
	return n, err
}

// Query runs a raw query with ? placeholders; the caller closes the rows.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	tx.store.drv.saw(ctx, query)
	return tx.sql.QueryContext(ctx, rebind(tx.store.Dialect(), query), args...)
}

// QueryRow runs a raw query with ? placeholders that gives one row at most.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	tx.store.drv.saw(ctx, query)
	return tx.sql.QueryRowContext(ctx, rebind(tx.store.Dialect(), query), args...)
}

// Query runs a raw read outside transactions with ? placeholders. It is not
// fenced: the caller names the owner itself.
func (s *Store) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if ctx.Value(holderKey{}) != nil {
		return nil, errBeside
	}
	s.drv.saw(ctx, query)
	rows, err := s.drv.read.QueryContext(ctx, rebind(s.Dialect(), query), args...)
	return rows, translate(err)
}

// rebind writes ? as $1, $2 … for PostgreSQL. Statements hold no ? in text.
func rebind(d, query string) string {
	if d != dialect.Postgres {
		return query
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
