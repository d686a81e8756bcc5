package factor

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// forTOTP is the purpose of the challenge of an authenticator app to be added.
const forTOTP = "enroll_totp"

const (
	totpLife  = 10 * time.Minute
	totpTries = 5
)

// enrolling waits, sealed, until the app has shown a code.
type enrolling struct {
	Secret string `json:"secret"`
}

// totpPlace is where the secret of an authenticator app is sealed for.
func totpPlace(user uuid.UUID) string { return "identity/totp/" + user.String() }

// EnrollTotp makes a secret for an authenticator app. It counts from
// ConfirmTotp on and is never shown again (security C9).
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, FACTOR_ALREADY_ON.
func (f *Factors) EnrollTotp(ctx context.Context) (*Enrolment, error) {
	secret := credential.NewTOTPSecret()
	out := &Enrolment{Secret: &secret}
	err := f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		v, s, err := f.fresh(ctx, tx)
		if err != nil {
			return err
		}
		if s.totp != nil {
			return ErrAlreadyOn
		}
		name, _, err := f.nameOf(ctx, tx, v.UserID)
		if err != nil {
			return err
		}
		uri := credential.TOTPURI(f.issuer, name, secret)
		c, err := tx.MakeChallenge(ctx, f.sealer, store.NewChallenge{Purpose: forTOTP, UserID: &v.UserID, SessionID: &v.SessionID,
			Data: enrolling{secret}, Tries: totpTries, Life: totpLife})
		out.URI, out.Challenge = &uri, shown(c, account.ChallengeKindTotp)
		return err
	})
	if err != nil {
		return &Enrolment{}, err
	}
	return out, nil
}

// shown is a challenge as the caller sees it.
func shown(c store.Challenge, methods ...account.ChallengeKind) *account.Challenge {
	return &account.Challenge{ID: scalar.ID{Prefix: "chl", UUID: c.ID}, Kind: methods[0], Methods: methods, ExpiresAt: c.ExpiresAt}
}

// nameOf is how a person is listed in apps and key stores: the first address,
// else the name.
func (f *Factors) nameOf(ctx context.Context, tx *store.Tx, id uuid.UUID) (name, display string, err error) {
	u, err := tx.User.Query().Where(user.ID(id)).Select(user.FieldID, user.FieldDisplayName).Only(asSystem(ctx))
	if err != nil {
		return "", "", err
	}
	c, err := tx.ContactPoint.Query().Where(contactpoint.UserID(id), contactpoint.VerifiedAtNotNil(), contactpoint.IsPrimary(true)).
		Order(contactpoint.ByKind(), contactpoint.ByID()).First(asSystem(ctx))
	if ent.IsNotFound(err) {
		return u.DisplayName, u.DisplayName, nil
	}
	if err != nil {
		return "", "", err
	}
	return c.Value, u.DisplayName, nil
}

// begun reads a challenge that the caller made in this session and can still
// answer; one of somebody else's and one that is not there are the same answer
// (security C7).
//
// Faults: INVALID_ID, NOT_FOUND, at input.challengeId.
func (f *Factors) begun(ctx context.Context, id scalar.ID, purpose string, v sessionOf) (store.Challenge, error) {
	key, err := id.As("chl")
	if err != nil {
		return store.Challenge{}, fault.ErrInvalidID.At("input", "challengeId")
	}
	c, err := f.Store.OpenChallenge(ctx, f.sealer, key)
	if fault.KindOf(err) == fault.NotFound {
		return c, errChallengeNotFound
	}
	if err != nil {
		return c, err
	}
	if c.Purpose != purpose || c.UserID == nil || *c.UserID != v.user || c.SessionID == nil || *c.SessionID != v.session {
		return c, errChallengeNotFound
	}
	return c, nil
}

// sessionOf is whose session a challenge must be of.
type sessionOf struct{ user, session uuid.UUID }

// ConfirmTotp takes the first code of an authenticator app, which is thereby a
// second factor. The session is of level 2 from then on.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, INVALID_ID, NOT_FOUND,
// INVALID_CODE, FACTOR_ALREADY_ON.
func (f *Factors) ConfirmTotp(ctx context.Context, in ConfirmTotpInput) (*Change, error) {
	v, err := me(ctx)
	if err != nil {
		return noChange(), err
	}
	c, err := f.begun(ctx, in.ChallengeID, forTOTP, sessionOf{v.UserID, v.SessionID})
	if err != nil {
		return noChange(), err
	}
	if left, err := f.Store.CountTry(ctx, c.ID, forTOTP); err != nil {
		return noChange(), err
	} else if !left {
		return noChange(), errInvalidCode.At("input", "code")
	}
	var e enrolling
	if err := c.Read(&e); err != nil {
		return noChange(), err
	}
	step, fits := credential.MatchTOTP(e.Secret, in.Code, 0, f.Store.Now())
	if !fits {
		return noChange(), errInvalidCode.At("input", "code")
	}
	return f.change(ctx, func(ctx context.Context, tx *store.Tx, out *changing) error {
		if _, err := tx.SpendChallenge(ctx, f.sealer, c.ID, forTOTP); err != nil {
			return errInvalidCode.At("input", "code")
		}
		_, was, err := f.level(ctx, tx)
		if err != nil {
			return err
		}
		if was.totp != nil {
			return ErrAlreadyOn
		}
		i, err := tx.Identity.Create().SetUserID(v.UserID).SetKind(identity.KindTOTP).SetSubject(v.UserID.String()).
			SetSecret(f.sealer.Seal([]byte(e.Secret), totpPlace(v.UserID))).SetCounter(step).Save(asSystem(ctx))
		if store.IsUnique(err) {
			return ErrAlreadyOn
		}
		if err != nil {
			return err
		}
		if out.RecoveryCodes, err = f.firstCodes(ctx, tx, was); err != nil {
			return err
		}
		out.raise = true
		return f.People.News(ctx, tx, v.UserID, account.ChangeFactorAdded, i.GlobalID(), map[string]any{"kind": i.Kind})
	})
}

// DisableTotp takes the authenticator app off the account.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, FACTOR_NOT_ON.
func (f *Factors) DisableTotp(ctx context.Context) (*TwoFactor, error) {
	return f.takeOff(ctx, func(s standing) *ent.Identity { return s.totp })
}

// takeOff deletes one of the caller's second factors.
func (f *Factors) takeOff(ctx context.Context, which func(standing) *ent.Identity) (left *TwoFactor, err error) {
	err = f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		v, s, err := f.fresh(ctx, tx)
		if err != nil {
			return err
		}
		i := which(s)
		if i == nil {
			return ErrNotOn
		}
		if _, err := tx.Identity.Delete().Where(identity.ID(i.ID)).Exec(asSystem(ctx)); err != nil {
			return err
		}
		if left, err = f.lastGone(ctx, tx, v.UserID); err != nil {
			return err
		}
		return f.People.News(ctx, tx, v.UserID, account.ChangeFactorRemoved, i.GlobalID(), map[string]any{"kind": i.Kind})
	})
	if err != nil {
		return nil, err
	}
	return left, nil
}
