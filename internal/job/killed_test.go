package job_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// TestMain is also the process that TestKilled kills: it takes a job and never
// ends it.
func TestMain(m *testing.M) {
	storetest.Main(m, func(s *store.Store) error {
		workers := river.NewWorkers()
		job.Handle(workers, func(context.Context, *river.Job[Ring]) error {
			fmt.Println("started")
			select {}
		})
		c, err := job.New(s, job.Options{Workers: workers, Log: quiet})
		if err != nil {
			return err
		}
		return c.Start(context.Background())
	})
}

// A job whose process was killed in the middle is done by the next one.
func TestKilled(t *testing.T) { // security L10
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		migrated(t, db)
		ring(t, db, uuid.New())
		storetest.Kill(t, db)
		if n := count(t, db, "state = 'running'"); n != 1 {
			t.Fatalf("%d running jobs after the kill", n)
		}
		time.Sleep(600 * time.Millisecond) // longer than Rescue
		rung := make(chan struct{}, 2)
		workers := river.NewWorkers()
		job.Handle(workers, func(context.Context, *river.Job[Ring]) error {
			rung <- struct{}{}
			return nil
		})
		work(t, db, job.Options{Workers: workers, Timeout: 400 * time.Millisecond, Rescue: 500 * time.Millisecond})
		select {
		case <-rung:
		case <-time.After(40 * time.Second):
			t.Fatal("the job of the killed process was not rescued")
		}
	})
}
