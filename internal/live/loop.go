package live

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// Step does a piece of work, at most limit rows of it, and tells how many rows
// it took. Fewer than limit means that nothing is left.
type Step func(ctx context.Context, limit int) (n int, err error)

// LoopOptions are the settings of a loop; only Name and Step are needed.
type LoopOptions struct {
	Name  string // for the log
	Step  Step
	Limit int           // rows a step; 0: 100
	Every time.Duration // the poll; 0: 500 ms
	Log   *slog.Logger  // nil: slog.Default()
	// Backoff after a first failure, doubled by each further one up to a
	// hundred times; 0: 50 ms.
	Backoff time.Duration
}

// Loop repeats a step: when woken, when its poll is due, and on until nothing
// is left. A wake-up is a hint, the poll is the truth.
type Loop struct {
	opts LoopOptions
	wake chan struct{}
}

// NewLoop makes a loop, which works while Run does.
func NewLoop(opts LoopOptions) *Loop {
	if opts.Limit <= 0 {
		opts.Limit = 100
	}
	if opts.Every <= 0 {
		opts.Every = 500 * time.Millisecond
	}
	if opts.Backoff <= 0 {
		opts.Backoff = 50 * time.Millisecond
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Loop{opts: opts, wake: make(chan struct{}, 1)}
}

// Wake asks for a step. It never waits; many wake-ups become one.
func (l *Loop) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends. A step under way is waited for.
func (l *Loop) Run(ctx context.Context) {
	poll := time.NewTicker(l.opts.Every)
	defer poll.Stop()
	var failures int
	for ctx.Err() == nil {
		n, err := l.step(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			pause := l.pause(failures)
			l.opts.Log.ErrorContext(ctx, "live: loop step failed", "loop", l.opts.Name, "failures", failures, "again_in", pause, "error", err)
			sleep(ctx, pause)
			continue
		}
		failures = 0
		if n >= l.opts.Limit {
			continue
		}
		select {
		case <-ctx.Done():
		case <-l.wake:
		case <-poll.C:
		}
	}
}

// step turns a panic into an error: the work of one poisoned row must not take
// the process, and with it every listener, down.
func (l *Loop) step(ctx context.Context) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return l.opts.Step(ctx, l.opts.Limit)
}

// pause has jitter, so that instances do not come back in step.
func (l *Loop) pause(failures int) time.Duration {
	d := min(l.opts.Backoff<<min(failures-1, 10), 100*l.opts.Backoff)
	return d/2 + rand.N(d/2+1) //nolint:gosec // no secret
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
