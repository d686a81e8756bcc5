package list

import (
	"maps"
	"slices"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// item is one item of a list as it is stored, beside its product as it is now.
type item struct {
	id       uuid.UUID
	quantity int64
	seen     scalar.Money // the price of one when it was put there
	product  *ent.Product // nil where it is not for the caller
}

// availability says whether a product can be had.
func availability(status product.Status, stock *int64) ProductAvailability {
	switch {
	case status != product.StatusACTIVE:
		return ProductAvailabilityNotSold
	case stock != nil && *stock == 0:
		return ProductAvailabilityOutOfStock
	}
	return ProductAvailabilityAvailable
}

// judge gives what would be ordered of a list as things stand, what that costs
// by currency at list prices, and what is in the way of the rest. A product
// stands in a list once, so each is judged by itself; but an order has one
// currency, that of the first item that can be had.
func judge(items []item) (lines []BasketLine, totals []scalar.Money, gaps []*ListGap, err error) {
	sums := map[string]int64{}
	currency := ""
	for _, it := range items {
		take, gap := it.judge(currency)
		if gap != nil {
			gaps = append(gaps, gap)
		}
		if it.product == nil || it.product.Status != product.StatusACTIVE {
			continue
		}
		if take == 0 && gap.Kind != ListGapKindOtherCurrency {
			continue
		}
		// The sums say what all that is on hand costs, in each currency.
		sum, ok := scalar.MulMinor(it.product.PriceMinor, it.onHand())
		if ok {
			sum, ok = scalar.AddMinor(sums[it.product.Currency], sum)
		}
		if !ok || sum > scalar.MaxPoints {
			return nil, nil, nil, fault.ErrOutOfRange
		}
		sums[it.product.Currency] = sum
		if take > 0 {
			currency = it.product.Currency
			lines = append(lines, BasketLine{Sku: it.product.Sku, Quantity: take})
		}
	}
	for _, c := range slices.Sorted(maps.Keys(sums)) {
		totals = append(totals, scalar.Money{Minor: sums[c], Currency: c})
	}
	return lines, totals, gaps, nil
}

// onHand is how many of an item could be taken.
func (it item) onHand() int64 {
	if it.product.Stock != nil {
		return min(it.quantity, *it.product.Stock)
	}
	return it.quantity
}

// judge says how many of one item would be ordered in a currency, "" for any,
// and what is in the way of all of them as they were seen.
func (it item) judge(currency string) (take int64, gap *ListGap) {
	gap = &ListGap{
		ItemID: scalar.ID{Prefix: "item", UUID: it.id}, Product: it.product,
		Wanted: it.quantity, PriceSeen: it.seen,
	}
	p := it.product
	if p == nil || p.Status != product.StatusACTIVE {
		gap.Kind = ListGapKindNoLongerSold
		return 0, gap
	}
	now := scalar.Money{Minor: p.PriceMinor, Currency: p.Currency}
	gap.PriceNow = &now
	switch take = it.onHand(); {
	case take == 0:
		gap.Kind = ListGapKindOutOfStock
		return 0, gap
	case currency != "" && p.Currency != currency:
		gap.Kind = ListGapKindOtherCurrency
		return 0, gap
	case take < it.quantity:
		gap.Kind = ListGapKindFewerInStock
	case now != it.seen:
		gap.Kind = ListGapKindPriceChanged
	default:
		return take, nil
	}
	gap.Available = take
	return take, gap
}

// wanted is one product of an input, judged by itself.
type wanted struct {
	product  uuid.UUID
	quantity int64
}

// checkItems judges the items of an input by themselves. Faults:
// TOO_MANY_ITEMS, INVALID_ID, OUT_OF_RANGE, INVALID_VALUE for a product that
// stands there twice.
func checkItems(items []*ListItemInput) ([]wanted, error) {
	if len(items) > maxItems {
		return nil, ErrTooManyItems.With("limit", maxItems).At("input", "items")
	}
	all, seen := make([]wanted, len(items)), map[uuid.UUID]bool{}
	for i, in := range items {
		at := strconv.Itoa(i)
		id, err := in.ProductID.As("prd")
		switch {
		case err != nil:
			return nil, fault.ErrInvalidID.At("input", "items", at, "productId")
		case seen[id]:
			return nil, fault.ErrInvalidValue.At("input", "items", at, "productId")
		case in.Quantity < 1 || in.Quantity > maxQuantity:
			return nil, fault.ErrOutOfRange.With("min", 1).With("max", maxQuantity).At("input", "items", at, "quantity")
		}
		seen[id] = true
		all[i] = wanted{id, int64(in.Quantity)}
	}
	return all, nil
}

// merged adds what comes to what is there: quantities add up, to the most that
// may be, and what is new stands last. Fault: TOO_MANY_ITEMS.
func merged(there, come []wanted) ([]wanted, error) {
	all, at := slices.Clone(there), map[uuid.UUID]int{}
	for i, w := range there {
		at[w.product] = i
	}
	for _, w := range come {
		if i, ok := at[w.product]; ok {
			all[i].quantity = min(all[i].quantity+w.quantity, maxQuantity)
			continue
		}
		all = append(all, w)
	}
	if len(all) > maxItems {
		return nil, ErrTooManyItems.With("limit", maxItems).At("input", "items")
	}
	return all, nil
}
