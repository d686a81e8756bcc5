package desk

import (
	"context"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// drawsOfLogin is how often a login name is drawn anew that is taken already.
const drawsOfLogin = 5

// IssueCredentials gives a person a login name and a temporary password, and
// the slip to hand over; both are shown this once. The former password, codes
// on the way and all sessions are dead; second factors stay, so that nobody
// gets past them by the desk (security C6).
//
// Faults: FORBIDDEN, INVALID_ID, NOT_FOUND, INVALID_LOGIN,
// ALREADY_TAKEN, USER_NOT_ACTIVE, NOT_ON_ONESELF, STAFF_MEMBER, RATE_LIMITED
// where too many passwords are being hashed.
func (d *Desk) IssueCredentials(ctx context.Context, in IssueCredentialsInput) (Done, error) {
	v, err := staff(ctx, "write")
	if err != nil {
		return Done{}, err
	}
	var wanted *credential.Login
	if in.Login != nil {
		l, ok := credential.ParseLogin(*in.Login)
		if !ok {
			return Done{}, account.ErrInvalidLogin.At("input", "login")
		}
		wanted = &l
	}
	password := drawPassword()
	hash, err := d.People.HashPassword(ctx, password, credential.Email{})
	if err != nil {
		return Done{}, err
	}
	taken := ErrAlreadyTaken.At("input", "login")
	for range drawsOfLogin {
		var slip *CredentialSlip
		err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			slip, err = d.issue(ctx, tx, v, in.UserID, wanted, password, hash)
			return err
		})
		switch {
		case err == nil:
			return d.with(ctx, Done{Slip: slip}, in.UserID.UUID)
		case !store.IsUnique(err):
			return Done{}, err
		case wanted != nil:
			return Done{}, taken.With("value", wanted.Value).Because(err)
		}
	}
	return Done{}, fault.ErrConflict.Because(err)
}

func (d *Desk) issue(ctx context.Context, tx *store.Tx, v viewer.Viewer, id scalar.ID, wanted *credential.Login, password, hash string) (*CredentialSlip, error) {
	u, err := active(ctx, tx, id, "input", "userId")
	if err != nil {
		return nil, err
	}
	if err := spare(ctx, tx, v, u.ID, "input", "userId"); err != nil {
		return nil, err
	}
	old, err := tx.Identity.Query().Where(identity.UserID(u.ID), identity.KindEQ(identity.KindPASSWORD)).
		Select(identity.FieldID, identity.FieldUserID, identity.FieldLogin, identity.FieldLoginKey).Only(asSystem(ctx))
	if err != nil && !ent.IsNotFound(err) {
		return nil, err
	}
	login := wanted
	if login == nil && old != nil && old.Login != nil {
		login = &credential.Login{Value: *old.Login, Key: *old.LoginKey}
	}
	if login == nil {
		l, _ := credential.ParseLogin(drawLogin())
		login = &l
	}
	if _, err := d.cutOff(ctx, tx, u.ID); err != nil {
		return nil, err
	}
	until := tx.Now.Add(d.o.PasswordTTL).Truncate(time.Second)
	made, err := putPassword(ctx, tx, u, old, *login, hash, v, until)
	if err != nil {
		return nil, err
	}
	if err := d.People.News(ctx, tx, u.ID, account.ChangeCredentialsIssued, made.GlobalID(), map[string]any{"mustChangeBy": until}); err != nil {
		return nil, err
	}
	page, err := slipFor{name: u.DisplayName, locale: u.Locale, timeZone: u.TimeZone, login: login.Value, password: password,
		site: d.o.SiteURL.String(), until: until}.page()
	if err != nil {
		return nil, err
	}
	return &CredentialSlip{Login: login.Value, TemporaryPassword: password, MustChangeBy: until, SiteURL: d.o.SiteURL.String(), HTML: page}, nil
}

// putPassword writes the temporary password in place of the one there was.
func putPassword(ctx context.Context, tx *store.Tx, u *ent.User, old *ent.Identity, l credential.Login, hash string, v viewer.Viewer, until time.Time) (*ent.Identity, error) {
	if old != nil {
		return old, tx.Identity.Update().Where(identity.ID(old.ID)).SetSecret([]byte(hash)).SetLogin(l.Value).SetLoginKey(l.Key).
			SetMustChangeByAt(until).SetIssuedByID(v.UserID).SetWarned(0).Exec(asSystem(ctx))
	}
	return tx.Identity.Create().SetUserID(u.ID).SetKind(identity.KindPASSWORD).SetSubject(u.ID.String()).SetSecret([]byte(hash)).
		SetLogin(l.Value).SetLoginKey(l.Key).SetMustChangeByAt(until).SetIssuedByID(v.UserID).Save(asSystem(ctx))
}

// MustChangePasswordBy is until when the caller must change his temporary
// password; nil where he has none, and for anybody else's.
func (d *Desk) MustChangePasswordBy(ctx context.Context, u *ent.User) (*time.Time, error) {
	if viewer.From(ctx).UserID != u.ID {
		return nil, nil
	}
	i, err := d.Store.Client.Identity.Query().Where(identity.UserID(u.ID), identity.KindEQ(identity.KindPASSWORD), identity.MustChangeByAtNotNil()).
		Select(identity.FieldMustChangeByAt).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	return i.MustChangeByAt, nil
}
