package store_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func sealer(t testing.TB) *store.Sealer {
	t.Helper()
	s, err := store.NewSealer(bytes.Repeat([]byte("0123456789abcdef"), 2))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type note struct{ Code, Address string }

func makeChallenge(t *testing.T, db *storetest.DB, n store.NewChallenge) store.Challenge {
	t.Helper()
	var c store.Challenge
	err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
		c, err = tx.MakeChallenge(ctx, sealer(t), n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func use(db *storetest.DB, s *store.Sealer, id uuid.UUID, purpose, secret string) (n note, err error) {
	err = db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.UseChallenge(ctx, s, id, purpose, secret)
		if err != nil {
			return err
		}
		return c.Read(&n)
	})
	return n, err
}

func TestChallenge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s, user := sealer(t), uuid.New()
		kept := note{"123456", "anna@example.com"}
		make1 := func() uuid.UUID {
			return makeChallenge(t, db, store.NewChallenge{Purpose: "register", UserID: &user, Secret: kept.Code, Data: kept, Tries: 5, Life: 10 * time.Minute}).ID
		}
		try := func(id uuid.UUID, purpose, secret string) bool {
			ok, err := db.TryChallenge(context.Background(), s, id, purpose, secret)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}

		id := make1()
		if try(id, "reset", "123456") { // security D2: bound to its purpose
			t.Error("a challenge answered for another purpose")
		}
		if try(id, "register", "654321") || try(uuid.New(), "register", "123456") {
			t.Error("a wrong answer was right")
		}
		if !try(id, "register", "123456") {
			t.Error("the right answer was wrong")
		}
		if _, err := use(db, s, id, "reset", "123456"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another purpose: %v", err)
		}
		if n, err := use(db, s, id, "register", "123456"); err != nil || n != kept {
			t.Errorf("use: %+v %v", n, err)
		}
		if _, err := use(db, s, id, "register", "123456"); !errors.Is(err, fault.ErrNotFound) { // security D1: once
			t.Errorf("used twice: %v", err)
		}
		if try(id, "register", "123456") {
			t.Error("a used challenge can be tried")
		}

		id = make1() // security D5: five tries, and the sixth is wrong though right
		for range 5 {
			try(id, "register", "000000")
		}
		if try(id, "register", "123456") {
			t.Error("more than five tries")
		}

		id = make1()
		db.Clock.Add(10*time.Minute + time.Second) // security D1: expired
		if try(id, "register", "123456") {
			t.Error("an expired challenge can be answered")
		}
		if _, err := use(db, s, id, "register", "123456"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("expired: %v", err)
		}

		id = make1() // a newer one in its place
		if c, err := db.OpenChallenge(context.Background(), s, id); err != nil || *c.UserID != user {
			t.Errorf("open: %+v %v", c, err)
		}
		err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.TakeChallenge(ctx, s, id, "register")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if try(id, "register", "123456") { // security D1: after a newer token
			t.Error("a replaced challenge can be answered")
		}

		id = make1()
		err = db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { return tx.DropChallenges(ctx, user) })
		if err != nil || try(id, "register", "123456") {
			t.Errorf("dropped: %v", err)
		}
		if _, err := db.OpenChallenge(context.Background(), s, id); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("open dropped: %v", err)
		}
		make1()
		db.Clock.Add(25 * time.Hour)
		if err := db.ForgetChallenges(storetest.System()); err != nil {
			t.Fatal(err)
		}
		if n := rows(t, db, "challenges"); n != 0 {
			t.Errorf("%d challenges are kept", n)
		}
	})
}

