package desk

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// point is an address or number checked.
type point struct {
	kind       contactpoint.Kind
	value, key string
	verified   bool
	path       []string
}

// CreateUser makes a person at the desk, in use at once and without a way to
// sign in; IssueCredentials gives him one. A person whom the external key names
// already is found and left as he is; then created is false.
//
// Faults: FORBIDDEN, REQUIRED, TOO_LONG, INVALID_VALUE, OUT_OF_RANGE,
// TOO_MANY_ITEMS, INVALID_EMAIL, INVALID_PHONE, ALREADY_TAKEN.
func (d *Desk) CreateUser(ctx context.Context, in CreateUserInput) (Done, error) {
	if _, err := staff(ctx, "write"); err != nil {
		return Done{}, err
	}
	points, err := checkPoints(in.ContactPoints)
	if err != nil {
		return Done{}, err
	}
	set, err := d.checkPerson(in)
	if err != nil {
		return Done{}, err
	}
	var id uuid.UUID
	var created bool
	for range 2 { // another desk may have made the same person in this moment
		err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			if in.ExternalKey != nil {
				id, err = tx.User.Query().Where(user.Source(in.ExternalKey.Source), user.ExternalID(in.ExternalKey.ID)).OnlyID(ctx)
				if created = ent.IsNotFound(err); !created {
					return err
				}
			}
			created = true
			id, err = d.create(ctx, tx, set, points)
			return err
		})
		if !store.IsUnique(err) {
			break
		}
	}
	if store.IsUnique(err) {
		err = ErrAlreadyTaken.At("input", "contactPoints").Because(err)
	}
	if err != nil {
		return Done{}, err
	}
	return d.with(ctx, Done{Created: &created}, id)
}

func (d *Desk) create(ctx context.Context, tx *store.Tx, set func(*ent.UserCreate), points []point) (uuid.UUID, error) {
	c := tx.User.Create()
	set(c)
	u, err := c.Save(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	primary := map[contactpoint.Kind]bool{}
	for _, p := range points {
		known, err := tx.ContactPoint.Query().Where(contactpoint.KindEQ(p.kind), contactpoint.ValueKey(p.key)).Exist(asSystem(ctx))
		if err != nil {
			return uuid.Nil, err
		}
		if known { // staff reads people: this tells nothing new
			return uuid.Nil, ErrAlreadyTaken.At(p.path...).With("value", p.value)
		}
		c := tx.ContactPoint.Create().SetUserID(u.ID).SetKind(p.kind).SetValue(p.value).SetValueKey(p.key).SetIsPrimary(!primary[p.kind])
		if p.verified {
			c.SetVerifiedAt(tx.Now)
		}
		if err := c.Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		primary[p.kind] = true
	}
	return u.ID, d.People.News(ctx, tx, u.ID, account.ChangeAccountMade, idOf(u.ID), nil)
}

// checkPerson reads what is said of the person and gives what sets it.
func (d *Desk) checkPerson(in CreateUserInput) (func(*ent.UserCreate), error) {
	var names [4]*string
	for i, v := range []struct {
		value *string
		field string
	}{{&in.DisplayName, "displayName"}, {in.GivenName, "givenName"}, {in.FamilyName, "familyName"}, {in.MiddleName, "middleName"}} {
		var err error
		if names[i], err = account.Text(v.value, longestName, false, "input", v.field); err != nil {
			return nil, err
		}
	}
	if names[0] == nil {
		return nil, fault.ErrRequired.At("input", "displayName")
	}
	if err := credential.CheckBirth(in.BirthOn, d.Store.Now()); err != nil {
		return nil, err
	}
	lang, zone := d.o.Locale, d.o.TimeZone
	if in.Locale != nil {
		if lang = *in.Locale; lang != locale.English && lang != locale.Russian {
			return nil, fault.ErrInvalidValue.At("input", "locale").With("allowed", locale.Supported())
		}
	}
	if in.TimeZone != nil {
		zone = *in.TimeZone
	}
	if err := checkKey(in.ExternalKey); err != nil {
		return nil, err
	}
	return func(c *ent.UserCreate) {
		c.SetStatus(user.StatusACTIVE).SetDisplayName(*names[0]).SetNillableGivenName(names[1]).SetNillableFamilyName(names[2]).
			SetNillableMiddleName(names[3]).SetNillableBirthOn(in.BirthOn).SetNillableKind(in.Kind).SetLocale(locale.Match(lang)).SetTimeZone(zone)
		if k := in.ExternalKey; k != nil {
			c.SetSource(k.Source).SetExternalID(k.ID)
		}
	}, nil
}

func checkKey(k *scalar.ExternalKey) error {
	if k == nil {
		return nil
	}
	for field, v := range map[string]string{"source": k.Source, "id": k.ID} {
		switch s, err := account.Text(&v, longestName, false, "input", "externalKey", field); {
		case err != nil:
			return err
		case s == nil:
			return fault.ErrRequired.At("input", "externalKey", field)
		case *s != v:
			return fault.ErrInvalidValue.At("input", "externalKey", field)
		}
	}
	return nil
}

func checkPoints(list []*NewContactPoint) ([]point, error) {
	if len(list) > mostContacts {
		return nil, account.ErrTooManyItems.At("input", "contactPoints").With("limit", mostContacts)
	}
	points := make([]point, len(list))
	for i, c := range list {
		at := []string{"input", "contactPoints", strconv.Itoa(i), "value"}
		p := point{kind: c.Kind, verified: c.Verified != nil && *c.Verified, path: at}
		if c.Kind == contactpoint.KindPHONE {
			number, ok := credential.ParsePhone(c.Value, "")
			if !ok {
				return nil, account.ErrInvalidPhone.At(at...)
			}
			p.value, p.key = number, number
		} else {
			address, ok := credential.ParseEmail(c.Value)
			if !ok {
				return nil, account.ErrInvalidEmail.At(at...)
			}
			p.value, p.key = address.Value, address.Key
		}
		points[i] = p
	}
	return points, nil
}
