package factor_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/account"
	"kabinet/internal/account/factor"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// No way in goes around the second factor: each way of proving oneself ends at
// the gate, which asks for it.
func TestEveryWayAsksForTheSecondFactor(t *testing.T) { // security C6
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		a, _ := w.withTotp(w.in("anna@example.com"))
		for _, way := range []struct {
			method string
			aal    int
			in     bool
		}{
			{account.MethodPassword, 1, false}, {account.MethodOIDC + "google", 1, false}, {account.MethodCode, 1, false},
			{account.MethodReset, 1, false}, {account.MethodRegistration, 1, false}, {account.MethodPasskey, 1, false},
			{"API_KEY", 1, false}, {"ANYTHING_NEW", 0, false}, {account.MethodPasskey, 2, true},
		} {
			var e *account.Entrance
			w.must(w.db.InTx(nobody(), func(ctx context.Context, tx *store.Tx) (err error) {
				e, err = w.people.Admit(ctx, tx, account.Proof{UserID: anna, Method: way.method, AAL: way.aal})
				return err
			}))
			if (e.Session != nil) != way.in || (e.Challenge != nil) == way.in {
				t.Errorf("%s at level %d: session %v, challenge %v", way.method, way.aal, e.Session, e.Challenge)
			}
			if e.Challenge == nil {
				continue
			}
			// The challenge opens nothing but the second factor (security C1, D2).
			_, err := w.people.ConfirmContact(nobody(), account.ConfirmContactInput{ChallengeID: e.Challenge.ID, Code: a.code(0)})
			w.refused(err, "INVALID_CODE")
			_, err = w.FinishPasskeySignIn(nobody(), factor.FinishPasskeySignInInput{ChallengeID: e.Challenge.ID, Credential: map[string]any{}})
			w.refused(err, "INVALID_CREDENTIALS")
			_, err = w.ConfirmTotp(nobody(), factor.ConfirmTotpInput{ChallengeID: e.Challenge.ID, Code: a.code(0)})
			w.refused(err, "UNAUTHENTICATED")
		}
	})
}

// Nothing is no answer, and neither is a code where none was sent or none may
// answer (security C6). It steps no session up either.
func TestEmptyCode(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("totp@example.com")
		_, c := w.withTotp(w.in("totp@example.com"))
		w.person("passkey@example.com")
		w.withPasskey(w.in("passkey@example.com"), true)
		w.person("code@example.com")
		_, err := w.EnableCode(w.in("code@example.com"), factor.CodeFactorInput{Kind: contactpoint.KindEMAIL})
		w.must(err)
		w.enter("code@example.com") // the next one gets no letter
		try := func(what string, ctx context.Context, half *account.Challenge) {
			t.Helper()
			for _, code := range []string{"", " ", "\t\n", "000000"} {
				_, err := w.Complete(ctx, factor.CompleteSecondFactorInput{ChallengeID: half.ID, Code: &code})
				if err == nil {
					t.Fatalf("%s: in by %q", what, code)
				}
				w.refused(err, "INVALID_CODE")
			}
		}
		for _, who := range []string{"code@example.com", "totp@example.com", "passkey@example.com"} {
			half := w.enter(who).Challenge
			if half == nil || half.SentTo != nil {
				t.Fatalf("%s: %+v", who, half)
			}
			try(who, nobody(), half)
			db.Clock.Add(2 * time.Hour)
		}
		in, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: w.enter("totp@example.com").Challenge.ID, RecoveryCode: &c.RecoveryCodes[0]})
		w.must(err)
		ctx := w.as(*in.Session.Token)
		half, err := w.people.StepUp(ctx, account.ProofInput{Password: ptr(password)})
		w.must(err)
		try("step-up", ctx, half.Challenge)
	})
}

