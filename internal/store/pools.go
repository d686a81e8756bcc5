package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// pools routes ent's statements: reads to the read pool, transactions to the
// writer. A transaction leaves its *sql.Tx in the context's holder, so that
// raw statements and jobs share it.
type pools struct {
	dialect     string
	write, read *sql.DB
	onStatement func(context.Context, string)
}

type holderKey struct{}

// holder is in the context of everything that runs inside InTx.
type holder struct {
	tx    *sql.Tx
	inner *watchedTx
}

var (
	errNested  = errors.New("store: a transaction inside a transaction")
	errBeside  = errors.New("store: a statement beside the open transaction; use the transaction's client and context")
	errOutside = errors.New("store: a write outside a transaction")
)

// Dialect implements dialect.Driver.
func (d *pools) Dialect() string { return d.dialect }

// Close implements dialect.Driver.
func (d *pools) Close() error {
	if d.read == d.write {
		return d.write.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

func (d *pools) saw(ctx context.Context, statement string) {
	if d.onStatement != nil {
		d.onStatement(ctx, statement)
	}
}

// Query implements dialect.Driver: a read outside any transaction. On SQLite a
// statement beside an open transaction would hang until the context ends, so
// it is refused on both databases.
func (d *pools) Query(ctx context.Context, query string, args, v any) error {
	if ctx.Value(holderKey{}) != nil {
		return errBeside
	}
	d.saw(ctx, query)
	return entsql.Conn{ExecQuerier: d.read}.Query(ctx, query, args, v)
}

// Exec implements dialect.Driver.
func (d *pools) Exec(context.Context, string, any, any) error { return errOutside }

// Tx implements dialect.Driver; only InTx calls it.
func (d *pools) Tx(ctx context.Context) (dialect.Tx, error) {
	h, ok := ctx.Value(holderKey{}).(*holder)
	if !ok {
		return nil, errOutside
	}
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	h.tx = tx
	h.inner = &watchedTx{Tx: &entsql.Tx{Conn: entsql.Conn{ExecQuerier: tx}, Tx: tx}, d: d}
	return h.inner, nil
}

// watchedTx shows each statement to onStatement, or keeps it for AtOnce.
type watchedTx struct {
	*entsql.Tx
	d        *pools
	gathered *gathering
}

// Query implements dialect.Tx.
func (t *watchedTx) Query(ctx context.Context, query string, args, v any) error {
	if t.gathered.hold(query, args) {
		v.(*entsql.Rows).ColumnScanner = noRows{}
		return nil
	}
	t.d.saw(ctx, query)
	return t.Tx.Query(ctx, query, args, v)
}

// Exec implements dialect.Tx.
func (t *watchedTx) Exec(ctx context.Context, query string, args, v any) error {
	if t.gathered.hold(query, args) {
		if res, ok := v.(*sql.Result); ok {
			*res = driver.RowsAffected(1)
		}
		return nil
	}
	t.d.saw(ctx, query)
	return t.Tx.Exec(ctx, query, args, v)
}
