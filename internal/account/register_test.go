package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// A person registers, confirms, is signed in, and can sign in again.
func TestRegister(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ru, zone := "ru", "Europe/Moscow"
		made, err := w.Register(from("203.0.113.7", "test"), account.RegisterInput{Email: ptr(" Anna@Example.com"), Password: "пароль кота 2026", Locale: &ru, TimeZone: &zone})
		w.must(err)
		c, notes := made.Challenge, made.Warnings
		if made.User.Status != "PENDING" || made.Session.Token == nil {
			t.Errorf("not signed in at once: %+v", made)
		}
		if !slices.Equal(notes, []string{credential.WarnCyrillic}) {
			t.Errorf("warnings %v", notes)
		}
		if c.Kind != account.ChallengeKindEmailCode || !c.ExpiresAt.Equal(db.Clock.Now().Add(10*time.Minute)) {
			t.Errorf("challenge %+v", c)
		}
		if _, err := w.signIn(from("203.0.113.7", "test"), "anna@example.com", "пароль кота 2026"); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Errorf("before the proof: %v", err)
		}
		if n := w.number(`SELECT count(*) FROM contact_points`); n != 0 {
			t.Error("the address is somebody's before it is proven")
		}
		in, err := w.confirm(c.ID, " "+w.code(c.ID)+" ")
		w.must(err)
		if in.User.DisplayName != "Anna" || in.User.Status != "ACTIVE" || in.User.Locale != "ru" || in.User.TimeZone != zone {
			t.Errorf("user %+v", in.User)
		}
		if !w.alive(*in.Session.Token) || len(*in.Session.Token) != 36 {
			t.Error("not signed in")
		}
		if _, err := w.signIn(from("203.0.113.7", "test"), "ANNA@example.com.", "пароль кота 2026"); err != nil {
			t.Errorf("sign in: %v", err)
		}
		if _, err := w.confirm(c.ID, "000000"); !errors.Is(err, account.ErrInvalidCode) { // security D1
			t.Errorf("twice: %v", err)
		}
		if n := w.number(`SELECT count(*) FROM account_events WHERE kind = 'account.contact_confirmed'`); n != 1 {
			t.Errorf("%d facts", n)
		}
	})
}

func TestRegisterRefusals(t *testing.T) {
	w := newWorld(t, storetest.Open(t))
	name, long, bad := "", strings.Repeat("я", 101), "a\nb"
	for _, c := range []struct {
		in   account.RegisterInput
		want *fault.Fault
		path string
	}{
		{account.RegisterInput{Email: ptr("nobody"), Password: password}, account.ErrInvalidEmail, "email"},
		{account.RegisterInput{Email: ptr("a@example.com"), Password: "short"}, credential.ErrPasswordTooShort, "password"},
		{account.RegisterInput{Email: ptr("a@example.com"), Password: strings.Repeat("x", 1025)}, credential.ErrPasswordTooLong, "password"},
		{account.RegisterInput{Email: ptr("a@example.com"), Password: "password"}, credential.ErrPasswordTooCommon, "password"},
		{account.RegisterInput{Email: ptr("a@example.com"), Password: password, DisplayName: &long}, fault.ErrTooLong, "displayName"},
		{account.RegisterInput{Email: ptr("a@example.com"), Password: password, DisplayName: &bad}, fault.ErrInvalidValue, "displayName"},
		{account.RegisterInput{Email: ptr("a@example.com"), Password: password, DisplayName: &name}, nil, ""},
	} {
		_, err := w.Register(from("", ""), c.in)
		if c.want == nil {
			w.must(err)
			continue
		}
		f, _ := fault.As(err)
		if !errors.Is(err, c.want) || !slices.Equal(f.Path, []string{"input", c.path}) {
			t.Errorf("%+v: %v, want %s", c.in, err, c.want.Code)
		}
	}
	if w.Hashed() != 1 { // security A8: refused before time is spent
		t.Errorf("%d hashes", w.Hashed())
	}
}

