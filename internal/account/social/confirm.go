package social

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// claimTries is how often an account may be asked for its proof.
const claimTries = 10

func hashOf(binding string) []byte {
	sum := sha256.Sum256([]byte(binding))
	return sum[:]
}

// askForCode sends a code to an address. Whether somebody has it makes no
// difference that could be seen.
func (s *Social) askForCode(ctx context.Context, tx *store.Tx, w who, address credential.Email) (*account.Challenge, error) {
	c, err := s.People.SendCode(ctx, tx, account.CodeLetter{
		Purpose: forEmail, Kind: contactpoint.KindEMAIL, To: address.Value, Template: account.LetterSignIn, Data: w,
	})
	if err != nil {
		return nil, err
	}
	c.Kind, c.Methods = account.ChallengeKindLinkIdentity, []account.ChallengeKind{account.ChallengeKindEmailCode}
	return c, nil
}

// askForProof asks for the password of an account, or for a session of it. The
// challenge is the account's, so that a changed password makes it worthless.
func (s *Social) askForProof(ctx context.Context, tx *store.Tx, w who, owner uuid.UUID) (*account.Challenge, error) {
	secret := string(w.Binding)
	c, err := tx.MakeChallenge(ctx, s.sealer, store.NewChallenge{Purpose: forClaim, UserID: &owner, Secret: secret, Data: w, Tries: claimTries, Life: wayLife})
	if err != nil {
		return nil, err
	}
	kind := account.ChallengeKindLinkIdentity
	return &account.Challenge{ID: scalar.ID{Prefix: "chl", UUID: c.ID}, Kind: kind, Methods: []account.ChallengeKind{kind}, ExpiresAt: c.ExpiresAt}, nil
}

// ConfirmIdentityLink answers the challenge of a sign-in by a provider: with a
// code, with the password of the account, or in a session of it that was just
// proven.
//
// Faults: INVALID_ID, REQUIRED, INVALID_CODE, INVALID_CREDENTIALS,
// TOO_MANY_ATTEMPTS, PROVIDER_SIGN_IN_FAILED, IDENTITY_TAKEN, STEP_UP_REQUIRED,
// those of account.Admit.
func (s *Social) ConfirmIdentityLink(ctx context.Context, in ConfirmIdentityLinkInput) (*Entered, error) {
	id, err := in.ChallengeID.As("chl")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "challengeId")
	}
	switch {
	case in.Code != nil:
		return s.confirmByCode(ctx, in, *in.Code)
	case in.Password != nil:
		return s.confirmByPassword(ctx, id, in.Binding, *in.Password)
	case viewer.From(ctx).SignedIn():
		return s.confirmBySession(ctx, id, in.Binding)
	}
	purpose, err := s.Store.ChallengePurpose(ctx, id)
	if err != nil {
		return nil, err
	}
	if purpose == forEmail {
		return nil, fault.ErrRequired.At("input", "code")
	}
	return nil, fault.ErrRequired.At("input", "password")
}

func (s *Social) confirmByCode(ctx context.Context, in ConfirmIdentityLinkInput, code string) (*Entered, error) {
	id, err := s.People.TryCode(ctx, in.ChallengeID, forEmail, code)
	if err != nil {
		return nil, err
	}
	var w who
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, _, err := s.People.UseCode(ctx, tx, id, forEmail, code, &w); err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(w.Binding, hashOf(in.Binding)) != 1 {
			return ErrProviderSignInFailed // the code stays good for the browser that began
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.ByCode = true
	return s.enter(ctx, w)
}

// tryClaim takes one of the tries of a claim and says whose account it is.
func (s *Social) tryClaim(ctx context.Context, id uuid.UUID, secret string) (owner uuid.UUID, w who, err error) {
	right, err := s.Store.TryChallenge(ctx, s.sealer, id, forClaim, secret)
	if err != nil {
		return owner, w, err
	}
	if !right {
		return owner, w, ErrProviderSignInFailed
	}
	c, err := s.Store.OpenChallenge(ctx, s.sealer, id)
	if errors.Is(err, fault.ErrNotFound) || err == nil && (c.Purpose != forClaim || c.UserID == nil) {
		return owner, w, ErrProviderSignInFailed
	}
	if err != nil {
		return owner, w, err
	}
	return *c.UserID, w, c.Read(&w)
}

// confirmByPassword proves the account by its password. Where a second factor
// is due nothing is linked yet: the person gives it and comes again, in the
// session that it opened.
func (s *Social) confirmByPassword(ctx context.Context, id uuid.UUID, binding, password string) (*Entered, error) {
	secret := string(hashOf(binding))
	owner, w, err := s.tryClaim(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	if err := s.People.CheckPassword(ctx, owner, password); err != nil {
		return nil, at(err, "input", "password")
	}
	var o outcome
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		o = outcome{}
		second, err := s.secondFactors(ctx, tx, owner)
		if err != nil {
			return err
		}
		if second {
			o.entrance, err = s.People.Admit(ctx, tx, account.Proof{UserID: owner, Method: account.MethodPassword, AAL: 1, Mode: w.Mode})
			return err
		}
		linked, err := s.useClaim(ctx, tx, id, secret, owner, w)
		if err != nil {
			return err
		}
		o.entrance, err = s.admit(ctx, tx, owner, linked, w)
		return err
	})
	if err != nil {
		return nil, s.taken(err)
	}
	return s.show(ctx, o)
}

// confirmBySession links in a session that the account has just proven itself
// in, by whatever it has.
func (s *Social) confirmBySession(ctx context.Context, id uuid.UUID, binding string) (*Entered, error) {
	me := viewer.From(ctx).UserID
	secret := string(hashOf(binding))
	owner, w, err := s.tryClaim(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	if owner != me { // security E6: somebody else's session links nothing
		return nil, ErrProviderSignInFailed
	}
	if err := s.People.NeedStepUp(ctx); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := s.useClaim(ctx, tx, id, secret, owner, w)
		return err
	})
	if err != nil {
		return nil, s.taken(err)
	}
	u, err := s.People.Person(ctx, me)
	return &Entered{User: u}, err
}

// useClaim uses the claim up and links.
func (s *Social) useClaim(ctx context.Context, tx *store.Tx, id uuid.UUID, secret string, owner uuid.UUID, w who) (uuid.UUID, error) {
	_, err := tx.UseChallenge(ctx, s.sealer, id, forClaim, secret)
	if errors.Is(err, fault.ErrNotFound) {
		return uuid.Nil, ErrProviderSignInFailed
	}
	if err != nil {
		return uuid.Nil, err
	}
	return s.link(ctx, tx, owner, w)
}
