package account

import (
	"context"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ErrEmailTaken is for commands alone, and so no fault: over the network
// nobody is told which addresses are known.
var ErrEmailTaken = errors.New("the e-mail address or the external key already belongs to somebody")

// CreateUser describes a person made by a command.
type CreateUser struct {
	Email, Name, Password string
	Verified              bool   // else the address signs nobody in
	Staff                 bool   // a membership in the House …
	Role                  string // … in this role; Administrator when empty
	AnyPassword           bool   // without the rules, for --demo alone
	Locale, TimeZone      string // the defaults when empty
	Source, ExternalID    string // the key under which an outside system knows him
}

// CreateUser makes a person who is in use at once. Only a system viewer may.
//
// Faults: FORBIDDEN, INVALID_EMAIL, those of a password, REQUIRED,
// INVALID_VALUE for an unknown role; and ErrEmailTaken.
func (p *People) CreateUser(ctx context.Context, in CreateUser) (id uuid.UUID, err error) {
	if !viewer.From(ctx).IsSystem() {
		return uuid.Nil, fault.ErrForbidden
	}
	address, ok := credential.ParseEmail(in.Email)
	if !ok {
		return uuid.Nil, ErrInvalidEmail
	}
	name, err := line(&in.Name, 100)
	if err != nil {
		return uuid.Nil, err
	}
	if name == nil {
		return uuid.Nil, fault.ErrRequired.With("field", "name")
	}
	if !in.AnyPassword {
		if err := credential.CheckPassword(in.Password, address); err != nil {
			return uuid.Nil, err
		}
	}
	hash, err := p.hashes.Hash(ctx, in.Password)
	if err != nil {
		return uuid.Nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if id, err = p.createUser(ctx, tx, in, *name, address, hash); err != nil {
			return err
		}
		if in.Staff {
			if in.Role == "" {
				in.Role = RoleAdministrator
			}
			if err := seatOf(ctx, tx, viewer.House, id, membership.KindSTAFF, in.Role); err != nil {
				return err
			}
		}
		return tx.Audit(ctx, "account.create_user", id, scalar.ID{Prefix: "usr", UUID: id}, map[string]any{"staff": in.Staff, "role": in.Role})
	})
	if store.IsUnique(err) {
		return uuid.Nil, ErrEmailTaken
	}
	return id, err
}

func (p *People) createUser(ctx context.Context, tx *store.Tx, in CreateUser, name string, address credential.Email, hash string) (uuid.UUID, error) {
	zone := in.TimeZone
	if zone == "" {
		zone = p.o.TimeZone
	}
	c := tx.User.Create().SetStatus(user.StatusACTIVE).SetDisplayName(name).SetLocale(locale.Match(in.Locale, p.o.Locale)).SetTimeZone(zone)
	if in.ExternalID != "" {
		c.SetSource(in.Source).SetExternalID(in.ExternalID)
	}
	u, err := c.Save(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	point := tx.ContactPoint.Create().SetUserID(u.ID).SetKind(contactpoint.KindEMAIL).
		SetValue(address.Value).SetValueKey(address.Key).SetIsPrimary(true)
	if in.Verified {
		point.SetVerifiedAt(tx.Now)
	}
	if err := point.Exec(ctx); err != nil {
		return uuid.Nil, err
	}
	return u.ID, tx.Identity.Create().SetUserID(u.ID).SetKind(identity.KindPASSWORD).SetSubject(u.ID.String()).SetSecret([]byte(hash)).Exec(ctx)
}

// CreateCompany describes a company.
type CreateCompany struct{ Name, LegalName, TaxID, Source, ExternalID string }

// CreateCompany makes a company, or finds the one with the same external key.
// Only a system viewer may.
//
// Faults: FORBIDDEN, REQUIRED.
func (p *People) CreateCompany(ctx context.Context, in CreateCompany) (id uuid.UUID, err error) {
	if !viewer.From(ctx).IsSystem() {
		return uuid.Nil, fault.ErrForbidden
	}
	if in.Name == "" {
		return uuid.Nil, fault.ErrRequired.With("field", "name")
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		c := tx.Company.Create().SetName(in.Name)
		if in.ExternalID != "" {
			old, err := tx.Company.Query().Where(company.Source(in.Source), company.ExternalID(in.ExternalID)).Only(ctx)
			if err == nil {
				id = old.ID
				return nil
			}
			if !ent.IsNotFound(err) {
				return err
			}
			c.SetSource(in.Source).SetExternalID(in.ExternalID)
		}
		if in.LegalName != "" {
			c.SetLegalName(in.LegalName)
		}
		if in.TaxID != "" {
			c.SetTaxID(in.TaxID)
		}
		made, err := c.Save(ctx)
		if err != nil {
			return err
		}
		id = made.ID
		return tx.Audit(ctx, "account.create_company", id, made.GlobalID(), nil)
	})
	return id, err
}

// AddMember makes a person a member of a company, in a ready-made role by its
// name: Owner, Buyer or Accountant. Only a system viewer may.
//
// Faults: FORBIDDEN, INVALID_VALUE for another role.
func (p *People) AddMember(ctx context.Context, company, user uuid.UUID, role string) error {
	if !viewer.From(ctx).IsSystem() || company == viewer.House { // staff are made by CreateUser
		return fault.ErrForbidden
	}
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := seatOf(ctx, tx, company, user, membership.KindCOMPANY, role); err != nil {
			return err
		}
		return tx.Audit(ctx, "account.add_member", company, scalar.ID{Prefix: "usr", UUID: user}, map[string]any{"role": role})
	})
}