// An answer that the challenge does not name is none, though the person has it:
// a code of a factor that was taken off meanwhile, or that proved the first one.
func TestAnswerNotAskedFor(t *testing.T) { // security C6
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		w.phone(anna, "+442079460018")
		ctx := w.in("anna@example.com")
		for _, kind := range []contactpoint.Kind{contactpoint.KindEMAIL, contactpoint.KindPHONE} {
			c, err := w.EnableCode(ctx, factor.CodeFactorInput{Kind: kind})
			w.must(err)
			if c.Session != nil {
				ctx = w.as(*c.Session.Token)
			}
			if kind == contactpoint.KindEMAIL {
				ctx = w.stepUp(ctx)
			}
		}
		db.Clock.Add(2 * time.Minute)
		half := w.enter("anna@example.com").Challenge // a code by SMS
		code := w.sent(half.ID)
		_, err := w.DisableCode(w.stepUpBy(ctx, contactpoint.KindEMAIL), factor.CodeFactorInput{Kind: contactpoint.KindPHONE})
		w.must(err)
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: half.ID, Code: &code})
		w.refused(err, "INVALID_CODE")
	})
}

// stepUpBy gives a fresh proof by the password and a code that is asked for.
func (w *world) stepUpBy(ctx context.Context, kind contactpoint.Kind) context.Context {
	w.t.Helper()
	w.db.Clock.Add(2 * time.Minute)
	half, err := w.people.StepUp(ctx, account.ProofInput{Password: ptr(password)})
	w.must(err)
	w.db.Clock.Add(2 * time.Minute)
	c, err := w.SendCode(ctx, factor.SendSecondFactorCodeInput{ChallengeID: half.Challenge.ID, Kind: kind})
	w.must(err)
	in, err := w.Complete(ctx, factor.CompleteSecondFactorInput{ChallengeID: c.ID, Code: ptr(w.sent(c.ID))})
	w.must(err)
	return w.as(*in.Session.Token)
}

// The challenges and factors of one person are worth nothing to another.
func TestChallengeOfAnother(t *testing.T) { // security C7
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		w.person("boris@example.com")
		aa, ac := w.withTotp(w.in("anna@example.com"))
		ba, bc := w.withTotp(w.in("boris@example.com"))
		_ = aa
		half := w.enter("anna@example.com").Challenge.ID
		for _, in := range []factor.CompleteSecondFactorInput{
			{ChallengeID: half, Totp: ptr(ba.code(0))}, {ChallengeID: half, RecoveryCode: &bc.RecoveryCodes[0]}, {ChallengeID: half, Code: ptr("000000")},
			{ChallengeID: scalar.ID{Prefix: "chl", UUID: uuid.Must(uuid.NewV7())}, RecoveryCode: &ac.RecoveryCodes[0]},
		} {
			_, err := w.complete(in)
			w.refused(err, "INVALID_CODE")
		}
		k, _ := w.withPasskey(w.as(*bc.Session.Token), false)
		c, err := w.StartPasskeySignIn(nobody())
		w.must(err)
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: half, Passkey: k.sign(party, c.PasskeyOptions)})
		w.refused(err, "INVALID_CODE")
		// An enrolment under way is its session's.
		_, err = w.DisableTotp(w.as(*ac.Session.Token))
		w.must(err)
		e, err := w.EnrollTotp(w.as(*ac.Session.Token))
		w.must(err)
		_, err = w.ConfirmTotp(w.as(w.boris(bc)), factor.ConfirmTotpInput{ChallengeID: e.Challenge.ID, Code: app{w, *e.Secret}.code(0)})
		w.refused(err, "NOT_FOUND")
		// An enrolment answers no sign-in, and the other way round.
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: e.Challenge.ID, Totp: ptr(app{w, *e.Secret}.code(0))})
		w.refused(err, "INVALID_CODE")
		for _, in := range []factor.CompleteSecondFactorInput{{ChallengeID: half}, {ChallengeID: half, Totp: ptr("1"), Code: ptr("1")}, {ChallengeID: bc.Session.Session.GlobalID(), Totp: ptr("1")}} {
			if _, err := w.complete(in); err == nil {
				t.Errorf("%+v is taken", in)
			}
		}
	})
}

