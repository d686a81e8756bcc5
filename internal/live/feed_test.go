package live_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

func feed(t *testing.T, ctx context.Context, h *live.Hub, log *memLog, positions map[uuid.UUID]int64, sink live.Sink) {
	t.Helper()
	if err := h.Feed(ctx, live.Request{Positions: positions, Read: log.read}, sink); err != nil {
		t.Fatal(err)
	}
}

func TestFeedHoldsNoGoroutineWhileIdle(t *testing.T) { // not parallel: it counts goroutines
	log, hub := newLog(), live.NewHub(live.HubOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	before := runtime.NumGoroutine()
	var done, got atomic.Int64
	streams := make([]uuid.UUID, 1000)
	for i := range streams {
		streams[i] = newID(t)
		feed(t, ctx, hub, log, map[uuid.UUID]int64{streams[i]: 0}, live.Sink{
			Deliver: func(_ context.Context, rows []event.Stored) error { got.Add(int64(len(rows))); return nil },
			Done:    func(error) { done.Add(1) },
		})
	}
	eventually(t, "1000 idle feeds hold no goroutine", func() bool { return runtime.NumGoroutine() <= before })
	for _, s := range streams {
		hub.Ring([]event.Bell{log.add(s, 100)})
	}
	eventually(t, "all is delivered", func() bool { return got.Load() == 100_000 })
	cancel()
	eventually(t, "each feed is done once", func() bool { return done.Load() == 1000 })
	if s := hub.Stats(); s.Subscriptions != 0 {
		t.Errorf("left in the hub: %+v", s)
	}
}

func TestFeedWaitsForSlowListener(t *testing.T) {
	t.Parallel()
	log, hub, a := newLog(), live.NewHub(live.HubOptions{}), newID(t)
	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan event.Stored) // unbuffered: the slowest there can be
	end := make(chan error, 1)
	feed(t, ctx, hub, log, map[uuid.UUID]int64{a: 0}, live.Sink{
		Deliver: func(ctx context.Context, rows []event.Stored) error {
			for _, r := range rows {
				select {
				case out <- r:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		},
		Done: func(err error) { end <- err },
	})
	for range 2000 {
		hub.Ring([]event.Bell{log.add(a, 1)})
	}
	for want := int64(1); want <= 1500; want++ {
		if r := <-out; r.Seq != want {
			t.Fatalf("got %d, want %d", r.Seq, want)
		}
	}
	cancel() // 500 are under way: Deliver is waiting
	if err := <-end; !errors.Is(err, context.Canceled) {
		t.Errorf("done with %v", err)
	}
}

func TestFeedEnds(t *testing.T) {
	t.Parallel()
	refuse := errors.New("no more")
	full := newLog()
	a := newID(t)
	full.add(a, 5)
	trimmed := newLog()
	trimmed.trim(a, 5)
	for name, c := range map[string]struct {
		log  *memLog
		end  func(*live.Hub)
		want error
	}{
		"deliver refuses": {full, func(*live.Hub) {}, refuse},
		"expired":         {trimmed, func(*live.Hub) {}, live.ErrExpired},
		"hub closed":      {newLog(), (*live.Hub).Close, live.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub, end := live.NewHub(live.HubOptions{}), make(chan error, 2)
			feed(t, t.Context(), hub, c.log, map[uuid.UUID]int64{a: 0}, live.Sink{
				Deliver: func(context.Context, []event.Stored) error { return refuse },
				Done:    func(err error) { end <- err },
			})
			c.end(hub)
			if err := <-end; !errors.Is(err, c.want) {
				t.Errorf("done with %v, want %v", err, c.want)
			}
			hub.Ring([]event.Bell{c.log.add(newID(t), 1)})
			if s := hub.Stats(); s.Subscriptions != 0 || len(end) != 0 {
				t.Errorf("left in the hub: %+v, done %d times more", s, len(end))
			}
		})
	}
	if err := live.NewHub(live.HubOptions{}).Feed(t.Context(), live.Request{Positions: map[uuid.UUID]int64{a: 0}, Read: full.read}, live.Sink{}); err == nil {
		t.Error("a feed without a sink is accepted")
	}
}
