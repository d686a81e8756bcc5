package account_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/store/storetest"
)

// The count is in the database: another instance, or this one started anew,
// goes on with it, for a login that is known and for one that is not (security
// A1, A6).
func TestCountSurvivesRestart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		for i, login := range []string{"anna@example.com", "nobody@example.com"} {
			thief := from(fmt.Sprint("198.51.", i, ".9"), "curl")
			for range 5 {
				_, _ = w.signIn(thief, login, "some guess")
			}
			again := newWorld(t, db)
			_, err := again.signIn(thief, login, password)
			if f, _ := fault.As(err); !errors.Is(err, account.ErrTooManyAttempts) || f.Params["retryAfter"] != 1 || len(f.Path) != 0 || again.Hashed() != 0 {
				t.Errorf("%s, after a restart: %v", login, err)
			}
		}
	})
}

// Who hangs up while his guess is looked at is counted all the same (security
// A1).
func TestHangingUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		thief, before := from("198.51.100.9", "curl"), w.Hashed()
		for i := range 12 {
			ctx, hangUp := context.WithCancel(thief)
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = w.signIn(ctx, "anna@example.com", fmt.Sprint("guess number ", i))
			}()
			for seen := w.Hashed(); w.Hashed() == seen; runtime.Gosched() { // until the hash has begun
				select {
				case <-done:
				default:
					continue
				}
				break
			}
			hangUp()
			<-done
		}
		if n := w.Hashed() - before; n != 5 {
			t.Errorf("%d guesses were looked at", n)
		}
	})
}

// While the queue for the slots is full every verb that hashes says so at
// once, and nothing is hashed (security A9).
func TestFullQueue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		me := w.as(w.token(from("", ""), "anna@example.com"))
		before := w.Hashed()
		open, full := make(chan struct{}), make(chan struct{})
		var once sync.Once
		var wg sync.WaitGroup
		for range 65*w.Slots() + 8 {
			wg.Go(func() {
				if errors.Is(w.Hold(context.Background(), func() error { <-open; return nil }), fault.ErrRateLimited) {
					once.Do(func() { close(full) })
				}
			})
		}
		<-full
		for name, call := range map[string]func() error{
			"sign in": func() error { _, err := w.signIn(from("", ""), "anna@example.com", password); return err },
			"register": func() error {
				_, err := w.Register(from("", ""), account.RegisterInput{Email: ptr("new@example.com"), Password: password})
				return err
			},
			"change": func() error {
				_, err := w.ChangePassword(me, account.ChangePasswordInput{CurrentPassword: password, NewPassword: "another pair of shoes"})
				return err
			},
			"step up": func() error { _, err := w.StepUp(me, account.ProofInput{Password: some(password)}); return err },
		} {
			if err := call(); !errors.Is(err, fault.ErrRateLimited) {
				t.Errorf("%s: %v", name, err)
			}
		}
		close(open)
		wg.Wait()
		if n := w.Hashed() - before; n != 0 {
			t.Errorf("%d hashes", n)
		}
		// Sixty-four who know their password wait for each other and all get in.
		var in atomic.Int64
		for range 64 {
			wg.Go(func() {
				if _, err := w.signIn(from("", ""), "anna@example.com", password); err == nil {
					in.Add(1)
				} else if !errors.Is(err, fault.ErrRateLimited) { // a slow machine
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if in.Load() < 32 {
			t.Errorf("%d of 64 got in", in.Load())
		}
	})
}

// However an address is written it is one mailbox, and one account; what only
// its provider could know for the same is another (security A10).
func TestOneAccountOfAMailbox(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for _, email := range []string{"anna@example.com", "boris@bücher.example"} {
			c := w.register(from("", ""), email)
			_, err := w.confirm(c.ID, w.code(c.ID))
			w.must(err)
		}
		for email, known := range map[string]bool{
			"ANNA@Example.COM": true, " anna@example.com" + " ": true, "anna@example.com.": true, "anna@ｅxample.com": true,
			"boris@BÜCHER.example": true, "boris@xn--bcher-kva.example": true, "Boris@xn--bcher-kva.example.": true,
			"anna+shop@example.com": false, "an.na@example.com": false,
			"anna@exаmple.com": false, // a Cyrillic а
		} {
			db.Clock.Add(time.Hour + time.Minute)
			c := w.register(from("", ""), email)
			if got := w.template(w.letters[len(w.letters)-1]) == "known"; got != known {
				t.Errorf("%q is known: %v", email, got)
			}
			if _, err := w.confirm(c.ID, w.code(c.ID)); (err != nil) != known || known && !errors.Is(err, account.ErrInvalidCode) {
				t.Errorf("%q: %v", email, err)
			}
		}
		if n := w.number(`SELECT count(*) FROM contact_points`); n != 5 {
			t.Errorf("%d mailboxes", n)
		}
		letters := len(w.letters)
		for _, email := range []string{"anna@example.com\r\nBcc: all@example.com", "anna\n@example.com", "аnna@example.com", "anna@example.com\x00"} {
			if _, err := w.Register(from("", ""), account.RegisterInput{Email: &email, Password: password}); !errors.Is(err, account.ErrInvalidEmail) {
				t.Errorf("%q: %v", email, err)
			}
		}
		if len(w.letters) != letters {
			t.Error("a letter went out")
		}
	})
}

