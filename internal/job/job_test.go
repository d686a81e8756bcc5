package job_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"kabinet/internal/event"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Ring is a made-up job.
type Ring struct {
	Bell uuid.UUID `json:"bell"`
}

// Kind implements river.JobArgs.
func (Ring) Kind() string { return "ring" }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func migrated(t *testing.T, db *storetest.DB) *storetest.DB {
	t.Helper()
	if err := job.Migrate(context.Background(), db.Store); err != nil {
		t.Fatal(err)
	}
	return db
}

// work starts a client and stops it when the test ends.
func work(t *testing.T, db *storetest.DB, o job.Options) *job.Client {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet
	}
	c, err := job.New(db.Store, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return c
}

func ring(t *testing.T, db *storetest.DB, bell uuid.UUID) {
	t.Helper()
	err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return job.Enqueue(ctx, tx, Ring{bell}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *storetest.DB, where string) (n int) {
	t.Helper()
	rows, err := db.Query(context.Background(), `SELECT count(*) FROM river_job WHERE `+where)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func eventually(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// A job is there when the transaction commits, and only then.
func TestEnqueue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		migrated(t, db)
		refusal := errors.New("refused")
		err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			if err := job.Enqueue(ctx, tx, Ring{uuid.New()}, nil); err != nil {
				t.Error(err)
			}
			return refusal
		})
		if !errors.Is(err, refusal) {
			t.Fatal(err)
		}
		err = db.InDryTx(storetest.System(), true, func(ctx context.Context, tx *store.Tx) error {
			return job.Enqueue(ctx, tx, Ring{uuid.New()}, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, "true"); n != 0 {
			t.Fatalf("%d jobs after a rollback and a dry run", n)
		}
		want := uuid.New()
		ring(t, db, want)
		if n := count(t, db, "state = 'available'"); n != 1 {
			t.Fatalf("%d jobs after a commit", n)
		}
		rung := make(chan uuid.UUID, 10)
		workers := river.NewWorkers()
		job.Handle(workers, func(_ context.Context, j *river.Job[Ring]) error {
			rung <- j.Args.Bell
			return nil
		})
		c := work(t, db, job.Options{Workers: workers})
		if err := c.Ready(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := <-rung; got != want {
			t.Fatalf("rang %s, want %s", got, want)
		}
		for range 5 { // while it works, too
			ring(t, db, want)
			<-rung
		}
		eventually(t, "six jobs completed", 10*time.Second, func() bool { return count(t, db, "state = 'completed'") == 6 })
	})
}

// Jobs begun when the server is told to leave end first; none is lost.
func TestStop(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		migrated(t, db)
		started, finished := make(chan struct{}), atomic.Bool{}
		workers := river.NewWorkers()
		job.Handle(workers, func(ctx context.Context, _ *river.Job[Ring]) error {
			close(started)
			time.Sleep(300 * time.Millisecond)
			finished.Store(ctx.Err() == nil)
			return ctx.Err()
		})
		c, err := job.New(db.Store, job.Options{Workers: workers, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Ready(context.Background()); err == nil {
			t.Error("ready before it works")
		}
		if err := c.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		ring(t, db, uuid.New())
		<-started
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		if !finished.Load() || count(t, db, "state = 'completed'") != 1 {
			t.Error("the running job was cut off")
		}
	})
}

func TestDiscard(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		migrated(t, db)
		tries := atomic.Int64{}
		workers := river.NewWorkers()
		job.Handle(workers, func(context.Context, *river.Job[Ring]) error {
			tries.Add(1)
			return job.Discard(errors.New("never"))
		})
		work(t, db, job.Options{Workers: workers})
		ring(t, db, uuid.New())
		eventually(t, "given up", 10*time.Second, func() bool { return count(t, db, "state = 'cancelled'") == 1 })
		if tries.Load() != 1 {
			t.Errorf("%d tries", tries.Load())
		}
	})
}

