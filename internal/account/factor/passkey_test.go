package factor_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/google/uuid"

	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/account/factor"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// A passkey is added, signs in by itself at level 2, unlocks what asks for a
// fresh proof, and is removed.
func TestPasskey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		first := w.enter("anna@example.com")
		k, c := w.withPasskey(w.as(*first.Session.Token), false)
		if c.TwoFactor.Enabled || len(c.RecoveryCodes) != 0 || c.Passkey.Label != "2026-11-21" || w.alive(*first.Session.Token) {
			t.Errorf("%+v %+v", c, c.Passkey)
		}
		if in := w.enter("anna@example.com"); in.Session == nil {
			t.Error("a passkey that is no second factor is asked for")
		}
		in, err := w.byKey(k)
		w.must(err)
		if in.Session.Session.Aal != 2 || in.User.ID != anna || in.Session.Session.Method != account.MethodPasskey {
			t.Errorf("%+v", in.Session.Session)
		}
		list, err := w.Passkeys(w.as(*in.Session.Token), anna)
		w.must(err)
		if len(list) != 1 || list[0].LastUsedAt == nil || list[0].ID != c.Passkey.ID {
			t.Errorf("%+v", list)
		}
		db.Clock.Add(11 * time.Minute)
		ctx := w.as(*in.Session.Token)
		_, _, err = w.RemovePasskey(ctx, factor.RemovePasskeyInput{ID: c.Passkey.ID})
		w.refused(err, "STEP_UP_REQUIRED")
		ch, err := w.StartPasskeySignIn(ctx)
		w.must(err)
		up, err := w.people.StepUp(ctx, account.ProofInput{Passkey: &account.PasskeyAnswer{ChallengeID: ch.ID, Credential: k.sign(party, ch.PasskeyOptions)}})
		w.must(err)
		other, err := w.byKey(k)
		w.must(err)
		removed, _, err := w.RemovePasskey(w.as(*up.Session.Token), factor.RemovePasskeyInput{ID: c.Passkey.ID})
		w.must(err)
		if *removed != c.Passkey.ID || w.alive(*other.Session.Token) || !w.alive(*up.Session.Token) {
			t.Error("what the passkey has opened goes on")
		}
		_, err = w.byKey(k)
		w.refused(err, "INVALID_CREDENTIALS")
	})
}

// A passkey is a second factor where its owner wishes it.
func TestPasskeyAsSecondFactor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		k, c := w.withPasskey(w.in("anna@example.com"), true)
		if !c.TwoFactor.Enabled || len(c.RecoveryCodes) != 10 || !c.Passkey.SecondFactor {
			t.Errorf("%+v", c)
		}
		ch := w.enter("anna@example.com").Challenge
		if ch.Kind != account.ChallengeKindPasskey || ch.PasskeyOptions["rpId"] != party.ID || len(ch.PasskeyOptions["allowCredentials"].([]any)) != 1 {
			t.Fatalf("%+v", ch)
		}
		answer := k.sign(party, ch.PasskeyOptions)
		in, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, Passkey: answer})
		w.must(err)
		if in.Session.Session.Aal != 2 {
			t.Errorf("%+v", in.Session.Session)
		}
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, Passkey: answer})
		w.refused(err, "INVALID_CODE")
		ch = w.enter("anna@example.com").Challenge
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, Passkey: answer}) // security C8
		w.refused(err, "INVALID_CODE")
		_, err = w.byKey(k) // and it is both at once
		w.must(err)
	})
}