// Fifty register the same address at once: one row, one letter, and the others
// are told to wait, as anybody is who asks again (security A11, D4).
func TestRegisterAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("known@example.com")
		before := w.number(`SELECT count(*) FROM users`)
		for i, email := range []string{"known@example.com", "novel@example.com"} {
			var passed atomic.Int64
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					_, err := w.Register(from("", ""), account.RegisterInput{Email: &email, Password: password})
					if err == nil {
						passed.Add(1)
					} else if !errors.Is(err, account.ErrCodeSentRecently) && !errors.Is(err, fault.ErrRateLimited) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if n := w.number(`SELECT count(*) FROM users`) - before; passed.Load() != 1 || n != i+1 || len(w.letters) != i+1 {
				t.Errorf("%s: %d passed, %d rows, %d letters", email, passed.Load(), n, len(w.letters))
			}
		}
	})
}

// What ended by the clock stays ended when the clock is set back, whichever of
// the tokens was used last (security B4, L9).
func TestClockSetBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		w.create(account.CreateUser{Email: "staff@example.com", Name: "S", Password: password, Verified: true, Staff: true})
		for email, jump := range map[string]time.Duration{"anna@example.com": 14*24*time.Hour + time.Hour, "staff@example.com": time.Hour} {
			s := w.signInAs(from("", ""), email, account.SessionModeRefreshable)
			plain := w.token(from("", ""), email)
			db.Clock.Add(jump)
			if _, err := w.refresh(*s.RefreshToken); !errors.Is(err, fault.ErrUnauthenticated) || w.alive(plain) {
				t.Errorf("%s, idle: %v", email, err)
			}
			db.Clock.Add(-jump)
			if _, err := w.refresh(*s.RefreshToken); !errors.Is(err, fault.ErrUnauthenticated) || w.alive(*s.Token) || w.alive(plain) {
				t.Errorf("%s, the clock set back: %v", email, err)
			}
			// A clock that jumps ahead by an hour and back ends what nobody used meanwhile as little as it renews it.
			s = w.signInAs(from("", ""), email, account.SessionModeRefreshable)
			db.Clock.Add(time.Hour)
			if w.alive(*s.Token) {
				t.Errorf("%s: a quarter of an hour is an hour", email)
			}
			db.Clock.Add(-time.Hour)
			if next, err := w.refresh(*s.RefreshToken); err != nil || w.alive(*s.Token) || !w.alive(*next.Token) {
				t.Errorf("%s, ahead and back: %v", email, err)
			}
		}
	})
}

// The top of the common passwords is refused at each door that takes a new one
// (security A8); each is tried in internal/credential.
func TestCommonPasswords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		me := w.as(w.token(from("", ""), "anna@example.com"))
		before := w.Hashed()
		for _, bad := range []string{"7letter", "password", "Password1", "anna@example.com", "kabinet2026", strings.Repeat("x", 10<<20)} {
			_, registered := w.Register(from("", ""), account.RegisterInput{Email: ptr("anna@example.com"), Password: bad})
			_, changed := w.ChangePassword(me, account.ChangePasswordInput{CurrentPassword: password, NewPassword: bad})
			_, made := w.CreateUser(storetest.System(), account.CreateUser{Email: "anna@example.com", Name: "A", Password: bad, Verified: true})
			for door, err := range map[string]error{"register": registered, "change": changed, "create": made} {
				if f, ok := fault.As(err); !ok || !strings.HasPrefix(f.Code, "PASSWORD_TOO_") {
					t.Errorf("%s %.20q: %v", door, bad, err)
				}
			}
		}
		if n := w.Hashed() - before; n != 0 {
			t.Errorf("%d hashes", n)
		}
	})
}
