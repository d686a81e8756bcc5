package factor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	halfLife  = 10 * time.Minute
	halfTries = 5
)

// Five tries an hour a person, whatever challenge they are of: a new sign-in
// brings no more (security C2). Recovery codes are counted by themselves, so
// that who burns the count of the digits does not keep the owner out.
var (
	digitsHour   = store.Limit{Name: "second_factor.digits", Free: 5, Forget: time.Hour, Window: true}
	recoveryHour = store.Limit{Name: "second_factor.recovery", Free: 5, Forget: time.Hour, Window: true}
	passkeyHour  = store.Limit{Name: "passkey.begin", Free: 300, Forget: time.Hour, Window: true}
)

// half is what waits, sealed, for the second factor.
type half struct {
	account.Half
	Passkey *webauthn.SessionData `json:"passkey,omitempty"` // begun, where a passkey may answer
}

// Challenge makes the challenge of a second factor that is due, and sends the
// code where that is the best there is.
//
// Faults: none of its own.
func (f *Factors) Challenge(ctx context.Context, tx *store.Tx, user uuid.UUID, session *uuid.UUID, first account.Half) (*account.Challenge, error) {
	s, err := stand(asSystem(ctx), tx.Identity.Query(), user)
	if err != nil {
		return nil, err
	}
	h, methods := half{Half: first}, f.answers(s, first)
	var options map[string]any
	if slices.Contains(methods, account.ChallengeKindPasskey) {
		if options, h.Passkey, err = f.beginKnown(s); err != nil {
			return nil, err
		}
	}
	c, err := f.sendFirst(ctx, tx, s, session, h, methods)
	if err != nil {
		return nil, err
	}
	if c == nil {
		made, err := tx.MakeChallenge(ctx, f.sealer, store.NewChallenge{Purpose: account.ForSecondFactor, UserID: &user, SessionID: session, Data: h, Tries: halfTries, Life: halfLife})
		if err != nil {
			return nil, err
		}
		c = shown(made, methods...)
	}
	c.Methods, c.PasskeyOptions = methods, options
	return c, nil
}

// answers are the methods that may answer after a first factor: the same way
// twice is one factor, so a code does not follow another one over the same way.
func (f *Factors) answers(s standing, first account.Half) []account.ChallengeKind {
	list := slices.DeleteFunc(s.methods(), func(k account.ChallengeKind) bool {
		return k == account.ChallengeKindPasskey && f.web == nil || k == sameWay(first)
	})
	if len(list) == 0 { // what is asked for is not empty, even where nothing is left
		list = append(list, account.ChallengeKindRecoveryCode)
	}
	return list
}

// sameWay is the code that would come over the way of the first factor.
func sameWay(first account.Half) account.ChallengeKind {
	switch {
	case first.Method != account.MethodReset && first.Method != account.MethodCode:
		return ""
	case first.Via == string(contactpoint.KindPHONE):
		return account.ChallengeKindSmsCode
	}
	return account.ChallengeKindEmailCode
}

func (f *Factors) beginKnown(s standing) (map[string]any, *webauthn.SessionData, error) {
	assertion, begun, err := f.web.BeginLogin(&holder{id: s.user, passkeys: s.passkeys})
	if err != nil {
		return nil, nil, err
	}
	options, err := object(assertion.Response)
	return options, begun, err
}

// sendFirst sends a code where that is the best method; nil where another one
// is, or none can be sent just now: then the person asks for it.
func (f *Factors) sendFirst(ctx context.Context, tx *store.Tx, s standing, session *uuid.UUID, h half, methods []account.ChallengeKind) (*account.Challenge, error) {
	kind, ok := contactOf(methods[0])
	if !ok {
		return nil, nil
	}
	c, err := f.send(ctx, tx, s, session, h, kind)
	if f, ok := fault.As(err); ok && f.Kind == fault.Refused {
		return nil, nil
	}
	return c, err
}

func contactOf(k account.ChallengeKind) (contactpoint.Kind, bool) {
	switch k {
	case account.ChallengeKindEmailCode:
		return contactpoint.KindEMAIL, true
	case account.ChallengeKindSmsCode:
		return contactpoint.KindPHONE, true
	}
	return "", false
}

// send sends a code by a way that is a second factor of the person.
func (f *Factors) send(ctx context.Context, tx *store.Tx, s standing, session *uuid.UUID, h half, kind contactpoint.Kind) (*account.Challenge, error) {
	to, err := f.way(ctx, tx, s, kind)
	if err != nil {
		return nil, err
	}
	if to == nil {
		return nil, ErrNotAvailable.At("input", "kind")
	}
	return f.People.SendCode(ctx, tx, account.CodeLetter{Purpose: account.ForSecondFactor, UserID: &s.user, SessionID: session,
		Kind: kind, To: to.To, Template: account.LetterSignIn, Data: h})
}

