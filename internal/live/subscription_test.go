package live_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

func TestOrderAndResume(t *testing.T) {
	t.Parallel()
	ctx, log, hub := within(t, 10*time.Second), newLog(), live.NewHub(live.HubOptions{})
	a, b := newID(t), newID(t)
	log.add(a, 300)
	log.add(b, 5)

	first := subscribe(t, ctx, hub, log, map[uuid.UUID]int64{a: 0, b: 3})
	check := newChecker(map[uuid.UUID]int64{b: 3})
	if err := check.until(ctx, first, map[uuid.UUID]int64{a: 100, b: 4}); err != nil {
		t.Fatal(err)
	}
	first.Close()
	log.add(b, 100)

	// Another instance, which never heard a bell, goes on where we were.
	second := subscribe(t, ctx, live.NewHub(live.HubOptions{}), log, check.got)
	defer second.Close()
	want := map[uuid.UUID]int64{a: 300, b: 105}
	if err := check.until(ctx, second, want); err != nil {
		t.Fatal(err)
	}
	check.verify(t, want)
	if check.total != 300+102 {
		t.Errorf("got %d events, want 402", check.total)
	}
}

func TestNoStreamStarvesAnother(t *testing.T) {
	t.Parallel()
	ctx, log, hub := within(t, 10*time.Second), newLog(), live.NewHub(live.HubOptions{})
	busy, quiet := newID(t), newID(t)
	log.add(busy, 100_000)
	log.add(quiet, 1)
	s := subscribe(t, ctx, hub, log, map[uuid.UUID]int64{busy: 0, quiet: 0})
	defer s.Close()
	for range 2 {
		rows, err := s.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if rows[0].StreamID == quiet {
			return
		}
	}
	t.Error("the quiet stream waits behind the busy one")
}

func TestBellsAlreadyDeliveredReadNothing(t *testing.T) {
	t.Parallel()
	ctx, log, hub := within(t, 10*time.Second), newLog(), live.NewHub(live.HubOptions{})
	a := newID(t)
	bell := log.add(a, 10)
	s := subscribe(t, ctx, hub, log, map[uuid.UUID]int64{a: 0})
	defer s.Close()
	if rows, err := s.Next(ctx); err != nil || len(rows) != 10 {
		t.Fatal(len(rows), err)
	}
	reads := log.readCount()
	for range 100 {
		hub.Ring([]event.Bell{bell, {StreamID: a, Seq: 3}, {StreamID: newID(t), Seq: 99}})
	}
	nothing(t, s)
	if got := log.readCount() - reads; got != 0 {
		t.Errorf("%d reads for bells that tell nothing new", got)
	}
	// A bell for what does not exist costs one read, it does not spin.
	hub.Ring([]event.Bell{{StreamID: a, Seq: 1 << 60}})
	nothing(t, s)
	if got := log.readCount() - reads; got != 1 {
		t.Errorf("%d reads for one false bell", got)
	}
	hub.Ring([]event.Bell{log.add(a, 1)})
	if rows, err := s.Next(ctx); err != nil || len(rows) != 1 || rows[0].Seq != 11 {
		t.Fatal(rows, err)
	}
}

// nothing fails when Next has something within 50 ms.
func nothing(t *testing.T, s *live.Subscription) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if rows, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %d rows, %v", len(rows), err)
	}
}

func TestSlowReaderBlocksNobodyAndLosesNothing(t *testing.T) {
	t.Parallel()
	ctx, log, hub := within(t, 20*time.Second), newLog(), live.NewHub(live.HubOptions{})
	a := newID(t)
	slow := subscribe(t, ctx, hub, log, map[uuid.UUID]int64{a: 0})
	defer slow.Close()
	start := time.Now()
	for range 20_000 { // nobody reads meanwhile
		hub.Ring([]event.Bell{log.add(a, 1)})
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("ringing took %v", d)
	}
	check, want := newChecker(nil), map[uuid.UUID]int64{a: 20_000}
	if err := check.until(ctx, slow, want); err != nil {
		t.Fatal(err)
	}
	check.verify(t, want)
}

func TestDisconnect(t *testing.T) {
	t.Parallel()
	log, hub, a := newLog(), live.NewHub(live.HubOptions{}), newID(t)
	ctx, cancel := context.WithCancel(context.Background())
	gone := subscribe(t, ctx, hub, log, map[uuid.UUID]int64{a: 0})
	stays := subscribe(t, context.Background(), hub, log, map[uuid.UUID]int64{a: 0})
	cancel()
	eventually(t, "the end of a context leaves the hub", func() bool { return hub.Stats().Subscriptions == 1 })
	if _, err := gone.Next(context.Background()); !errors.Is(err, live.ErrClosed) {
		t.Errorf("after its context ended: %v", err)
	}
	hub.Ring([]event.Bell{log.add(a, 1)})
	if rows, err := stays.Next(within(t, 5*time.Second)); err != nil || len(rows) != 1 {
		t.Errorf("the other one: %d rows, %v", len(rows), err)
	}

	waiting := make(chan error, 1)
	go func() {
		_, err := stays.Next(context.Background())
		waiting <- err
	}()
	stays.Close()
	stays.Close()
	if err := <-waiting; !errors.Is(err, live.ErrClosed) {
		t.Errorf("closed while waiting: %v", err)
	}
	if s := hub.Stats(); s.Subscriptions != 0 || s.Streams != 0 {
		t.Errorf("left in the hub: %+v", s)
	}
	hub.Close()
	if _, err := hub.Subscribe(context.Background(), live.Request{Positions: map[uuid.UUID]int64{a: 0}, Read: log.read}); !errors.Is(err, live.ErrClosed) {
		t.Errorf("a closed hub: %v", err)
	}
}

