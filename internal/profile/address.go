package profile

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// mostAddresses is how many of them one person keeps, and how many recipients.
const mostAddresses = 100

// What this domain says no with, beside the faults of everybody.
var (
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	ErrInvalidPhone = fault.New(fault.Invalid, "INVALID_PHONE")
	ErrInvalidEmail = fault.New(fault.Invalid, "INVALID_EMAIL")
)

// SaveAddress makes an address of the caller, or changes one: what is absent
// stays, null clears. What its country asks for is asked of the whole address.
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND, STALE_OBJECT, REQUIRED,
// TOO_LONG, INVALID_VALUE, INVALID_POSTAL_CODE, INVALID_PHONE, TOO_MANY_ITEMS;
// those of fields are joined.
func (p *Profiles) SaveAddress(ctx context.Context, in SaveAddressInput) (*ent.Address, error) {
	return p.save(ctx, address.KindADDRESS, in.ID, in.Revision, in.IsDefault, func(a *ent.Address) error { return fillAddress(a, in) })
}

// DeleteAddress deletes one of the caller's addresses and gives the id that is gone.
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND.
func (p *Profiles) DeleteAddress(ctx context.Context, in DeleteAddressInput) (*scalar.ID, error) {
	return p.remove(ctx, address.KindADDRESS, in.ID)
}

// kinds are the prefixes of ids and the names in what is told.
var kinds = map[address.Kind]struct{ prefix, list string }{
	address.KindADDRESS:   {"adr", "addresses"},
	address.KindRECIPIENT: {"rcp", "recipients"},
}

// save makes or changes a row of one of the kinds: fill puts the input on it.
func (p *Profiles) save(ctx context.Context, kind address.Kind, in *scalar.ID, revision *int, def graphql.Omittable[*bool], fill func(*ent.Address) error) (*ent.Address, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	var saved *ent.Address
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		// One at a time of one person: for the bound, the one default and the revision.
		if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil {
			return err
		}
		s := saving{tx: tx, user: v.UserID, kind: kind}
		was, err := s.row(ctx, in, revision)
		if err != nil {
			return err
		}
		if err := fill(was); err != nil {
			return err
		}
		if saved, err = s.keep(ctx, was, in == nil, def); err != nil {
			return err
		}
		return updated(ctx, tx, v.UserID, kinds[kind].list)
	})
	if err != nil {
		return nil, err
	}
	return saved.Unwrap(), nil
}

// saving is one row being saved.
type saving struct {
	tx   *store.Tx
	user uuid.UUID
	kind address.Kind
}

