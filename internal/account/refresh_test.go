package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func (w *world) refresh(token string) (*account.IssuedSession, error) {
	out, err := w.RefreshSession(from("203.0.113.7", "app"), account.RefreshSessionInput{RefreshToken: token})
	if err != nil {
		return nil, err
	}
	return out.Session, nil
}

// A token is good for a quarter of an hour and renewed as long as the session
// lasts, under one id.
func TestRefresh(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		s := w.signInAs(from("203.0.113.7", "app"), "anna@example.com", account.SessionModeRefreshable)
		first := s
		if s.Token == nil || s.RefreshToken == nil || !s.AccessExpiresAt.Equal(db.Clock.Now().Add(15*time.Minute)) || s.Session.Kind != "REFRESHABLE" {
			t.Fatalf("%+v", s)
		}
		for range 3 {
			db.Clock.Add(14 * time.Minute)
			if !w.alive(*s.Token) {
				t.Error("ended early")
			}
			db.Clock.Add(time.Minute)
			if w.alive(*s.Token) {
				t.Error("good for longer than said")
			}
			next, err := w.refresh(*s.RefreshToken)
			w.must(err)
			if !w.alive(*next.Token) || w.alive(*s.Token) || next.Session.ID != s.Session.ID || *next.RefreshToken == *s.RefreshToken {
				t.Errorf("renewed: %+v", next)
			}
			s = next
		}
		for _, bad := range []string{"", "kabr_", *s.Token, *s.RefreshToken + "a", strings.Repeat("x", 1000), "\x00"} {
			if _, err := w.refresh(bad); !errors.Is(err, fault.ErrUnauthenticated) {
				t.Errorf("%.20q: %v", bad, err)
			}
		}
		if !w.alive(*s.Token) {
			t.Error("what nobody was given ended the session")
		}
		db.Clock.Add(14*24*time.Hour + time.Minute) // idle (security B4)
		if _, err := w.refresh(*s.RefreshToken); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Errorf("idle for too long: %v", err)
		}
		all := w.dump() // security B8
		for _, secret := range []string{*s.Token, *s.RefreshToken, *first.RefreshToken} {
			if strings.Contains(all, secret) {
				t.Error("a token can be read from the database")
			}
		}
	})
}

// One refresh token many times at once, or again because the answer was lost:
// one family, one answer, nobody signed out. Any old one after the grace ends
// the session, whoever brings it, and its owner hears of it (security B2).
func TestRefreshReuse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		s := w.signInAs(from("203.0.113.7", "app"), "anna@example.com", account.SessionModeRefreshable)
		var wg sync.WaitGroup
		answers := make([]*account.IssuedSession, 20)
		for i := range answers {
			wg.Go(func() {
				var err error
				if answers[i], err = w.refresh(*s.RefreshToken); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, a := range answers {
			if a == nil || *a.RefreshToken != *answers[0].RefreshToken || *a.Token != *answers[0].Token {
				t.Fatal("not one answer")
			}
		}
		if n := w.number(`SELECT count(*) FROM sessions WHERE revoked_at IS NULL`); n != 1 || !w.alive(*answers[0].Token) {
			t.Errorf("%d sessions", n)
		}
		db.Clock.Add(10 * time.Second)
		if again, err := w.refresh(*s.RefreshToken); err != nil || *again.Token != *answers[0].Token {
			t.Errorf("within the grace: %v", err)
		}
		second, err := w.refresh(*answers[0].RefreshToken)
		w.must(err)
		db.Clock.Add(11 * time.Second)
		for _, old := range []string{*s.RefreshToken, *answers[0].RefreshToken} { // the oldest too
			fresh := w.signInAs(from("203.0.113.7", "app"), "anna@example.com", account.SessionModeRefreshable)
			if _, err := w.refresh(old); !errors.Is(err, fault.ErrUnauthenticated) {
				t.Errorf("a copy: %v", err)
			}
			if w.alive(*second.Token) || !w.alive(*fresh.Token) {
				t.Error("the family lives on, or another one ended")
			}
			if _, err := w.refresh(*second.RefreshToken); !errors.Is(err, fault.ErrUnauthenticated) {
				t.Errorf("the newest of the family: %v", err)
			}
		}
		if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'account.refresh_reused'`); n != 1 {
			t.Errorf("told %d times", n)
		}
		if n := w.number(`SELECT count(*) FROM account_events WHERE kind = 'account.security_changed' AND CAST(payload AS TEXT) LIKE '%refresh_reused%'`); n != 1 {
			t.Errorf("%d facts", n)
		}
	})
}

// The newest token after the grace is no theft; the one before is, even where
// the thief was first.
func TestRefreshStolen(t *testing.T) { // security B2
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		s := w.signInAs(from("203.0.113.7", "app"), "anna@example.com", account.SessionModeRefreshable)
		thief, err := w.refresh(*s.RefreshToken)
		w.must(err)
		db.Clock.Add(time.Hour)
		thief, err = w.refresh(*thief.RefreshToken)
		w.must(err)
		if _, err := w.refresh(*s.RefreshToken); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Errorf("the owner: %v", err)
		}
		if w.alive(*thief.Token) {
			t.Error("the thief is still in")
		}
	})
}

// A privilege gained rotates both tokens; a refresh with the one before,
// already on its way, is refused and no theft (security B1).
func TestRefreshAfterStepUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		s := w.signInAs(from("203.0.113.7", "app"), "anna@example.com", account.SessionModeRefreshable)
		up, err := w.StepUp(w.as(*s.Token), account.ProofInput{Password: some(password)})
		w.must(err)
		if _, err := w.refresh(*s.RefreshToken); !errors.Is(err, fault.ErrUnauthenticated) || !w.alive(*up.Session.Token) {
			t.Errorf("the one before: %v", err)
		}
		next, err := w.refresh(*up.Session.RefreshToken)
		w.must(err)
		if !viewer.From(w.as(*next.Token)).SteppedUp {
			t.Error("the proof is lost")
		}
		// Blocked or ended: the refresh token too, at once (security B3).
		for _, q := range []string{`UPDATE users SET status = 'BLOCKED' WHERE id = ?`, `UPDATE users SET status = 'ACTIVE' WHERE id = ?`, `UPDATE sessions SET revoked_at = created_at WHERE user_id = ?`} {
			w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, q, anna)
				return err
			}))
			got, err := w.refresh(*next.RefreshToken)
			if ok := strings.Contains(q, "ACTIVE"); ok != (err == nil) {
				t.Errorf("%s: %v", q, err)
			}
			if got != nil {
				next = got
			}
		}
	})
}
