package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// A thousand guesses one after another, from one place: a handful is looked
// at, the delay doubles to a quarter of an hour, and the count outlives the
// refusal of each (security A1, A3, S7).
func TestGuessing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		thief, before := from("198.51.100.9", "curl"), w.Hashed()
		wrong, delayed := 0, 0
		for i := range 1000 {
			_, err := w.signIn(thief, "anna@example.com", fmt.Sprint("guess number ", i))
			switch {
			case errors.Is(err, account.ErrInvalidCredentials):
				wrong++
			case errors.Is(err, account.ErrTooManyAttempts):
				delayed++
			default:
				t.Fatal(err)
			}
		}
		if wrong != 5 || delayed != 995 || w.Hashed()-before != 5 {
			t.Errorf("%d looked at, %d delayed, %d hashes", wrong, delayed, w.Hashed()-before)
		}
		for want := 2; want < 2000; want *= 2 {
			db.Clock.Add(time.Duration(want/2) * time.Second)
			if _, err := w.signIn(thief, "anna@example.com", "one more guess"); !errors.Is(err, account.ErrInvalidCredentials) {
				t.Fatalf("after the delay: %v", err)
			}
			_, err := w.signIn(thief, "anna@example.com", password) // the right one waits as well
			if f, _ := fault.As(err); !errors.Is(err, account.ErrTooManyAttempts) || f.Params["retryAfter"] != min(want, 900) {
				t.Fatalf("delay %v, want %d", err, want)
			}
		}
		if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'account.sign_in_failed'`); n != 15 {
			t.Errorf("%d failures on record", n)
		}
		// The owner elsewhere is not locked out (security A5).
		if _, err := w.signIn(from("203.0.113.7", "phone"), "anna@example.com", password); err != nil {
			t.Errorf("the owner: %v", err)
		}
		db.Clock.Add(12*time.Hour + time.Second)
		if _, err := w.signIn(thief, "anna@example.com", "and again"); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Errorf("the next day: %v", err)
		}
	})
}

// Two hundred guesses at once: no more than are free, and one for each slot,
// reach the hash; each is counted (security A2).
func TestGuessingAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		before := w.Hashed()
		var wrong atomic.Int64
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				_, err := w.signIn(from("198.51.100.9", "curl"), "anna@example.com", "some guess")
				if errors.Is(err, account.ErrInvalidCredentials) {
					wrong.Add(1)
				} else if !errors.Is(err, account.ErrTooManyAttempts) && !errors.Is(err, fault.ErrRateLimited) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := w.Hashed() - before; n < 5 || n > int64(5+w.Slots()) || n != wrong.Load() {
			t.Errorf("%d hashes, %d wrong, %d slots", n, wrong.Load(), w.Slots())
		}
		if n := w.number(`SELECT max(count) FROM rate_limits`); n != int(wrong.Load()) {
			t.Errorf("counted %d of %d", n, wrong.Load())
		}
	})
}

// The right password of one person many times at once is no attack.
func TestSignInAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		var wg sync.WaitGroup
		for range 24 {
			wg.Go(func() {
				if _, err := w.signIn(from("203.0.113.7", "phone"), "anna@example.com", password); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// One password tried on a thousand accounts from one network (security A4);
// another network, and a device that its owner has used, are not concerned.
func TestSpraying(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		known := from("198.51.100.200", "phone")
		w.token(known, "anna@example.com")
		before := w.Hashed()
		for i := range 1000 {
			sprayer := from(fmt.Sprint("198.51.100.", i%250), "curl")
			_, err := w.signIn(sprayer, fmt.Sprint("customer-", i, "@example.com"), "sommer2026!")
			if !errors.Is(err, account.ErrInvalidCredentials) && !errors.Is(err, account.ErrTooManyAttempts) {
				t.Fatal(err)
			}
		}
		if n := w.Hashed() - before; n != 50 {
			t.Errorf("%d hashes", n)
		}
		if _, err := w.signIn(from("198.51.100.201", "phone"), "anna@example.com", password); !errors.Is(err, account.ErrTooManyAttempts) {
			t.Errorf("the same network: %v", err)
		}
		if _, err := w.signIn(from("192.0.2.1", "phone"), "anna@example.com", password); err != nil {
			t.Errorf("another network: %v", err)
		}
		if _, err := w.signIn(known, "anna@example.com", password); err != nil { // security A5
			t.Errorf("the owner's device: %v", err)
		}
	})
}

// A known device has a count of its own, which is no free pass either.
func TestKnownDevice(t *testing.T) { // security A5
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		device, thief := from("203.0.113.7", "phone"), from("203.0.113.8", "curl")
		w.token(device, "anna@example.com")
		for range 6 {
			_, _ = w.signIn(thief, "anna@example.com", "a guess of the neighbour")
		}
		if _, err := w.signIn(thief, "anna@example.com", password); !errors.Is(err, account.ErrTooManyAttempts) {
			t.Errorf("the thief: %v", err)
		}
		w.token(device, "anna@example.com")
		for range 5 {
			_, _ = w.signIn(device, "anna@example.com", "a slip of the finger")
		}
		if _, err := w.signIn(device, "anna@example.com", password); !errors.Is(err, account.ErrTooManyAttempts) {
			t.Errorf("the device guesses without bound: %v", err)
		}
	})
}

// Unknown, wrong, without a password, not proven: the same error, the same
// hashes, the same statements (security A6, A7).
func TestSignInTellsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("known@example.com")
		w.create(account.CreateUser{Email: "unproven@example.com", Name: "Un", Password: password})
		imported(w, "17850")
		type trace struct {
			err                string
			hashes, statements int
		}
		var first trace
		for i, login := range []string{"known@example.com", "unknown@example.com", "unproven@example.com", "customer-17850@shop.example.com", "not an address", "\x00"} {
			var tr trace
			before := w.Hashed()
			tr.statements, _ = db.Statements(func() {
				_, err := w.signIn(from(fmt.Sprint("10.0.", i, ".1"), "test"), login, "the wrong password")
				tr.err = err.Error()
			})
			tr.hashes = int(w.Hashed() - before)
			if i == 0 {
				first = tr
			}
			if tr != first || tr.hashes != 1 {
				t.Errorf("%q: %+v, known: %+v", login, tr, first)
			}
		}
		if _, err := w.signIn(from("", ""), "known@example.com", strings.Repeat("x", 10<<20)); !errors.Is(err, account.ErrInvalidCredentials) { // security A8
			t.Errorf("a huge password: %v", err)
		}
		if w.log.Len() != 0 {
			t.Errorf("logged: %s", w.log.String())
		}
		if strings.Contains(w.dump(), "unknown@") {
			t.Error("the login of a failed sign-in is kept")
		}
	})
}

// imported makes people as an import does.
func imported(w *world, keys ...string) {
	w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		_, err := w.Customers(ctx, tx, "shop", keys, func(key string) (string, string) {
			return "Customer " + key, "customer-" + key + "@shop.example.com"
		})
		return err
	}))
}

func TestBlockedAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.person("anna@example.com")
		token := w.token(from("", ""), "anna@example.com")
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(id).SetStatus("BLOCKED").Exec(ctx)
		}))
		if w.alive(token) { // security B3
			t.Error("the session of a blocked person is in force")
		}
		if _, err := w.signIn(from("", ""), "anna@example.com", password); !errors.Is(err, account.ErrAccountBlocked) {
			t.Error(err)
		}
		if _, err := w.signIn(from("", ""), "anna@example.com", "a wrong password"); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Errorf("who does not know the password learns of the block: %v", err)
		}
	})
}

// A hash made with other numbers is renewed at the next sign-in; one that asks
// for too much is not computed (security A13).
func TestRehash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.person("anna@example.com")
		set := func(hash string) {
			w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE identities SET secret = ? WHERE user_id = ?`, []byte(hash), id)
				return err
			}))
		}
		old, err := oldHash(password)
		w.must(err)
		set(old)
		w.token(from("", ""), "anna@example.com")
		if n := w.number(`SELECT count(*) FROM identities WHERE user_id = ? AND secret = ?`, id, []byte(old)); n != 0 {
			t.Error("the old hash stayed")
		}
		before := w.Hashed()
		w.token(from("", ""), "anna@example.com")
		if w.Hashed()-before != 1 {
			t.Error("renewed again")
		}
		set("$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHQxMjM0NTY$RdescudvJCsgt3ub+b+dWRWJTmaaJObG")
		before = w.Hashed()
		if _, err := w.signIn(from("", ""), "anna@example.com", password); fault.KindOf(err) != fault.Internal || w.Hashed() != before {
			t.Errorf("4 GiB: %v", err)
		}
	})
}

