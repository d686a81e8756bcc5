package list

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/viewedproduct"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Viewed is what a person looked at, last first.
func (l *Lists) Viewed(ctx context.Context, user uuid.UUID) ([]*ent.ViewedProduct, error) {
	if viewer.From(ctx).UserID != user { // staff, who may look at a list of people
		rows, err := l.views.Load(ctx, user, l.viewsOf)
		return append([]*ent.ViewedProduct{}, rows...), store.Translate(err)
	}
	q, err := l.Store.Client.ViewedProduct.Query().Where(viewedproduct.UserID(user)).
		Order(viewedproduct.ByViewedAt(sql.OrderDesc()), viewedproduct.ByID(sql.OrderDesc())).Limit(maxViewed).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := q.All(ctx)
	return rows, store.Translate(err)
}

// viewsOf is what people looked at, by person: no more is kept than is shown.
func (l *Lists) viewsOf(ctx context.Context, people []uuid.UUID) (map[uuid.UUID][]*ent.ViewedProduct, error) {
	all := map[uuid.UUID][]*ent.ViewedProduct{}
	rows, err := l.Store.Client.ViewedProduct.Query().Where(viewedproduct.UserIDIn(people...)).
		Order(viewedproduct.ByViewedAt(sql.OrderDesc()), viewedproduct.ByID(sql.OrderDesc())).WithProduct().All(ctx)
	for _, r := range rows {
		all[r.UserID] = append(all[r.UserID], r)
	}
	return all, err
}

// View notes that the person looks at a product, and forgets what he looked at
// longest ago. Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND.
func (l *Lists) View(ctx context.Context, in RecordViewInput) (*ent.ViewedProduct, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.ProductID.As("prd")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "productId")
	}
	var seen *ent.ViewedProduct
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := shown(ctx, tx, id); err != nil {
			return err
		}
		if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil { // or two would forget one too few
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO viewed_products (id, created_at, updated_at, user_id, product_id, viewed_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (user_id, product_id) DO UPDATE SET viewed_at = excluded.viewed_at, updated_at = excluded.updated_at`,
			uuid.Must(uuid.NewV7()), tx.Now, tx.Now, v.UserID, id, tx.Now)
		if err != nil {
			return err
		}
		// The one that is seen now stays, whatever a clock that went back says.
		_, err = tx.Exec(ctx, `DELETE FROM viewed_products WHERE user_id = ? AND product_id <> ? AND id NOT IN (
			SELECT id FROM viewed_products WHERE user_id = ? AND product_id <> ? ORDER BY viewed_at DESC, id DESC LIMIT ?)`,
			v.UserID, id, v.UserID, id, maxViewed-1)
		if err != nil {
			return err
		}
		seen, err = tx.ViewedProduct.Query().Where(viewedproduct.UserID(v.UserID), viewedproduct.ProductID(id)).Only(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return seen.Unwrap(), nil
}
