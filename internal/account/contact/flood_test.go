package contact_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"kabinet/internal/account"
	"kabinet/internal/account/contact"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Who is kept out by somebody else's guesses comes in by a new password, also
// where that somebody has spent the letters of registrations on his address,
// or those of resets (security A5).
func TestResetOfSomebodyKeptOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		thief := from("203.0.113.66") // of the owner's network
		for range 10 {
			_, _ = w.people.SignIn(thief, account.SignInInput{Login: "anna@example.com", Password: "some wild guess"})
		}
		for range 7 {
			_, _ = w.people.Register(thief, account.RegisterInput{Email: ptr("anna@example.com"), Password: password})
			db.Clock.Add(61 * time.Second)
			_, _ = w.people.SignIn(thief, account.SignInInput{Login: "anna@example.com", Password: "some wild guess"})
		}
		if _, err := w.signIn("anna@example.com", password); !errors.Is(err, account.ErrTooManyAttempts) {
			t.Fatalf("the count is not burnt: %v", err)
		}
		c := w.ask("anna@example.com")
		w.post()
		done, err := w.reset(c.ID, w.code("anna@example.com"))
		w.must(err)
		if !w.alive(w.with(*done.Session.Token)) {
			t.Error("not signed in")
		}
		if _, err := w.signIn("anna@example.com", another); err != nil { // the device is known now
			t.Errorf("the next time: %v", err)
		}

		// Resets that somebody else asks for bring the owner a link that works.
		db.Clock.Add(2 * time.Hour)
		asked, err := w.RequestPasswordReset(thief, contact.RequestPasswordResetInput{Login: "anna@example.com"})
		w.must(err)
		for range 5 {
			db.Clock.Add(61 * time.Second)
			asked, err = w.people.ResendCode(thief, account.ResendCodeInput{ChallengeID: asked.ID})
			w.must(err)
		}
		w.post()
		_, linked, token := w.link("anna@example.com")
		if _, err := w.reset(linked, token); err != nil {
			t.Errorf("by the link of the last letter: %v", err)
		}
	})
}

// Who has several logins has one mailbox: what leaves for it is counted, and the
// answer does not tell that it was (security D4).
func TestLettersOfOneMailbox(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE identities SET login = 'anna.k', login_key = 'anna.k' WHERE user_id = ?`, anna)
			return err
		}))
		for i := range 8 {
			for _, login := range []string{"anna.k", "anna@example.com", "nobody.k"} {
				_, err := w.RequestPasswordReset(from("203.0.113.7"), contact.RequestPasswordResetInput{Login: login})
				if i < 6 {
					w.must(err)
				}
			}
			if n := len(w.post()); n != min(1, max(0, 6-i)) {
				t.Errorf("minute %d: %d letters", i, n)
			}
			db.Clock.Add(61 * time.Second)
		}
	})
}

// A letter is not sent again once its link is dead: the letters of an hour
// would be spent on what helps nobody (security A5).
func TestNoLetterWithADeadLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		for _, login := range []string{"anna@example.com", "nobody@example.com"} {
			c := w.ask(login)
			db.Clock.Add(29 * time.Minute)
			c, err := w.people.ResendCode(from("203.0.113.7"), account.ResendCodeInput{ChallengeID: c.ID})
			w.must(err)
			db.Clock.Add(2 * time.Minute)
			if _, err := w.people.ResendCode(from("203.0.113.7"), account.ResendCodeInput{ChallengeID: c.ID}); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v", login, err)
			}
		}
	})
}

// However often somebody asks, a victim gets a letter a minute and six an hour
// (security D4), and thirty guesses an hour are looked at (security D5).
func TestFloodOfResets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		in := contact.RequestPasswordResetInput{Login: "anna@example.com"}
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				_, err := w.RequestPasswordReset(from(fmt.Sprint("198.51.", i, ".1")), in)
				if err != nil && !errors.Is(err, account.ErrCodeSentRecently) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(w.post()); n != 1 {
			t.Fatalf("%d letters at once", n)
		}
		letters, looked := 1, 0
		for minute := 1; minute < 120; minute++ {
			db.Clock.Add(61 * time.Second)
			c, err := w.RequestPasswordReset(from(fmt.Sprint("198.51.", minute, ".1")), in)
			if errors.Is(err, account.ErrCodeSentRecently) {
				continue
			}
			w.must(err)
			letters += len(w.post())
			right := w.code("anna@example.com")
			for i := range 5 {
				if wrong := fmt.Sprintf("%06d", i); wrong != right {
					_, _ = w.reset(c.ID, wrong)
				}
				looked++
			}
			if _, err := w.reset(c.ID, right); !errors.Is(err, account.ErrInvalidCode) {
				t.Errorf("the sixth guess: %v", err)
			}
		}
		if letters != 12 || looked > 60 {
			t.Errorf("%d letters and %d guesses in two hours", letters, looked)
		}
	})
}

// What was sent and waits is worth nothing after the password or the login
// became another one, whatever it is for (security D1).
func TestCodesOfBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		for name, act := range map[string]func(w *world, ctx context.Context, login string){
			"password": func(w *world, ctx context.Context, _ string) {
				_, err := w.people.ChangePassword(ctx, account.ChangePasswordInput{CurrentPassword: password, NewPassword: another})
				w.must(err)
			},
			"login": func(w *world, _ context.Context, login string) { w.change(login, "moved-"+login) },
			"reset": func(w *world, _ context.Context, login string) {
				db.Clock.Add(2 * time.Minute)
				c := w.ask(login)
				w.post()
				_, err := w.reset(c.ID, w.code(login))
				w.must(err)
			},
		} {
			w := newWorld(t, db)
			login := name + "@example.com"
			w.person(login)
			ctx := w.as(login, password)
			reset := w.ask(login)
			added, err := w.Add(ctx, contact.AddContactPointInput{Email: ptr("added-" + login)})
			w.must(err)
			changed, err := w.RequestLoginChange(ctx, contact.RequestLoginChangeInput{Email: ptr("changed-" + login)})
			w.must(err)
			w.post()
			_, linked, token := w.link(login)
			resetCode, addedCode, changedCode := w.code(login), w.code("added-"+login), w.code("changed-"+login)
			if token == "" || resetCode == "" || addedCode == "" || changedCode == "" {
				t.Fatalf("%s: no codes", name)
			}
			act(w, ctx, login)
			for what, try := range map[string]func() error{
				"code":  func() error { _, err := w.reset(reset.ID, resetCode); return err },
				"link":  func() error { _, err := w.reset(linked, token); return err },
				"added": func() error { return w.confirm(ctx, added.ID, addedCode) },
				"change": func() error {
					_, err := w.ConfirmLoginChange(ctx, contact.ConfirmLoginChangeInput{ChallengeID: changed.ID, Code: changedCode})
					return err
				},
			} {
				if err := try(); !errors.Is(err, account.ErrInvalidCode) {
					t.Errorf("%s after %s: %v", what, name, err)
				}
			}
		}
	})
}

func (w *world) confirm(ctx context.Context, id scalar.ID, code string) error {
	_, err := w.people.ConfirmContact(ctx, account.ConfirmContactInput{ChallengeID: id, Code: code})
	return err
}
