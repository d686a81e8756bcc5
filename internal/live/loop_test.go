package live_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

// runs starts run and stops it at the end of the test.
func runs(t *testing.T, run func(context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

func TestLoopDrainsBeforeItSleeps(t *testing.T) {
	t.Parallel()
	left, steps := atomic.Int64{}, atomic.Int64{}
	left.Store(95)
	l := live.NewLoop(live.LoopOptions{Name: "t", Limit: 10, Every: time.Hour, Log: silent, Step: func(_ context.Context, limit int) (int, error) {
		steps.Add(1)
		n := min(int64(limit), left.Load())
		left.Add(-n)
		return int(n), nil
	}})
	runs(t, l.Run)
	eventually(t, "drained without a wake-up", func() bool { return left.Load() == 0 && steps.Load() == 10 })
	time.Sleep(20 * time.Millisecond)
	if n := steps.Load(); n != 10 {
		t.Errorf("%d steps for 95 rows of 10", n)
	}
	left.Store(1)
	for range 1000 {
		l.Wake()
	}
	eventually(t, "woken", func() bool { return left.Load() == 0 })
}

func TestLoopPollsWhenNobodyWakesIt(t *testing.T) {
	t.Parallel()
	var steps atomic.Int64
	l := live.NewLoop(live.LoopOptions{Name: "t", Every: 5 * time.Millisecond, Step: func(context.Context, int) (int, error) {
		steps.Add(1)
		return 0, nil
	}})
	runs(t, l.Run)
	eventually(t, "polls go on", func() bool { return steps.Load() >= 5 })
}

func TestLoopBacksOffAndSurvivesPanics(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var at []time.Time
	worked := make(chan struct{})
	l := live.NewLoop(live.LoopOptions{Name: "t", Every: time.Microsecond, Backoff: 20 * time.Millisecond, Log: silent, Step: func(context.Context, int) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		switch at = append(at, time.Now()); len(at) {
		case 1, 2:
			return 0, errors.New("database is down")
		case 3:
			panic("poisoned row")
		case 4:
			close(worked)
		}
		return 0, nil
	}})
	runs(t, l.Run)
	<-worked
	mu.Lock()
	defer mu.Unlock()
	// At least half of 20 + 40 + 80 ms, whatever the jitter.
	if d := at[3].Sub(at[0]); d < 70*time.Millisecond {
		t.Errorf("three failures took only %v: no back-off", d)
	}
}

func TestLoopStopsWhileItBacksOff(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	l := live.NewLoop(live.LoopOptions{Name: "t", Backoff: time.Hour, Log: silent, Step: func(context.Context, int) (int, error) {
		cancel()
		return 0, errors.New("down")
	}})
	done := make(chan struct{})
	go func() { l.Run(ctx); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("still running")
	}
}

// TestRelayEndToEnd: told, relayed over the bus, delivered; and both loops wake.
func TestRelayEndToEnd(t *testing.T) {
	t.Parallel()
	ctx, log, a := within(t, 20*time.Second), newLog(), newID(t)
	bus := startBus(t, live.Options{})
	defer bus.Close()
	s := subscribe(t, ctx, bus.Hub(), log, map[uuid.UUID]int64{a: 0})
	var heard atomic.Int64
	r := &live.Relay{
		Claim: log.claim, Ring: bus.Ring, Limit: 10, Every: time.Hour, Log: silent,
		Hear: func(context.Context, int) (int, error) { heard.Add(1); return 0, nil },
	}
	r.Wake() // before Run: kept
	runs(t, r.Run)
	next := func(way string, wake func()) {
		t.Helper()
		eventually(t, "the hearers ran", func() bool { return heard.Load() > 0 })
		before := heard.Load()
		log.add(a, 25)
		wake()
		for got := 0; got < 25; {
			rows, err := s.Next(ctx)
			if err != nil {
				t.Fatalf("%s: %v", way, err)
			}
			got += len(rows)
		}
		eventually(t, way+" wakes the hearers too", func() bool { return heard.Load() > before })
	}
	next("Wake", r.Wake)
	next("Wake again", r.Wake)
}

func TestRelayPublishesAgainWhatFailed(t *testing.T) {
	t.Parallel()
	log, a := newLog(), newID(t)
	log.add(a, 30)
	var mu sync.Mutex
	seen, calls := map[int64]int{}, 0
	r := &live.Relay{Claim: log.claim, Limit: 10, Log: silent, Ring: func(bells []event.Bell) error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == 2 {
			return live.ErrClosed
		}
		for _, b := range bells {
			seen[b.Seq]++
		}
		return nil
	}}
	runs(t, r.Run)
	eventually(t, "all 30 are published", func() bool { mu.Lock(); defer mu.Unlock(); return len(seen) == 30 })
}
