package account

import (
	"context"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Changed is what a change of what one signs in with gives.
type Changed struct {
	Session  *IssuedSession // of the call, with its new token
	User     *ent.User
	Warnings []string
}

// ChangePassword changes the password of whoever knows the one in force, ends
// all his other sessions and makes codes worthless that are under way
// (security A12, D1); the session of the call gets a new token. Who has a second
// factor has freshly given it (security C6). It also gives warnings about the
// new one.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, INVALID_CREDENTIALS and TOO_MANY_ATTEMPTS at
// currentPassword, those of a new password at newPassword, RATE_LIMITED.
func (p *People) ChangePassword(ctx context.Context, in ChangePasswordInput) (*Changed, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	both := func(ctx context.Context, tx *store.Tx) error { return p.needBoth(ctx, tx, v) }
	if err := p.Store.InTx(ctx, both); err != nil { // before a guess is taken
		return nil, err
	}
	secret, err := p.passwordOf(ctx, v.UserID)
	if err != nil {
		return nil, err
	}
	of, err := p.ownEmail(ctx)
	if err != nil {
		return nil, err
	}
	if err := credential.CheckPassword(in.NewPassword, of); err != nil {
		return nil, at(err, "input", "newPassword")
	}
	uses := recheckUses(v.UserID, v)
	_, err = p.prove(ctx, uses, in.CurrentPassword, secret, func(ctx context.Context, tx *store.Tx) error {
		return tx.Audit(ctx, "account.change_password_failed", v.UserID, idOfUser(v.UserID), nil)
	})
	if err != nil {
		return nil, at(err, "input", "currentPassword")
	}
	hash, err := p.hashes.Hash(ctx, in.NewPassword)
	if err != nil {
		return nil, err
	}
	var e *Entrance
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err = both(ctx, tx); err == nil {
			e, err = p.replacePassword(ctx, tx, v, secret, hash, uses)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	w, err := p.Welcome(ctx, e)
	if err != nil {
		return nil, err
	}
	return &Changed{Session: w.Session, User: w.User, Warnings: credential.Warnings(in.NewPassword, of)}, nil
}

// needBoth refuses who has a second factor and has not freshly proven both: a
// session of before it was turned on holds one.
func (p *People) needBoth(ctx context.Context, tx *store.Tx, v viewer.Viewer) error {
	due, err := p.secondDue(ctx, tx, v.UserID, "", 1)
	if err == nil && due && (!v.SteppedUp || v.AAL < 2) {
		err = errStepUp
	}
	return err
}

// replacePassword puts a new hash in the place of the one that was proven.
func (p *People) replacePassword(ctx context.Context, tx *store.Tx, v viewer.Viewer, was, hash string, uses []store.Use) (*Entrance, error) {
	n, err := tx.Identity.Update().Where(identity.UserID(v.UserID), identity.KindEQ(identity.KindPASSWORD), identity.Secret([]byte(was))).
		SetSecret([]byte(hash)).ClearMustChangeByAt().Save(ctx)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fault.ErrConflict
	}
	return p.afterPassword(ctx, tx, v, uses)
}

func (p *People) afterPassword(ctx context.Context, tx *store.Tx, v viewer.Viewer, uses []store.Use) (*Entrance, error) {
	if err := tx.DropChallenges(ctx, v.UserID); err != nil {
		return nil, err
	}
	ended, err := p.EndAll(ctx, tx, v.UserID, v.SessionID)
	if err != nil {
		return nil, err
	}
	if err := tx.Clear(ctx, uses...); err != nil {
		return nil, err
	}
	e, err := p.Rotate(ctx, tx, false)
	if err != nil {
		return nil, err
	}
	return e, p.News(ctx, tx, v.UserID, ChangePassword, idOfUser(v.UserID), map[string]any{"sessionsEnded": len(ended)})
}

// ChangeLogin sets, changes or takes away the login name of the caller's
// password.
//
// Faults: UNAUTHENTICATED; INVALID_LOGIN, ALREADY_TAKEN, LAST_LOGIN where
// nothing else is left to sign in with, and INVALID_VALUE where there is no
// password, at login.
func (p *People) ChangeLogin(ctx context.Context, in ChangeLoginInput) (*ent.User, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	var name credential.Login
	if in.Login != nil {
		var ok bool
		if name, ok = credential.ParseLogin(*in.Login); !ok {
			return nil, ErrInvalidLogin.At("input", "login")
		}
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		u := tx.Identity.Update().Where(identity.UserID(v.UserID), identity.KindEQ(identity.KindPASSWORD))
		if name.Key != "" {
			u.SetLogin(name.Value).SetLoginKey(name.Key)
		} else {
			u.ClearLogin().ClearLoginKey()
		}
		n, err := u.Save(ctx)
		if err == nil && n == 0 {
			return fault.ErrInvalidValue.At("input", "login")
		}
		if err != nil {
			return err
		}
		if err := p.KeepsAWay(ctx, tx, v.UserID); errors.Is(err, ErrLastSignInMethod) {
			return ErrLastLogin.At("input", "login")
		} else if err != nil {
			return err
		}
		return p.News(ctx, tx, v.UserID, ChangeLogin, idOfUser(v.UserID), nil)
	})
	if store.IsUnique(err) {
		return nil, ErrLoginTaken.With("value", name.Value).At("input", "login")
	}
	if err != nil {
		return nil, err
	}
	return p.Person(ctx, v.UserID)
}

