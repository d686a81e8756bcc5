package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/demo"
	"kabinet/internal/event"
	"kabinet/internal/live"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
)

// From the commit of a message to those who follow its ticket, with 1,000
// streams open, beside the bare bus in the same run: a fact that is told to as
// many listeners who read the log and do no more. "one" is a thousand tickets
// with a follower each, of which one is written to; "all" is a thousand
// followers of one ticket. In µs; ratio is the p99 of messages by that of facts.
//
//	go run ./internal/store/pgtest -- go test . -run '^$' -bench TicketMessage -benchtime 200x
func BenchmarkTicketMessage(b *testing.B) {
	for _, c := range []struct {
		name string
		one  bool
	}{{"one", true}, {"all", false}} {
		b.Run(c.name, func(b *testing.B) {
			storetest.EachB(b, func(b *testing.B, db *storetest.DB) { benchMessages(b, db, c.one) })
		})
	}
}

const openStreams = 1000

// arrivals collect how long after a commit something came.
type arrivals struct {
	committed atomic.Int64 // nanoseconds; 0: not yet
	mu        sync.Mutex
	took      []time.Duration
	left      sync.WaitGroup
}

func (a *arrivals) came(at time.Time) {
	d := time.Duration(at.UnixNano() - a.committed.Load())
	a.mu.Lock()
	a.took = append(a.took, d)
	a.mu.Unlock()
	a.left.Done()
}

func benchMessages(b *testing.B, db *storetest.DB, one bool) {
	w := newWorld(b, db)
	alice, staff := storetest.As(userOf(b, w, "alice")), demo.AsStaff(storetest.System(), userOf(b, w, "staff"))
	ctx, stop := context.WithCancel(alice)
	defer stop()
	tickets := make([]*ent.Ticket, openStreams)
	for i := range tickets {
		if i > 0 && !one {
			tickets[i] = tickets[0]
			continue
		}
		t, err := w.app.tickets.Open(alice, support.OpenTicketInput{Subject: fmt.Sprint("bench ", i), Body: "Hello"})
		check(b, err)
		tickets[i] = t
	}
	w.settle(b)
	facts, messages := &arrivals{}, &arrivals{}
	bare := make([]uuid.UUID, openStreams)
	for i, t := range tickets {
		updates, err := w.app.tickets.Updated(ctx, t.GlobalID(), nil)
		check(b, err)
		go func() {
			for u := range updates {
				if u.Message != nil {
					messages.came(time.Now())
				}
			}
		}()
		bare[i] = bare[0]
		if i == 0 || one {
			bare[i] = uuid.Must(uuid.NewV7())
		}
		check(b, w.app.bus.Hub().Feed(ctx, live.Request{Positions: map[uuid.UUID]int64{bare[i]: 0}, Read: db.ReadStream}, live.Sink{
			Deliver: func(_ context.Context, rows []event.Stored) error {
				for range rows {
					facts.came(time.Now())
				}
				return nil
			},
			Done: func(error) {},
		}))
	}
	time.Sleep(time.Second) // each has read once
	var now atomic.Pointer[arrivals]
	db.OnTold(func(heard bool) {
		if a := now.Load(); a != nil {
			a.committed.CompareAndSwap(0, time.Now().UnixNano())
		}
		w.app.wake(heard)
	})
	heard := openStreams
	if one {
		heard = 1
	}
	wait := func(a *arrivals, do func() error) {
		a.committed.Store(0)
		a.left.Add(heard)
		now.Store(a)
		check(b, do())
		a.left.Wait()
		now.Store(nil)
	}
	n := 0
	for b.Loop() {
		wait(facts, func() error {
			return db.InTx(staff, func(_ context.Context, tx *store.Tx) error {
				tx.Tell(event.TicketQueueChanged{TicketID: bare[0], Number: "bench"}, store.ToTicket(bare[0], event.ToAll))
				return nil
			})
		})
		wait(messages, func() error {
			n++
			_, _, err := w.app.tickets.Reply(staff, support.ReplyToTicketInput{TicketID: tickets[0].GlobalID(), Body: fmt.Sprint("message ", n)})
			return err
		})
	}
	b.ReportMetric(0, "ns/op")
	p := func(a *arrivals, name string) (p99 float64) {
		slices.Sort(a.took)
		for _, q := range []struct {
			name string
			part float64
		}{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}} {
			p99 = float64(a.took[int(float64(len(a.took)-1)*q.part)].Nanoseconds()) / 1e3
			b.ReportMetric(p99, name+"-"+q.name+"-µs")
		}
		return p99
	}
	b.ReportMetric(p(messages, "message")/p(facts, "bare"), "ratio-p99")
}
