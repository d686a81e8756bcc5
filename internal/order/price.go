package order

import (
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
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
