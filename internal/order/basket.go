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
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// priced is a basket at the server's prices.
type priced struct {
	lines    []*ent.OrderLine
	currency string
	total    int64               // minor units
	counted  map[uuid.UUID]int64 // how many are taken of each product whose stock is counted
	first    map[uuid.UUID]int   // the first line of each product
}

// checkBasket judges the lines by themselves. Faults: ORDER_EMPTY, TOO_LONG,
// REQUIRED, INVALID_VALUE, OUT_OF_RANGE.
func checkBasket(lines []*PlaceOrderLineInput) error {
	if len(lines) == 0 {
		return ErrOrderEmpty.At("input", "lines")
	}
	if len(lines) > maxLines {
		return fault.ErrTooLong.With("limit", maxLines).At("input", "lines")
	}
	for i, l := range lines {
		at := strconv.Itoa(i)
		if err := checkKey(l.Sku, maxKey, "input", "lines", at, "sku"); err != nil {
			return err
		}
		if l.Quantity < 1 || l.Quantity > maxQuantity {
			return fault.ErrOutOfRange.With("min", 1).With("max", maxQuantity).At("input", "lines", at, "quantity")
		}
	}
	return nil
}

// price puts the server's prices to a basket. Faults: PRODUCT_UNAVAILABLE,
// CURRENCY_MISMATCH, OUT_OF_RANGE where the sum is more than can be kept.
func price(lines []*PlaceOrderLineInput, products map[string]*ent.Product) (priced, error) {
	b := priced{counted: map[uuid.UUID]int64{}, first: map[uuid.UUID]int{}}
	for i, in := range lines {
		at := strconv.Itoa(i)
		p := products[in.Sku]
		if p == nil || p.Status != product.StatusACTIVE {
			return b, ErrProductUnavailable.With("sku", in.Sku).At("input", "lines", at, "sku")
		}
		if b.currency == "" {
			b.currency = p.Currency
		}
		if p.Currency != b.currency {
			return b, ErrCurrencyMismatch.At("input", "lines", at, "sku")
		}
		quantity := int64(in.Quantity)
		sum, ok := scalar.MulMinor(p.PriceMinor, quantity)
		if ok {
			b.total, ok = scalar.AddMinor(b.total, sum)
		}
		if !ok || b.total > scalar.MaxPoints {
			return b, fault.ErrOutOfRange.At("input", "lines", at, "quantity")
		}
		b.lines = append(b.lines, &ent.OrderLine{
			Position: i + 1, ProductID: &p.ID, Sku: p.Sku, Title: p.Title, Category: p.Category, ImageURL: p.ImageURL, URL: p.URL,
			Quantity: quantity, UnitPriceMinor: p.PriceMinor, TotalMinor: sum,
		})
		if _, seen := b.first[p.ID]; !seen {
			b.first[p.ID] = i
		}
		if p.Stock != nil {
			b.counted[p.ID] += quantity
		}
	}
	return b, nil
}

// Stock belongs to the business, so a customer's order changes it past the
// fence, here and nowhere else.

// takeStock takes counted products off the shelf, all or none, in one
// conditional update: where it changes fewer rows, outOfStock says why.
func takeStock(ctx context.Context, tx *store.Tx, b priced) error {
	if len(b.counted) == 0 {
		return nil
	}
	return changeStock(ctx, tx, "-", b.counted)
}

// outOfStock is OUT_OF_STOCK at the first line that is short.
func outOfStock(ctx context.Context, tx *store.Tx, b priced) error {
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

// returnStock puts products back, those that are counted, and tells of those
// that were out.
func returnStock(ctx context.Context, tx *store.Tx, back map[uuid.UUID]int64) error {
	if len(back) == 0 {
		return nil
	}
	out, err := tx.Product.Query().Where(product.IDIn(slices.Collect(maps.Keys(back))...), product.Stock(0), product.StatusEQ(product.StatusACTIVE)).
		Order(product.ByID()).IDs(viewer.AsSystem(ctx, "order.stock"))
	if err != nil {
		return err
	}
	for _, id := range out {
		tx.Tell(event.ProductBackInStock{ProductID: id}, store.ToHouse())
	}
	return changeStock(ctx, tx, "+", back)
}

// changeStock changes those products that are counted, and have enough.
// Revisions stay: they guard what staff edit.
func changeStock(ctx context.Context, tx *store.Tx, sign string, by map[uuid.UUID]int64) error {
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
			return err
		}
	}
	query := `UPDATE products SET stock = stock ` + sign + ` ` + which.String() + `, updated_at = ? WHERE id IN (` + marks(len(ids)) + `) AND stock IS NOT NULL`
	args := append(append(slices.Clone(amounts), tx.Now), in...)
	if sign == "-" {
		query += ` AND stock >= ` + which.String()
		args = append(args, amounts...)
	}
	_, err := tx.Exec(ctx, query, args...)
	return err
}
