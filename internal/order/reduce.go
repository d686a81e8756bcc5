package order

import (
	"context"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Reduced is what reductions do to an order that is about to be placed.
type Reduced struct {
	Lines []int64          // what is taken off each line, minor units; no more than it costs
	Gifts []*ent.Product   // one unit of each comes on top
	Why   []map[string]any // every reduction, for the book
}

// maxCodes bounds the codes of one order.
const maxCodes = 10

// reduce takes off the basket what reduces it, and gives what the book says of
// it; o has its id, owner and currency. Faults: TOO_LONG, those of Reduce.
func (s *Orders) reduce(ctx context.Context, tx *store.Tx, o *ent.Order, b *priced, codes []string) (map[string]any, error) {
	if len(codes) > maxCodes {
		return nil, fault.ErrTooLong.With("limit", maxCodes).At("input", "promoCodes")
	}
	if s.Reduce == nil || o.OwnerID == viewer.House { // guests have no offers
		return nil, nil
	}
	r, err := s.Reduce(ctx, tx, o, b.lines, codes)
	if err != nil {
		return nil, err
	}
	for i, off := range r.Lines {
		l := b.lines[i]
		if off < 0 || off > l.TotalMinor { // a mistake of ours must not become money
			return nil, fault.ErrInternal
		}
		l.DiscountMinor, l.TotalMinor = off, l.TotalMinor-off
		o.DiscountMinor += off
	}
	for _, p := range r.Gifts {
		b.gift(o, p)
	}
	if len(r.Why) == 0 {
		return nil, nil
	}
	why := make([]any, len(r.Why))
	for i, w := range r.Why {
		why[i] = w
	}
	return map[string]any{"reductions": why}, nil
}

// gift adds one unit of a product, taken off whole. One that is not in stock,
// beyond what is bought, is not given.
func (b *priced) gift(o *ent.Order, p *ent.Product) {
	total, ok := scalar.AddMinor(b.total, p.PriceMinor)
	if !ok || total > scalar.MaxPoints || p.Currency != b.currency || p.Stock != nil && *p.Stock <= b.counted[p.ID] {
		return
	}
	b.total = total
	o.SubtotalMinor, o.DiscountMinor = b.total, o.DiscountMinor+p.PriceMinor
	if _, seen := b.first[p.ID]; !seen {
		b.first[p.ID] = len(b.lines)
	}
	if p.Stock != nil {
		b.counted[p.ID]++
	}
	b.lines = append(b.lines, &ent.OrderLine{
		Position: len(b.lines) + 1, ProductID: &p.ID, Sku: p.Sku, Title: p.Title, Category: p.Category, ImageURL: p.ImageURL, URL: p.URL,
		Quantity: 1, UnitPriceMinor: p.PriceMinor, DiscountMinor: p.PriceMinor,
	})
}

// unreduce gives back the codes that an order used. Promotions come before
// products, as when it was placed: two orders then never stand crosswise.
func (s *Orders) unreduce(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	if s.Unreduce == nil || o.OwnerID == viewer.House {
		return nil
	}
	return s.Unreduce(ctx, tx, o)
}
