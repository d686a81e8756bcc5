package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/lib/pq"
)

// backends are the database's connections of the instances, one a row.
const backends = `FROM pg_stat_activity WHERE datname = 'chaos' AND backend_type = 'client backend' AND application_name <> '` + ours + `'`

// ours is the name by which our own connections are spared.
const ours = "chaos"

// endBackends cuts off a share of the connections, in the middle of whatever
// they do.
func (w *world) endBackends(ctx context.Context, share float64) bool {
	var ended int
	err := w.db.QueryRowContext(ctx, `SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid `+backends+` AND random() < $1) AS unlucky`, share).Scan(&ended)
	return err == nil && ended > 0
}

// killBackend kills one, upon which PostgreSQL ends all others and recovers.
func (w *world) killBackend(ctx context.Context, target int) bool {
	var pids []int64
	if err := w.db.QueryRowContext(ctx, `SELECT array_agg(pid) `+backends).Scan(pq.Array(&pids)); err != nil || len(pids) == 0 {
		return false
	}
	pid := int(pids[target%len(pids)])
	// It may have ended since, and the number be another's.
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err != nil || !bytes.HasPrefix(name, []byte("postgres")) {
		return false
	}
	return syscall.Kill(pid, syscall.SIGKILL) == nil
}

// holdPeople locks the rows whose counters number the streams of some people.
func (w *world) holdPeople(ctx context.Context, f fault) bool {
	var ids []string
	people := w.house.people
	for i := range max(1, int(f.share*float64(len(people)))) {
		ids = append(ids, people[(f.target+i)%len(people)].id.String())
	}
	return w.hold(ctx, f.length, `SELECT count(*) FROM (SELECT 1 FROM users WHERE id = ANY(CAST($1 AS uuid[])) ORDER BY id FOR UPDATE) AS held`, pq.Array(ids))
}

// holdEvents locks the newest rows of the log, so that they can be neither
// marked as relayed nor heard.
func (w *world) holdEvents(ctx context.Context, f fault) bool {
	return w.hold(ctx, f.length, `SELECT count(*) FROM (SELECT 1 FROM account_events ORDER BY created_at DESC LIMIT $1 FOR UPDATE SKIP LOCKED) AS held`, 1+f.target%20)
}

// hold keeps a transaction open that holds rows, and says whether it held any.
func (w *world) hold(ctx context.Context, length time.Duration, query string, arg any) bool {
	tx, err := w.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return false
	}
	defer func() { _ = tx.Rollback() }() // it has written nothing
	var held int
	if err := tx.QueryRow(query, arg).Scan(&held); err != nil || held == 0 {
		return false
	}
	_ = sleep(ctx, length)
	return true
}