// A job that always fails, or takes its goroutine down, keeps nothing else from
// being done; after its last try it is given up, in the log and in its row.
func TestPoison(t *testing.T) { // security L10
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		migrated(t, db)
		poison := uuid.New()
		workers := river.NewWorkers()
		job.Handle(workers, func(_ context.Context, j *river.Job[Ring]) error {
			switch {
			case j.Args.Bell != poison:
				return nil
			case j.Attempt == 1:
				panic("cracked")
			}
			return errors.New("still cracked")
		})
		err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return job.Enqueue(ctx, tx, Ring{poison}, &river.InsertOpts{MaxAttempts: 2, Priority: 1})
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			ring(t, db, uuid.New())
		}
		var log lines
		work(t, db, job.Options{Workers: workers, AtOnce: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
		eventually(t, "the others are done", 20*time.Second, func() bool { return count(t, db, "state = 'completed'") == 5 })
		eventually(t, "given up", 40*time.Second, func() bool { return count(t, db, "state = 'discarded' AND attempt = 2") == 1 })
		for _, says := range []string{"job panicked", "job given up"} {
			eventually(t, says, 5*time.Second, func() bool { return strings.Contains(log.String(), says) })
		}
	})
}

// lines is a log that is read while it is written.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Chores run at the start, one at a time, and again after they are done.
func TestChores(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		migrated(t, db)
		n := atomic.Int64{}
		workers := river.NewWorkers()
		periodic := job.Chores(workers, job.Housework{Name: "sweep", Every: time.Second, Do: func(context.Context) error {
			n.Add(1)
			return nil
		}})
		work(t, db, job.Options{Workers: workers, Periodic: periodic})
		eventually(t, "swept twice", 30*time.Second, func() bool { return n.Load() >= 2 })
	})
}

// bellRung is a made-up fact.
type bellRung struct{ ID uuid.UUID }

func (bellRung) Kind() string                   { return "test.bell_rung" }
func (f bellRung) Subject() (string, uuid.UUID) { return "usr", f.ID }

// A hearer that fails gets the event again as a job, and its effects happen
// once, in the transaction that ends the job.
func TestHearAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		migrated(t, db)
		var calls atomic.Int64
		hearer := store.Hearer{Name: "bell", Kinds: []string{"test.bell_rung"}, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
			if err := tx.SaveSetting(ctx, "test", "heard", e.Seq); err != nil {
				return err
			}
			if calls.Add(1) <= 2 { // once with others, once with care
				return errors.New("not yet")
			}
			return nil
		}}
		fact := bellRung{uuid.New()}
		err := db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
			tx.Tell(fact, store.ToHouse())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Hear(storetest.System(), 10, []store.Hearer{hearer}, job.HearFailed(quiet)); err != nil {
			t.Fatal(err)
		}
		var seq int64
		if there, err := db.Setting(context.Background(), "test", "heard", &seq); err != nil || there {
			t.Fatalf("the failed hearer left something behind: %v %v", there, err)
		}
		if n := count(t, db, "kind = 'hear_again'"); n != 1 {
			t.Fatalf("%d jobs", n)
		}
		workers := river.NewWorkers()
		job.HandleHearAgain(workers, db.Store, []store.Hearer{hearer})
		work(t, db, job.Options{Workers: workers})
		eventually(t, "heard", 10*time.Second, func() bool { return count(t, db, "state = 'completed'") == 1 })
		if there, err := db.Setting(context.Background(), "test", "heard", &seq); err != nil || !there || seq != 1 {
			t.Errorf("heard %v %d %v", there, seq, err)
		}
		if calls.Load() != 3 {
			t.Errorf("heard %d times", calls.Load())
		}
		// What was trimmed meanwhile, or is of another version, is given up.
		err = db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			if err := job.Enqueue(ctx, tx, job.HearAgain{Hearer: "bell", Stream: uuid.New(), Seq: 7}, nil); err != nil {
				return err
			}
			return job.Enqueue(ctx, tx, job.HearAgain{Hearer: "gone", Stream: uuid.New(), Seq: 7}, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "given up", 10*time.Second, func() bool { return count(t, db, "state = 'cancelled'") == 2 })
	})
}

// Several instances start at once on an empty database; a newer one is refused.
func TestMigrate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		if err := job.Check(context.Background(), db.Store); err == nil || !strings.Contains(err.Error(), "migrate up") {
			t.Errorf("before: %v", err)
		}
		var wg sync.WaitGroup
		for range 4 {
			s, err := store.Open(context.Background(), store.Options{URL: db.URL})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			wg.Go(func() {
				if err := job.Migrate(context.Background(), s); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := job.Check(context.Background(), db.Store); err != nil {
			t.Fatal(err)
		}
		err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO river_migration (line, version) VALUES ('main', 1000)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := job.Migrate(context.Background(), db.Store); !errors.Is(err, store.ErrNewer) {
			t.Errorf("newer: %v", err)
		}
		if err := job.Check(context.Background(), db.Store); !errors.Is(err, store.ErrNewer) {
			t.Errorf("newer: %v", err)
		}
	})
}
