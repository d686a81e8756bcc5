package job_test

import (
	"context"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"kabinet/internal/job"
	"kabinet/internal/store/storetest"
)

// A chore has the time it asks for; the others have the client's.
func TestChoreTimeout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		migrated(t, db)
		long, short := make(chan time.Duration, 9), make(chan time.Duration, 9)
		left := func(to chan time.Duration) func(context.Context) error {
			return func(ctx context.Context) error {
				end, _ := ctx.Deadline()
				to <- time.Until(end)
				return nil
			}
		}
		workers := river.NewWorkers()
		periodic := job.Chores(workers,
			job.Housework{Name: "long", Every: time.Hour, Timeout: 15 * time.Minute, Do: left(long)},
			job.Housework{Name: "short", Every: time.Hour, Do: left(short)})
		work(t, db, job.Options{Workers: workers, Periodic: periodic})
		if d := <-long; d < 14*time.Minute {
			t.Errorf("the long one has %s", d)
		}
		if d := <-short; d > time.Minute {
			t.Errorf("the short one has %s", d)
		}
	})
}