// Every way of cheating with a passkey is the same refusal.
func TestPasskeyCheats(t *testing.T) { // security C8
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, boris := w.person("anna@example.com"), w.person("boris@example.com")
		k, _ := w.withPasskey(w.in("anna@example.com"), false)
		bk, _ := w.withPasskey(w.in("boris@example.com"), false)
		start := func(ctx context.Context) *account.Challenge {
			c, err := w.StartPasskeySignIn(ctx)
			w.must(err)
			return c
		}
		finish := func(id scalar.ID, credential map[string]any) error {
			in, err := w.FinishPasskeySignIn(nobody(), factor.FinishPasskeySignInInput{ChallengeID: id, Credential: credential})
			if err == nil && in.Session == nil {
				err = fmt.Errorf("no session")
			}
			return err
		}
		evil, deep := party, party
		evil.Origin = "https://shop.example.evil.test"
		deep.ID = "evil.test"
		unverified := *k
		unverified.device.Options.UserNotVerified = true
		absent := *k
		absent.device.Options.UserNotPresent = true
		stranger := *k // the credential of Anna, the handle of Boris
		stranger.device.Options.UserHandle = boris[:]
		borrowed := *k // the credential of Boris's key as Anna
		borrowed.made.ID = bk.made.ID
		swapped := *k
		swapped.made.Key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2).Key
		nameless := *k
		nameless.device.Options.UserHandle = nil
		eligible := *k
		eligible.device.Options.BackupEligible = true // it may never change
		unknown := newKey(anna)

		for name, cheat := range map[string]func(*account.Challenge) map[string]any{
			"wrong origin": func(c *account.Challenge) map[string]any { return k.sign(evil, c.PasskeyOptions) },
			"http origin": func(c *account.Challenge) map[string]any {
				p := party
				p.Origin = "http://shop.example"
				return k.sign(p, c.PasskeyOptions)
			},
			"null origin": func(c *account.Challenge) map[string]any {
				p := party
				p.Origin = "null"
				return k.sign(p, c.PasskeyOptions)
			},
			"wrong rpId":            func(c *account.Challenge) map[string]any { return k.sign(deep, c.PasskeyOptions) },
			"user not verified":     func(c *account.Challenge) map[string]any { return unverified.sign(party, c.PasskeyOptions) },
			"user not present":      func(c *account.Challenge) map[string]any { return absent.sign(party, c.PasskeyOptions) },
			"challenge of another":  func(*account.Challenge) map[string]any { return k.sign(party, start(nobody()).PasskeyOptions) },
			"handle of another":     func(c *account.Challenge) map[string]any { return stranger.sign(party, c.PasskeyOptions) },
			"credential of another": func(c *account.Challenge) map[string]any { return borrowed.sign(party, c.PasskeyOptions) },
			"swapped key":           func(c *account.Challenge) map[string]any { return swapped.sign(party, c.PasskeyOptions) },
			"no handle":             func(c *account.Challenge) map[string]any { return nameless.sign(party, c.PasskeyOptions) },
			"backup flag changed":   func(c *account.Challenge) map[string]any { return eligible.sign(party, c.PasskeyOptions) },
			"unknown credential":    func(c *account.Challenge) map[string]any { return unknown.sign(party, c.PasskeyOptions) },
			"nothing":               func(*account.Challenge) map[string]any { return map[string]any{} },
			"an attestation": func(c *account.Challenge) map[string]any {
				return k.create(party, map[string]any{"rp": map[string]any{"id": party.ID}, "user": map[string]any{"id": ""}, "challenge": c.PasskeyOptions["challenge"]})
			},
			"signature cut": func(c *account.Challenge) map[string]any {
				a := k.sign(party, c.PasskeyOptions)
				r := a["response"].(map[string]any)
				r["signature"] = r["signature"].(string)[:20]
				return a
			},
			"32 kB": func(c *account.Challenge) map[string]any {
				a := k.sign(party, c.PasskeyOptions)
				a["more"] = strings.Repeat("x", 33<<10)
				return a
			},
		} {
			c := start(nobody())
			if err := finish(c.ID, cheat(c)); err == nil || !strings.Contains(err.Error(), "INVALID_CREDENTIALS") {
				t.Errorf("%s: %v", name, err)
			}
			// The challenge is used up, whatever was wrong.
			if err := finish(c.ID, k.sign(party, c.PasskeyOptions)); err == nil || !strings.Contains(err.Error(), "INVALID_CREDENTIALS") {
				t.Errorf("%s, then right: %v", name, err)
			}
		}

		c := start(nobody())
		answer := k.sign(party, c.PasskeyOptions)
		w.must(finish(c.ID, answer))
		w.refused(finish(c.ID, answer), "INVALID_CREDENTIALS")               // replayed
		w.refused(finish(start(nobody()).ID, answer), "INVALID_CREDENTIALS") // with a fresh challenge

		own := start(w.in("anna@example.com")) // begun in a session
		w.refused(finish(own.ID, k.sign(party, own.PasskeyOptions)), "INVALID_CREDENTIALS")

		late := start(nobody())
		db.Clock.Add(6 * time.Minute)
		w.refused(finish(late.ID, k.sign(party, late.PasskeyOptions)), "INVALID_CREDENTIALS")

		// Boris steps nobody up but himself.
		ctx := w.in("anna@example.com")
		c = start(ctx)
		_, err := w.people.StepUp(ctx, account.ProofInput{Passkey: &account.PasskeyAnswer{ChallengeID: c.ID, Credential: bk.sign(party, c.PasskeyOptions)}})
		w.refused(err, "INVALID_CREDENTIALS")
	})
}

