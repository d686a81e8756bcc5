package profile

import (
	"context"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ChangedOrganisation is what updateOrganisation gives.
type ChangedOrganisation struct {
	Organisation *Organisation
	Revision     int
}

// UpdateOrganisation changes the details of the caller's own business, or of
// the company acted for where his role may write it: what is absent stays,
// null clears.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, STALE_OBJECT, REQUIRED,
// TOO_LONG, INVALID_VALUE, CHECK_DIGITS_WRONG, NOT_FOR_THIS_KIND; those of
// fields are joined.
func (p *Profiles) UpdateOrganisation(ctx context.Context, in UpdateOrganisationInput) (*ChangedOrganisation, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	if v.OwnerID != v.UserID && v.OwnerID != uuid.Nil && v.OwnerID != viewer.House {
		return p.updateCompany(ctx, v, in)
	}
	u, err := p.updateMe(ctx, in.Revision, func(_ context.Context, _ *store.Tx, was *ent.User, u *ent.UserUpdate) ([]string, error) {
		r, changed, err := mergeRequisites(was.Kind, was.Requisites, in)
		if err != nil || len(changed) == 0 {
			return nil, err
		}
		u.SetRequisites(r)
		return []string{"organisation"}, nil
	})
	if err != nil {
		return nil, err
	}
	// The payload's field is not user: what it selects is of no row.
	u, err = p.Store.Client.User.Query().Where(entuser.ID(u.ID)).Select(entuser.FieldKind, entuser.FieldRequisites, entuser.FieldRevision).Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	return &ChangedOrganisation{p.OrganisationOf(u), int(u.Revision)}, nil
}

// updateCompany steps past the fence, which lets nobody write a company's row,
// for a member whose role writes companies.
func (p *Profiles) updateCompany(ctx context.Context, v viewer.Viewer, in UpdateOrganisationInput) (*ChangedOrganisation, error) {
	if !v.Reaches(v.OwnerID, "company", "write") {
		return nil, fault.ErrForbidden
	}
	var done *ChangedOrganisation
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "companies", "id", v.OwnerID); err != nil {
			return err
		}
		system := viewer.AsSystem(ctx, "profile.organisation")
		c, err := tx.Company.Query().Where(company.ID(v.OwnerID)).Only(system)
		switch {
		case ent.IsNotFound(err):
			return fault.ErrNotFound
		case err != nil:
			return err
		case c.Kind != company.KindCOMPANY:
			return ErrNotForThisKind.At("input").With("kind", string(c.Kind))
		case in.Revision != nil && int64(*in.Revision) != c.Revision:
			return fault.ErrStaleObject.At("input", "revision").With("revision", c.Revision)
		}
		r, changed, err := mergeRequisites(companyKind(c.Requisites, in), c.Requisites, in)
		if err != nil {
			return err
		}
		done = &ChangedOrganisation{showRequisites(companyKind(r, UpdateOrganisationInput{}), r), int(c.Revision)}
		if len(changed) == 0 {
			return nil
		}
		done.Revision++
		if err := writeCompany(system, tx, c.ID, r, changed); err != nil {
			return err
		}
		return tx.Audit(ctx, "company.update_organisation", c.ID, scalar.ID{Prefix: "com", UUID: c.ID}, map[string]any{"changed": changed})
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// writeCompany writes the details, and what of them stands beside the name.
func writeCompany(ctx context.Context, tx *store.Tx, id uuid.UUID, r *schema.Requisites, changed []string) error {
	u := tx.Company.Update().Where(company.ID(id)).AddRevision(1).SetRequisites(r)
	if slices.Contains(changed, "legalName") {
		u.SetNillableLegalName(filled(r.LegalName))
		if r.LegalName == "" {
			u.ClearLegalName()
		}
	}
	if number := taxNumber(r); number != "" {
		u.SetTaxID(number)
	} else if slices.Contains(changed, "inn") || slices.Contains(changed, "registrationNumber") {
		u.ClearTaxID()
	}
	_, err := u.Save(ctx)
	return err
}

// companyKind is what a company's numbers say it is.
func companyKind(was *schema.Requisites, in UpdateOrganisationInput) entuser.Kind {
	ogrnip, inn := "", ""
	if was != nil {
		ogrnip, inn = was.OGRNIP, was.INN
	}
	if v, set := in.Ogrnip.ValueOK(); set {
		ogrnip = bare(text(v))
	}
	if v, set := in.Inn.ValueOK(); set {
		inn = bare(text(v))
	}
	if ogrnip != "" || len(inn) == 12 {
		return entuser.KindSOLE_TRADER
	}
	return entuser.KindLEGAL_ENTITY
}

func taxNumber(r *schema.Requisites) string {
	if r.INN != "" {
		return r.INN
	}
	return r.RegistrationNumber
}

// mergeRequisites puts an input over what is kept and checks the whole.
func mergeRequisites(kind entuser.Kind, kept *schema.Requisites, in UpdateOrganisationInput) (*schema.Requisites, []string, error) {
	r := schema.Requisites{}
	if kept != nil {
		r = *kept
	}
	was, faults := r, []error(nil)
	var changed []string
	for _, f := range []struct {
		name  string
		given graphql.Omittable[*string]
		into  *string
		limit int
		bare  bool
	}{
		{"legalName", in.LegalName, &r.LegalName, 300, false}, {"inn", in.Inn, &r.INN, 40, true}, {"kpp", in.Kpp, &r.KPP, 40, true},
		{"ogrn", in.Ogrn, &r.OGRN, 40, true}, {"ogrnip", in.Ogrnip, &r.OGRNIP, 40, true},
		{"registrationNumber", in.RegistrationNumber, &r.RegistrationNumber, 50, false}, {"iban", in.Iban, &r.IBAN, 60, true},
		{"bic", in.Bic, &r.BIC, 40, true}, {"account", in.Account, &r.Account, 40, true},
		{"correspondentAccount", in.CorrespondentAccount, &r.CorrespondentAccount, 40, true}, {"bankName", in.BankName, &r.BankName, 200, false},
	} {
		v, set := f.given.ValueOK()
		if !set {
			continue
		}
		s, err := credential.Line(v, f.limit, "input", f.name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		value := text(s)
		if f.bare {
			value = bare(value)
		}
		if value != *f.into {
			changed = append(changed, f.name)
		}
		*f.into = value
	}
	if len(faults) > 0 {
		return nil, nil, errors.Join(faults...)
	}
	if was == r {
		return &r, nil, nil
	}
	return &r, changed, checkRequisites(kind, &r)
}

// OrganisationOf are the details of a person's business; nil where there are none.
func (p *Profiles) OrganisationOf(u *ent.User) *Organisation {
	return showRequisites(u.Kind, u.Requisites)
}

// OrganisationOfCompany are the details of a company's business, for staff and
// for members whose role reads companies; nil where there are none.
func (p *Profiles) OrganisationOfCompany(ctx context.Context, c *ent.Company) *Organisation {
	if !viewer.From(ctx).Reaches(c.ID, "company", "read") {
		return nil
	}
	return showRequisites(companyKind(c.Requisites, UpdateOrganisationInput{}), c.Requisites)
}

func showRequisites(kind entuser.Kind, r *schema.Requisites) *Organisation {
	if r == nil || *r == (schema.Requisites{}) {
		return nil
	}
	return &Organisation{Kind: kind, LegalName: filled(r.LegalName), Inn: filled(r.INN), Kpp: filled(r.KPP), Ogrn: filled(r.OGRN), Ogrnip: filled(r.OGRNIP),
		RegistrationNumber: filled(r.RegistrationNumber), Iban: filled(r.IBAN), Bic: filled(r.BIC), Account: filled(r.Account),
		CorrespondentAccount: filled(r.CorrespondentAccount), BankName: filled(r.BankName)}
}
