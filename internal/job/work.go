package job

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Handle says how jobs of one kind are done. do runs at least once: it must be
// harmless when repeated. An error is tried again with backoff, up to 25 times
// over about three weeks; Discard gives up at once. A kind is handled once.
func Handle[T river.JobArgs](w *river.Workers, do func(ctx context.Context, j *river.Job[T]) error) {
	river.AddWorker(w, river.WorkFunc(do))
}

// Discard is the error of a job that will never succeed: it is not tried
// again. err must hold no personal data.
func Discard(err error) error { return river.JobCancel(err) }

// Every enqueues args each d and once at the start; of several instances one
// does it, and never while the one before is still waiting or running.
func Every(d time.Duration, args river.JobArgs) *river.PeriodicJob {
	opts := &river.InsertOpts{MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
	return river.NewPeriodicJob(river.PeriodicInterval(d), func() (river.JobArgs, *river.InsertOpts) {
		return args, opts
	}, &river.PeriodicJobOpts{RunOnStart: true})
}

// unfinished leaves out completed: done once must not mean never again.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// Chore is a periodic piece of housekeeping, named; the name is all it holds.
type Chore struct {
	Name string `json:"name" river:"unique"`
}

// Kind implements river.JobArgs.
func (Chore) Kind() string { return "chore" }

// Chores registers housekeeping by name and gives the periodic jobs for it.
func Chores(w *river.Workers, chores ...Housework) []*river.PeriodicJob {
	all := &choreWorker{byName: map[string]Housework{}}
	var periodic []*river.PeriodicJob
	for _, c := range chores {
		all.byName[c.Name] = c
		periodic = append(periodic, Every(c.Every, Chore{c.Name}))
	}
	river.AddWorker(w, all)
	return periodic
}

// choreWorker does chores, each within its own time.
type choreWorker struct {
	river.WorkerDefaults[Chore]
	byName map[string]Housework
}

// Work implements river.Worker.
func (c *choreWorker) Work(ctx context.Context, j *river.Job[Chore]) error {
	chore, known := c.byName[j.Args.Name]
	if !known {
		return Discard(errUnknownChore) // of another version
	}
	return chore.Do(ctx)
}

// Timeout implements river.Worker.
func (c *choreWorker) Timeout(j *river.Job[Chore]) time.Duration {
	return c.byName[j.Args.Name].Timeout
}

// Housework is one chore: what, how often, and the work.
type Housework struct {
	Name    string
	Every   time.Duration
	Timeout time.Duration // of one try; that of the client when 0
	Do      func(context.Context) error
}
