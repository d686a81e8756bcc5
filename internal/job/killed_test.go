package job_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

const victimURL = "KABINET_TEST_JOB_VICTIM"

// TestMain is also the process that TestKilled kills.
func TestMain(m *testing.M) {
	if url := os.Getenv(victimURL); url != "" {
		victim(url)
	}
	os.Exit(m.Run())
}

// victim takes a job and never ends it.
func victim(url string) {
	s, err := store.Open(context.Background(), store.Options{URL: url})
	if err == nil {
		workers := river.NewWorkers()
		job.Handle(workers, func(context.Context, *river.Job[Ring]) error {
			fmt.Println("started")
			select {}
		})
		var c *job.Client
		if c, err = job.New(s, job.Options{Workers: workers, Log: quiet}); err == nil {
			err = c.Start(context.Background())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	time.Sleep(time.Minute)
	os.Exit(1)
}

// A job whose process was killed in the middle is done by the next one.
func TestKilled(t *testing.T) { // security L10
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		migrated(t, db)
		ring(t, db, uuid.New())
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), victimURL+"="+db.URL)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 7)); err != nil {
			t.Fatalf("the victim did not start its job: %v", err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if n := count(t, db, "state = 'running'"); n != 1 {
			t.Fatalf("%d running jobs after the kill", n)
		}
		// The dead process holds the leadership for 15 s more; the test does not wait for that.
		err = db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM river_leader`)
			return err
		})
		if err != nil {
			t.Fatal(err)
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
