package account

import (
	"context"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/session"
	"kabinet/internal/credential"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// ChangePassword changes the password of whoever knows the one in force, ends
// all his other sessions and makes codes worthless that are under way
// (security A12, D1). It also gives warnings about the new one.
//
// Faults: UNAUTHENTICATED, INVALID_CREDENTIALS and TOO_MANY_ATTEMPTS at
// currentPassword, those of a new password at newPassword, RATE_LIMITED.
func (p *People) ChangePassword(ctx context.Context, in ChangePasswordInput) (*ent.User, []string, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, nil, err
	}
	old, err := p.Store.Client.Identity.Query().Where(identity.UserID(v.UserID), identity.KindEQ(identity.KindPASSWORD)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, nil, store.Translate(err)
	}
	var secret []byte
	if old != nil {
		secret = old.Secret
	}
	of, err := p.ownEmail(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := credential.CheckPassword(in.NewPassword, of); err != nil {
		return nil, nil, at(err, "input", "newPassword")
	}
	uses := []store.Use{{Limit: recheckFailures, Of: v.UserID.String()}}
	_, err = p.prove(ctx, uses, in.CurrentPassword, string(secret), func(ctx context.Context, tx *store.Tx) error {
		return tx.Audit(ctx, "account.change_password_failed", v.UserID, scalar.ID{Prefix: "usr", UUID: v.UserID}, nil)
	})
	if err != nil {
		return nil, nil, at(err, "input", "currentPassword")
	}
	hash, err := p.hashes.Hash(ctx, in.NewPassword)
	if err != nil {
		return nil, nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Identity.Update().Where(identity.ID(old.ID), identity.Secret(secret)).SetSecret([]byte(hash)).ClearMustChangeByAt().Save(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.ErrConflict
		}
		return p.afterPassword(ctx, tx, uses)
	})
	if err != nil {
		return nil, nil, err
	}
	u, err := p.Person(ctx, v.UserID)
	return u, credential.Warnings(in.NewPassword, of), err
}

func (p *People) afterPassword(ctx context.Context, tx *store.Tx, uses []store.Use) error {
	v, err := me(ctx)
	if err != nil {
		return err
	}
	if err := tx.DropChallenges(ctx, v.UserID); err != nil {
		return err
	}
	ended, err := p.end(ctx, tx, v.UserID, session.IDNEQ(v.SessionID))
	if err != nil {
		return err
	}
	if err := tx.Clear(ctx, uses...); err != nil {
		return err
	}
	tx.Tell(event.PasswordChanged{UserID: v.UserID}, store.ToUser(v.UserID))
	return tx.Audit(ctx, "account.change_password", v.UserID, scalar.ID{Prefix: "usr", UUID: v.UserID}, map[string]any{"sessionsEnded": len(ended)})
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

// at names the field of a refusal that is about one; other faults stay.
func at(err error, path ...string) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.Refused && f.Kind != fault.NotFound {
		return err
	}
	return f.At(path...)
}