func TestLeavingInAnyOrderKeepsTheOthers(t *testing.T) {
	t.Parallel()
	ctx, log, hub, a := within(t, 10*time.Second), newLog(), live.NewHub(live.HubOptions{}), newID(t)
	subs := make([]*live.Subscription, 7)
	for i := range subs {
		subs[i] = subscribe(t, ctx, hub, log, map[uuid.UUID]int64{a: 0})
	}
	for _, i := range []int{6, 0, 3} { // the first of the list, the last, one between
		subs[i].Close()
	}
	hub.Ring([]event.Bell{log.add(a, 1)})
	for _, i := range []int{1, 2, 4, 5} {
		if rows, err := subs[i].Next(ctx); err != nil || len(rows) != 1 {
			t.Errorf("subscription %d: %d rows, %v", i, len(rows), err)
		}
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	missing := func(_ context.Context, s uuid.UUID, after int64, _ int) ([]event.Stored, error) {
		return []event.Stored{{StreamID: s, Seq: after + 1}, {StreamID: s, Seq: after + 3}}, nil
	}
	late := func(_ context.Context, s uuid.UUID, after int64, _ int) ([]event.Stored, error) {
		return []event.Stored{{StreamID: s, Seq: after + 2}}, nil
	}
	again := func(_ context.Context, s uuid.UUID, after int64, _ int) ([]event.Stored, error) {
		return []event.Stored{{StreamID: s, Seq: after}}, nil
	}
	trimmed := newLog()
	a := newID(t)
	trimmed.add(a, 50)
	trimmed.trim(a, 20)
	for name, read := range map[string]live.Reader{"hole": missing, "first missing": late, "repeat": again, "trimmed": trimmed.read} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, hub := within(t, 5*time.Second), live.NewHub(live.HubOptions{})
			s, err := hub.Subscribe(ctx, live.Request{Positions: map[uuid.UUID]int64{a: 10}, Read: read})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for range 2 { // final: the second call does not go on behind the hole
				if rows, err := s.Next(ctx); !errors.Is(err, live.ErrExpired) || len(rows) != 0 {
					t.Fatalf("got %d rows, %v", len(rows), err)
				}
			}
		})
	}
	s := subscribe(t, within(t, 5*time.Second), live.NewHub(live.HubOptions{}), trimmed, map[uuid.UUID]int64{a: 20})
	defer s.Close()
	if rows, err := s.Next(context.Background()); err != nil || len(rows) != 30 || rows[0].Seq != 21 {
		t.Errorf("exactly at the edge of what was trimmed: %d rows, %v", len(rows), err)
	}
}

func TestReaderErrorLosesNothing(t *testing.T) {
	t.Parallel()
	ctx, log, hub, a := within(t, 5*time.Second), newLog(), live.NewHub(live.HubOptions{}), newID(t)
	down := errors.New("database is down")
	fail := true
	read := func(ctx context.Context, s uuid.UUID, after int64, limit int) ([]event.Stored, error) {
		if fail {
			return nil, down
		}
		return log.read(ctx, s, after, limit)
	}
	log.add(a, 3)
	s, err := hub.Subscribe(ctx, live.Request{Positions: map[uuid.UUID]int64{a: 0}, Read: read})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Next(ctx); !errors.Is(err, down) {
		t.Fatal(err)
	}
	fail = false // and nobody rings
	if rows, err := s.Next(ctx); err != nil || len(rows) != 3 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestRequestBounds(t *testing.T) {
	t.Parallel()
	log, hub := newLog(), live.NewHub(live.HubOptions{})
	many := map[uuid.UUID]int64{}
	for range live.MaxStreams + 1 {
		many[newID(t)] = 0
	}
	if _, err := hub.Subscribe(t.Context(), live.Request{Positions: many, Read: log.read}); !errors.Is(err, live.ErrTooManyStreams) {
		t.Errorf("17 streams: %v", err)
	}
	for name, req := range map[string]live.Request{
		"no stream": {Read: log.read},
		"no reader": {Positions: map[uuid.UUID]int64{newID(t): 0}},
		"negative":  {Positions: map[uuid.UUID]int64{newID(t): -1}, Read: log.read},
	} {
		if _, err := hub.Subscribe(t.Context(), req); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if s := hub.Stats(); s != (live.Stats{}) {
		t.Errorf("refused requests left %+v", s)
	}
}
