package live_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

// follower is a Streams over a log, and how often it asked for heads.
func follower(log *memLog) (s *live.Streams, heads *atomic.Int64) {
	heads = new(atomic.Int64)
	return &live.Streams{
		Hub: live.NewHub(live.HubOptions{}), Read: log.read,
		Heads: func(ctx context.Context, streams []uuid.UUID) (map[uuid.UUID]int64, error) {
			heads.Add(1)
			return log.heads(ctx, streams)
		},
		Epoch: func(context.Context) (string, error) { return "e", nil },
	}, heads
}

func follow(t *testing.T, s *live.Streams, after *string, streams ...uuid.UUID) (<-chan *event.Stored, error) {
	t.Helper()
	return live.Follow(t.Context(), s, after, streams, func(error) {},
		func(_ context.Context, e event.Stored, _ string) (*event.Stored, error) { return &e, nil })
}

// After a restart everybody comes back with a cursor: that costs one read a
// stream, and what the read found is not read again.
func TestFollowFromCursorReadsOnce(t *testing.T) {
	t.Parallel()
	log, a := newLog(), newID(t)
	log.add(a, 3)
	s, heads := follower(log)
	for after, want := range map[int64]int64{1: 2, 3: 4} {
		before := log.readCount()
		cursor := live.EncodeCursor(live.Cursor{Epoch: "e", Seqs: map[uuid.UUID]int64{a: after}})
		events, err := follow(t, s, &cursor, a)
		if err != nil {
			t.Fatal(err)
		}
		if after == 3 {
			s.Hub.Ring([]event.Bell{log.add(a, 1)})
		}
		if e := <-events; e.Seq != want {
			t.Errorf("after %d came %d, want %d", after, e.Seq, want)
		}
		if after == 1 {
			<-events
			if n := log.readCount() - before; n != 1 {
				t.Errorf("%d reads to resume, want 1", n)
			}
		}
	}
	if heads.Load() != 0 {
		t.Errorf("heads were asked %d times", heads.Load())
	}
}

func TestFollowFromNow(t *testing.T) {
	t.Parallel()
	log, a, b := newLog(), newID(t), newID(t)
	log.add(a, 3)
	log.add(b, 5)
	s, heads := follower(log)
	// b has joined since the cursor: it begins at its end.
	cursor := live.EncodeCursor(live.Cursor{Epoch: "e", Seqs: map[uuid.UUID]int64{a: 2}})
	events, err := follow(t, s, &cursor, a, b)
	if err != nil || heads.Load() != 1 {
		t.Fatal(err, heads.Load())
	}
	if e := <-events; e.StreamID != a || e.Seq != 3 {
		t.Errorf("got %d of %s", e.Seq, e.StreamID)
	}
	s.Hub.Ring([]event.Bell{log.add(b, 1)})
	if e := <-events; e.StreamID != b || e.Seq != 6 {
		t.Errorf("got %d of %s", e.Seq, e.StreamID)
	}
	now, err := follow(t, s, nil, a)
	if err != nil {
		t.Fatal(err)
	}
	s.Hub.Ring([]event.Bell{log.add(a, 1)})
	if e := <-now; e.Seq != 4 {
		t.Errorf("from now came %d, want 4", e.Seq)
	}
}

// What cannot go on is refused before anything is delivered, also where
// another stream could, and leaves nothing in the hub.
func TestFollowRefusesAtTheStart(t *testing.T) {
	t.Parallel()
	log, a, b := newLog(), newID(t), newID(t)
	log.add(a, 3)
	log.trim(b, 5)
	s, _ := follower(log)
	at := func(epoch string, seqs map[uuid.UUID]int64) *string {
		c := live.EncodeCursor(live.Cursor{Epoch: epoch, Seqs: seqs})
		return &c
	}
	bad := "nonsense"
	for name, c := range map[string]struct {
		after *string
		want  error
	}{
		"one of two expired": {at("e", map[uuid.UUID]int64{a: 0, b: 1}), live.ErrExpired},
		"another epoch":      {at("old", map[uuid.UUID]int64{a: 0, b: 5}), live.ErrExpired},
		"of another list":    {at("e", map[uuid.UUID]int64{newID(t): 0}), live.ErrBadCursor},
		"no cursor":          {&bad, live.ErrBadCursor},
	} {
		_, err := live.Follow(t.Context(), s, c.after, []uuid.UUID{a, b}, func(error) { t.Errorf("%s: ended was called", name) },
			func(context.Context, event.Stored, string) (*int, error) {
				t.Errorf("%s: something was delivered", name)
				return nil, nil
			})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if st := s.Hub.Stats(); st.Subscriptions != 0 || st.Streams != 0 {
		t.Errorf("left in the hub: %+v", st)
	}
}
