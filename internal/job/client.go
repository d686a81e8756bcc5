package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"kabinet/internal/store"
)

// Options configure a Client. Zero durations take the documented defaults.
type Options struct {
	Workers  *river.Workers       // what can be done: Handle adds to it
	Periodic []*river.PeriodicJob // what is done by the clock: Every makes one
	Log      *slog.Logger         // slog.Default() when nil
	AtOnce   int                  // jobs run side by side; 8 when 0
	Queues   map[string]int       // further queues, and how many of their jobs run side by side
	Timeout  time.Duration        // of one try; 1 minute
	Rescue   time.Duration        // a try that began so long ago died with its process; 5 minutes
}

// Lib/pq cannot listen, so the queue is polled; a job starts within poll.
const (
	poll     = 250 * time.Millisecond
	cooldown = 50 * time.Millisecond
)

// Client works the queue. One instance of Kabinet has one.
type Client struct {
	river   *river.Client[*sql.Tx]
	store   *store.Store
	running atomic.Bool
}

// New makes a client that is not working yet. Migrate must have run.
func New(s *store.Store, o Options) (*Client, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.AtOnce == 0 {
		o.AtOnce = 8
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.Rescue == 0 {
		o.Rescue = 5 * time.Minute
	}
	config := &river.Config{
		Workers:              o.Workers,
		PeriodicJobs:         o.Periodic,
		Logger:               slog.New(warnings{o.Log.Handler()}),
		ErrorHandler:         &lastWord{o.Log},
		FetchPollInterval:    poll,
		FetchCooldown:        cooldown,
		PollOnly:             true,
		JobTimeout:           o.Timeout,
		RescueStuckJobsAfter: o.Rescue,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: o.AtOnce}},
	}
	for name, atOnce := range o.Queues {
		config.Queues[name] = river.QueueConfig{MaxWorkers: atOnce}
	}
	c := &Client{store: s}
	var err error
	if s.Dialect() == dialect.Postgres {
		c.river, err = river.NewClient(riverdatabasesql.New(s.Writer()), config)
	} else {
		c.river, err = river.NewClient(riversqlite.New(s.Writer()), config)
	}
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return c, nil
}

// Start begins to work the queue and returns. Ending ctx stops it hard; call
// Stop to let running jobs end.
func (c *Client) Start(ctx context.Context) error {
	if err := c.river.Start(ctx); err != nil {
		return fmt.Errorf("job: start: %w", err)
	}
	c.running.Store(true)
	return nil
}

// Stop takes no new job and waits for the running ones until ctx ends; then it
// cancels them: they are tried again by whoever starts next.
func (c *Client) Stop(ctx context.Context) error {
	c.running.Store(false)
	err := c.river.Stop(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := c.river.StopAndCancel(hard); err != nil {
		return fmt.Errorf("job: stop: %w", err)
	}
	return nil
}

// Ready says whether the queue is being worked and its tables answer.
func (c *Client) Ready(ctx context.Context) error {
	if !c.running.Load() {
		return errors.New("job: the queue is not being worked")
	}
	return Check(ctx, c.store)
}

// warnings keeps River's chatter out of the log.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (w warnings) WithAttrs(a []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(a)} }

// WithGroup implements slog.Handler.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

// lastWord logs a job that will not be tried again; River keeps its row for a
// week. Errors of jobs hold no personal data, as all errors here.
type lastWord struct{ log *slog.Logger }

// HandleError implements river.ErrorHandler.
func (l *lastWord) HandleError(ctx context.Context, j *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	level, text := slog.LevelWarn, "job failed, it will be tried again"
	if j.Attempt >= j.MaxAttempts {
		level, text = slog.LevelError, "job given up"
	}
	l.log.Log(ctx, level, text, "kind", j.Kind, "job", j.ID, "attempt", j.Attempt, "error", err)
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (l *lastWord) HandlePanic(ctx context.Context, j *rivertype.JobRow, p any, trace string) *river.ErrorHandlerResult {
	l.log.ErrorContext(ctx, "job panicked", "kind", j.Kind, "job", j.ID, "attempt", j.Attempt, "panic", fmt.Sprint(p), "trace", trace)
	return nil
}
