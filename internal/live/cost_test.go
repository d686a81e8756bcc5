package live_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

// TestIdleSubscriptionIsCheap holds the bytes that one idle listener costs
// here, his context included; the socket and GraphQL come on top.
func TestIdleSubscriptionIsCheap(t *testing.T) { // not parallel: it measures the heap
	const n = 10_000
	log, hub := newLog(), live.NewHub(live.HubOptions{})
	deliver := func(context.Context, []event.Stored) error { return nil }
	ways := map[string]func(context.Context, live.Request) error{
		"subscribe": func(ctx context.Context, r live.Request) error { _, err := hub.Subscribe(ctx, r); return err },
		"feed": func(ctx context.Context, r live.Request) error {
			return hub.Feed(ctx, r, live.Sink{Deliver: deliver, Done: func(error) {}})
		},
	}
	for name, begin := range ways {
		ctx, cancel := context.WithCancel(context.Background())
		goroutines := runtime.NumGoroutine()
		before := heap()
		for range n {
			if err := begin(ctx, live.Request{Positions: map[uuid.UUID]int64{newID(t): 0}, Read: log.read}); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "no goroutine while idle", func() bool { return runtime.NumGoroutine() <= goroutines })
		each := (heap() - before) / n
		t.Logf("%s: %d bytes", name, each)
		if each > 1500 {
			t.Errorf("%s: an idle subscription holds %d bytes, more than 1500", name, each)
		}
		if s := hub.Stats(); s.Subscriptions != n {
			t.Fatalf("%+v", s)
		}
		cancel()
		eventually(t, "all have left", func() bool { return hub.Stats().Subscriptions == 0 })
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func TestRingAllocatesNothing(t *testing.T) {
	log, hub, a := newLog(), live.NewHub(live.HubOptions{}), newID(t)
	s := subscribe(t, t.Context(), hub, log, map[uuid.UUID]int64{a: 0})
	defer s.Close()
	bells := []event.Bell{{StreamID: a}}
	if n := testing.AllocsPerRun(1000, func() { bells[0].Seq++; hub.Ring(bells) }); n > 0 {
		t.Errorf("%v allocations a bell", n)
	}
}

// BenchmarkTargeted delivers an event to 1 of 10,000 subscriptions.
func BenchmarkTargeted(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run("of"+map[bool]string{true: "1", false: "10000"}[n == 1], func(b *testing.B) {
			hub := live.NewHub(live.HubOptions{})
			seqs := map[uuid.UUID]int64{}
			read := func(_ context.Context, s uuid.UUID, after int64, _ int) ([]event.Stored, error) {
				if after >= seqs[s] {
					return nil, nil
				}
				return []event.Stored{{StreamID: s, Seq: after + 1}}, nil
			}
			subs, streams := make([]*live.Subscription, n), make([]uuid.UUID, n)
			for i := range subs {
				streams[i] = newID(b)
				s, err := hub.Subscribe(b.Context(), live.Request{Positions: map[uuid.UUID]int64{streams[i]: 0}, Read: read})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				subs[i] = s
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				stream := streams[i%n]
				seqs[stream]++
				hub.Ring([]event.Bell{{StreamID: stream, Seq: seqs[stream]}})
				if rows, err := subs[i%n].Next(b.Context()); err != nil || len(rows) != 1 {
					b.Fatal(len(rows), err)
				}
				i++
			}
		})
	}
}
