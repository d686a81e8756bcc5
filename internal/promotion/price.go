package promotion

import (
	"context"
	"slices"
	"strconv"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// maxPrices bounds the products of one priceFor.
const maxPrices = 100

// PriceFor are the caller's prices of products, or those of the company he acts
// for: each product by itself, with the prices and discounts that apply without
// being asked for. Offers and codes are used up by an order, so they are not in
// a price. However many products, the statements are the same: the products,
// what is known of the customer, and what is in force. Faults: REQUIRED,
// TOO_LONG, OUT_OF_RANGE.
func (p *Promotions) PriceFor(ctx context.Context, input PriceForInput) ([]*ProductPrice, error) {
	quantity := 1
	if input.Quantity != nil {
		quantity = *input.Quantity
	}
	switch {
	case len(input.Skus) == 0:
		return nil, fault.ErrRequired.At("input", "skus")
	case len(input.Skus) > maxPrices:
		return nil, fault.ErrTooLong.With("limit", maxPrices).At("input", "skus")
	case quantity < 1 || quantity > maxQuantity:
		return nil, fault.ErrOutOfRange.With("min", 1).With("max", maxQuantity).At("input", "quantity")
	}
	if err := checkSkus(input.Skus); err != nil {
		return nil, err
	}
	products, err := onSale(ctx, p.Store.Client, input.Skus)
	if err != nil {
		return nil, err
	}
	a, err := p.asking(ctx)
	if err != nil {
		return nil, err
	}
	all := []*ProductPrice{}
	var seen []string
	for _, sku := range input.Skus {
		row := products[sku]
		if row == nil || slices.Contains(seen, sku) {
			continue
		}
		seen = append(seen, sku)
		basket := []goods{goodsOf(row, int64(quantity))}
		auto, err := p.automatic(ctx, a, basket, row.Currency, false)
		if err != nil {
			return nil, err
		}
		out, _ := choose(basket, reached(basket, auto))
		money := func(minor int64) scalar.Money { return scalar.Money{Minor: minor, Currency: row.Currency} }
		total := basket[0].amount - out.total
		v := &ProductPrice{Sku: sku, Quantity: quantity, ListPrice: money(row.PriceMinor), Total: money(total),
			Price: money((total + int64(quantity) - 1) / int64(quantity)), Reductions: []*Reduction{}}
		for _, r := range out.applied {
			v.Reductions = append(v.Reductions, showReduction(r, row.Currency))
		}
		all = append(all, v)
	}
	return all, nil
}

func checkSkus(skus []string) error {
	for i, sku := range skus {
		if f := checkWord(sku); f != nil {
			return f.At("input", "skus", strconv.Itoa(i))
		}
	}
	return nil
}
