package live_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
)

// A database that is away for a while ends no stream, at its start neither:
// all comes once it is back, once and in order. What is not that, and what
// lasts for longer than a minute, ends it.
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
		for _, what := range []string{"log", "row", "start"} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				log, hub, a := newLog(), live.NewHub(live.HubOptions{}), newID(t)
				var since time.Time // when it went
				fails := func(part string) error {
					if part == what && !since.IsZero() && time.Since(since) < tt.away {
						return tt.err
					}
					return nil
				}
				streams := &live.Streams{
					Hub: hub,
					Read: func(ctx context.Context, stream uuid.UUID, after int64, limit int) ([]event.Stored, error) {
						if err := fails("log"); err != nil {
							return nil, err
						}
						return log.read(ctx, stream, after, limit)
					},
					Heads: func(context.Context, []uuid.UUID) (map[uuid.UUID]int64, error) {
						return map[uuid.UUID]int64{}, fails("start")
					},
					Epoch: func(context.Context) (string, error) { return "e", nil },
				}
				if what == "start" {
					since = time.Now()
				}
				var reason error
				got, err := live.Follow(ctx, streams, nil, []uuid.UUID{a}, func(err error) { reason = err },
					func(_ context.Context, e event.Stored, _ string) (*int64, error) {
						return &e.Seq, fails("row")
					})
				if what == "start" && tt.ends {
					if !errors.Is(err, broken) {
						t.Errorf("%s, %s: %v", tt.name, what, err)
					}
					return
				}
				if err != nil {
					t.Fatalf("%s, %s: %v", tt.name, what, err)
				}
				if what != "start" {
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