// KeepsAWay refuses what leaves a person nothing to sign in with: whoever takes
// something away asks it afterwards, in the same transaction (security E6). A
// passkey is a way, a provider that is offered, and a password with a login or
// a proven address. Proven addresses themselves are kept by LAST_CONTACT_POINT.
//
// Faults: LAST_SIGN_IN_METHOD.
func (p *People) KeepsAWay(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
	all, err := tx.Identity.Query().Where(identity.UserID(user), identity.Or(identity.KindIn(identity.KindPASSKEY, identity.KindOIDC),
		identity.And(identity.KindEQ(identity.KindPASSWORD), identity.SecretNotNil()))).
		Select(identity.FieldID, identity.FieldKind, identity.FieldIssuer, identity.FieldLoginKey).All(asSystem(ctx))
	if err != nil {
		return err
	}
	reached, err := tx.ContactPoint.Query().Where(contactpoint.UserID(user), contactpoint.VerifiedAtNotNil()).Exist(asSystem(ctx))
	if err != nil {
		return err
	}
	for _, i := range all {
		switch {
		case i.Kind == identity.KindPASSKEY,
			i.Kind == identity.KindPASSWORD && (reached || i.LoginKey != nil),
			i.Kind == identity.KindOIDC && p.Offered != nil && p.Offered(i.Issuer):
			return nil
		}
	}
	return ErrLastSignInMethod
}

// ownEmail is the caller's first address, none for who has none.
func (p *People) ownEmail(ctx context.Context) (credential.Email, error) {
	v, err := me(ctx)
	if err != nil {
		return credential.Email{}, err
	}
	c, err := p.Store.Client.ContactPoint.Query().
		Where(contactpoint.UserID(v.UserID), contactpoint.KindEQ(contactpoint.KindEMAIL), contactpoint.IsPrimary(true)).Only(ctx)
	if ent.IsNotFound(err) {
		return credential.Email{}, nil
	}
	if err != nil {
		return credential.Email{}, store.Translate(err)
	}
	of, _ := credential.ParseEmail(c.Value)
	return of, nil
}

// At is at, for the sub-rooms.
func At(err error, path ...string) error { return at(err, path...) }

// at names the field of a refusal that is about one; other faults stay.
func at(err error, path ...string) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.Refused && f.Kind != fault.NotFound {
		return err
	}
	return f.At(path...)
}
