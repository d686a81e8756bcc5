package account

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// PersonRef names a person; one of the three is given.
type PersonRef struct {
	ID             *uuid.UUID
	Email          string // proven
	Source, Extern string // the key in an outside system
}

// Customer finds the active person that staff or an outside system means, in
// the caller's transaction.
//
// Faults: NOT_FOUND.
func (p *People) Customer(ctx context.Context, tx *store.Tx, ref PersonRef) (uuid.UUID, error) {
	var which predicate.User
	switch {
	case ref.ID != nil:
		which = user.ID(*ref.ID)
	case ref.Email != "":
		address, ok := parseEmail(ref.Email)
		if !ok {
			return uuid.Nil, fault.ErrNotFound
		}
		which = user.HasContactPointsWith(contactpoint.KindEQ(contactpoint.KindEMAIL),
			contactpoint.ValueKey(address.Key), contactpoint.VerifiedAtNotNil())
	case ref.Extern != "":
		which = user.And(user.Source(ref.Source), user.ExternalID(ref.Extern))
	default:
		return uuid.Nil, fault.ErrNotFound
	}
	id, err := tx.User.Query().Where(which, user.StatusEQ(user.StatusACTIVE)).OnlyID(asSystem(ctx))
	if ent.IsNotFound(err) {
		return uuid.Nil, fault.ErrNotFound
	}
	return id, err
}

// NewCustomer is how an import names the people it makes.
type NewCustomer func(externalID string) (displayName, email string)

// manyAtOnce bounds the variables of one statement.
const manyAtOnce = 500

// Customers makes the people of an outside system who are not there yet, and
// says who each is, in two statements for each 500 and two more for new ones.
// Their addresses are not proven: they sign nobody in, and move to whoever
// proves them.
//
// Faults: CONFLICT when another import made one of them in this moment.
func (p *People) Customers(ctx context.Context, tx *store.Tx, source string, externalIDs []string, name NewCustomer) (map[string]uuid.UUID, error) {
	ctx = asSystem(ctx)
	keys := slices.Compact(slices.Sorted(slices.Values(externalIDs)))
	who := make(map[string]uuid.UUID, len(keys))
	for chunk := range slices.Chunk(keys, manyAtOnce) {
		rows, err := tx.User.Query().Where(user.Source(source), user.ExternalIDIn(chunk...)).Select(user.FieldID, user.FieldExternalID).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range rows {
			who[*u.ExternalID] = u.ID
		}
		missing := slices.DeleteFunc(slices.Clone(chunk), func(k string) bool { _, there := who[k]; return there })
		if err := p.createCustomers(ctx, tx, source, missing, name, who); err != nil {
			if store.IsUnique(err) {
				err = fault.ErrConflict.Because(err)
			}
			return nil, err
		}
	}
	return who, nil
}

func (p *People) createCustomers(ctx context.Context, tx *store.Tx, source string, keys []string, name NewCustomer, who map[string]uuid.UUID) error {
	if len(keys) == 0 {
		return nil
	}
	users, points := make([]*ent.UserCreate, len(keys)), make([]*ent.ContactPointCreate, 0, len(keys))
	for i, key := range keys {
		id := uuid.Must(uuid.NewV7())
		display, text := name(key)
		users[i] = tx.User.Create().SetID(id).SetStatus(user.StatusACTIVE).SetDisplayName(display).
			SetSource(source).SetExternalID(key).SetLocale(p.o.Locale).SetTimeZone(p.o.TimeZone)
		who[key] = id
		address, ok := parseEmail(text)
		if !ok {
			continue // without an address: he is found by his key alone
		}
		points = append(points, tx.ContactPoint.Create().SetUserID(id).SetKind(contactpoint.KindEMAIL).
			SetValue(address.Value).SetValueKey(address.Key).SetIsPrimary(true))
	}
	if err := tx.User.CreateBulk(users...).Exec(ctx); err != nil {
		return err
	}
	return tx.ContactPoint.CreateBulk(points...).Exec(ctx)
}
