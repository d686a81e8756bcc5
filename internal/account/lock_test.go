package account_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

const quarter = 15 * time.Minute

func locking(o *account.Options) { o.Sessions.Lock = quarter }

var errLocked = fault.New(fault.Locked, "SESSION_LOCKED")

// signInAs signs in with a mode and gives all of it.
func (w *world) signInAs(ctx context.Context, email string, mode account.SessionMode) *account.IssuedSession {
	w.t.Helper()
	in, err := w.SignIn(ctx, account.SignInInput{Login: email, Password: password, Mode: &mode})
	w.must(err)
	return in.Session
}

// presented is the context of a request with a token, as the edge makes it:
// of nobody, with whose session it was, where it is locked.
func (w *world) presented(token string) (context.Context, error) {
	v, err := w.Viewer(context.Background(), account.Caller{Token: token, IP: "203.0.113.7", UserAgent: "test"})
	if err == nil {
		return viewer.With(context.Background(), v), nil
	}
	ctx := viewer.WithReason(from("203.0.113.7", "test"), err)
	if v.SessionID != uuid.Nil {
		ctx = viewer.WithLocked(ctx, v)
	}
	return ctx, err
}

func some(s string) *string { return &s }

// A session that idles is locked for everything, its stream too; the password
// unlocks it under its old id and a new token (security B1, H6).
func TestLock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldWith(t, db, locking)
		anna := w.person("anna@example.com")
		in := w.signInAs(from("", ""), "anna@example.com", account.SessionModeToken)
		token, id := *in.Token, in.Session.ID
		for range 5 { // used now and then
			db.Clock.Add(10 * time.Minute)
			if !w.alive(token) {
				t.Fatal("locked while in use")
			}
		}
		db.Clock.Add(quarter)
		ctx, err := w.presented(token)
		if !errors.Is(err, errLocked) || viewer.From(ctx).SignedIn() {
			t.Fatalf("idle: %v", err)
		}
		if ended, err := w.Ended(ctx, []uuid.UUID{id}); err != nil || !ended[id] {
			t.Errorf("its stream: %v %v; it may come back after unlocking", ended, err)
		}
		if w.alive(token) {
			t.Error("asking once unlocked it")
		}
		_, err = w.UnlockSession(ctx, account.ProofInput{Password: some("a wrong password")})
		if f, _ := fault.As(err); !errors.Is(err, account.ErrInvalidCredentials) || !slices.Equal(f.Path, []string{"input", "password"}) {
			t.Error(err)
		}
		send := true
		for _, in := range []account.ProofInput{{}, {Password: some(password), SendCode: &send}} { // one proof, and no more
			if _, err := w.UnlockSession(ctx, in); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%+v: %v", in, err)
			}
		}
		out, err := w.UnlockSession(ctx, account.ProofInput{Password: some(password)})
		w.must(err)
		if w.alive(token) || !w.alive(*out.Session.Token) || out.Session.Session.ID != id || out.User.ID != anna {
			t.Errorf("unlocked: %+v", out.Session)
		}
		if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'account.unlock_session'`); n != 1 {
			t.Errorf("%d on record", n)
		}
		// Nobody unlocks what is not his, or what is over.
		if _, err := w.UnlockSession(from("", ""), account.ProofInput{Password: some(password)}); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Error(err)
		}
		db.Clock.Add(quarter)
		ctx, _ = w.presented(*out.Session.Token)
		w.must(db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := w.End(ctx, tx, anna)
			return err
		}))
		if _, err := w.UnlockSession(ctx, account.ProofInput{Password: some(password)}); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Errorf("what has ended: %v", err)
		}
	})
}

// Guessing at a locked session is counted like any other (security A1); the
// locked one can be signed out of, and signing in anew ends it (security B1).
func TestLockedSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldWith(t, db, locking)
		w.person("anna@example.com")
		token := *w.signInAs(from("", ""), "anna@example.com", account.SessionModeToken).Token
		db.Clock.Add(quarter)
		ctx, _ := w.presented(token)
		before := w.Hashed()
		for range 20 {
			_, _ = w.UnlockSession(ctx, account.ProofInput{Password: some("some guess")})
		}
		if n := w.Hashed() - before; n != 5 {
			t.Errorf("%d hashes", n)
		}
		if _, err := w.UnlockSession(ctx, account.ProofInput{Password: some(password)}); !errors.Is(err, account.ErrTooManyAttempts) {
			t.Error(err)
		}
		if _, err := w.signIn(ctx, "anna@example.com", password); err != nil {
			t.Errorf("the form: %v", err)
		}
		if n := w.number(`SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL`); n != 1 {
			t.Errorf("%d ended", n)
		}
		token = w.token(from("", ""), "anna@example.com")
		db.Clock.Add(quarter)
		ctx, _ = w.presented(token)
		if n, err := w.SignOut(ctx); err != nil || n != 1 {
			t.Errorf("sign out: %d %v", n, err)
		}
		if _, err := w.presented(token); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Errorf("signed out: %v", err)
		}
	})
}

// What is renewed each quarter of an hour is not locked besides; the list says
// what is.
func TestWhatLocks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldWith(t, db, locking)
		anna := w.person("anna@example.com")
		w.signInAs(from("", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"), "anna@example.com", account.SessionModeCookie)
		w.signInAs(from("", ""), "anna@example.com", account.SessionModeRefreshable)
		db.Clock.Add(quarter)
		list, err := w.Sessions(w.as(w.token(from("", ""), "anna@example.com")), anna)
		w.must(err)
		got := map[string]bool{}
		for _, s := range list {
			got[s.Kind.String()] = w.Locked(s)
		}
		if len(list) != 3 || !got["BROWSER"] || got["REFRESHABLE"] || got["TOKEN"] {
			t.Errorf("locked: %v", got)
		}
		if n := account.DeviceName(list[2].UserAgent); n == nil || *n != "Firefox on Linux" {
			t.Errorf("device %v", n)
		}
	})
}

// A fresh proof lasts ten minutes and comes with a new token; with a second
// factor one of the two is not enough (security C6).
func TestStepUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		token := w.token(from("", ""), "anna@example.com")
		w.must(w.NeedStepUp(w.as(token))) // just signed in
		db.Clock.Add(10 * time.Minute)
		if err := w.NeedStepUp(w.as(token)); fault.KindOf(err) != fault.Locked {
			t.Error(err)
		}
		if _, err := w.StepUp(w.as(token), account.ProofInput{Password: some("wrong password")}); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Error(err)
		}
		if err := w.NeedStepUp(w.as(token)); err == nil {
			t.Error("a wrong password steps up")
		}
		out, err := w.StepUp(w.as(token), account.ProofInput{Password: some(password)})
		w.must(err)
		if w.alive(token) || out.Challenge != nil {
			t.Error("the token of before lives on")
		}
		token = *out.Session.Token
		w.must(w.NeedStepUp(w.as(token)))
		// Of two at once with one token one gets a token, the other a refusal.
		one, two := w.as(token), w.as(token)
		out, err = w.StepUp(one, account.ProofInput{Password: some(password)})
		w.must(err)
		token = *out.Session.Token
		if _, err := w.StepUp(two, account.ProofInput{Password: some(password)}); !errors.Is(err, fault.ErrUnauthenticated) || !w.alive(token) {
			t.Errorf("the twin: %v", err)
		}

		w.twoFactors()
		db.Clock.Add(10 * time.Minute)
		out, err = w.StepUp(w.as(token), account.ProofInput{Password: some(password)})
		w.must(err)
		if out.Session != nil || out.Challenge == nil || w.NeedStepUp(w.as(token)) == nil || viewer.From(w.as(token)).AAL != 1 {
			t.Errorf("one of two: %+v", out)
		}
		if _, err := w.finish(from("", ""), out.Challenge.ID); !errors.Is(err, account.ErrInvalidCode) { // security C7
			t.Errorf("answered by another session: %v", err)
		}
		done, err := w.finish(w.as(token), out.Challenge.ID)
		w.must(err)
		if w.alive(token) || done.Session.Session.Aal != 2 {
			t.Errorf("both: %+v", done.Session)
		}
		w.must(w.NeedStepUp(w.as(*done.Session.Token)))
		// A passkey that asked for finger or PIN is both at once.
		token, _ = *done.Session.Token, w.passkeys(2)
		db.Clock.Add(10 * time.Minute)
		done, err = w.StepUp(w.as(token), account.ProofInput{Passkey: &account.PasskeyAnswer{}})
		w.must(err)
		w.must(w.NeedStepUp(w.as(*done.Session.Token)))
	})
}

// twoFactors gives everybody a second factor, whose challenge finish answers.
func (w *world) twoFactors() {
	w.Factors = func(context.Context, *store.Tx, uuid.UUID) ([]account.Factor, error) {
		return []account.Factor{{Kind: account.ChallengeKindTotp}}, nil
	}
	w.SecondFactor = func(ctx context.Context, tx *store.Tx, user uuid.UUID, session *uuid.UUID, half account.Half) (*account.Challenge, error) {
		c, err := tx.MakeChallenge(ctx, w.sealer, store.NewChallenge{
			Purpose: account.ForSecondFactor, UserID: &user, SessionID: session, Secret: "123456", Data: half, Tries: 5, Life: time.Minute,
		})
		return &account.Challenge{ID: scalar.ID{Prefix: "chl", UUID: c.ID}, Kind: account.ChallengeKindTotp}, err
	}
}

// passkeys gives everybody a passkey of a level.
func (w *world) passkeys(aal int) *world {
	w.CheckPasskey = func(context.Context, uuid.UUID, account.PasskeyAnswer) (int, uuid.UUID, error) {
		return aal, uuid.Nil, nil
	}
	return w
}

// finish answers the second factor.
func (w *world) finish(ctx context.Context, id scalar.ID) (*account.Welcome, error) {
	var e *account.Entrance
	err := w.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.UseChallenge(ctx, w.sealer, id.UUID, account.ForSecondFactor, "123456")
		if err != nil {
			return err
		}
		e, err = w.Finish(ctx, tx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return w.Welcome(ctx, e)
}

// Who has neither password nor passkey proves himself by a code; who has a
// password is not let off it.
func TestUnlockByCode(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldWith(t, db, locking)
		anna := w.person("anna@example.com")
		token, send := w.token(from("", ""), "anna@example.com"), true
		db.Clock.Add(quarter)
		ctx, _ := w.presented(token)
		if _, err := w.UnlockSession(ctx, account.ProofInput{SendCode: &send}); !errors.Is(err, fault.ErrInvalidValue) {
			t.Errorf("around the password: %v", err)
		}
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM identities WHERE user_id = ?`, anna)
			return err
		}))
		sent, err := w.UnlockSession(ctx, account.ProofInput{SendCode: &send})
		w.must(err)
		answer := &account.CodeAnswer{ChallengeID: sent.Challenge.ID, Code: w.code(sent.Challenge.ID)}
		boris := w.person("boris@example.com")
		if _, err := w.UnlockSession(account.As(from("", ""), boris, uuid.New()), account.ProofInput{Code: answer}); !errors.Is(err, account.ErrInvalidCode) { // security C7
			t.Errorf("somebody else's: %v", err)
		}
		if _, err = w.UnlockSession(ctx, account.ProofInput{SendCode: &send}); err == nil {
			t.Error("two letters within a minute")
		}
		db.Clock.Add(time.Minute)
		sent, err = w.UnlockSession(ctx, account.ProofInput{SendCode: &send})
		w.must(err)
		answer = &account.CodeAnswer{ChallengeID: sent.Challenge.ID, Code: w.code(sent.Challenge.ID)}
		if _, err := w.StepUp(account.As(from("", ""), anna, uuid.New()), account.ProofInput{Code: answer}); !errors.Is(err, account.ErrInvalidCode) { // security D2
			t.Errorf("for another purpose: %v", err)
		}
		var won sync.Map
		var wg sync.WaitGroup
		for i := range 4 { // tries of one code are counted
			wg.Go(func() {
				if out, err := w.UnlockSession(ctx, account.ProofInput{Code: answer}); err == nil {
					won.Store(i, *out.Session.Token)
				}
			})
		}
		wg.Wait()
		n := 0
		won.Range(func(_, token any) bool { n++; return w.alive(token.(string)) })
		if n != 1 {
			t.Errorf("%d unlocked by one code", n)
		}
	})
}
