package live_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
)

// A database that is away for a while ends no stream, at its start and when it
// is resumed neither: all comes once it is back, once and in order. What is not
// that, and what lasts for longer than a minute, ends it; who begins without a
// cursor waits for some seconds only.
func TestStreamsOutlastTheDatabase(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		err  error
		away time.Duration
		ends bool
	}{
		{"away for a while", fault.ErrUnavailable.Because(broken), 20 * time.Second, false},
		{"away for good", fault.ErrUnavailable.Because(broken), time.Hour, true},
		{"broken", broken, 20 * time.Second, true},
	} {
		for _, what := range []string{"log", "row", "start", "resume"} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				log, hub, a := newLog(), live.NewHub(live.HubOptions{}), newID(t)
				var after *string
				away := tt.away
				switch {
				case what == "resume":
					cursor := live.EncodeCursor(live.Cursor{Epoch: "e", Seqs: map[uuid.UUID]int64{a: 0}})
					after = &cursor
				case what == "start" && !tt.ends:
					away = 3 * time.Second
				}
				var since time.Time // when it went
				fails := func(part string) error {
					if part == what && !since.IsZero() && time.Since(since) < away {
						return tt.err
					}
					return nil
				}
				streams := &live.Streams{
					Hub: hub,
					Read: func(ctx context.Context, stream uuid.UUID, after int64, limit int) ([]event.Stored, error) {
						if err := cmp.Or(fails("log"), fails("resume")); err != nil {
							return nil, err
						}
						return log.read(ctx, stream, after, limit)
					},
					Heads: func(context.Context, []uuid.UUID) (map[uuid.UUID]int64, error) {
						return map[uuid.UUID]int64{}, fails("start")
					},
					Epoch: func(context.Context) (string, error) { return "e", nil },
				}
				began := time.Now()
				if after != nil || what == "start" {
					since = began
				}
				var reason error
				got, err := live.Follow(ctx, streams, after, []uuid.UUID{a}, func(err error) { reason = err },
					func(_ context.Context, e event.Stored, _ string) (*int64, error) {
						return &e.Seq, fails("row")
					})
				if what == "start" && tt.ends || what == "resume" && fault.KindOf(tt.err) != fault.Unavailable {
					if took := time.Since(began); !errors.Is(err, broken) || took > 10*time.Second {
						t.Errorf("%s, %s: %v after %v", tt.name, what, err, took)
					}
					return
				}
				if err != nil {
					t.Fatalf("%s, %s: %v", tt.name, what, err)
				}
				if since.IsZero() {
					since = time.Now()
				}
				hub.Ring([]event.Bell{log.add(a, 3)})
				var all []int64
				for seq := range got {
					if all = append(all, *seq); len(all) == 3 {
						break
					}
				}
				switch {
				case tt.ends && (len(all) != 0 || !errors.Is(reason, broken)):
					t.Errorf("%s, %s: %v, %v", tt.name, what, all, reason)
				case !tt.ends && (len(all) != 3 || all[0] != 1 || all[1] != 2 || all[2] != 3 || reason != nil):
					t.Errorf("%s, %s: %v, %v", tt.name, what, all, reason)
				}
			})
		}
	}
}

// A signal that cannot be looked at while the database is away is skipped, for
// it promises nothing; what is broken ends the stream.
func TestSignalsOutlastTheDatabase(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		log, hub, a := newLog(), live.NewHub(live.HubOptions{}), newID(t)
		streams := &live.Streams{
			Hub: hub, Read: log.read,
			Heads: func(context.Context, []uuid.UUID) (map[uuid.UUID]int64, error) { return map[uuid.UUID]int64{}, nil },
			Epoch: func(context.Context) (string, error) { return "e", nil },
		}
		var reason error
		got, err := live.FollowSignals(ctx, streams, nil, []uuid.UUID{a}, func(err error) { reason = err },
			func(context.Context, event.Stored, string) (*string, error) { return nil, nil },
			func(_ context.Context, one live.Signal, _ string) (*string, error) {
				what := string(one.Payload)
				return &what, map[string]error{"away": fault.ErrUnavailable.Because(broken), "broken": broken}[what]
			})
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{"away", "typing"} {
			hub.Signal(live.Signal{Stream: a, Payload: []byte(what)})
			synctest.Wait()
		}
		if what := <-got; what == nil || *what != "typing" {
			t.Fatalf("%v, %v", what, reason)
		}
		hub.Signal(live.Signal{Stream: a, Payload: []byte("broken")})
		if what, more := <-got; more || !errors.Is(reason, broken) {
			t.Errorf("%v, %v", what, reason)
		}
	})
}

// A row that nobody can make anything of ends the streams that meet it, and not
// the process; the others go on.
func TestPanicEndsOneFeed(t *testing.T) {
	t.Parallel()
	log, a := newLog(), newID(t)
	hub := live.NewHub(live.HubOptions{Log: slog.New(slog.DiscardHandler)})
	done, rows := make(chan error, 1), make(chan int64, 1)
	for _, sink := range []live.Sink{
		{Deliver: func(context.Context, []event.Stored) error { panic("poisoned") }, Done: func(err error) { done <- err }},
		{Deliver: func(_ context.Context, all []event.Stored) error { rows <- all[0].Seq; return nil }, Done: func(error) {}},
	} {
		feed(t, t.Context(), hub, log, map[uuid.UUID]int64{a: 0}, sink)
	}
	hub.Ring([]event.Bell{log.add(a, 1)})
	if err := <-done; !errors.Is(err, fault.ErrInternal) {
		t.Errorf("it ends with %v", err)
	}
	if seq := <-rows; seq != 1 {
		t.Errorf("the other hears %d", seq)
	}
	eventually(t, "one is left", func() bool { return hub.Stats().Subscriptions == 1 })
}