// What is proven by something else than a secret has none that is right, the
// empty one least of all.
func TestChallengeWithoutSecret(t *testing.T) { // security C6, D2
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := sealer(t)
		c := makeChallenge(t, db, store.NewChallenge{Purpose: "second_factor", Data: note{}, Tries: 5, Life: time.Minute})
		if ok, err := db.TryChallenge(context.Background(), s, c.ID, "second_factor", ""); err != nil || ok {
			t.Errorf("nothing is right: %v", err)
		}
		if _, err := use(db, s, c.ID, "second_factor", ""); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("used by nothing: %v", err)
		}
		// One that was made before, when nothing was a secret as any other.
		err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE challenges SET secret_hash = ?`, s.MAC("", "challenge/second_factor/"+c.ID.String()))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := db.TryChallenge(context.Background(), s, c.ID, "second_factor", ""); err != nil || ok {
			t.Errorf("nothing is right in an old one: %v", err)
		}
		if _, err := use(db, s, c.ID, "second_factor", ""); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("an old one is used by nothing: %v", err)
		}
		err = db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.SpendChallenge(ctx, s, c.ID, "second_factor")
			return err
		})
		if err != nil {
			t.Errorf("proven by something else: %v", err)
		}
	})
}

func rows(t *testing.T, db *storetest.DB, table string) (n int) {
	t.Helper()
	r, err := db.Query(context.Background(), `SELECT count(*) FROM `+table)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for r.Next() {
		if err := r.Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// Fifty right answers at once: one wins; fifty wrong ones: five are looked at.
func TestChallengeRace(t *testing.T) { // security D1, D5
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := sealer(t)
		c := makeChallenge(t, db, store.NewChallenge{Purpose: "register", Secret: "123456", Data: note{}, Tries: 1000, Life: time.Minute})
		guessed := makeChallenge(t, db, store.NewChallenge{Purpose: "register", Secret: "123456", Data: note{}, Tries: 5, Life: time.Minute})
		var won, right atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := db.TryChallenge(context.Background(), s, c.ID, "register", "123456"); err != nil {
					t.Error(err)
				}
				if _, err := use(db, s, c.ID, "register", "123456"); err == nil {
					won.Add(1)
				} else if !errors.Is(err, fault.ErrNotFound) {
					t.Error(err)
				}
			})
			wg.Go(func() {
				ok, err := db.TryChallenge(context.Background(), s, guessed.ID, "register", "123456")
				if err != nil {
					t.Error(err)
				}
				if ok {
					right.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d won", won.Load())
		}
		if right.Load() != 5 {
			t.Errorf("%d tries were looked at", right.Load())
		}
	})
}

// Nothing in the rows lets one guess the code or read the address, and what is
// sealed for one row does not open in another.
func TestChallengeAtRest(t *testing.T) { // security B8
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		makeChallenge(t, db, store.NewChallenge{Purpose: "register", Secret: "123456", Data: note{"123456", "anna@example.com"}, Tries: 5, Life: time.Minute})
		r, err := db.Query(context.Background(), `SELECT secret_hash, data FROM challenges`)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for r.Next() {
			var hash, data []byte
			if err := r.Scan(&hash, &data); err != nil {
				t.Fatal(err)
			}
			if all := string(hash) + string(data); strings.Contains(all, "anna") || strings.Contains(all, "123456") {
				t.Error("the row can be read")
			}
		}
		if err := r.Err(); err != nil {
			t.Fatal(err)
		}
	})
	s := sealer(t)
	sealed := s.Seal([]byte("secret"), "a")
	if _, err := s.Open(sealed, "b"); !errors.Is(err, store.ErrSeal) {
		t.Errorf("opened elsewhere: %v", err)
	}
	if plain, err := s.Open(sealed, "a"); err != nil || string(plain) != "secret" {
		t.Errorf("%s %v", plain, err)
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := s.Open(sealed, "a"); !errors.Is(err, store.ErrSeal) {
		t.Errorf("opened after a change: %v", err)
	}
	if _, err := s.Open([]byte("short"), "a"); !errors.Is(err, store.ErrSeal) {
		t.Error(err)
	}
	other, _ := store.NewSealer(bytes.Repeat([]byte("fedcba9876543210"), 2))
	if bytes.Equal(other.MAC("123456", "a"), s.MAC("123456", "a")) {
		t.Error("the hash does not depend on the key")
	}
	if _, err := store.NewSealer([]byte("short")); err == nil {
		t.Error("a short key is taken")
	}
}