// SendCode sends a code for a challenge that may be answered by one. The new
// challenge takes its place.
//
// Faults: INVALID_ID, NOT_FOUND, FACTOR_NOT_ON, FACTOR_NOT_AVAILABLE,
// CODE_SENT_RECENTLY.
func (f *Factors) SendCode(ctx context.Context, in SendSecondFactorCodeInput) (*account.Challenge, error) {
	old, h, err := f.waiting(ctx, in.ChallengeID)
	if err != nil {
		return nil, err
	}
	var c *account.Challenge
	err = f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		s, err := stand(asSystem(ctx), tx.Identity.Query(), *old.UserID)
		if err != nil {
			return err
		}
		methods := f.answers(s, h.Half)
		if !slices.Contains(methods, kindOfCode(in.Kind)) {
			return ErrNotOn.At("input", "kind")
		}
		if _, err := tx.SpendChallenge(ctx, f.sealer, old.ID, account.ForSecondFactor); err != nil {
			return errChallengeNotFound
		}
		if c, err = f.send(ctx, tx, s, old.SessionID, h, in.Kind); err != nil {
			return err
		}
		c.Methods = methods
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// waiting reads the challenge of somebody half signed in. One that steps up a
// session can be answered in that session alone.
//
// Faults: INVALID_ID, NOT_FOUND.
func (f *Factors) waiting(ctx context.Context, id scalar.ID) (c store.Challenge, h half, err error) {
	key, err := id.As("chl")
	if err != nil {
		return c, h, fault.ErrInvalidID.At("input", "challengeId")
	}
	c, err = f.Store.OpenChallenge(ctx, f.sealer, key)
	if fault.KindOf(err) == fault.NotFound {
		return c, h, errChallengeNotFound
	}
	if err != nil {
		return c, h, err
	}
	if c.Purpose != account.ForSecondFactor || c.UserID == nil || c.SessionID != nil && *c.SessionID != viewer.From(ctx).SessionID {
		return c, h, errChallengeNotFound
	}
	return c, h, c.Read(&h)
}

// proof is an answer to a challenge, judged as far as reading can; do makes it
// true in the transaction of the sign-in, or fails with INVALID_CODE.
type proof struct {
	uses []store.Use
	do   func(ctx context.Context, tx *store.Tx) error
	path string
}

// Complete gives the second factor: the sign-in ends at the gate of account.
// Wrong, used, expired, tried too often, of another person or session: the
// same answer (security C7).
//
// Faults: INVALID_ID, REQUIRED, INVALID_VALUE where there is more than one
// answer, INVALID_CODE, TOO_MANY_ATTEMPTS, those of account.Finish.
func (f *Factors) Complete(ctx context.Context, in CompleteSecondFactorInput) (*account.Welcome, error) {
	if err := oneAnswer(in); err != nil {
		return &account.Welcome{}, err
	}
	c, h, err := f.waiting(ctx, in.ChallengeID)
	p := proof{path: pathOf(in)}
	if fault.KindOf(err) == fault.NotFound {
		return &account.Welcome{}, errInvalidCode.At("input", p.path)
	}
	if err != nil {
		return &account.Welcome{}, err
	}
	p.uses = usesOf(in, *c.UserID)
	if err := f.count(ctx, c, p); err != nil {
		return &account.Welcome{}, err
	}
	if p.do, err = f.judge(ctx, in, c, h); err != nil {
		return &account.Welcome{}, f.failed(ctx, c, p, err)
	}
	var e *account.Entrance
	err = f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := p.do(ctx, tx); err != nil {
			return err
		}
		if err := tx.Refund(ctx, p.uses...); err != nil {
			return err
		}
		e, err = f.People.Finish(ctx, tx, c)
		return err
	})
	if err != nil {
		return &account.Welcome{}, f.failed(ctx, c, p, err)
	}
	return f.People.Welcome(ctx, e)
}

func oneAnswer(in CompleteSecondFactorInput) error {
	n := 0
	for _, given := range []bool{in.Totp != nil, in.Code != nil, in.RecoveryCode != nil, in.Passkey != nil} {
		if given {
			n++
		}
	}
	switch n {
	case 0:
		return fault.ErrRequired.At("input", "totp")
	case 1:
		return nil
	}
	return fault.ErrInvalidValue.At("input")
}

func pathOf(in CompleteSecondFactorInput) string {
	switch {
	case in.Totp != nil:
		return "totp"
	case in.Code != nil:
		return "code"
	case in.RecoveryCode != nil:
		return "recoveryCode"
	}
	return "passkey"
}

// usesOf are what an answer counts against. A signature cannot be guessed.
func usesOf(in CompleteSecondFactorInput, user uuid.UUID) []store.Use {
	switch {
	case in.RecoveryCode != nil:
		return []store.Use{{Limit: recoveryHour, Of: user.String()}}
	case in.Passkey != nil:
		return nil
	}
	return []store.Use{{Limit: digitsHour, Of: user.String()}}
}

// count takes one of the tries of the challenge and of the person's, in
// transactions of their own, before anything is looked at: what fails stays
// counted, and twins cannot pass together (security S7, C2).
func (f *Factors) count(ctx context.Context, c store.Challenge, p proof) error {
	left, err := f.Store.CountTry(ctx, c.ID, account.ForSecondFactor)
	if err != nil {
		return err
	}
	if !left {
		return errInvalidCode.At("input", p.path)
	}
	return f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, p.uses...)
		if err == nil && wait > 0 {
			err = retryAfter(errTooManyAttempts, wait)
		}
		return err
	})
}