// Nothing tells an address that is known from one that is not: the answer, the
// work, the letter (security A6, A7).
func TestRegisterTellsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("known@example.com")
		type trace struct {
			answer             string
			hashes, statements int
			letters            int
		}
		run := func(email string) (tr trace) {
			before, letters := w.Hashed(), len(w.letters)
			var c *account.Challenge
			tr.statements, _ = db.Statements(func() { c = w.register(from("203.0.113.7", "test"), email) })
			c.ID.UUID = uuid.Nil
			b, err := json.Marshal(c)
			w.must(err)
			tr.answer, tr.hashes, tr.letters = string(b), int(w.Hashed()-before), len(w.letters)-letters
			return tr
		}
		known, unknown := run("known@example.com"), run("knave@example.com")
		if known != unknown || known.hashes != 1 || known.letters != 1 {
			t.Errorf("known %+v, unknown %+v", known, unknown)
		}
		// Asking again, too early, too.
		for _, email := range []string{"known@example.com", "knave@example.com"} {
			_, err := w.Register(from("203.0.113.7", "test"), account.RegisterInput{Email: &email, Password: password})
			if f, _ := fault.As(err); !errors.Is(err, account.ErrCodeSentRecently) || f.Params["retryAfter"] != 60 {
				t.Errorf("%s again: %v", email, err)
			}
		}
		if known.hashes != 1 || w.Hashed() != 3 {
			t.Errorf("a refused letter cost a hash: %d", w.Hashed())
		}
	})
}

// The owner of a known address is told, and nobody can take it: not even by
// guessing the code, which was sent to nobody.
func TestRegisterKnown(t *testing.T) { // security A6
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("known@example.com")
		c := w.register(from("", ""), "KNOWN@example.com")
		if l := w.letters[0]; w.template(l) != "known" {
			t.Errorf("letter %+v", l)
		}
		if _, err := w.confirm(c.ID, w.code(c.ID)); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("taken: %v", err)
		}
		if n := w.number(`SELECT count(*) FROM contact_points`); n != 1 {
			t.Errorf("%d contact points", n)
		}
	})
}

// Two register the same address and both have a code: one gets the account,
// the other the generic answer (security A11).
func TestRegisterRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var challenges []*account.Challenge
		var codes []string
		for range 8 {
			c := w.register(from("", ""), "anna@example.com")
			challenges, codes = append(challenges, c), append(codes, w.code(c.ID))
			db.Clock.Add(61 * time.Second)
			if len(challenges)%5 == 0 {
				break // the letters of an hour
			}
		}
		var won atomic.Int64
		var wg sync.WaitGroup
		for i, c := range challenges {
			wg.Go(func() {
				if _, err := w.confirm(c.ID, codes[i]); err == nil {
					won.Add(1)
				} else if !errors.Is(err, account.ErrInvalidCode) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || w.number(`SELECT count(*) FROM contact_points`) != 1 || w.number(`SELECT count(*) FROM users WHERE status = 'ACTIVE'`) != 1 {
			t.Errorf("%d won", won.Load())
		}
		// The same moment, the same address: one letter (security D4).
		var passed atomic.Int64
		for range 20 {
			wg.Go(func() {
				_, err := w.Register(from("", ""), account.RegisterInput{Email: ptr("boris@example.com"), Password: password})
				if err == nil {
					passed.Add(1)
				} else if !errors.Is(err, account.ErrCodeSentRecently) && !errors.Is(err, fault.ErrRateLimited) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if passed.Load() != 1 {
			t.Errorf("%d letters at once", passed.Load())
		}
	})
}

// Fifty right codes at once sign in once; five wrong ones end it (security D1, D5).
func TestConfirmRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		c := w.register(from("", ""), "anna@example.com")
		code := w.code(c.ID)
		var won atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := w.confirm(c.ID, code); err == nil {
					won.Add(1)
				} else if !errors.Is(err, account.ErrInvalidCode) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || w.number(`SELECT count(*) FROM sessions WHERE revoked_at IS NULL`) != 1 {
			t.Errorf("%d won", won.Load())
		}
		c = w.register(from("", ""), "boris@example.com")
		code = w.code(c.ID)
		for i := range 5 {
			if _, err := w.confirm(c.ID, fmt.Sprintf("%06d", i)); !errors.Is(err, account.ErrInvalidCode) && code != fmt.Sprintf("%06d", i) {
				t.Error(err)
			}
		}
		if _, err := w.confirm(c.ID, code); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("the sixth try: %v", err)
		}
	})
}