// A counter that goes back means a copy: it is refused and told.
func TestPasskeyCounter(t *testing.T) { // security C8
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		k, _ := w.withPasskey(w.in("anna@example.com"), false)
		k.made.Counter = 10
		_, err := w.byKey(k)
		w.must(err)
		for _, back := range []uint32{10, 4} { // the same once more, and less
			k.made.Counter = back - 1
			before := w.audited(anna, "account.passkey_copied")
			_, err = w.byKey(k)
			w.refused(err, "INVALID_CREDENTIALS")
			if w.audited(anna, "account.passkey_copied") != before+1 {
				t.Error("nobody was told")
			}
		}
		if _, n := w.passkeyRow(anna); n != 11 {
			t.Errorf("counter %d", n)
		}
		// Twins of one counter: one comes in.
		var passed atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			c, err := w.StartPasskeySignIn(nobody())
			w.must(err)
			k.made.Counter = 20
			answer := k.sign(party, c.PasskeyOptions)
			all.Go(func() {
				if in, err := w.FinishPasskeySignIn(nobody(), factor.FinishPasskeySignInInput{ChallengeID: c.ID, Credential: answer}); err == nil && in.Session != nil {
					passed.Add(1)
				}
			})
		}
		all.Wait()
		if passed.Load() != 1 {
			t.Errorf("%d came in by one counter", passed.Load())
		}
	})
}

// What is added must be new, of this session, and verified; at most ten.
func TestPasskeyEnrolmentCheats(t *testing.T) { // security C8, C7
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		w.person("boris@example.com")
		ctx, boris := w.in("anna@example.com"), w.in("boris@example.com")
		id := viewer.From(ctx).UserID
		evil := party
		evil.Origin = "https://evil.test"
		deep := party
		deep.ID = "evil.test"
		unverified := newKey(id)
		unverified.device.Options.UserNotVerified = true
		finish := func(ctx context.Context, id scalar.ID, credential map[string]any) error {
			_, err := w.FinishPasskeyEnrollment(ctx, factor.FinishPasskeyEnrollmentInput{ChallengeID: id, Credential: credential})
			return err
		}
		start := func(ctx context.Context) *factor.Enrolment {
			e, err := w.StartPasskeyEnrollment(ctx)
			w.must(err)
			return e
		}
		for name, c := range map[string]func(o map[string]any) map[string]any{
			"wrong origin":      func(o map[string]any) map[string]any { return newKey(id).create(evil, o) },
			"wrong rpId":        func(o map[string]any) map[string]any { return newKey(id).create(deep, o) },
			"user not verified": func(o map[string]any) map[string]any { return unverified.create(party, o) },
			"other challenge":   func(map[string]any) map[string]any { return newKey(id).create(party, start(ctx).Options) },
			"nothing":           func(map[string]any) map[string]any { return nil },
		} {
			e := start(ctx)
			if err := finish(ctx, e.Challenge.ID, c(e.Options)); err == nil || !strings.Contains(err.Error(), "PASSKEY_REFUSED") {
				t.Errorf("%s: %v", name, err)
			}
			w.refused(finish(ctx, e.Challenge.ID, newKey(id).create(party, e.Options)), "NOT_FOUND") // used up
		}
		e := start(ctx)
		k := newKey(id)
		w.refused(finish(boris, e.Challenge.ID, k.create(party, e.Options)), "NOT_FOUND")
		w.refused(finish(w.in("anna@example.com"), e.Challenge.ID, k.create(party, e.Options)), "NOT_FOUND") // another session of hers
		c, err := w.FinishPasskeyEnrollment(ctx, factor.FinishPasskeyEnrollmentInput{ChallengeID: e.Challenge.ID, Credential: k.create(party, e.Options), Label: ptr(" Phone ")})
		w.must(err)
		if c.Passkey.Label != "Phone" {
			t.Errorf("%q", c.Passkey.Label)
		}
		be := start(boris)
		w.refused(finish(boris, be.Challenge.ID, k.create(party, be.Options)), "PASSKEY_REFUSED") // Anna has it
		_, _, err = w.RemovePasskey(boris, factor.RemovePasskeyInput{ID: c.Passkey.ID})
		w.refused(err, "NOT_FOUND")

		ctx = w.as(*c.Session.Token)
		for range 9 {
			_, c := w.withPasskey(ctx, false)
			ctx = w.as(*c.Session.Token)
		}
		_, err = w.StartPasskeyEnrollment(ctx)
		w.refused(err, "TOO_MANY_ITEMS")
		if list, err := w.Passkeys(boris, id); err != nil || len(list) != 0 {
			t.Errorf("Boris sees %v, %v", list, err)
		}
	})
}