// failed puts a wrong answer on record and names its field.
func (f *Factors) failed(ctx context.Context, c store.Challenge, p proof, err error) error {
	if !errors.Is(err, errInvalidCode) {
		return err
	}
	user := *c.UserID
	recorded := f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Audit(ctx, "account.second_factor_failed", user, scalar.ID{Prefix: "usr", UUID: user}, map[string]any{"by": p.path})
	})
	if recorded != nil {
		return recorded
	}
	return errInvalidCode.At("input", p.path)
}

// judge looks at an answer.
func (f *Factors) judge(ctx context.Context, in CompleteSecondFactorInput, c store.Challenge, h half) (func(context.Context, *store.Tx) error, error) {
	switch {
	case in.Totp != nil:
		return f.byTotp(ctx, *in.Totp, c)
	case in.RecoveryCode != nil:
		return f.byRecovery(*in.RecoveryCode, c), nil
	case in.Passkey != nil:
		return f.byPasskey(ctx, in.Passkey, c, h)
	}
	return func(ctx context.Context, tx *store.Tx) error {
		_, _, err := f.People.UseCode(ctx, tx, c.ID, account.ForSecondFactor, *in.Code, nil)
		return err
	}, nil
}

// byTotp takes a code of the authenticator app. The step that it is of is
// written down by a condition, so that of twins one succeeds (security C3).
func (f *Factors) byTotp(ctx context.Context, code string, c store.Challenge) (func(context.Context, *store.Tx) error, error) {
	s, err := stand(asSystem(ctx), f.Store.Client.Identity.Query(), *c.UserID)
	if err != nil {
		return nil, err
	}
	if s.totp == nil {
		return nil, errInvalidCode
	}
	i, err := f.Store.Client.Identity.Query().Where(identity.ID(s.totp.ID)).Select(identity.FieldID, identity.FieldSecret).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, errInvalidCode
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	secret, err := f.sealer.Open(i.Secret, totpPlace(s.user))
	if err != nil {
		return nil, err
	}
	step, fits := credential.MatchTOTP(string(secret), code, s.totp.Counter, f.Store.Now())
	if !fits {
		return nil, errInvalidCode
	}
	return func(ctx context.Context, tx *store.Tx) error {
		if err := f.spend(ctx, tx, c); err != nil {
			return err
		}
		n, err := tx.Identity.Update().Where(identity.ID(s.totp.ID), identity.CounterLT(step)).SetCounter(step).SetLastUsedAt(tx.Now).Save(asSystem(ctx))
		if err == nil && n == 0 {
			err = errInvalidCode
		}
		return err
	}, nil
}

// byRecovery takes a recovery code, which is used up by a condition (security C4).
func (f *Factors) byRecovery(code string, c store.Challenge) func(context.Context, *store.Tx) error {
	user := *c.UserID
	hash := credential.RecoveryHash(strings.TrimSpace(code), user.String())
	return func(ctx context.Context, tx *store.Tx) error {
		if err := f.spend(ctx, tx, c); err != nil {
			return err
		}
		n, err := tx.Identity.Update().Where(identity.UserID(user), identity.KindEQ(identity.KindRECOVERY_CODE), identity.Secret(hash), identity.UsedAtIsNil()).
			SetUsedAt(tx.Now).SetLastUsedAt(tx.Now).Save(asSystem(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return errInvalidCode
		}
		return f.People.News(account.As(ctx, user, viewer.From(ctx).SessionID), tx, user, account.ChangeRecoveryCodeUsed, scalar.ID{Prefix: "usr", UUID: user}, nil)
	}
}

// byPasskey takes what one of the person's passkeys has signed.
func (f *Factors) byPasskey(ctx context.Context, answer map[string]any, c store.Challenge, h half) (func(context.Context, *store.Tx) error, error) {
	if h.Passkey == nil {
		return nil, errInvalidCode
	}
	known, err := f.holder(ctx, *c.UserID)
	if err != nil {
		return nil, err
	}
	p, err := f.check(ctx, *h.Passkey, answer, known)
	if err != nil {
		if err := f.refused(ctx, p, err); !errors.Is(err, errInvalidPasskey) {
			return nil, err
		}
		return nil, errInvalidCode
	}
	return func(ctx context.Context, tx *store.Tx) error {
		if err := f.spend(ctx, tx, c); err != nil {
			return err
		}
		if err := f.use(ctx, tx, p); err != nil {
			if errors.Is(err, errInvalidPasskey) {
				err = errInvalidCode
			}
			return err
		}
		return nil
	}, nil
}

// spend consumes the challenge; of twins one succeeds.
func (f *Factors) spend(ctx context.Context, tx *store.Tx, c store.Challenge) error {
	_, err := tx.SpendChallenge(ctx, f.sealer, c.ID, account.ForSecondFactor)
	if fault.KindOf(err) == fault.NotFound {
		err = errInvalidCode
	}
	return err
}
