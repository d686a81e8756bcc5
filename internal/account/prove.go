package account

import (
	"context"

	"github.com/google/uuid"

	"kabinet/ent/generated/identity"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The purposes of the codes by which those unlock and step up who have neither
// password nor passkey.
const (
	forUnlock = "unlock"
	forStepUp = "step_up"
)

// proof is what somebody who is known already has just proven again, or the
// challenge of the code that was sent.
type proof struct {
	method    string
	via       string // a code came over it
	aal       int
	challenge *Challenge
}

// UnlockSession proves again who holds the session of the call, which has
// idled for too long or not: it is in use again, under a new token.
//
// Faults: UNAUTHENTICATED; REQUIRED and INVALID_VALUE where it is not one
// proof; those of the proof, at its field: INVALID_CREDENTIALS, INVALID_CODE,
// TOO_MANY_ATTEMPTS, CODE_SENT_RECENTLY, RATE_LIMITED.
func (p *People) UnlockSession(ctx context.Context, in ProofInput) (*Welcome, error) {
	v := viewer.From(ctx)
	if locked := viewer.LockedFrom(ctx); locked != nil {
		v = *locked
		ctx = As(ctx, v.UserID, v.SessionID)
	}
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	return p.provenAgain(ctx, v, in, forUnlock, func(ctx context.Context, tx *store.Tx, f proof) (*Entrance, error) {
		e, err := p.rotate(ctx, tx, v.UserID, v.SessionID, rotation{unlocks: true, held: v.TokenHash})
		if err != nil {
			return nil, err
		}
		return e, tx.Audit(ctx, "account.unlock_session", v.UserID, e.Session.GlobalID(), map[string]any{"method": f.method})
	})
}

// StepUp proves again who calls, so that grave acts are allowed for a while;
// the session gets a new token. Who has a second factor gives it too, unless
// what he gave is both.
//
// Faults: as UnlockSession.
func (p *People) StepUp(ctx context.Context, in ProofInput) (*Welcome, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	return p.provenAgain(ctx, v, in, forStepUp, func(ctx context.Context, tx *store.Tx, f proof) (*Entrance, error) {
		due, err := p.secondDue(ctx, tx, v.UserID, f.method, f.aal)
		if err != nil {
			return nil, err
		}
		if due {
			return p.half(ctx, tx, v.UserID, &v.SessionID, Half{Method: f.method, Via: f.via, StepUp: true})
		}
		return p.steppedUp(ctx, tx, v, f.method, f.aal)
	})
}

// steppedUp ends a step-up at a level.
func (p *People) steppedUp(ctx context.Context, tx *store.Tx, v viewer.Viewer, method string, aal int) (*Entrance, error) {
	e, err := p.rotate(ctx, tx, v.UserID, v.SessionID, rotation{aal: aal, unlocks: true, held: v.TokenHash})
	if err != nil {
		return nil, err
	}
	return e, tx.Audit(ctx, "account.step_up", v.UserID, e.Session.GlobalID(), map[string]any{"method": method, "aal": aal})
}

// provenAgain checks the proof, each kind under its own limits, and then does
// what it is for.
func (p *People) provenAgain(ctx context.Context, v viewer.Viewer, in ProofInput, purpose string, do func(context.Context, *store.Tx, proof) (*Entrance, error)) (*Welcome, error) {
	f, err := p.proveAgain(ctx, v, in, purpose)
	if err != nil {
		return nil, err
	}
	if f.challenge != nil {
		return &Welcome{Challenge: f.challenge}, nil
	}
	var e *Entrance
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if in.Code != nil {
			if f.via, err = p.spendCode(ctx, tx, v.UserID, *in.Code, purpose); err != nil {
				return err
			}
		}
		e, err = do(ctx, tx, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.Welcome(ctx, e)
}

// proveAgain checks the one proof that was given, or sends a code.
func (p *People) proveAgain(ctx context.Context, v viewer.Viewer, in ProofInput, purpose string) (proof, error) {
	send := in.SendCode != nil && *in.SendCode
	given := 0
	for _, is := range []bool{in.Password != nil, in.Passkey != nil, in.Code != nil, send} {
		if is {
			given++
		}
	}
	switch {
	case given == 0:
		return proof{}, fault.ErrRequired.At("input")
	case given > 1:
		return proof{}, fault.ErrInvalidValue.At("input")
	case in.Password != nil:
		return proof{method: MethodPassword, aal: 1}, at(p.CheckPassword(ctx, v.UserID, *in.Password), "input", "password")
	case in.Passkey != nil:
		if p.CheckPasskey == nil {
			return proof{}, ErrInvalidCredentials.At("input", "passkey")
		}
		aal, _, err := p.CheckPasskey(ctx, v.UserID, *in.Passkey)
		return proof{method: MethodPasskey, aal: aal}, at(err, "input", "passkey")
	case in.Code != nil:
		_, err := p.TryCode(ctx, in.Code.ChallengeID, purpose, in.Code.Code)
		return proof{method: MethodCode, aal: 1}, err
	}
	c, err := p.codeAgain(ctx, v, purpose)
	return proof{challenge: c}, err
}

// codeAgain sends a code to the first contact of somebody who has neither
// password nor passkey; who has one is not let off it.
func (p *People) codeAgain(ctx context.Context, v viewer.Viewer, purpose string) (c *Challenge, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		better, err := tx.Identity.Query().Where(identity.UserID(v.UserID), identity.Or(identity.KindEQ(identity.KindPASSKEY),
			identity.And(identity.KindEQ(identity.KindPASSWORD), identity.SecretNotNil()))).Exist(asSystem(ctx))
		if err != nil {
			return err
		}
		ways, err := p.CodeWays(ctx, tx, v.UserID)
		if err != nil {
			return err
		}
		if better || len(ways) == 0 {
			return fault.ErrInvalidValue.At("input", "sendCode")
		}
		c, err = p.SendCode(ctx, tx, CodeLetter{
			Purpose: purpose, UserID: &v.UserID, SessionID: &v.SessionID, Kind: ways[0].Kind, To: ways[0].To, Template: LetterSignIn, Proven: true,
		})
		return err
	})
	return c, err
}

// spendCode uses a code up that is the person's own (security C7), and says
// how it came.
func (p *People) spendCode(ctx context.Context, tx *store.Tx, user uuid.UUID, in CodeAnswer, purpose string) (via string, err error) {
	c, to, err := p.UseCode(ctx, tx, in.ChallengeID.UUID, purpose, in.Code, nil)
	if err == nil && (c.UserID == nil || *c.UserID != user) {
		err = ErrInvalidCode
	}
	return string(to.Kind), at(err, "input", "code")
}
