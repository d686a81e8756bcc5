package factor_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/account"
	"kabinet/internal/account/factor"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func stepsOf(n int) time.Duration { return time.Duration(n) * 30 * time.Second }

func ptr[T any](v T) *T { return &v }

// An authenticator app is turned on, asked for, and turned off.
func TestTotp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		first := w.enter("anna@example.com")
		ctx := w.as(*first.Session.Token)

		e, err := w.EnrollTotp(ctx)
		w.must(err)
		if !strings.HasPrefix(*e.URI, "otpauth://totp/Shop:anna@example.com?") || !strings.Contains(*e.URI, *e.Secret) {
			t.Errorf("uri %s", *e.URI)
		}
		if in := w.enter("anna@example.com"); in.Session == nil {
			t.Error("an app that has shown no code is asked for")
		}
		_, err = w.ConfirmTotp(ctx, factor.ConfirmTotpInput{ChallengeID: e.Challenge.ID, Code: "000000"})
		w.refused(err, "INVALID_CODE")
		a := app{w, *e.Secret}
		c, err := w.ConfirmTotp(ctx, factor.ConfirmTotpInput{ChallengeID: e.Challenge.ID, Code: a.code(0)})
		w.must(err)
		if len(c.RecoveryCodes) != 10 || !c.TwoFactor.Enabled || c.TwoFactor.RecoveryCodesLeft != 10 || c.TwoFactor.Methods[0] != account.ChallengeKindTotp {
			t.Errorf("%+v %+v", c, c.TwoFactor)
		}
		// security B1: a new token, of level 2, for the same session.
		if w.alive(*first.Session.Token) || !w.alive(*c.Session.Token) || c.Session.Session.ID != first.Session.Session.ID {
			t.Error("the session has kept its token")
		}
		if v := viewer.From(w.as(*c.Session.Token)); v.AAL != 2 || !v.SteppedUp {
			t.Errorf("level %d, stepped up %v", v.AAL, v.SteppedUp)
		}
		if n := w.audited(anna, "account.factor_added"); n != 1 {
			t.Errorf("%d on record", n)
		}

		// The code that turned it on does not sign in.
		half := w.enter("anna@example.com")
		if half.Session != nil || half.User != nil || half.Challenge.Kind != account.ChallengeKindTotp || len(half.Challenge.Methods) != 2 {
			t.Fatalf("%+v", half.Challenge)
		}
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: half.Challenge.ID, Totp: ptr(a.code(0))})
		w.refused(err, "INVALID_CODE") // security C3
		db.Clock.Add(stepsOf(1))
		in, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: half.Challenge.ID, Totp: ptr(a.code(0))})
		w.must(err)
		if in.Session.Session.Aal != 2 || in.User.ID != anna {
			t.Errorf("%+v", in.Session)
		}
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: half.Challenge.ID, Totp: ptr(a.code(1))})
		w.refused(err, "INVALID_CODE") // the challenge is used

		ctx = w.as(*in.Session.Token)
		_, err = w.EnrollTotp(ctx)
		w.refused(err, "FACTOR_ALREADY_ON")
		left, err := w.DisableTotp(ctx)
		w.must(err)
		if left.Enabled || left.RecoveryCodesLeft != 0 || len(left.Methods) != 0 {
			t.Errorf("%+v", left)
		}
		_, err = w.DisableTotp(ctx)
		w.refused(err, "FACTOR_NOT_ON")
		_, err = w.RegenerateRecoveryCodes(ctx)
		w.refused(err, "FACTOR_NOT_ON")
		if in := w.enter("anna@example.com"); in.Session == nil {
			t.Error("still asked for")
		}
	})
}

// The secret is shown once and lies nowhere in the clear.
func TestTotpSecretIsShownOnce(t *testing.T) { // security C9
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		ctx := w.in("anna@example.com")
		e, err := w.EnrollTotp(ctx)
		w.must(err)
		if dump := w.dump(); strings.Contains(dump, *e.Secret) {
			t.Error("the secret lies in the challenge")
		}
		a := app{w, *e.Secret}
		c, err := w.ConfirmTotp(ctx, factor.ConfirmTotpInput{ChallengeID: e.Challenge.ID, Code: a.code(0)})
		w.must(err)
		dump := w.dump()
		for what, secret := range map[string]string{"secret": a.secret, "code": c.RecoveryCodes[0], "bare code": strings.ReplaceAll(c.RecoveryCodes[0], "-", "")} {
			if strings.Contains(dump, secret) || strings.Contains(w.log.String(), secret) {
				t.Errorf("the %s lies in the clear", what)
			}
		}
		again, err := w.TwoFactor(w.as(*c.Session.Token), anna)
		w.must(err)
		if shown := text(again) + text(w.enter("anna@example.com").Challenge); strings.Contains(shown, a.secret) || strings.Contains(shown, "otpauth") {
			t.Errorf("shown again: %s", shown)
		}
	})
}

