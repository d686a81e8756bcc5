package account

import (
	"context"
	"regexp"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// mostAddresses is how many of them one person keeps.
const mostAddresses = 100

// SaveAddress makes an address of the caller, or changes one: what is absent
// stays, null clears.
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND, STALE_OBJECT, REQUIRED,
// TOO_LONG, INVALID_VALUE, TOO_MANY_ITEMS.
func (p *People) SaveAddress(ctx context.Context, in SaveAddressInput) (*ent.Address, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	f, err := checkAddress(in)
	if err != nil {
		return nil, err
	}
	var saved *ent.Address
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		// One at a time of one person: for the bound, the one default and the revision.
		if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil {
			return err
		}
		if in.ID == nil {
			saved, err = createAddress(ctx, tx, v.UserID, f)
		} else {
			saved, err = changeAddress(ctx, tx, v.UserID, in, f)
		}
		if err != nil {
			return err
		}
		tx.Tell(event.ProfileUpdated{UserID: v.UserID, Changed: []string{"addresses"}}, store.ToUser(v.UserID))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return saved.Unwrap(), nil
}

// DeleteAddress deletes one of the caller's addresses and gives the id that is gone.
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND.
func (p *People) DeleteAddress(ctx context.Context, in DeleteAddressInput) (*scalar.ID, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.ID.As("adr")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Address.Delete().Where(address.ID(id), address.OwnerID(v.UserID), address.KindEQ(address.KindADDRESS)).Exec(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.ErrNotFound.At("input", "id")
		}
		tx.Tell(event.ProfileUpdated{UserID: v.UserID, Changed: []string{"addresses"}}, store.ToUser(v.UserID))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}

// addressFields are the checked fields of an input; a nil func is an absent one.
type addressFields struct {
	set     []func(*ent.AddressMutation)
	lines   []string
	hasLine bool
	def     *bool
}

// addressText is one text of an address, with its length in characters.
type addressText struct {
	name   string
	given  graphql.Omittable[*string]
	limit  int
	set    func(*ent.AddressMutation, string)
	clear  func(*ent.AddressMutation)
	shaped func(string) (string, bool)
}

func checkAddress(in SaveAddressInput) (f addressFields, err error) {
	for _, c := range []addressText{
		{"label", in.Label, 100, (*ent.AddressMutation).SetLabel, (*ent.AddressMutation).ClearLabel, nil},
		{"name", in.Name, 200, (*ent.AddressMutation).SetName, (*ent.AddressMutation).ClearName, nil},
		{"phone", in.Phone, 32, (*ent.AddressMutation).SetPhone, (*ent.AddressMutation).ClearPhone, phone},
		{"country", in.Country, 2, (*ent.AddressMutation).SetCountry, (*ent.AddressMutation).ClearCountry, country},
		{"city", in.City, 100, (*ent.AddressMutation).SetCity, (*ent.AddressMutation).ClearCity, nil},
		{"region", in.Region, 100, (*ent.AddressMutation).SetRegion, (*ent.AddressMutation).ClearRegion, nil},
		{"postalCode", in.PostalCode, 20, (*ent.AddressMutation).SetPostalCode, (*ent.AddressMutation).ClearPostalCode, nil},
	} {
		given, there := c.given.ValueOK()
		if !there {
			continue
		}
		text, err := line(given, c.limit, "input", c.name)
		if err != nil {
			return f, err
		}
		if text == nil {
			f.set = append(f.set, c.clear)
			continue
		}
		if c.shaped != nil {
			shaped, ok := c.shaped(*text)
			if !ok {
				return f, fault.ErrInvalidValue.At("input", c.name)
			}
			text = &shaped
		}
		f.set = append(f.set, func(m *ent.AddressMutation) { c.set(m, *text) })
	}
	if given, there := in.Lines.ValueOK(); there {
		if f.lines, err = checkLines(given); err != nil {
			return f, err
		}
		f.hasLine = true
	}
	if given, there := in.IsDefault.ValueOK(); there {
		def := given != nil && *given
		f.def = &def
	}
	return f, nil
}

// checkLines takes 1 to 5 lines of up to 200 characters; empty ones go.
func checkLines(given []string) ([]string, error) {
	const most = 5
	lines := []string{}
	for _, l := range given {
		text, err := line(&l, 200, "input", "lines")
		if err != nil {
			return nil, err
		}
		if text != nil {
			lines = append(lines, *text)
		}
	}
	if len(lines) == 0 {
		return nil, fault.ErrRequired.At("input", "lines")
	}
	if len(lines) > most {
		return nil, fault.ErrTooLong.At("input", "lines").With("limit", most)
	}
	return lines, nil
}

var phoneShape = regexp.MustCompile(`^\+?[0-9][0-9 ().\-]{2,30}$`)

func phone(s string) (string, bool) { return s, phoneShape.MatchString(s) }

// countries are the codes of ISO 3166-1 alpha-2 that are officially assigned.
const countries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD " +
	"CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF " +
	"GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN " +
	"KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA " +
	"NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI " +
	"SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI " +
	"VN VU WF WS YE YT ZA ZM ZW"

// country takes a code in any case.
func country(s string) (string, bool) {
	code := strings.ToUpper(s)
	return code, len(code) == 2 && code[0] != ' ' && code[1] != ' ' && strings.Contains(countries, code)
}

func createAddress(ctx context.Context, tx *store.Tx, user uuid.UUID, f addressFields) (*ent.Address, error) {
	if !f.hasLine {
		return nil, fault.ErrRequired.At("input", "lines")
	}
	n, err := tx.Address.Query().Where(address.OwnerID(user), address.KindEQ(address.KindADDRESS)).Count(ctx)
	if err != nil {
		return nil, err
	}
	if n >= mostAddresses {
		return nil, ErrTooManyItems.With("limit", mostAddresses)
	}
	c := tx.Address.Create().SetOwnerID(user).SetHolderID(user).SetUserID(user).SetKind(address.KindADDRESS)
	if err := f.apply(ctx, tx, user, c.Mutation()); err != nil {
		return nil, err
	}
	return c.Save(ctx)
}

func changeAddress(ctx context.Context, tx *store.Tx, user uuid.UUID, in SaveAddressInput, f addressFields) (*ent.Address, error) {
	id, err := in.ID.As("adr")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	a, err := tx.Address.Query().Where(address.ID(id), address.OwnerID(user), address.KindEQ(address.KindADDRESS)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	if err != nil {
		return nil, err
	}
	if in.Revision != nil && int64(*in.Revision) != a.Revision {
		return nil, fault.ErrStaleObject.At("input", "revision").With("revision", a.Revision)
	}
	if a.IsDefault && f.def != nil && *f.def {
		f.def = nil // it is already
	}
	u := tx.Address.UpdateOneID(id).AddRevision(1)
	if err := f.apply(ctx, tx, user, u.Mutation()); err != nil {
		return nil, err
	}
	return u.Save(ctx)
}

// apply sets the fields; a new default puts the former one back first.
func (f addressFields) apply(ctx context.Context, tx *store.Tx, user uuid.UUID, m *ent.AddressMutation) error {
	for _, set := range f.set {
		set(m)
	}
	if f.hasLine {
		m.SetLines(f.lines)
	}
	if f.def == nil {
		return nil
	}
	if *f.def {
		former := tx.Address.Update().Where(address.OwnerID(user), address.KindEQ(address.KindADDRESS), address.IsDefault(true))
		if _, err := former.SetIsDefault(false).AddRevision(1).Save(ctx); err != nil {
			return err
		}
	}
	m.SetIsDefault(*f.def)
	return nil
}
