package order

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Stock belongs to the business, so a customer's order changes it past the
// fence, here and nowhere else.

// takeStock takes counted products off the shelf, all or none, in one
// conditional update. Fault: OUT_OF_STOCK at the first line that is short.
func takeStock(ctx context.Context, tx *store.Tx, b priced) error {
	if len(b.counted) == 0 {
		return nil
	}
	n, err := changeStock(ctx, tx, "-", b.counted)
	if err != nil || n == int64(len(b.counted)) {
		return err
	}
	ctx = viewer.AsSystem(ctx, "order.stock")
	products, err := tx.Product.Query().Where(product.IDIn(slices.Collect(maps.Keys(b.counted))...)).All(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(products, func(x, y *ent.Product) int { return b.first[x.ID] - b.first[y.ID] })
	for _, p := range products {
		if p.Stock != nil && *p.Stock < b.counted[p.ID] {
			return ErrOutOfStock.With("sku", p.Sku).With("available", *p.Stock).
				At("input", "lines", strconv.Itoa(b.first[p.ID]), "quantity")
		}
	}
	return fault.ErrConflict // it stopped or began to be counted meanwhile
}

// returnStock puts products back, those that are counted.
func returnStock(ctx context.Context, tx *store.Tx, back map[uuid.UUID]int64) error {
	if len(back) == 0 {
		return nil
	}
	_, err := changeStock(ctx, tx, "+", back)
	return err
}

// changeStock says how many products it changed. Revisions stay: they guard
// what staff edit.
func changeStock(ctx context.Context, tx *store.Tx, sign string, by map[uuid.UUID]int64) (int64, error) {
	ids := slices.SortedFunc(maps.Keys(by), func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
	in := make([]any, len(ids))
	var which strings.Builder
	var amounts []any
	which.WriteString("CASE id")
	for i, id := range ids {
		in[i] = id
		which.WriteString(" WHEN ? THEN CAST(? AS bigint)")
		amounts = append(amounts, id, by[id])
	}
	which.WriteString(" END")
	if len(ids) > 1 { // two baskets in another order would wait for each other
		if err := tx.Lock(ctx, "products", "id", in...); err != nil {
			return 0, err
		}
	}
	query := `UPDATE products SET stock = stock ` + sign + ` ` + which.String() + `, updated_at = ? WHERE id IN (` + marks(len(ids)) + `) AND stock IS NOT NULL`
	args := append(append(slices.Clone(amounts), tx.Now), in...)
	if sign == "-" {
		query += ` AND stock >= ` + which.String()
		args = append(args, amounts...)
	}
	return tx.Exec(ctx, query, args...)
}
