// Package job runs work that leaves a transaction: letters, expiry, trimming,
// hearers that failed once. It is River v0.34.0 over internal/store: jobs are
// enqueued inside the caller's transaction alone (no commit, no job), run at
// least once, retried with backoff, and rescued when their process dies. Args
// hold ids only, never a name, an address or a secret, because the rows are
// kept and logged. It owns no rule; River owns its tables (river_…).
package job

import (
	"context"
	"fmt"
	"sync"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"database/sql"

	"kabinet/internal/store"
)

// inserters make job rows inside a transaction; they hold no connection.
var inserters = map[string]func() (*river.Client[*sql.Tx], error){
	dialect.Postgres: sync.OnceValues(func() (*river.Client[*sql.Tx], error) {
		return river.NewClient(riverdatabasesql.New(nil), &river.Config{})
	}),
	dialect.SQLite: sync.OnceValues(func() (*river.Client[*sql.Tx], error) {
		return river.NewClient(riversqlite.New(nil), &river.Config{})
	}),
}

// Enqueue puts a job into the queue when tx commits. opts may be nil. args
// hold ids only.
func Enqueue(ctx context.Context, tx *store.Tx, args river.JobArgs, opts *river.InsertOpts) error {
	client, err := inserters[tx.Store().Dialect()]()
	if err != nil {
		return fmt.Errorf("job: %w", err)
	}
	if _, err := client.InsertTx(ctx, tx.SQL(), args, opts); err != nil {
		return fmt.Errorf("enqueue %s: %w", args.Kind(), err)
	}
	return nil
}

// EnqueueAll is Enqueue of many, in one statement where the database has one.
func EnqueueAll(ctx context.Context, tx *store.Tx, all []river.InsertManyParams) error {
	if len(all) == 0 {
		return nil
	}
	client, err := inserters[tx.Store().Dialect()]()
	if err != nil {
		return fmt.Errorf("job: %w", err)
	}
	if _, err := client.InsertManyFastTx(ctx, tx.SQL(), all); err != nil {
		return fmt.Errorf("enqueue %s: %w", all[0].Args.Kind(), err)
	}
	return nil
}