// A code is good once, also to twenty at the same moment; of the step before
// last never.
func TestTotpOnce(t *testing.T) { // security C3
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		a, _ := w.withTotp(w.in("anna@example.com"))
		db.Clock.Add(stepsOf(10))
		late := w.enter("anna@example.com").Challenge.ID
		_, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: late, Totp: ptr(a.code(-2))})
		w.refused(err, "INVALID_CODE")

		var list []*account.Challenge
		for range 20 {
			list = append(list, w.enter("anna@example.com").Challenge)
		}
		var passed atomic.Int32
		var all sync.WaitGroup
		for _, c := range list {
			all.Go(func() {
				if in, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: c.ID, Totp: ptr(a.code(0))}); err == nil && in.Session != nil {
					passed.Add(1)
				}
			})
		}
		all.Wait()
		if n := passed.Load(); n != 1 {
			t.Errorf("%d sessions by one code", n)
		}
	})
}

// Five tries a challenge and five an hour, whatever challenge they are of.
func TestGuessing(t *testing.T) { // security C2
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		a, c := w.withTotp(w.in("anna@example.com"))
		ch := w.enter("anna@example.com").Challenge
		var looked atomic.Int32
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				_, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, Totp: ptr("000000")})
				if err == nil {
					t.Error("guessed")
				}
				looked.Add(1)
			})
		}
		all.Wait()
		if n := w.audited(anna, "account.second_factor_failed"); n > 5 {
			t.Errorf("%d guesses were looked at", n)
		}
		_, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, Totp: ptr(a.code(0))})
		w.refused(err, "INVALID_CODE") // the challenge is dead, and says no more
		// A new sign-in brings no new tries, nor does one by another way.
		ch = w.enter("anna@example.com").Challenge
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, Totp: ptr(a.code(0))})
		w.refused(err, "TOO_MANY_ATTEMPTS")
		// security A5: the owner still gets in.
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, RecoveryCode: &c.RecoveryCodes[3]})
		w.must(err)
		ch = w.enter("anna@example.com").Challenge
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, Totp: ptr(a.code(0))})
		w.refused(err, "TOO_MANY_ATTEMPTS") // what succeeded otherwise gave none back
		db.Clock.Add(time.Hour + time.Minute)
		ch = w.enter("anna@example.com").Challenge
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, Totp: ptr(a.code(0))})
		w.must(err)
		// Who succeeds is not counted: six sign-ins in an hour.
		for range 6 {
			db.Clock.Add(stepsOf(2))
			ch = w.enter("anna@example.com").Challenge
			_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, Totp: ptr(a.code(0))})
			w.must(err)
		}
	})
}

// A recovery code is good once, also to many at the same moment; new ones make
// the old ones worthless.
func TestRecoveryCodes(t *testing.T) { // security C4
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		_, c := w.withTotp(w.in("anna@example.com"))
		var list []*account.Challenge
		for range 20 {
			list = append(list, w.enter("anna@example.com").Challenge)
		}
		var passed atomic.Int32
		var token atomic.Pointer[string]
		var all sync.WaitGroup
		for _, ch := range list {
			all.Go(func() {
				typed := " " + strings.ToUpper(strings.ReplaceAll(c.RecoveryCodes[0], "-", " "))
				if in, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, RecoveryCode: &typed}); err == nil && in.Session != nil {
					passed.Add(1)
					token.Store(in.Session.Token)
				}
			})
		}
		all.Wait()
		if n := passed.Load(); n != 1 {
			t.Fatalf("%d sessions by one code", n)
		}
		if n := w.audited(anna, "account.recovery_code_used"); n != 1 {
			t.Errorf("told %d times", n)
		}
		db.Clock.Add(2 * time.Hour) // the tries
		in, err := w.people.StepUp(w.as(*token.Load()), account.ProofInput{Password: ptr(password)})
		w.must(err)
		in, err = w.Complete(w.as(*token.Load()), factor.CompleteSecondFactorInput{ChallengeID: in.Challenge.ID, RecoveryCode: &c.RecoveryCodes[1]})
		w.must(err)
		fresh, err := w.RegenerateRecoveryCodes(w.as(*in.Session.Token))
		w.must(err)
		if len(fresh.RecoveryCodes) != 10 || fresh.TwoFactor.RecoveryCodesLeft != 10 {
			t.Errorf("%+v", fresh)
		}
		ch := w.enter("anna@example.com").Challenge
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, RecoveryCode: &c.RecoveryCodes[2]})
		w.refused(err, "INVALID_CODE")
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: ch.ID, RecoveryCode: &fresh.RecoveryCodes[9]})
		w.must(err)
	})
}

