package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
)

// resumption is what the return of all clients cost, and whether it was whole.
type resumption struct {
	n          int
	drained    time.Duration    // from SIGTERM to the end of the process
	began      time.Duration    // from its start until it is ready
	took       time.Duration    // from the first handshake until all follow again
	cpu        spent            // for all
	statements int64            // for all; 0: not counted
	by         map[string]int64 // of them, by their text
	missed     int              // written while nobody listened
	delivered  int              // to all clients, in the whole run
	verdict    verdict
	codes      map[int]int // close codes of the drain, and how many had them
	faults     int         // messages that no server may send
	firstFault error
}

// verdict compares what clients have with what the log has.
type verdict struct{ gaps, repeats, disorder int }

func (v *verdict) add(other verdict) {
	v.gaps += other.gaps
	v.repeats += other.repeats
	v.disorder += other.disorder
}

// judge compares one client's ids with those of his stream.
func judge(seen, log []string) verdict {
	var v verdict
	place := make(map[string]int, len(log))
	for i, id := range log {
		place[id] = i
	}
	had := make(map[string]bool, len(seen))
	last := -1
	for _, id := range seen {
		at, known := place[id]
		switch {
		case had[id]:
			v.repeats++
		case !known: // of nobody's log
			v.disorder++
		case at < last:
			v.disorder++
		default:
			last = at
		}
		had[id] = true
	}
	for _, id := range log {
		if !had[id] {
			v.gaps++
		}
	}
	return v
}

// writer gives points while the server comes and goes. Each gift has a key and
// is asked for until it is answered, so that none is made twice.
type writer struct {
	k     *kabinet
	pause atomic.Int64 // between gifts
	made  atomic.Int64
	fails atomic.Pointer[error]
}

func (w *writer) run(ctx context.Context) {
	for ctx.Err() == nil {
		who, key := rand.IntN(len(w.k.users)), uuid.NewString() //nolint:gosec // no secret
		for tries := 0; ctx.Err() == nil; tries++ {
			err := w.k.adjust(context.WithoutCancel(ctx), who, key)
			if err == nil {
				w.made.Add(1)
				break
			}
			w.fails.Store(&err)
			_ = sleep(ctx, 50*time.Millisecond)
		}
		_ = sleep(ctx, time.Duration(w.pause.Load()))
	}
}

// resume ends the server under n listening clients and starts it again; they
// all come back with their cursors. Points are given all the while.
func resume(ctx context.Context, k *kabinet, f *fleet) (*resumption, error) {
	progress("resume: %d clients", len(f.clients))
	r := &resumption{n: len(f.clients), codes: map[int]int{}}
	if err := k.position(ctx, f); err != nil {
		return nil, err
	}
	w := &writer{k: k}
	w.pause.Store(int64(5 * time.Millisecond))
	writing, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for range 2 {
		wg.Go(func() { w.run(writing) })
	}
	if err := sleep(ctx, 2*time.Second); err != nil {
		return nil, err
	}
	count, err := r.restart(ctx, k, f)
	if err != nil {
		return nil, err
	}
	// Nobody listens, and much is written.
	gap := w.made.Load()
	w.pause.Store(0)
	for until := gap + int64(r.n/5); w.made.Load() < until; {
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
	r.missed = int(w.made.Load() - gap)
	w.pause.Store(int64(100 * time.Millisecond)) // a little goes on while they come
	if err := r.comeBack(ctx, k, f, count); err != nil {
		return nil, err
	}
	stop()
	wg.Wait()
	return r, r.judge(ctx, k, f)
}

// position gives each client that has not got a cursor yet the one from which
// it has listened: the beginning of its stream, for it has received nothing.
func (k *kabinet) position(ctx context.Context, f *fleet) error {
	epoch, err := k.store.Epoch(ctx)
	if err != nil {
		return err
	}
	for _, c := range f.clients {
		c.mu.Lock()
		if c.after == "" {
			c.after = live.EncodeCursor(live.Cursor{Epoch: epoch, Seqs: map[uuid.UUID]int64{k.users[c.user]: 0}})
		}
		c.mu.Unlock()
	}
	return nil
}

// restart ends the process as a deployment does, and begins it again. From
// then on PostgreSQL's statements are counted on their way.
func (r *resumption) restart(ctx context.Context, k *kabinet, f *fleet) (count *counter, err error) {
	began := time.Now()
	if err := k.end(ctx); err != nil {
		return nil, err
	}
	r.drained = time.Since(began)
	f.wait()
	for _, c := range f.clients {
		c.mu.Lock()
		r.codes[c.code]++
		c.mu.Unlock()
	}
	url, count, err := countStatements(k.url)
	if err != nil {
		return nil, err
	}
	began = time.Now()
	if err := k.serve(ctx, url); err != nil {
		return nil, err
	}
	for {
		resp, err := http.Get("http://" + k.addr + "/readyz") //nolint:noctx // on loopback
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return nil, err
		}
	}
	r.began = time.Since(began)
	return count, nil
}

// comeBack lets all clients in at once.
func (r *resumption) comeBack(ctx context.Context, k *kabinet, f *fleet, count *counter) error {
	from, err := k.spent()
	if err != nil {
		return err
	}
	before, began := count.read(), time.Now()
	if err := f.connect(ctx); err != nil {
		return err
	}
	r.took = time.Since(began)
	to, err := k.spent()
	r.cpu = to.minus(from)
	r.statements, r.by = count.since(before)
	return err
}

// judge waits until all that was told is delivered, and compares.
func (r *resumption) judge(ctx context.Context, k *kabinet, f *fleet) error {
	var logs map[uuid.UUID][]string
	for patience := time.Now().Add(30 * time.Second); ; {
		var err error
		if logs, err = k.notifications(ctx); err != nil {
			return err
		}
		r.delivered, r.verdict, r.faults, r.firstFault = 0, verdict{}, 0, nil
		for _, c := range f.clients {
			c.mu.Lock()
			r.verdict.add(judge(c.seen, logs[k.users[c.user]]))
			r.delivered += len(c.seen)
			if c.fault != nil {
				r.faults++
				r.firstFault = c.fault
			}
			c.mu.Unlock()
		}
		// What is still on its way makes a gap, and what came since the log was
		// read is of nobody's: both pass, a real one does not.
		if r.verdict == (verdict{}) || time.Now().After(patience) {
			break
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	if r.delivered == 0 {
		return errors.New("nothing was delivered at all, so nothing is proven")
	}
	return nil
}

// notifications are the ids of each person's stream, in its order: the truth.
func (k *kabinet) notifications(ctx context.Context) (map[uuid.UUID][]string, error) {
	rows, err := k.store.Query(ctx, `SELECT stream_id, payload FROM account_events WHERE kind = ? ORDER BY stream_id, seq`, event.NotificationAdded{}.Kind())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	logs := map[uuid.UUID][]string{}
	for rows.Next() {
		var stream uuid.UUID
		var payload []byte
		if err := rows.Scan(&stream, &payload); err != nil {
			return nil, err
		}
		var f event.NotificationAdded
		if err := json.Unmarshal(payload, &f); err != nil {
			return nil, fmt.Errorf("payload of %s: %w", stream, err)
		}
		logs[stream] = append(logs[stream], scalar.ID{Prefix: "ntf", UUID: f.NotificationID}.String())
	}
	return logs, rows.Err()
}
