package promotion

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// customerOf is whose offers, codes and limits count where a person acts for an
// owner: the owner's, or the person's own in a family. A family is no customer:
// it is made in a moment, and each new one would have everything once more.
func customerOf(ctx context.Context, client *ent.Client, owner, person uuid.UUID) (uuid.UUID, error) {
	if owner == person || owner == uuid.Nil || person == uuid.Nil {
		return owner, nil
	}
	family, err := client.Company.Query().Where(company.ID(owner), company.KindEQ(company.KindFAMILY)).Exist(viewer.AsSystem(ctx, "promotion.customer"))
	if err != nil || !family {
		return owner, store.Translate(err)
	}
	return person, nil
}

// owner is for whom the caller asks: himself, or a company; uuid.Nil where
// nobody is signed in. The House buys nothing of itself.
func (p *Promotions) owner(ctx context.Context) (uuid.UUID, error) {
	v := viewer.From(ctx)
	if v.OwnerID == viewer.House || v.OwnerID == uuid.Nil {
		return v.UserID, nil
	}
	return customerOf(ctx, p.Store.Client, v.OwnerID, v.UserID)
}

// buyer is for whom codes are reserved and offers taken up.
func (p *Promotions) buyer(ctx context.Context) (uuid.UUID, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return uuid.Nil, fault.ErrUnauthenticated
	case v.OwnerID == viewer.House: // the business buys nothing of itself
		return uuid.Nil, fault.ErrForbidden
	}
	return p.owner(ctx)
}

// orderedBy is the customer behind an order.
func orderedBy(ctx context.Context, tx *store.Tx, o *ent.Order) (uuid.UUID, error) {
	person := viewer.From(ctx).UserID
	if o.UserID != nil {
		person = *o.UserID
	}
	return customerOf(ctx, tx.Client, o.OwnerID, person)
}