// Factors are added and taken away by a fresh proof of level 2 alone.
func TestChangesNeedBothFactors(t *testing.T) { // security C5
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		w.phone(anna, "+79161234567")
		old := *w.enter("anna@example.com").Session.Token // level 1, opened before there was a factor
		ctx := w.in("anna@example.com")
		e, err := w.StartPasskeyEnrollment(w.as(old)) // begun before
		w.must(err)
		_, c := w.withTotp(ctx)
		k := newKey(anna)
		all := map[string]func(context.Context) error{
			"enrollTotp":              func(ctx context.Context) error { _, err := w.EnrollTotp(ctx); return err },
			"disableTotp":             func(ctx context.Context) error { _, err := w.DisableTotp(ctx); return err },
			"regenerateRecoveryCodes": func(ctx context.Context) error { _, err := w.RegenerateRecoveryCodes(ctx); return err },
			"enableCodeFactor": func(ctx context.Context) error {
				_, err := w.EnableCode(ctx, factor.CodeFactorInput{Kind: contactpoint.KindEMAIL})
				return err
			},
			"disableCodeFactor": func(ctx context.Context) error {
				_, err := w.DisableCode(ctx, factor.CodeFactorInput{Kind: contactpoint.KindEMAIL})
				return err
			},
			"startPasskeyEnrollment": func(ctx context.Context) error { _, err := w.StartPasskeyEnrollment(ctx); return err },
			"removePasskey": func(ctx context.Context) error {
				_, _, err := w.RemovePasskey(ctx, factor.RemovePasskeyInput{ID: c.Session.Session.GlobalID()})
				if err == nil || strings.Contains(err.Error(), "INVALID_ID") {
					id, _ := w.idOf(anna)
					_, _, err = w.RemovePasskey(ctx, factor.RemovePasskeyInput{ID: id})
				}
				return err
			},
		}
		for name, call := range all {
			w.refused(call(w.as(old)), "STEP_UP_REQUIRED")
			w.refused(call(nobody()), "UNAUTHENTICATED")
			_ = name
		}
		_, err = w.FinishPasskeyEnrollment(w.as(old), factor.FinishPasskeyEnrollmentInput{ChallengeID: e.Challenge.ID, Credential: k.create(party, e.Options)})
		w.refused(err, "STEP_UP_REQUIRED") // the second half too
		db.Clock.Add(11 * time.Minute)
		for name, call := range all {
			if err := call(w.as(*c.Session.Token)); err == nil || !strings.Contains(err.Error(), "STEP_UP_REQUIRED") {
				t.Errorf("%s in a stale session: %v", name, err)
			}
		}
		// The password alone steps nobody up.
		half, err := w.people.StepUp(w.as(old), account.ProofInput{Password: ptr(password)})
		w.must(err)
		if half.Session != nil || half.Challenge == nil {
			t.Fatal("stepped up by one factor")
		}
		w.refused(all["disableTotp"](w.as(old)), "STEP_UP_REQUIRED")
		// security C7: nor does another session answer the challenge.
		_, err = w.Complete(w.as(*c.Session.Token), factor.CompleteSecondFactorInput{ChallengeID: half.Challenge.ID, RecoveryCode: &c.RecoveryCodes[0]})
		w.refused(err, "INVALID_CODE")
		in, err := w.Complete(w.as(old), factor.CompleteSecondFactorInput{ChallengeID: half.Challenge.ID, RecoveryCode: &c.RecoveryCodes[0]})
		w.must(err)
		if in.Session.Session.Aal != 2 {
			t.Errorf("level %d", in.Session.Session.Aal)
		}
		w.must(all["disableTotp"](w.as(*in.Session.Token)))
	})
}