// Without a domain there are no passkeys, and nothing breaks.
func TestNoPasskeys(t *testing.T) {
	w := newWorld(t, storetest.Open(t))
	w.person("anna@example.com")
	ctx := w.in("anna@example.com")
	for _, domain := range []string{"", "127.0.0.1"} {
		f, err := factor.New(factor.Options{Store: w.db.Store, People: w.people, Sealer: w.sealer, Domain: domain})
		w.must(err)
		_, err = f.StartPasskeyEnrollment(ctx)
		w.refused(err, "PASSKEYS_NOT_CONFIGURED")
		_, err = f.StartPasskeySignIn(nobody())
		w.refused(err, "PASSKEYS_NOT_CONFIGURED")
	}
}

// Whose count somebody else has burnt, of passwords and of second factors,
// comes in by his passkey.
func TestPasskeyOfSomebodyKeptOut(t *testing.T) { // security A5
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		k, _ := w.withPasskey(w.in("anna@example.com"), true)
		half := w.enter("anna@example.com").Challenge.ID
		for range 6 {
			_, _ = w.complete(factor.CompleteSecondFactorInput{ChallengeID: half, Totp: ptr("000000")})
			_, err := w.people.SignIn(nobody(), account.SignInInput{Login: "anna@example.com", Password: "some wild guess"})
			if err == nil {
				t.Fatal("guessed")
			}
		}
		_, err := w.people.SignIn(nobody(), account.SignInInput{Login: "anna@example.com", Password: password})
		w.refused(err, "TOO_MANY_ATTEMPTS")
		in, err := w.byKey(k)
		w.must(err)
		if in.User.ID != anna || in.Session == nil {
			t.Errorf("%+v", in)
		}
	})
}

// The last passkey stays where nothing else signs in: a password that an undone
// change of the login made worthless, one without a login, a provider that is
// no longer offered are no ways. // security E6
func TestLastPasskeyStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for name, c := range map[string]struct {
			make func(id uuid.UUID) string
			stay bool
		}{
			"password": {func(uuid.UUID) string { return "" }, false},
			"worthless": {func(uuid.UUID) string {
				return `UPDATE identities SET secret = NULL WHERE kind = 'PASSWORD' AND user_id = ?`
			}, true},
			"nobody's password": {func(uuid.UUID) string { return `DELETE FROM contact_points WHERE user_id = ?` }, true},
			"old provider": {func(id uuid.UUID) string {
				w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
					return tx.Identity.Create().SetUserID(id).SetKind(identity.KindOIDC).SetIssuer("https://gone.example.com").SetSubject("1").Exec(ctx)
				}))
				return `DELETE FROM identities WHERE kind = 'PASSWORD' AND user_id = ?`
			}, true},
		} {
			email := strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), "'", "") + "@example.com"
			id := w.person(email)
			ctx := w.in(email)
			_, made := w.withPasskey(ctx, false)
			ctx = w.as(*made.Session.Token)
			if query := c.make(id); query != "" {
				w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.Exec(ctx, query, id)
					return err
				}))
			}
			_, _, err := w.RemovePasskey(ctx, factor.RemovePasskeyInput{ID: made.Passkey.ID})
			if !c.stay {
				w.must(err)
				continue
			}
			w.refused(err, "LAST_SIGN_IN_METHOD")
			if list, err := w.Passkeys(ctx, id); err != nil || len(list) != 1 {
				t.Errorf("%s: %d are left, %v", name, len(list), err)
			}
		}
	})
}

// Who has a passkey and no password is not let off it by a code.
func TestNoCodeInPlaceOfPasskey(t *testing.T) { // security C5
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		_, made := w.withPasskey(w.in("anna@example.com"), false)
		ctx := w.as(*made.Session.Token)
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Identity.Delete().Where(identity.UserID(anna), identity.KindEQ(identity.KindPASSWORD)).Exec(ctx)
			return err
		}))
		for what, prove := range map[string]func(context.Context, account.ProofInput) (*account.Welcome, error){"stepUp": w.people.StepUp, "unlock": w.people.UnlockSession} {
			if _, err := prove(ctx, account.ProofInput{SendCode: ptr(true)}); err == nil {
				t.Errorf("%s sends a code", what)
			} else {
				w.refused(err, "INVALID_VALUE")
			}
		}
	})
}

// A network begins so many, whatever addresses of its own it comes from.
func TestPasskeysOfOneNetwork(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var err error
		for i := range 301 {
			_, err = w.StartPasskeySignIn(viewer.With(context.Background(), viewer.Viewer{IP: fmt.Sprintf("2001:db8::%x", i)}))
		}
		w.refused(err, "RATE_LIMITED")
		_, err = w.StartPasskeySignIn(viewer.With(context.Background(), viewer.Viewer{IP: "2001:db8:1::1"}))
		w.must(err)
	})
}
