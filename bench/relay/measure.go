package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	_ "github.com/lib/pq" // the driver that kabinet uses

	"kabinet/internal/event"
	"kabinet/internal/live"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// makeDatabase gives the URL of an empty database.
func makeDatabase(at string) (made string, drop func(), err error) {
	u, err := url.Parse(at)
	if err != nil {
		return "", nil, err
	}
	admin, err := sql.Open("postgres", at)
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("relay_bench_%d", time.Now().UnixNano())
	if _, err := admin.Exec(`CREATE DATABASE ` + name); err != nil {
		_ = admin.Close()
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() {
		_, _ = admin.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`)
		_ = admin.Close()
	}, nil
}

// world is a database with kabinet's tables, and who relays its log.
type world struct {
	store  *store.Store
	bus    *live.Bus
	people []uuid.UUID
	seqs   []int64
	next   int
}

// measure writes rows and relays them, in turns.
func measure(ctx context.Context, o options, at string) (r *rates, err error) {
	ctx = viewer.AsSystem(ctx, "bench")
	w := &world{people: make([]uuid.UUID, o.people), seqs: make([]int64, o.people)}
	for i := range w.people {
		w.people[i] = uuid.Must(uuid.NewV7())
	}
	if w.store, err = store.Open(ctx, store.Options{URL: at}); err != nil {
		return nil, err
	}
	defer w.store.Close()
	if _, err := w.store.Migrate(ctx); err != nil {
		return nil, err
	}
	if w.bus, err = live.StartBus(ctx, live.Options{Log: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, err
	}
	defer w.bus.Close()
	r = &rates{database: w.store.Dialect()}
	for round := range o.rounds + 1 {
		t, err := w.turn(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.database, err)
		}
		if round > 0 { // the first one warms up
			r.single, r.hundred, r.one, r.relay = append(r.single, t[0]), append(r.hundred, t[1]), append(r.one, t[2]), append(r.relay, t[3])
		}
	}
	return r, nil
}

// atOnce is how many rows the relay takes at a time.
const atOnce = 100

// turn writes rows in each way and relays all of them.
func (w *world) turn(ctx context.Context, o options) (rates [4]float64, err error) {
	waiting := 0
	for i, way := range []struct{ rows, inTransaction, inStatement int }{{o.rows / 10, 1, 1}, {o.rows, atOnce, 1}, {o.rows, atOnce, atOnce}} {
		began := time.Now()
		for done := 0; done < way.rows; done += way.inTransaction {
			if err := w.insert(ctx, way.inTransaction, way.inStatement); err != nil {
				return rates, err
			}
		}
		rates[i] = float64(way.rows) / time.Since(began).Seconds()
		waiting += way.rows
	}
	took, err := w.relay(ctx, waiting)
	rates[3] = float64(waiting) / took.Seconds()
	return rates, err
}

const (
	columns = `INSERT INTO account_events (stream_id, seq, event_id, kind, subject_kind, subject_id, actor_id, visibility, payload, created_at, relayed, heard) VALUES `
	marks   = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

var payload = `{"entryId":"` + uuid.Nil.String() + `","accountId":"` + uuid.Nil.String() + `","balance":12345,"delta":100}`

// insert writes rows as they are told, in one transaction.
func (w *world) insert(ctx context.Context, rows, inStatement int) error {
	return w.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		for done := 0; done < rows; done += inStatement {
			args := make([]any, 0, 12*inStatement)
			for range inStatement {
				at := w.next % len(w.people)
				w.next++
				w.seqs[at]++
				args = append(args, w.people[at], w.seqs[at], uuid.Must(uuid.NewV7()), "points.changed", "account", w.people[at], nil, "ALL", payload, tx.Now, false, true)
			}
			if _, err := tx.Exec(ctx, columns+marks+strings.Repeat(", "+marks, inStatement-1), args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// relay runs the server's loop until nothing waits.
func (w *world) relay(ctx context.Context, rows int) (took time.Duration, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var failed error
	claim := func(ctx context.Context, limit int, publish func([]event.Bell) error) (int, error) {
		n, err := w.store.Claim(ctx, limit, publish)
		if err != nil {
			failed = err
		}
		if rows -= n; rows <= 0 || err != nil {
			stop()
		}
		return n, err
	}
	r := &live.Relay{Claim: claim, Ring: w.bus.Ring, Limit: atOnce, Log: slog.New(slog.DiscardHandler)}
	began := time.Now()
	r.Run(ctx)
	took = time.Since(began)
	if failed == nil && rows != 0 {
		failed = fmt.Errorf("%d rows were relayed too many", -rows)
	}
	return took, failed
}