// boris signs in anew by a recovery code.
func (w *world) boris(c *factor.Change) string {
	w.t.Helper()
	in, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: w.enter("boris@example.com").Challenge.ID, RecoveryCode: &c.RecoveryCodes[5]})
	w.must(err)
	return *in.Session.Token
}

// Codes by e-mail and SMS as a second factor.
func TestCodeFactor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		ctx := w.in("anna@example.com")
		_, err := w.EnableCode(ctx, factor.CodeFactorInput{Kind: contactpoint.KindPHONE})
		w.refused(err, "FACTOR_NOT_AVAILABLE")
		c, err := w.EnableCode(ctx, factor.CodeFactorInput{Kind: contactpoint.KindEMAIL})
		w.must(err)
		if !c.TwoFactor.Enabled || len(c.RecoveryCodes) != 10 {
			t.Errorf("%+v", c)
		}
		half := w.enter("anna@example.com").Challenge
		if half.Kind != account.ChallengeKindEmailCode || half.SentTo == nil || *half.SentTo != "a…@example.com" || len(half.Methods) != 2 {
			t.Fatalf("%+v", half)
		}
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: half.ID, Code: ptr("000000")})
		w.refused(err, "INVALID_CODE")
		code := w.sent(half.ID)
		in, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: half.ID, Code: &code})
		w.must(err)
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: half.ID, Code: &code})
		w.refused(err, "INVALID_CODE")

		// A second sign-in within the minute gets no letter but asks for it later.
		half = w.enter("anna@example.com").Challenge
		if half.SentTo != nil || half.Kind != account.ChallengeKindEmailCode {
			t.Errorf("%+v", half)
		}
		_, err = w.SendCode(nobody(), factor.SendSecondFactorCodeInput{ChallengeID: half.ID, Kind: contactpoint.KindEMAIL})
		w.refused(err, "CODE_SENT_RECENTLY")
		db.Clock.Add(2 * time.Minute)
		_, err = w.SendCode(nobody(), factor.SendSecondFactorCodeInput{ChallengeID: half.ID, Kind: contactpoint.KindPHONE})
		w.refused(err, "FACTOR_NOT_ON")
		next, err := w.SendCode(nobody(), factor.SendSecondFactorCodeInput{ChallengeID: half.ID, Kind: contactpoint.KindEMAIL})
		w.must(err)
		_, err = w.SendCode(nobody(), factor.SendSecondFactorCodeInput{ChallengeID: half.ID, Kind: contactpoint.KindEMAIL})
		w.refused(err, "NOT_FOUND") // another has its place
		db.Clock.Add(2 * time.Minute)
		again, err := w.people.ResendCode(nobody(), account.ResendCodeInput{ChallengeID: next.ID})
		w.must(err)
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: next.ID, Code: ptr("000000")})
		w.refused(err, "INVALID_CODE")
		_, err = w.complete(factor.CompleteSecondFactorInput{ChallengeID: again.ID, Code: ptr(w.sent(again.ID))})
		w.must(err)

		// After a reset by e-mail a code by e-mail is no second factor.
		ctx = w.as(*in.Session.Token)
		w.phone(anna, "+79161234567")
		_, err = w.EnableCode(w.stepUp(ctx), factor.CodeFactorInput{Kind: contactpoint.KindPHONE})
		w.must(err)
		for via, want := range map[string][]account.ChallengeKind{
			"EMAIL": {account.ChallengeKindSmsCode, account.ChallengeKindRecoveryCode}, "PHONE": {account.ChallengeKindEmailCode, account.ChallengeKindRecoveryCode},
			"": {account.ChallengeKindRecoveryCode}, // it may have been either
		} {
			db.Clock.Add(15 * time.Minute)
			var e *account.Entrance
			w.must(db.InTx(nobody(), func(ctx context.Context, tx *store.Tx) (err error) {
				e, err = w.people.Admit(ctx, tx, account.Proof{UserID: anna, Method: account.MethodReset, AAL: 1, Via: via})
				return err
			}))
			if e.Challenge == nil || e.Challenge.Kind != want[0] || !slices.Equal(e.Challenge.Methods, want) {
				t.Errorf("after a reset by %q: %+v", via, e.Challenge)
			}
		}
	})
}