// Cookie mode sets the cookie and does not show the token.
func TestCookieMode(t *testing.T) {
	w := newWorld(t, storetest.Open(t))
	w.person("anna@example.com")
	var set string
	var cleared int
	jar := viewer.Cookies{Set: func(token string, _ time.Time) { set = token }, Clear: func() { cleared++ }}
	mode := account.SessionModeCookie
	in, err := w.SignIn(viewer.WithCookies(from("", ""), jar), account.SignInInput{Login: "anna@example.com", Password: password, Mode: &mode})
	w.must(err)
	if in.Session.Token != nil || set == "" || !w.alive(set) || in.Session.Session.Kind != "BROWSER" {
		t.Errorf("%+v", in.Session)
	}
	if _, err := w.SignOut(viewer.WithCookies(w.as(set), jar)); err != nil || cleared != 1 || w.alive(set) {
		t.Errorf("sign out: %v, cleared %d", err, cleared)
	}
}

// Sixty-four at once use as much memory as there are slots (security A9).
func TestHashesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t))
	var inside, most, refused atomic.Int64
	gate := make(chan struct{})
	var wg sync.WaitGroup
	for range 64*w.Slots() + 200 {
		wg.Go(func() {
			err := w.Hold(context.Background(), func() error {
				n := inside.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				<-gate
				inside.Add(-1)
				return nil
			})
			if errors.Is(err, fault.ErrRateLimited) {
				refused.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	for refused.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	close(gate)
	wg.Wait()
	if most.Load() != int64(w.Slots()) || refused.Load() == 0 {
		t.Errorf("%d at once, %d refused", most.Load(), refused.Load())
	}
	ctx, cancel := context.WithCancel(context.Background())
	hold := make(chan struct{})
	for range w.Slots() {
		wg.Go(func() { _ = w.Hold(context.Background(), func() error { <-hold; return nil }) })
	}
	time.Sleep(10 * time.Millisecond)
	cancel()
	if err := w.Hold(ctx, func() error { return nil }); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("gone while waiting: %v", err)
	}
	close(hold)
	wg.Wait()
}
