package recommend

import (
	"context"
	"database/sql"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// mostTogether is how many partners of one product are shown; more are kept,
// for those that cannot be had.
const mostTogether = 20

// productsAtOnce is of how many products the partners are read at once.
const productsAtOnce = 200

// canBeHad are the products that may be proposed; the fence says to whom.
func canBeHad() []predicate.Product {
	return []predicate.Product{product.StatusEQ(product.StatusACTIVE), product.Or(product.StockIsNil(), product.StockGT(0))}
}

// UsualTogether is how many are shown when nobody says, as in the SDL.
const UsualTogether = 10

// BoughtTogether is what a product is often bought together with and can be
// had, best first. Fault: OUT_OF_RANGE of first.
func (r *Recommendations) BoughtTogether(ctx context.Context, id uuid.UUID, first int) ([]*ent.Product, error) {
	if first < 1 || first > mostTogether {
		return nil, fault.ErrOutOfRange.With("min", 1).With("max", mostTogether).At("first")
	}
	all, err := r.partnersOf.Load(ctx, id, r.shownPartners)
	if err != nil {
		return nil, store.Translate(err)
	}
	shown := make([]*ent.Product, 0, first)
	return append(shown, all[:min(first, len(all))]...), nil
}

// shownPartners are the partners of products as the viewer may know of them.
func (r *Recommendations) shownPartners(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][]*ent.Product, error) {
	all := map[uuid.UUID][]*ent.Product{}
	for part := range slices.Chunk(ids, productsAtOnce) {
		pairs, err := r.pairsOf(ctx, part)
		if err != nil {
			return nil, err
		}
		known, err := r.selected(ctx, withs(pairs))
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			if partner := known[p.with]; partner != nil && len(all[p.product]) < mostTogether {
				all[p.product] = append(all[p.product], partner)
			}
		}
	}
	return all, nil
}

// pairsOf are the pairs of products, the closest first.
func (r *Recommendations) pairsOf(ctx context.Context, ids []uuid.UUID) (all []pair, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = r.read(ctx, func(rows *sql.Rows) error {
		var p pair
		if err := rows.Scan(&p.product, &p.with, &p.orders, &p.owners, &p.score); err != nil {
			return err
		}
		all = append(all, p)
		return nil
	}, `SELECT product_id, with_id, orders, owners, score FROM product_pairs WHERE product_id IN `+places(1, len(ids))+`
		ORDER BY score DESC, orders DESC, with_id, product_id`, values(ids)...)
	return all, err
}

// products reads products that the viewer may know of.
func (r *Recommendations) products(ctx context.Context, ids []uuid.UUID, where ...predicate.Product) (map[uuid.UUID]*ent.Product, error) {
	known := map[uuid.UUID]*ent.Product{}
	if len(ids) == 0 {
		return known, nil
	}
	rows, err := r.Store.Client.Product.Query().Where(product.IDIn(ids...)).Where(where...).All(ctx)
	for _, p := range rows {
		known[p.ID] = p
	}
	return known, store.Translate(err)
}

// selected are products that can be had, with what the field selects of them.
func (r *Recommendations) selected(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*ent.Product, error) {
	known := map[uuid.UUID]*ent.Product{}
	if len(ids) == 0 {
		return known, nil
	}
	q, err := r.Store.Client.Product.Query().Where(product.IDIn(ids...)).Where(canBeHad()...).CollectFields(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	rows, err := q.All(ctx)
	for _, p := range rows {
		known[p.ID] = p
	}
	return known, store.Translate(err)
}

func withs(pairs []pair) []uuid.UUID {
	seen := map[uuid.UUID]bool{}
	var ids []uuid.UUID
	for _, p := range pairs {
		if !seen[p.with] {
			seen[p.with], ids = true, append(ids, p.with)
		}
	}
	return ids
}

func values[T any](all []T) []any {
	args := make([]any, len(all))
	for i, v := range all {
		args[i] = v
	}
	return args
}
