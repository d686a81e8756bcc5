package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"kabinet/internal/event"
)

// Claim takes at most limit events that were not yet relayed, calls publish
// with their doorbells, marks them and commits, and tells how many it took.
// When publish fails it rolls back. A crash between the two rings twice, which
// does no harm.
type Claim func(ctx context.Context, limit int, publish func([]event.Bell) error) (n int, err error)

// Relay keeps the two loops that follow the log: one rings the doorbells, one
// runs the hearers. They are apart so that a slow hearer delays no listener.
type Relay struct {
	Claim Claim
	Hear  Step                     // runs the hearers of at most limit events; nil: none
	Ring  func([]event.Bell) error // Bus.Ring
	Limit int                      // events a step; 0: 100
	Every time.Duration            // the poll; 0: 500 ms
	Log   *slog.Logger             // nil: slog.Default()

	once  sync.Once
	loops []*Loop
}

func (r *Relay) begin() {
	r.once.Do(func() {
		claim := func(ctx context.Context, limit int) (int, error) { return r.Claim(ctx, limit, r.Ring) }
		opts := LoopOptions{Name: "relay", Step: claim, Limit: r.Limit, Every: r.Every, Log: r.Log}
		r.loops = append(r.loops, NewLoop(opts))
		if r.Hear != nil {
			opts.Name, opts.Step = "hear", r.Hear
			r.loops = append(r.loops, NewLoop(opts))
		}
	})
}

// Wake is called after each commit that told a fact. It never waits.
func (r *Relay) Wake() {
	r.begin()
	for _, l := range r.loops {
		l.Wake()
	}
}

// WakeBells is Wake after a commit of facts that nobody hears.
func (r *Relay) WakeBells() {
	r.begin()
	r.loops[0].Wake()
}

// Run follows the log until ctx ends and leaves no goroutine. The fields must
// not change after the first Wake or Run.
func (r *Relay) Run(ctx context.Context) {
	r.begin()
	var running sync.WaitGroup
	for _, l := range r.loops {
		running.Go(func() { l.Run(ctx) })
	}
	running.Wait()
}
