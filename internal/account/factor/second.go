package factor

import (
	"context"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/account"
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
		return k == account.ChallengeKindPasskey && f.web == nil || sameWay(first, k)
	})
	if len(list) == 0 { // what is asked for is not empty, even where nothing is left
		list = append(list, account.ChallengeKindRecoveryCode)
	}
	return list
}

// sameWay says whether a code would come over the way of the first factor. Of
// one whose way is not known both may (security C6).
func sameWay(first account.Half, k account.ChallengeKind) bool {
	by, isCode := contactOf(k)
	return isCode && (first.Method == account.MethodReset || first.Method == account.MethodCode) && (first.Via == "" || first.Via == string(by))
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
		Kind: kind, To: to.To, Template: account.LetterSignIn, Proven: true, Data: h})
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