// A code is good for its own challenge alone (security D2), for ten minutes,
// and until a newer one is sent (security D1); six letters an hour at most (security D4).
func TestResend(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		a, b := w.register(from("", ""), "anna@example.com"), w.register(from("", ""), "boris@example.com")
		if _, err := w.confirm(b.ID, w.code(a.ID)); !errors.Is(err, account.ErrInvalidCode) && w.code(a.ID) != w.code(b.ID) {
			t.Errorf("the code of another: %v", err)
		}
		resend := func(id scalar.ID) (*account.Challenge, error) {
			return w.ResendCode(from("", ""), account.ResendCodeInput{ChallengeID: id})
		}
		if _, err := resend(a.ID); !errors.Is(err, account.ErrCodeSentRecently) {
			t.Errorf("at once: %v", err)
		}
		db.Clock.Add(11 * time.Minute)
		if _, err := w.confirm(a.ID, "000000"); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("expired: %v", err)
		}
		newer, err := resend(a.ID) // an expired one can be renewed
		w.must(err)
		if newer.ID == a.ID {
			t.Error("the same challenge")
		}
		if _, err := resend(a.ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("replaced: %v", err)
		}
		for range 4 {
			db.Clock.Add(61 * time.Second)
			newer, err = resend(newer.ID)
			w.must(err)
		}
		db.Clock.Add(61 * time.Second)
		_, err = resend(newer.ID)
		if f, _ := fault.As(err); !errors.Is(err, account.ErrCodeSentRecently) || f.Params["retryAfter"].(int) < 30*60 {
			t.Errorf("the seventh letter of the hour: %v", err)
		}
		if _, err := w.confirm(newer.ID, w.code(newer.ID)); err != nil { // the refusal left it in force
			t.Errorf("after a refused resend: %v", err)
		}
		if _, err := resend(scalar.ID{Prefix: "usr", UUID: newer.ID.UUID}); !errors.Is(err, fault.ErrInvalidID) {
			t.Errorf("another kind: %v", err)
		}
	})
}

// Whoever proves an address that was only claimed gets it, and the claimer
// loses what he could sign in with.
func TestProofMovesAddress(t *testing.T) { // security E2
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		claimer := w.create(account.CreateUser{Email: "anna@example.com", Name: "Mallory", Password: password, Verified: false})
		if _, err := w.signIn(from("", ""), "anna@example.com", password); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Errorf("an unproven address signs in: %v", err)
		}
		c := w.register(from("", ""), "Anna@example.com")
		in, err := w.confirm(c.ID, w.code(c.ID))
		w.must(err)
		if in.User.ID == claimer {
			t.Error("the prover became the claimer")
		}
		points, err := in.User.QueryContactPoints().All(storetest.As(in.User.ID))
		w.must(err)
		if len(points) != 1 || points[0].Value != "Anna@example.com" || points[0].VerifiedAt == nil {
			t.Errorf("%+v", points)
		}
		if n := w.number(`SELECT count(*) FROM identities WHERE user_id = ?`, claimer); n != 0 {
			t.Error("the claimer kept his password")
		}
	})
}

// What is forgotten, and when.
func TestHousekeeping(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		token := w.token(from("203.0.113.7", "test"), "anna@example.com")
		w.register(from("203.0.113.7", "test"), "boris@example.com")
		var told []uuid.UUID
		w.Forgotten = func(_ context.Context, _ *store.Tx, users []uuid.UUID) error {
			told = append(told, users...)
			return nil
		}
		db.Clock.Add(47 * time.Hour)
		w.must(w.Housekeeping(storetest.System()))
		if n := w.number(`SELECT count(*) FROM users`); n != 2 || told != nil {
			t.Errorf("%d people after two days", n)
		}
		db.Clock.Add(2 * time.Hour)
		w.must(w.Housekeeping(storetest.System()))
		if n := w.number(`SELECT count(*) FROM users`); n != 1 || len(told) != 1 {
			t.Errorf("%d people: the registration is not forgotten", n)
		}
		if n := w.number(`SELECT count(*) FROM sessions`) + w.number(`SELECT count(*) FROM identities`); n != 2 {
			t.Errorf("%d sessions and passwords: those of the registration are not forgotten", n)
		}
		if n := w.number(`SELECT count(*) FROM challenges`) + w.number(`SELECT count(*) FROM rate_limits`); n != 0 {
			t.Errorf("%d challenges and limits", n)
		}
		if !w.alive(token) {
			t.Error("a session in force was forgotten")
		}
		db.Clock.Add(181 * 24 * time.Hour)
		w.must(w.Housekeeping(storetest.System()))
		if n := w.number(`SELECT count(*) FROM sessions`); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}
