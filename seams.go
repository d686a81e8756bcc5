package main

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/account"
	"kabinet/internal/order"
	"kabinet/internal/store"
)

// The seams: where one domain's verb happens in another one's transaction.

func (k *kabinet) earn(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, moment order.Moment) (int64, error) {
	return k.earnings.EarnForOrder(ctx, tx, o, lines, string(moment))
}

func (k *kabinet) known(ctx context.Context, tx *store.Tx, refs []order.CustomerRef) ([]uuid.UUID, error) {
	people := make([]account.PersonRef, len(refs))
	for i, ref := range refs {
		switch {
		case ref.ID != nil:
			if id, err := ref.ID.As("usr"); err == nil {
				people[i].ID = &id
			}
		case ref.Email != nil:
			people[i].Email = *ref.Email
		case ref.External != nil:
			people[i].Source, people[i].Extern = ref.External.Source, ref.External.ID
		}
	}
	return k.people.Known(ctx, tx, people)
}

// customers names the people an import makes: the set has neither names nor
// addresses, so both are made from the key, at a domain that never delivers.
func (k *kabinet) customers(ctx context.Context, tx *store.Tx, source string, externalIDs []string) (map[string]uuid.UUID, error) {
	return k.people.Customers(ctx, tx, source, externalIDs, func(id string) (name, email string) {
		return "Customer " + id, "customer-" + strings.ToLower(id) + "@" + source + ".example.com"
	})
}

// byEmail is the member whose confirmed address it is; uuid.Nil: nobody.
func (k *kabinet) byEmail(ctx context.Context, tx *store.Tx, email string) (uuid.UUID, error) {
	found, err := k.people.Known(ctx, tx, []account.PersonRef{{Email: email}})
	if err != nil {
		return uuid.Nil, err
	}
	return found[0], nil
}