// row is the row to change, or a new one.
func (s saving) row(ctx context.Context, in *scalar.ID, revision *int) (*ent.Address, error) {
	if in == nil {
		n, err := s.tx.Address.Query().Where(address.OwnerID(s.user), address.KindEQ(s.kind)).Count(ctx)
		if err == nil && n >= mostAddresses {
			err = ErrTooManyItems.With("limit", mostAddresses)
		}
		return &ent.Address{}, err
	}
	id, err := in.As(kinds[s.kind].prefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	a, err := s.tx.Address.Query().Where(address.ID(id), address.OwnerID(s.user), address.KindEQ(s.kind)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	if err == nil && revision != nil && int64(*revision) != a.Revision {
		err = fault.ErrStaleObject.At("input", "revision").With("revision", a.Revision)
	}
	return a, err
}

// keep writes the row; a new default puts the former one back first.
func (s saving) keep(ctx context.Context, a *ent.Address, made bool, def graphql.Omittable[*bool]) (*ent.Address, error) {
	isDefault := a.IsDefault
	if given, there := def.ValueOK(); there {
		isDefault = given != nil && *given
	}
	if isDefault && !a.IsDefault {
		former := s.tx.Address.Update().Where(address.OwnerID(s.user), address.KindEQ(s.kind), address.IsDefault(true))
		if _, err := former.SetIsDefault(false).AddRevision(1).Save(ctx); err != nil {
			return nil, err
		}
	}
	if made {
		c := s.tx.Address.Create().SetOwnerID(s.user).SetUserID(s.user).SetKind(s.kind).SetIsDefault(isDefault)
		if s.kind == address.KindADDRESS {
			c.SetHolderID(s.user)
		}
		put(c.Mutation(), a)
		return c.Save(ctx)
	}
	u := s.tx.Address.UpdateOneID(a.ID).SetIsDefault(isDefault).AddRevision(1)
	put(u.Mutation(), a)
	return u.Save(ctx)
}

// put sets or clears every column that can be written.
func put(m *ent.AddressMutation, a *ent.Address) {
	if a.Lines == nil {
		a.Lines = []string{}
	}
	m.SetLines(a.Lines)
	for _, c := range columns {
		if v := *c.of(a); v != nil {
			c.set(m, *v)
		} else {
			c.clear(m)
		}
	}
}

// column is one text of a row.
type column struct {
	of    func(*ent.Address) **string
	set   func(*ent.AddressMutation, string)
	clear func(*ent.AddressMutation)
}

type mutation = ent.AddressMutation

var columns = map[string]column{
	"label":        {func(a *ent.Address) **string { return &a.Label }, (*mutation).SetLabel, (*mutation).ClearLabel},
	"name":         {func(a *ent.Address) **string { return &a.Name }, (*mutation).SetName, (*mutation).ClearName},
	"organization": {func(a *ent.Address) **string { return &a.Organization }, (*mutation).SetOrganization, (*mutation).ClearOrganization},
	"phone":        {func(a *ent.Address) **string { return &a.Phone }, (*mutation).SetPhone, (*mutation).ClearPhone},
	"email":        {func(a *ent.Address) **string { return &a.Email }, (*mutation).SetEmail, (*mutation).ClearEmail},
	"country":      {func(a *ent.Address) **string { return &a.Country }, (*mutation).SetCountry, (*mutation).ClearCountry},
	"district":     {func(a *ent.Address) **string { return &a.District }, (*mutation).SetDistrict, (*mutation).ClearDistrict},
	"city":         {func(a *ent.Address) **string { return &a.City }, (*mutation).SetCity, (*mutation).ClearCity},
	"region":       {func(a *ent.Address) **string { return &a.Region }, (*mutation).SetRegion, (*mutation).ClearRegion},
	"postalCode":   {func(a *ent.Address) **string { return &a.PostalCode }, (*mutation).SetPostalCode, (*mutation).ClearPostalCode},
	"sortingCode":  {func(a *ent.Address) **string { return &a.SortingCode }, (*mutation).SetSortingCode, (*mutation).ClearSortingCode},
	"note":         {func(a *ent.Address) **string { return &a.Note }, (*mutation).SetNote, (*mutation).ClearNote},
}

// given is one text of an input, with the most characters it may have.
type given struct {
	name  string
	value graphql.Omittable[*string]
	limit int
}

// fillTexts puts texts on a row and says of each that is wrong why.
func fillTexts(a *ent.Address, all ...given) (faults []error) {
	for _, g := range all {
		v, there := g.value.ValueOK()
		if !there {
			continue
		}
		text, err := credential.Line(v, g.limit, "input", g.name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		*columns[g.name].of(a) = text
	}
	return faults
}

// fillAddress puts an input on an address and checks the whole by its country.
func fillAddress(a *ent.Address, in SaveAddressInput) error {
	faults := fillTexts(a, given{"label", in.Label, 100}, given{"name", in.Name, 200}, given{"organization", in.Organization, 200},
		given{"phone", in.Phone, 40}, given{"country", in.Country, 2}, given{"district", in.District, 100}, given{"city", in.City, 100},
		given{"region", in.Region, 100}, given{"postalCode", in.PostalCode, 20}, given{"sortingCode", in.SortingCode, 20}, given{"note", in.Note, 500})
	if lines, there := in.Lines.ValueOK(); there {
		kept, err := checkLines(lines)
		if err != nil {
			faults = append(faults, err)
		}
		a.Lines = kept
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	if a.Country != nil {
		code, ok := countryCode(*a.Country)
		if !ok {
			return fault.ErrInvalidValue.At("input", "country")
		}
		a.Country = &code
	}
	place := placeOf(a)
	if err := place.check(); err != nil {
		faults = append(faults, err)
	}
	if _, there := in.Phone.ValueOK(); there && a.Phone != nil {
		number, ok := credential.ParsePhone(*a.Phone, place.Country)
		if !ok {
			faults = append(faults, ErrInvalidPhone.At("input", "phone"))
		}
		a.Phone = &number
	}
	a.Region, a.PostalCode = filled(place.Region), filled(place.PostalCode)
	return errors.Join(faults...)
}

// placeOf is what of a row the rules of countries look at.
func placeOf(a *ent.Address) *place {
	return &place{Country: text(a.Country), Name: text(a.Name), Organization: text(a.Organization), Lines: a.Lines, District: text(a.District),
		City: text(a.City), Region: text(a.Region), PostalCode: text(a.PostalCode), Sorting: text(a.SortingCode)}
}

// Formatted are the lines of an address as its country writes them.
func (p *Profiles) Formatted(a *ent.Address) []string { return placeOf(a).formatted() }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func filled(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// checkLines takes 1 to 5 lines of up to 200 characters; empty ones go.
func checkLines(given []string) ([]string, error) {
	const most = 5
	lines := []string{}
	for _, l := range given {
		text, err := credential.Line(&l, 200, "input", "lines")
		if err != nil {
			return nil, err
		}
		if text != nil {
			lines = append(lines, *text)
		}
		if len(lines) > most {
			return nil, fault.ErrTooLong.At("input", "lines").With("limit", most)
		}
	}
	return lines, nil
}

// remove deletes a row of the caller and gives the id that is gone.
func (p *Profiles) remove(ctx context.Context, kind address.Kind, in scalar.ID) (*scalar.ID, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.As(kinds[kind].prefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Address.Delete().Where(address.ID(id), address.OwnerID(v.UserID), address.KindEQ(kind)).Exec(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.ErrNotFound.At("input", "id")
		}
		return updated(ctx, tx, v.UserID, kinds[kind].list)
	})
	if err != nil {
		return nil, err
	}
	return &in, nil
}
