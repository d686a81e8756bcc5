package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// A viewer knows until when his token is good. One that has expired names the
// session, which goes on: its client can come back with another. One that was
// renewed, or whose session is over, names none (security B3).
func TestTokenThatExpiresNamesItsSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		s := w.signInAs(from("203.0.113.7", "app"), "anna@example.com", account.SessionModeRefreshable)
		id := s.Session.ID
		v, err := w.Viewer(from("", ""), account.Caller{Token: *s.Token})
		if err != nil || !v.TokenUntil.Equal(*s.AccessExpiresAt) {
			t.Errorf("good until %v, want %v (%v)", v.TokenUntil, s.AccessExpiresAt, err)
		}
		expired := func(token string) uuid.UUID {
			t.Helper()
			v, err := w.Viewer(from("", ""), account.Caller{Token: token})
			if !errors.Is(err, fault.ErrUnauthenticated) || v.SignedIn() {
				t.Errorf("%+v, %v", v, err)
			}
			return v.SessionID
		}
		db.Clock.Add(16 * time.Minute)
		if got := expired(*s.Token); got != id {
			t.Errorf("an expired token is of session %v, want %v", got, id)
		}
		if ended, err := w.Ended(context.Background(), []uuid.UUID{id}); err != nil || len(ended) != 0 {
			t.Errorf("its session is over: %v, %v", ended, err)
		}
		next, err := w.refresh(*s.RefreshToken)
		w.must(err)
		if got := expired(*s.Token); got != uuid.Nil {
			t.Errorf("a token that was renewed is of session %v", got)
		}
		db.Clock.Add(16 * time.Minute)
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE sessions SET revoked_at = created_at WHERE id = ?`, id)
			return err
		}))
		if got := expired(*next.Token); got != uuid.Nil {
			t.Errorf("a token of a session that is over is of session %v", got)
		}
		plain := w.signInAs(from("203.0.113.7", "app"), "anna@example.com", account.SessionModeToken)
		if v, err := w.Viewer(from("", ""), account.Caller{Token: *plain.Token}); err != nil || !v.TokenUntil.IsZero() {
			t.Errorf("good until %v (%v)", v.TokenUntil, err)
		}
	})
}
