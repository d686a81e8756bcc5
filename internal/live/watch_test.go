package live_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/live"
)

func watched(t *testing.T, opts live.HubOptions) *live.Hub {
	t.Helper()
	hub := live.NewHub(opts)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { hub.Watch(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return hub
}

func TestSafetyNetDeliversWithoutAnyBell(t *testing.T) {
	t.Parallel()
	ctx, log, a, b := within(t, 5*time.Second), newLog(), newID(t), newID(t)
	var calls atomic.Int64
	var down atomic.Bool
	down.Store(true)
	heads := func(ctx context.Context, streams []uuid.UUID) (map[uuid.UUID]int64, error) {
		if calls.Add(1); down.Load() {
			return nil, errors.New("database is down")
		}
		if len(streams) != 2 {
			t.Errorf("asked about %d streams in one call, want 2", len(streams))
		}
		return log.heads(ctx, streams)
	}
	hub := watched(t, live.HubOptions{Heads: heads, ResyncEvery: 20 * time.Millisecond})
	time.Sleep(60 * time.Millisecond)
	if n := calls.Load(); n != 0 {
		t.Errorf("%d calls while nobody listens", n)
	}
	one := subscribe(t, ctx, hub, log, map[uuid.UUID]int64{a: 0, b: 0})
	two := subscribe(t, ctx, hub, log, map[uuid.UUID]int64{a: 0})
	nothing(t, one)
	nothing(t, two)
	log.add(a, 1)
	nothing(t, one)
	down.Store(false)
	for _, s := range []*live.Subscription{one, two} {
		if rows, err := s.Next(ctx); err != nil || len(rows) != 1 {
			t.Errorf("%d rows, %v", len(rows), err)
		}
	}
	if n := hub.Stats().Resyncs; n < 2 {
		t.Errorf("resyncs counted: %d", n)
	}
}

func TestResyncAsksAtOnce(t *testing.T) {
	t.Parallel()
	ctx, log, a := within(t, 5*time.Second), newLog(), newID(t)
	hub := watched(t, live.HubOptions{Heads: log.heads, ResyncEvery: time.Hour})
	s := subscribe(t, ctx, hub, log, map[uuid.UUID]int64{a: 0})
	nothing(t, s)
	log.add(a, 1)
	hub.Resync()
	if rows, err := s.Next(ctx); err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// A cursor from before a restore is ahead of the log; waiting until the log
// has caught up would skip what was told meanwhile.
func TestPositionAheadOfTheLogExpires(t *testing.T) {
	t.Parallel()
	ctx, log, a := within(t, 5*time.Second), newLog(), newID(t)
	log.add(a, 10)
	hub := watched(t, live.HubOptions{Heads: log.heads, ResyncEvery: 20 * time.Millisecond})
	ahead := subscribe(t, ctx, hub, log, map[uuid.UUID]int64{a: 11})
	right := subscribe(t, ctx, hub, log, map[uuid.UUID]int64{a: 10})
	if rows, err := ahead.Next(ctx); !errors.Is(err, live.ErrExpired) {
		t.Errorf("got %d rows, %v", len(rows), err)
	}
	nothing(t, right)
}
