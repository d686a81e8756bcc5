package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

var (
	failures = store.Limit{Name: "test.failures", Free: 5, First: time.Second, Most: 15 * time.Minute, Forget: 12 * time.Hour}
	mails    = store.Limit{Name: "test.mails", Free: 3, Forget: time.Hour, Window: true}
)

func strike(t *testing.T, db *storetest.DB, uses ...store.Use) {
	t.Helper()
	err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { return tx.Strike(ctx, uses...) })
	if err != nil {
		t.Fatal(err)
	}
}

func blocked(t *testing.T, db *storetest.DB, uses ...store.Use) time.Duration {
	t.Helper()
	d, err := db.Blocked(context.Background(), uses...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Five are free, then the delay doubles from a second to a quarter of an hour.
func TestLimit(t *testing.T) { // security A1
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		u, other := store.Use{Limit: failures, Of: "anna"}, store.Use{Limit: failures, Of: "boris"}
		for i := range 4 {
			if strike(t, db, u); blocked(t, db, u) != 0 {
				t.Fatalf("blocked after %d", i+1)
			}
		}
		want := time.Second
		for i := range 14 {
			strike(t, db, u)
			if got := blocked(t, db, other, u); got != want {
				t.Fatalf("after %d: %s, want %s", i+5, got, want)
			}
			want = min(want*2, 15*time.Minute)
		}
		if blocked(t, db, other) != 0 {
			t.Error("another one is blocked")
		}
		db.Clock.Add(15*time.Minute + time.Microsecond)
		if blocked(t, db, u) != 0 {
			t.Error("blocked for longer than it may be")
		}
		if strike(t, db, u); blocked(t, db, u) != 15*time.Minute {
			t.Error("the count was forgotten early")
		}
		db.Clock.Add(12*time.Hour + time.Second)
		if strike(t, db, u); blocked(t, db, u) != 0 {
			t.Error("the count was not forgotten")
		}
		for range 5 {
			strike(t, db, u)
		}
		err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { return tx.Clear(ctx, u) })
		if err != nil || blocked(t, db, u) != 0 {
			t.Errorf("cleared: %v", err)
		}
		strike(t, db, u)
		db.Clock.Add(25 * time.Hour)
		if err := db.ForgetLimits(storetest.System()); err != nil || rows(t, db, "rate_limits") != 0 {
			t.Errorf("kept: %v", err)
		}
	})
}

var errWait = errors.New("wait")

func reserve(db *storetest.DB, uses ...store.Use) (wait time.Duration, err error) {
	err = db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
		if wait, err = tx.Reserve(ctx, uses...); err == nil && wait > 0 {
			return errWait
		}
		return err
	})
	return wait, err
}

// So many in a window and no more, however many come at once.
func TestLimitWindow(t *testing.T) { // security D4
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		u := store.Use{Limit: mails, Of: "anna"}
		var passed atomic.Int64
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				switch wait, err := reserve(db, u); {
				case err == nil:
					passed.Add(1)
				case !errors.Is(err, errWait):
					t.Error(err)
				case wait != time.Hour:
					t.Errorf("wait %s", wait)
				}
			})
		}
		wg.Wait()
		if passed.Load() != 3 {
			t.Fatalf("%d passed", passed.Load())
		}
		db.Clock.Add(20 * time.Minute)
		if wait, err := reserve(db, u); !errors.Is(err, errWait) || wait != 40*time.Minute {
			t.Errorf("%s %v", wait, err)
		}
		db.Clock.Add(40*time.Minute + time.Second)
		for i := range 3 {
			if _, err := reserve(db, u); err != nil {
				t.Errorf("%d in the new window: %v", i, err)
			}
			db.Clock.Add(time.Minute)
		}
		if wait, err := reserve(db, u); !errors.Is(err, errWait) || wait != 57*time.Minute {
			t.Errorf("%s %v", wait, err)
		}
	})
}

// Counting at once loses nothing.
func TestLimitRace(t *testing.T) { // security A2
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		u, v := store.Use{Limit: failures, Of: "anna"}, store.Use{Limit: failures, Of: "ip"}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				uses := []store.Use{u, v}
				if i%2 == 0 {
					uses = []store.Use{v, u}
				}
				strike(t, db, uses...)
			})
		}
		wg.Wait()
		r, err := db.Query(context.Background(), `SELECT count FROM rate_limits`)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		n := 0
		for ; r.Next(); n++ {
			var c int
			if err := r.Scan(&c); err != nil || c != 40 {
				t.Errorf("counted %d of 40: %v", c, err)
			}
		}
		if err := r.Err(); err != nil || n != 2 {
			t.Errorf("%d rows: %v", n, err)
		}
	})
}

func TestSettings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		var v string
		if there, err := db.Setting(context.Background(), "test", "switch", &v); there || err != nil {
			t.Fatal(there, err)
		}
		for _, want := range []string{"on", "off"} {
			err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				return tx.SaveSetting(ctx, "test", "switch", want)
			})
			if err != nil {
				t.Fatal(err)
			}
			if there, err := db.Setting(context.Background(), "test", "switch", &v); !there || err != nil || v != want {
				t.Fatal(there, err, v)
			}
		}
		if n := rows(t, db, "settings"); n != 2 {
			t.Errorf("%d versions", n)
		}
	})
}

// Instances that start at once agree on the epoch; a restore begins another.
func TestEpoch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		got := make(chan string, 8)
		var wg sync.WaitGroup
		for range 8 {
			s, err := store.Open(context.Background(), store.Options{URL: db.URL})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			wg.Go(func() {
				e, err := s.Epoch(context.Background())
				if err != nil {
					t.Error(err)
				}
				got <- e
			})
		}
		wg.Wait()
		close(got)
		first := <-got
		for e := range got {
			if e != first || len(e) != 8 {
				t.Errorf("epochs %q and %q", first, e)
			}
		}
		if n, _ := db.Statements(func() { _, _ = db.Epoch(context.Background()); _, _ = db.Epoch(context.Background()) }); n != 1 {
			t.Errorf("%d statements for two reads", n)
		}
		if err := db.RenewEpoch(storetest.System()); err != nil {
			t.Fatal(err)
		}
		if e, err := db.Epoch(context.Background()); err != nil || e == first {
			t.Errorf("renewed: %q %v", e, err)
		}
	})
}

// Much is deleted in pieces, and what is still good stays.
func TestSweepInPieces(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		const many = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
			INSERT INTO idempotencies (actor_id, key, operation, input_hash, result, expires_at) SELECT CAST(? AS %s), CAST(i AS text), '', '', '{}', CAST(? AS %s) FROM n`
		kinds := []any{"uuid", "timestamptz"}
		if db.Dialect() == dialect.SQLite {
			kinds = []any{"text", "text"}
		}
		insert := fmt.Sprintf(many, kinds...)
		err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			for _, at := range []time.Duration{-time.Hour, time.Hour} {
				if _, err := tx.Exec(ctx, insert, uuid.New(), tx.Now.Add(at)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		n, log := db.Statements(func() { err = db.ForgetKeys(storetest.System()) })
		if err != nil || n != 3 || rows(t, db, "idempotencies") != 2500 {
			t.Fatal(n, log, rows(t, db, "idempotencies"), err)
		}
	})
}
