package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/live"
)

// The transports by name.
const (
	webSocket = "WebSocket"
	sse       = "SSE"
)

// fleet is all clients.
type fleet struct {
	world    *world
	clients  []*client
	received atomic.Int64 // events, without messages that move the cursor alone
	stop     context.CancelFunc
	running  sync.WaitGroup
	kinds    sync.Map // one string for all who receive a kind
}

func newFleet(w *world) *fleet {
	f := &fleet{world: w, stop: func() {}}
	for i := range w.clients {
		p := w.house.people[i%len(w.house.people)]
		c := &client{index: i, person: p, streams: p.streams(), dial: dialSocket, over: webSocket, fleet: f, ends: map[string]int{},
			rand: rand.New(rand.NewPCG(w.seed, uint64(1000+i)))}
		// By turns within each person's clients, so that both transports have everybody.
		if turn := i / len(w.house.people); float64(turn+1)*w.sse >= float64(int(float64(turn)*w.sse)+1) {
			c.dial, c.over = dialSSE, sse
		}
		begin := live.Cursor{Epoch: w.epoch, Seqs: map[uuid.UUID]int64{}}
		for _, id := range c.streams {
			begin.Seqs[id] = 0
		}
		c.at, c.cursor = make([]int64, len(c.streams)), live.EncodeCursor(begin)
		f.clients = append(f.clients, c)
	}
	return f
}

func (f *fleet) same(kind string) string {
	one, _ := f.kinds.LoadOrStore(kind, kind)
	return one.(string)
}

func (f *fleet) deliveries() int { return int(f.received.Load()) }

// listen lets all clients begin.
func (f *fleet) listen() {
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	for _, c := range f.clients {
		f.running.Go(func() { c.run(ctx) })
	}
}

// hangUp ends all clients and waits for them.
func (f *fleet) hangUp() {
	f.stop()
	done := make(chan struct{})
	go func() {
		f.running.Wait()
		close(done)
	}()
	for {
		for _, c := range f.clients {
			c.cut() // one that was dialling has a connection only now
		}
		select {
		case <-done:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// until waits for so many deliveries.
func (f *fleet) until(ctx context.Context, n int, atMost time.Duration, pens *writers) error {
	began := time.Now()
	said := began
	for f.deliveries() < n && time.Since(began) < atMost {
		if err := pens.failed(); err != nil {
			return err
		}
		if time.Since(said) > 15*time.Second {
			said = time.Now()
			f.world.say("%d deliveries, %d writes, %d a second", f.deliveries(), pens.total(), int(float64(f.deliveries())/time.Since(began).Seconds()))
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return pens.failed()
}
