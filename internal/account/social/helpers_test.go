package social_test

import (
	"context"

	"kabinet/internal/store"
)

// storeTx is a transaction with what happens after it.
type storeTx struct {
	*store.Tx
	ctx   context.Context
	after func()
}

func (w *world) inTx(f func(tx *storeTx) error) {
	w.t.Helper()
	var t *storeTx
	w.must(w.db.InTx(nobody(), func(ctx context.Context, tx *store.Tx) error {
		t = &storeTx{Tx: tx, ctx: ctx}
		return f(t)
	}))
	if t.after != nil {
		t.after()
	}
}