// stepUp gives a fresh proof by the password and a code by e-mail.
func (w *world) stepUp(ctx context.Context) context.Context {
	w.t.Helper()
	w.db.Clock.Add(2 * time.Minute)
	half, err := w.people.StepUp(ctx, account.ProofInput{Password: ptr(password)})
	w.must(err)
	in, err := w.Complete(ctx, factor.CompleteSecondFactorInput{ChallengeID: half.Challenge.ID, Code: ptr(w.sent(half.Challenge.ID))})
	w.must(err)
	return w.as(*in.Session.Token)
}

// Who knows the address spends no letters of its owner: those that follow a
// proof are counted by the person, whatever others ask for. // security A5 D4
func TestLettersOfTheOwner(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		_, err := w.EnableCode(w.in("anna@example.com"), factor.CodeFactorInput{Kind: contactpoint.KindEMAIL})
		w.must(err)
		db.Clock.Add(2 * time.Minute)
		for range 2 {
			_, err = w.people.Register(nobody(), account.RegisterInput{Email: ptr("anna@example.com"), Password: password})
			w.must(err)
			half := w.enter("anna@example.com").Challenge // in the same moment
			if half.SentTo == nil {
				t.Fatal("no code for the owner")
			}
			db.Clock.Add(2 * time.Minute)
			again, err := w.people.ResendCode(nobody(), account.ResendCodeInput{ChallengeID: half.ID})
			w.must(err)
			in, err := w.complete(factor.CompleteSecondFactorInput{ChallengeID: again.ID, Code: ptr(w.sent(again.ID))})
			w.must(err)
			if !w.alive(*in.Session.Token) {
				t.Error("not in")
			}
			db.Clock.Add(2 * time.Minute)
		}
		// His own are six an hour too, over all his sessions.
		for range 6 {
			w.enter("anna@example.com")
			db.Clock.Add(2 * time.Minute)
		}
		if half := w.enter("anna@example.com").Challenge; half.SentTo != nil {
			t.Error("more than six an hour")
		}
	})
}

// A session of before the second factor holds one: it does not change the
// password, nor does one whose proof is not fresh. // security C6
func TestPasswordChangeAsksForBoth(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		old, ctx := w.in("anna@example.com"), w.in("anna@example.com")
		_, c := w.withTotp(ctx)
		change := account.ChangePasswordInput{CurrentPassword: password, NewPassword: "another pair of shoes"}
		stale := viewer.From(w.as(*c.Session.Token))
		stale.SteppedUp = false
		for what, ctx := range map[string]context.Context{"before": old, "stale": viewer.With(old, stale)} {
			_, err := w.people.ChangePassword(ctx, change)
			if f, ok := fault.As(err); !ok || f.Code != "STEP_UP_REQUIRED" {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := w.people.ChangePassword(w.as(*c.Session.Token), change)
		w.must(err)
	})
}

// Codes turned on in one session take from the others what they had proven by
// one factor. // security C5
func TestCodeFactorEndsStepUps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		one, other := w.enter("anna@example.com").Session, w.enter("anna@example.com").Session
		_, err := w.EnableCode(w.as(*one.Token), factor.CodeFactorInput{Kind: contactpoint.KindEMAIL})
		w.must(err)
		if v := viewer.From(w.as(*other.Token)); !v.SignedIn() || v.SteppedUp {
			t.Errorf("the other session: %+v", v)
		}
	})
}
