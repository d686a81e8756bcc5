package factor_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account/contact"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// The letter to the old address lies in a mailbox that may be a thief's: it
// brings the login back, and leaves whoever had a second factor with one.
func TestUndoKeepsTheSecondFactor(t *testing.T) { // security C6
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		contacts := &contact.Contacts{Store: db.Store, People: w.people, Page: "https://shop.example/reset", LinkTTL: time.Hour, UndoTTL: 7 * 24 * time.Hour}
		for name, c := range map[string]struct {
			before, after func(ctx context.Context) context.Context
			asked         bool
			passkeys      int
		}{
			"none":             {nil, nil, false, 0},
			"kept":             {w.on, nil, true, 0},
			"another since":    {w.on, func(ctx context.Context) context.Context { return w.on(w.off(ctx)) }, true, 0},
			"a passkey beside": {w.on, func(ctx context.Context) context.Context { w.withPasskey(ctx, true); return ctx }, true, 0},
			"a passkey instead": {w.on, func(ctx context.Context) context.Context {
				_, c := w.withPasskey(w.off(ctx), true)
				return w.as(*c.Session.Token)
			}, true, 1},
			"first since":         {nil, w.on, false, 0},
			"first passkey since": {nil, func(ctx context.Context) context.Context { w.withPasskey(ctx, true); return ctx }, false, 0},
		} {
			old := "old" + uuid.NewString() + "@example.com"
			id := w.person(old)
			ctx := w.in(old)
			if c.before != nil {
				ctx = c.before(ctx)
			}
			asked, err := contacts.RequestLoginChange(ctx, contact.RequestLoginChangeInput{Email: ptr("new" + uuid.NewString() + "@example.com")})
			w.must(err)
			changed, err := contacts.ConfirmLoginChange(ctx, contact.ConfirmLoginChangeInput{ChallengeID: asked.ID, Code: w.sent(asked.ID)})
			w.must(err)
			db.Clock.Add(time.Second)
			if ctx = w.as(*changed.Session.Token); c.after != nil {
				c.after(ctx)
			}
			letter := w.undoOf()
			if ok, err := contacts.UndoLoginChange(nobody(), contact.UndoLoginChangeInput{ChallengeID: letter, Code: w.sent(letter)}); !ok || err != nil {
				t.Fatalf("%s: %v, %v", name, ok, err)
			}
			reset, err := contacts.RequestPasswordReset(nobody(), contact.RequestPasswordResetInput{Login: old})
			w.must(err)
			done, err := contacts.ResetPassword(nobody(), contact.ResetPasswordInput{ChallengeID: reset.ID, Code: w.sent(reset.ID), NewPassword: "another pair of shoes"})
			w.must(err)
			if (done.Challenge != nil) != c.asked || (done.Session == nil) != c.asked {
				t.Errorf("%s: a second factor is asked for: %v", name, done.Challenge != nil)
			}
			if list, err := w.Passkeys(viewer.With(nobody(), viewer.Viewer{UserID: id}), id); err != nil || len(list) != c.passkeys {
				t.Errorf("%s: %d passkeys, %v", name, len(list), err)
			}
		}
	})
}

// on turns an app on, and off takes it off; each gives the session on.
func (w *world) on(ctx context.Context) context.Context {
	_, c := w.withTotp(ctx)
	if c.Session == nil {
		return ctx
	}
	return w.as(*c.Session.Token)
}

func (w *world) off(ctx context.Context) context.Context {
	_, err := w.DisableTotp(ctx)
	w.must(err)
	return ctx
}

// undoOf is the challenge of the last letter to an old address.
func (w *world) undoOf() scalar.ID {
	w.t.Helper()
	var id uuid.UUID
	rows, err := w.db.Query(context.Background(), `SELECT id FROM challenges WHERE purpose = 'login_undo' ORDER BY created_at DESC, id DESC LIMIT 1`)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		w.must(rows.Scan(&id))
	}
	return scalar.ID{Prefix: "chl", UUID: id}
}
