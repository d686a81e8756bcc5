package live_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

// badBus loses 30 % of the bells, doubles 10 % and mixes up the order.
type badBus struct {
	mu   sync.Mutex
	rnd  *rand.Rand
	late []event.Bell
	hubs []*live.Hub
	lost int
}

func (b *badBus) ring(bell event.Bell) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, h := range b.hubs {
		switch p := b.rnd.Float64(); {
		case p < 0.3:
			b.lost++
			continue
		case p < 0.4:
			h.Ring([]event.Bell{bell})
		case p < 0.6:
			b.late = append(b.late, bell)
			continue
		}
		h.Ring([]event.Bell{bell})
	}
	if len(b.late) > 20 {
		b.rnd.Shuffle(len(b.late), func(i, j int) { b.late[i], b.late[j] = b.late[j], b.late[i] })
		b.hubs[b.rnd.IntN(len(b.hubs))].Ring(b.late)
		b.late = b.late[:0]
	}
}

// TestNothingLostNothingRepeated: 8 writers, 12 streams, 2 instances, 24
// listeners of 3 streams each, half of which hang up and come back with their
// cursor (at either instance), over a bus that loses, doubles and mixes.
func TestNothingLostNothingRepeated(t *testing.T) {
	t.Parallel()
	const events, writers, listeners = 120_000, 8, 24
	log, ctx := newLog(), within(t, 60*time.Second)
	bus := &badBus{rnd: rand.New(rand.NewPCG(1, 2))}
	watch, stop := context.WithCancel(ctx)
	var watching sync.WaitGroup
	for range 2 {
		h := live.NewHub(live.HubOptions{Heads: log.heads, ResyncEvery: 50 * time.Millisecond})
		bus.hubs = append(bus.hubs, h)
		watching.Go(func() { h.Watch(watch) })
	}
	streams := make([]uuid.UUID, 12)
	want := map[uuid.UUID]int64{}
	for i := range streams {
		streams[i] = newID(t)
		want[streams[i]] = events / int64(len(streams))
	}

	var running sync.WaitGroup
	checks := make([]*checker, listeners)
	for i := range listeners {
		mine := map[uuid.UUID]int64{}
		for k := range 3 {
			mine[streams[(i+k*5)%len(streams)]] = want[streams[0]]
		}
		checks[i] = newChecker(nil)
		running.Go(func() {
			if err := listen(ctx, bus, log, checks[i], mine, i); err != nil {
				t.Errorf("listener %d: %v", i, err)
			}
		})
	}
	for w := range writers {
		running.Go(func() {
			for i := w; i < events; i += writers {
				bus.ring(log.add(streams[(i/writers)%len(streams)], 1))
			}
		})
	}
	running.Wait()
	stop()
	watching.Wait()

	var total int
	for i, c := range checks {
		if t.Failed() {
			break
		}
		c.verify(t, map[uuid.UUID]int64{streams[i%12]: want[streams[0]]})
		total += c.total
	}
	if want := listeners * 3 * events / len(streams); total != want {
		t.Errorf("delivered %d, want %d", total, want)
	}
	if bus.lost < events/2 {
		t.Errorf("the bus lost only %d bells: it is too good for this test", bus.lost)
	}
	t.Logf("%d events, %d deliveries, %d bells lost, resyncs %d + %d", events, total, bus.lost, bus.hubs[0].Stats().Resyncs, bus.hubs[1].Stats().Resyncs)
}

// listen stays, or comes and goes when i is odd.
func listen(ctx context.Context, bus *badBus, log *memLog, check *checker, want map[uuid.UUID]int64, i int) error {
	rnd := rand.New(rand.NewPCG(uint64(i), 3))
	for !check.reached(want) {
		c := live.Cursor{Epoch: "e1", Seqs: map[uuid.UUID]int64{}}
		for s := range want {
			c.Seqs[s] = check.got[s]
		}
		c, err := live.DecodeCursor(live.EncodeCursor(c))
		if err != nil {
			return err
		}
		s, err := bus.hubs[rnd.IntN(len(bus.hubs))].Subscribe(ctx, live.Request{Positions: c.Seqs, Read: log.read})
		if err != nil {
			return err
		}
		for n := 0; !check.reached(want) && (i%2 == 0 || n < 20); n++ {
			rows, err := s.Next(ctx)
			if err != nil {
				return fmt.Errorf("after %d events: %w", check.total, err)
			}
			check.take(rows)
		}
		s.Close()
	}
	return nil
}
