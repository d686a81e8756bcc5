package recommend

import (
	"context"
	"database/sql"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"kabinet/ent/generated/consent"
	"kabinet/ent/generated/consentdocument"
	"kabinet/ent/generated/user"
	"kabinet/ent/generated/viewedproduct"
	"kabinet/ent/generated/wishlistitem"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The bounds of what is looked at of one person; what is older says less.
const (
	latestOrders   = 200
	latestOfOwner  = 1_000 // of a company: among them are his
	latestLines    = 5_000
	latestViews    = 50
	latestWishes   = 100
	latestConsents = 100
	mostSeeds      = 100 // of what was bought
)

// taste is what is known of a person that proposals are made of.
type taste struct {
	interests []string
	bought    []*bought // the latest first
	looked    []uuid.UUID
	had       map[uuid.UUID]bool // bought or put aside
}

// taste reads what a person may be known by: without his consent nothing but
// the interests he declared. Always the same statements, whatever there is.
func (r *Recommendations) taste(ctx context.Context, v viewer.Viewer) (*taste, error) {
	t := &taste{had: map[uuid.UUID]bool{}}
	u, err := r.Store.Client.User.Query().Where(user.ID(v.UserID)).Select(user.FieldID, user.FieldInterests).Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	t.interests = u.Interests
	may, err := r.profiled(ctx, v.UserID)
	if err != nil || !may {
		return t, err
	}
	if t.bought, err = r.bought(ctx, v); err != nil {
		return nil, err
	}
	for _, b := range t.bought {
		t.had[b.product] = true
	}
	return t, r.aside(ctx, v.UserID, t)
}

// profiled says whether proposals may be made from what a person does: where
// the business asks for a consent to it, he must have given each; who took one
// back is left alone whatever is asked now.
func (r *Recommendations) profiled(ctx context.Context, person uuid.UUID) (bool, error) {
	documents, err := r.Store.Client.ConsentDocument.Query().Where(consentdocument.PurposeEQ(consentdocument.PurposePROFILING)).
		Select(consentdocument.FieldKeyID, consentdocument.FieldRetiredAt).All(ctx)
	if err != nil {
		return false, store.Translate(err)
	}
	if len(documents) == 0 {
		return true, nil
	}
	var keys []uuid.UUID
	for _, d := range documents {
		keys = append(keys, d.KeyID)
	}
	words, err := r.Store.Client.Consent.Query().Where(consent.UserID(person), consent.DocumentIDIn(keys...)).
		Order(consent.ByID(entsql.OrderDesc())).Limit(latestConsents).All(ctx)
	if err != nil {
		return false, store.Translate(err)
	}
	last := map[uuid.UUID]consent.Decision{}
	for _, w := range words {
		if _, known := last[w.DocumentID]; !known {
			last[w.DocumentID] = w.Decision
		}
	}
	for _, d := range documents {
		word, known := last[d.KeyID]
		if known && word != consent.DecisionGIVEN || !known && d.RetiredAt == nil {
			return false, nil
		}
	}
	return true, nil
}

// bought is what the person bought lately: for himself, or for the owner he
// acts for. What others bought for a company is theirs.
func (r *Recommendations) bought(ctx context.Context, v viewer.Viewer) ([]*bought, error) {
	owner := v.OwnerID
	if owner == uuid.Nil || owner == viewer.House || v.Reach("order", "read") == viewer.ReachNone {
		owner = v.UserID
	}
	from, args := `SELECT id, placed_at FROM orders WHERE owner_id = ? AND status IN ('PLACED', 'COMPLETED') ORDER BY placed_at DESC, id DESC LIMIT ?`, []any{owner, latestOrders}
	if owner != v.UserID {
		from = `SELECT id, placed_at FROM (SELECT id, placed_at, user_id, status FROM orders WHERE owner_id = ? ORDER BY placed_at DESC, id DESC LIMIT ?) AS c
			WHERE user_id = ? AND status IN ('PLACED', 'COMPLETED') ORDER BY placed_at DESC, id DESC LIMIT ?`
		args = []any{owner, latestOfOwner, v.UserID, latestOrders}
	}
	by := map[uuid.UUID]*bought{}
	var all []*bought
	err := r.read(ctx, func(rows *sql.Rows) error {
		var product, order uuid.UUID
		var placed time.Time
		if err := rows.Scan(&product, &order, &placed); err != nil {
			return err
		}
		b := by[product]
		if b == nil {
			b = &bought{product: product, orders: map[uuid.UUID]bool{}, days: map[time.Time]bool{}}
			by[product], all = b, append(all, b)
		}
		b.orders[order], b.days[placed.UTC().Truncate(24*time.Hour)] = true, true
		return nil
	}, `SELECT l.product_id, o.id, o.placed_at FROM (`+from+`) AS o JOIN order_lines AS l ON l.order_id = o.id
		WHERE l.product_id IS NOT NULL AND l.cancelled + l.returned < l.quantity
		ORDER BY o.placed_at DESC, o.id DESC, l.position LIMIT ?`, append(args, latestLines)...)
	return all, err
}

// aside reads what the person looked at and what he put aside.
func (r *Recommendations) aside(ctx context.Context, person uuid.UUID, t *taste) error {
	views, err := r.Store.Client.ViewedProduct.Query().Where(viewedproduct.UserID(person)).
		Order(viewedproduct.ByViewedAt(entsql.OrderDesc()), viewedproduct.ByID(entsql.OrderDesc())).Limit(latestViews).All(ctx)
	if err != nil {
		return store.Translate(err)
	}
	wishes, err := r.Store.Client.WishlistItem.Query().Where(wishlistitem.UserID(person)).
		Order(wishlistitem.ByID(entsql.OrderDesc())).Limit(latestWishes).All(ctx)
	if err != nil {
		return store.Translate(err)
	}
	for _, w := range wishes {
		if w.ProductID != nil {
			t.had[*w.ProductID] = true
			t.looked = append(t.looked, *w.ProductID)
		}
	}
	for _, w := range views {
		if w.ProductID != nil {
			t.looked = append(t.looked, *w.ProductID)
		}
	}
	return nil
}
