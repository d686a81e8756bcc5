package history

import (
	"cmp"
	"slices"

	"kabinet/internal/scalar"
)

// part is what goods of one category cost in one currency.
type part struct {
	Category *string // nil: none
	Currency string
	Orders   int
	Minor    int64
}

// divide gives the shares of the categories: dearest first, at most so many of
// a currency and what is left in one more, of which nobody says how many
// orders it is. totals is what the orders cost as a whole, by currency: what
// their goods do not explain (delivery, reductions of the whole order) goes to
// the share without a category, so that the shares come to the totals exactly.
func divide(parts []part, totals map[string]int64, most int, rest, none string) []*SpendingShare {
	byCurrency := map[string][]part{}
	for _, p := range parts {
		byCurrency[p.Currency] = append(byCurrency[p.Currency], p)
	}
	var shares []*SpendingShare
	for _, currency := range dearest(totals) {
		own := explain(byCurrency[currency], currency, totals[currency])
		slices.SortStableFunc(own, func(a, b part) int { return cmp.Or(cmp.Compare(b.Minor, a.Minor), cmp.Compare(name(a), name(b))) })
		var left int64
		for i, p := range own {
			if i >= most {
				left += p.Minor
				continue
			}
			share := &SpendingShare{Label: none, Category: p.Category, Orders: &p.Orders, Amount: scalar.Money{Minor: p.Minor, Currency: currency}}
			if p.Category != nil {
				share.Label = *p.Category
			}
			shares = append(shares, share)
		}
		if len(own) > most {
			shares = append(shares, &SpendingShare{Label: rest, Amount: scalar.Money{Minor: left, Currency: currency}})
		}
	}
	return shares
}

// explain adds what is missing to the total to the part without a category.
func explain(parts []part, currency string, total int64) []part {
	missing := total
	for _, p := range parts {
		missing -= p.Minor
	}
	if missing == 0 {
		return parts
	}
	for i, p := range parts {
		if p.Category == nil {
			parts[i].Minor += missing
			return parts
		}
	}
	return append(parts, part{Currency: currency, Minor: missing})
}

// dearest are the currencies with the largest total first. Minor units are
// compared as they are: no rate is known here.
func dearest(totals map[string]int64) []string {
	all := make([]string, 0, len(totals))
	for currency := range totals {
		all = append(all, currency)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(totals[b], totals[a]), cmp.Compare(a, b)) })
	return all
}

func name(p part) string {
	if p.Category == nil {
		return ""
	}
	return *p.Category
}
