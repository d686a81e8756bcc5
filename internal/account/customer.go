package account

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// PersonRef names a person; one of the three is given.
type PersonRef struct {
	ID             *uuid.UUID
	Email          string // proven
	Source, Extern string // the key in an outside system
}

// Known finds the active people that staff or an outside system means, in the
// caller's transaction: an id for each reference, uuid.Nil where nobody is
// meant. What it costs does not grow with them.
func (p *People) Known(ctx context.Context, tx *store.Tx, refs []PersonRef) ([]uuid.UUID, error) {
	ctx = asSystem(ctx)
	byID, byEmail, bySource := asked(refs)
	ids, emails, keys := map[uuid.UUID]bool{}, map[string]uuid.UUID{}, map[[2]string]uuid.UUID{}
	if len(byID) > 0 {
		there, err := tx.User.Query().Where(user.IDIn(byID...), user.StatusEQ(user.StatusACTIVE)).IDs(ctx)
		if err != nil {
			return nil, err
		}
		for _, id := range there {
			ids[id] = true
		}
	}
	if len(byEmail) > 0 {
		points, err := tx.ContactPoint.Query().Where(contactpoint.KindEQ(contactpoint.KindEMAIL), contactpoint.ValueKeyIn(byEmail...),
			contactpoint.VerifiedAtNotNil(), contactpoint.HasUserWith(user.StatusEQ(user.StatusACTIVE))).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range points {
			emails[c.ValueKey] = c.UserID
		}
	}
	for source, externalIDs := range bySource {
		people, err := tx.User.Query().Where(user.Source(source), user.ExternalIDIn(externalIDs...), user.StatusEQ(user.StatusACTIVE)).
			Select(user.FieldID, user.FieldExternalID).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range people {
			keys[[2]string{source, *u.ExternalID}] = u.ID
		}
	}
	found := make([]uuid.UUID, len(refs))
	for i, r := range refs {
		switch {
		case r.ID != nil && ids[*r.ID]:
			found[i] = *r.ID
		case r.ID != nil:
		case r.Email != "":
			if address, ok := credential.ParseEmail(r.Email); ok {
				found[i] = emails[address.Key]
			}
		default:
			found[i] = keys[[2]string{r.Source, r.Extern}]
		}
	}
	return found, nil
}

// asked sorts references by their kind.
func asked(refs []PersonRef) (ids []uuid.UUID, emails []string, keys map[string][]string) {
	keys = map[string][]string{}
	for _, r := range refs {
		switch {
		case r.ID != nil:
			ids = append(ids, *r.ID)
		case r.Email != "":
			if address, ok := credential.ParseEmail(r.Email); ok {
				emails = append(emails, address.Key)
			}
		case r.Extern != "":
			keys[r.Source] = append(keys[r.Source], r.Extern)
		}
	}
	return ids, emails, keys
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
		address, ok := credential.ParseEmail(text)
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
