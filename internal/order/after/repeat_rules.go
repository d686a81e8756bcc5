package after

import (
	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
)

// again is what an order becomes when it is placed anew.
type again struct {
	lines []*order.PlaceOrderLineInput
	gaps  []*RepeatGap // without their messages
}

// repeat works out what of lines can be ordered at today's prices, line by
// line, and everything that differs. shelf is what may be sold to the caller,
// by sku. Units that were cancelled then are not wanted again. What is in stock
// is shared out from the first line on.
func repeat(currency string, lines []*ent.OrderLine, shelf map[string]*ent.Product) (a again) {
	now := todays(currency, lines, shelf)
	taken := map[string]int64{}
	for _, l := range lines {
		wanted := l.Quantity - l.Cancelled
		if wanted <= 0 {
			continue
		}
		g := RepeatGap{
			OrderLineID: scalar.ID{Prefix: "line", UUID: l.ID}, Sku: l.Sku, Title: l.Title, Wanted: wanted, Available: wanted,
			PriceThen: scalar.Money{Minor: l.UnitPriceMinor, Currency: currency},
		}
		p := shelf[l.Sku]
		if p == nil || p.Status != product.StatusACTIVE {
			g.Available, g.Kind = 0, RepeatGapKindNoLongerSold
			a.gaps = append(a.gaps, &g)
			continue
		}
		g.PriceNow = &scalar.Money{Minor: p.PriceMinor, Currency: p.Currency}
		if p.Stock != nil {
			g.Available = min(wanted, max(0, *p.Stock-taken[l.Sku]))
		}
		switch {
		case p.Currency != now:
			g.Available, g.Kind = 0, RepeatGapKindOtherCurrency
		case g.Available == 0:
			g.Kind = RepeatGapKindOutOfStock
		case g.Available < wanted:
			g.Kind = RepeatGapKindFewerInStock
		case p.PriceMinor != l.UnitPriceMinor || p.Currency != currency:
			g.Kind = RepeatGapKindPriceChanged
		}
		if g.Kind != "" {
			a.gaps = append(a.gaps, &g)
		}
		if g.Available > 0 {
			taken[l.Sku] += g.Available
			a.lines = append(a.lines, &order.PlaceOrderLineInput{Sku: l.Sku, Quantity: int(g.Available)})
		}
	}
	return a
}

// todays is the currency of the new order: the old one's while anything is sold
// in it, else that of the first line that is sold at all.
func todays(currency string, lines []*ent.OrderLine, shelf map[string]*ent.Product) string {
	first := ""
	for _, l := range lines {
		p := shelf[l.Sku]
		if p == nil || p.Status != product.StatusACTIVE || l.Quantity <= l.Cancelled {
			continue
		}
		if p.Currency == currency {
			return currency
		}
		if first == "" {
			first = p.Currency
		}
	}
	if first == "" {
		return currency
	}
	return first
}
