package live_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

// unlucky reads, and only then, before the rows are back, another event is
// told and rung: the moment in which a hub that clears its mark late, or
// registers late, loses it for good.
func unlucky(log *memLog, hub *live.Hub, times int) live.Reader {
	return func(ctx context.Context, s uuid.UUID, after int64, limit int) ([]event.Stored, error) {
		rows, err := log.read(ctx, s, after, limit)
		if times > 0 && len(rows) == 0 {
			times--
			hub.Ring([]event.Bell{log.add(s, 1)})
		}
		return rows, err
	}
}

func TestBellDuringTheRead(t *testing.T) {
	t.Parallel()
	ctx, log, hub, a := within(t, 5*time.Second), newLog(), live.NewHub(live.HubOptions{}), newID(t)
	s, err := hub.Subscribe(ctx, live.Request{Positions: map[uuid.UUID]int64{a: 0}, Read: unlucky(log, hub, 3)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// The first read alone is empty; the later ones are made so by a false bell.
	for want := int64(1); want <= 3; want++ {
		rows, err := s.Next(ctx)
		if err != nil || len(rows) != 1 || rows[0].Seq != want {
			t.Fatalf("event %d: %v, %v", want, rows, err)
		}
		hub.Ring([]event.Bell{{StreamID: a, Seq: want + 1}})
	}
}

func TestFeedBellDuringTheRead(t *testing.T) {
	t.Parallel()
	ctx, log, hub, a := within(t, 5*time.Second), newLog(), live.NewHub(live.HubOptions{}), newID(t)
	got := make(chan int64, 1)
	err := hub.Feed(ctx, live.Request{Positions: map[uuid.UUID]int64{a: 0}, Read: unlucky(log, hub, 1)}, live.Sink{
		Deliver: func(_ context.Context, rows []event.Stored) error { got <- rows[0].Seq; return nil },
		Done:    func(error) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-got:
	case <-ctx.Done():
		t.Fatal("the event rung during the read never came")
	}
}

// A Reader with a smaller page of its own must not end a catch-up early.
func TestReaderWithShortPages(t *testing.T) {
	t.Parallel()
	ctx, log, hub, a := within(t, 5*time.Second), newLog(), live.NewHub(live.HubOptions{}), newID(t)
	read := func(ctx context.Context, s uuid.UUID, after int64, limit int) ([]event.Stored, error) {
		return log.read(ctx, s, after, min(limit, 3))
	}
	s, err := hub.Subscribe(ctx, live.Request{Positions: map[uuid.UUID]int64{a: 0}, Read: read})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	nothing(t, s)
	hub.Ring([]event.Bell{log.add(a, 20)})
	check, want := newChecker(nil), map[uuid.UUID]int64{a: 20}
	if err := check.until(ctx, s, want); err != nil {
		t.Fatal(err)
	}
	check.verify(t, want)
}
