package contact_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kabinet/internal/account"
	"kabinet/internal/account/contact"
	"kabinet/internal/fault"
	"kabinet/internal/store/storetest"
)

// change puts one login in the place of another.
func (w *world) change(login, to string) *contact.Changed {
	w.t.Helper()
	ctx := w.as(login, password)
	c, err := w.RequestLoginChange(ctx, contact.RequestLoginChangeInput{Email: &to})
	w.must(err)
	w.post()
	done, err := w.ConfirmLoginChange(ctx, contact.ConfirmLoginChangeInput{ChallengeID: c.ID, Code: w.code(to)})
	w.must(err)
	return done
}

// A login is confirmed at the new address and told to the old one; other
// sessions end, codes under way are dead, and the token is another one.
func TestLoginChange(t *testing.T) { // security A12 B1 D1
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("old@example.com")
		elsewhere := w.as("old@example.com", password)
		w.letters = nil
		in, err := w.signIn("old@example.com", password)
		w.must(err)
		ctx := w.with(*in.Session.Token)
		reset, err := w.RequestPasswordReset(from("203.0.113.7"), contact.RequestPasswordResetInput{Login: "old@example.com"})
		w.must(err)
		resetCode := w.secret(reset.ID)
		w.post()
		c, err := w.RequestLoginChange(ctx, contact.RequestLoginChangeInput{Email: ptr("new@example.com")})
		w.must(err)
		told := w.post()
		if len(told) != 2 || told[1].to != "old@example.com" || told[1].subject != "Somebody wants to change your login" {
			t.Errorf("%+v", told)
		}
		code := w.code("new@example.com")
		// With another session of the same person it is not taken: a stolen one
		// cannot finish what the owner began.
		if _, err := w.ConfirmLoginChange(elsewhere, contact.ConfirmLoginChangeInput{ChallengeID: c.ID, Code: code}); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("another session: %v", err)
		}
		done, err := w.ConfirmLoginChange(ctx, contact.ConfirmLoginChangeInput{ChallengeID: c.ID, Code: code})
		w.must(err)
		if done.Contact.Value != "new@example.com" || !done.Contact.IsPrimary || done.Session.Token == nil || *done.Session.Token == *in.Session.Token || done.User.ID != anna {
			t.Errorf("%+v", done)
		}
		if w.alive(elsewhere) || !w.alive(ctx) {
			t.Error("the other session lives, or this one does not")
		}
		if v, err := w.people.Viewer(from(""), account.Caller{Token: *in.Session.Token}); err == nil && v.SignedIn() {
			t.Error("the old token is in force")
		}
		if _, err := w.signIn("old@example.com", password); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Errorf("the old login: %v", err)
		}
		if _, err := w.signIn("new@example.com", password); err != nil {
			t.Errorf("the new login: %v", err)
		}
		_, err = w.ResetPassword(from(""), contact.ResetPasswordInput{ChallengeID: reset.ID, Code: resetCode, NewPassword: another})
		if !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("a code of before: %v", err)
		}
		w.post()
		page, _, secret := w.link("old@example.com")
		if page != "https://account.example.com/reset-password" || !strings.HasPrefix(secret, "kab_") {
			t.Errorf("%s %s in %+v", page, secret, w.got)
		}
	})
}

// The owner of the old address undoes what a thief did, within 7 days, once,
// and whatever the thief did since: changed it again, added ways in.
func TestUndoLoginChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("owner@example.com")
		w.change("owner@example.com", "thief@example.com")
		w.post()
		_, challenge, code := w.link("owner@example.com")
		db.Clock.Add(time.Hour)
		w.change("thief@example.com", "thief2@example.com")
		w.post()
		_, challenge2, code2 := w.link("thief@example.com")
		thief := w.as("thief2@example.com", password)
		db.Clock.Add(time.Hour)

		if _, err := w.UndoLoginChange(from(""), contact.UndoLoginChangeInput{ChallengeID: challenge, Code: code2}); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("another code: %v", err)
		}
		undone, err := w.UndoLoginChange(from("203.0.113.1"), contact.UndoLoginChangeInput{ChallengeID: challenge, Code: code})
		if !undone || err != nil {
			t.Fatal(undone, err)
		}
		points := db.Client.ContactPoint.Query().AllX(storetest.As(anna))
		if len(points) != 1 || points[0].Value != "owner@example.com" || !points[0].IsPrimary || points[0].VerifiedAt == nil {
			t.Errorf("%+v", points)
		}
		if w.alive(thief) {
			t.Error("the thief is signed in")
		}
		for _, login := range []string{"owner@example.com", "thief@example.com", "thief2@example.com"} {
			if _, err := w.signIn(login, password); !errors.Is(err, account.ErrInvalidCredentials) && !errors.Is(err, account.ErrTooManyAttempts) {
				t.Errorf("%s: %v", login, err)
			}
		}
		for name, try := range map[string]contact.UndoLoginChangeInput{"twice": {ChallengeID: challenge, Code: code}, "the thief's own letter": {ChallengeID: challenge2, Code: code2}} {
			if undone, err := w.UndoLoginChange(from(""), try); undone || !errors.Is(err, account.ErrInvalidCode) {
				t.Errorf("%s: %v %v", name, undone, err)
			}
		}
		// The way back in.
		w.post()
		c, err := w.RequestPasswordReset(from("203.0.113.1"), contact.RequestPasswordResetInput{Login: "owner@example.com"})
		w.must(err)
		w.post()
		_, err = w.ResetPassword(from("203.0.113.1"), contact.ResetPasswordInput{ChallengeID: c.ID, Code: w.code("owner@example.com"), NewPassword: another})
		w.must(err)
		if _, err := w.signIn("owner@example.com", another); err != nil && !errors.Is(err, account.ErrTooManyAttempts) {
			t.Error(err)
		}
	})
}

func TestLoginChangeRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		boris := w.person("boris@example.com")
		theirs := db.Client.ContactPoint.Query().OnlyX(storetest.As(boris)).GlobalID()
		ctx := w.as("anna@example.com", password)
		for _, c := range []struct {
			in   contact.RequestLoginChangeInput
			want *fault.Fault
		}{
			{contact.RequestLoginChangeInput{}, fault.ErrRequired},
			{contact.RequestLoginChangeInput{Email: ptr("no")}, account.ErrInvalidEmail},
			{contact.RequestLoginChangeInput{Email: ptr("a@example.com\r\nBcc: b@example.com")}, account.ErrInvalidEmail}, // security A10
			{contact.RequestLoginChangeInput{Phone: ptr("no")}, account.ErrInvalidPhone},
			{contact.RequestLoginChangeInput{Email: ptr("anna@example.com")}, fault.ErrInvalidValue},
			{contact.RequestLoginChangeInput{Email: ptr("new@example.com"), Replaces: &theirs}, fault.ErrNotFound},
		} {
			if _, err := w.RequestLoginChange(ctx, c.in); !errors.Is(err, c.want) {
				t.Errorf("%+v: %v, want %s", c.in, err, c.want.Code)
			}
		}
		if _, err := w.RequestLoginChange(from(""), contact.RequestLoginChangeInput{Email: ptr("new@example.com")}); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Errorf("nobody: %v", err)
		}
		// Seven days are seven days.
		w.change("anna@example.com", "anna2@example.com")
		w.post()
		_, challenge, code := w.link("anna@example.com")
		db.Clock.Add(7*24*time.Hour + time.Minute)
		if _, err := w.UndoLoginChange(from(""), contact.UndoLoginChangeInput{ChallengeID: challenge, Code: code}); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("too late: %v", err)
		}
	})
}
