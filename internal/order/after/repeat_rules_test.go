package after

import (
	"fmt"
	"testing"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
)

func TestRepeat(t *testing.T) {
	t.Parallel()
	stock := func(n int64) *int64 { return &n }
	sold := func(minor int64, currency string, stock *int64) *ent.Product {
		return &ent.Product{PriceMinor: minor, Currency: currency, Stock: stock, Status: product.StatusACTIVE}
	}
	tea := func(quantity int64) *ent.OrderLine {
		return &ent.OrderLine{Sku: "tea", Quantity: quantity, UnitPriceMinor: 500}
	}
	cup := &ent.OrderLine{Sku: "cup", Quantity: 1, UnitPriceMinor: 900}
	for name, c := range map[string]struct {
		lines []*ent.OrderLine
		shelf map[string]*ent.Product
		want  string // lines, then gaps
	}{
		"as it was":            {[]*ent.OrderLine{tea(2), cup}, map[string]*ent.Product{"tea": sold(500, "EUR", nil), "cup": sold(900, "EUR", stock(5))}, "tea 2, cup 1;"},
		"no longer sold":       {[]*ent.OrderLine{tea(2), cup}, map[string]*ent.Product{"cup": sold(900, "EUR", nil)}, "cup 1; tea NO_LONGER_SOLD 0/2"},
		"discontinued":         {[]*ent.OrderLine{tea(2)}, map[string]*ent.Product{"tea": {Status: product.StatusDISCONTINUED}}, "; tea NO_LONGER_SOLD 0/2"},
		"none in stock":        {[]*ent.OrderLine{tea(2)}, map[string]*ent.Product{"tea": sold(500, "EUR", stock(0))}, "; tea OUT_OF_STOCK 0/2"},
		"fewer in stock":       {[]*ent.OrderLine{tea(9)}, map[string]*ent.Product{"tea": sold(500, "EUR", stock(4))}, "tea 4; tea FEWER_IN_STOCK 4/9"},
		"dearer":               {[]*ent.OrderLine{tea(2)}, map[string]*ent.Product{"tea": sold(501, "EUR", nil)}, "tea 2; tea PRICE_CHANGED 2/2"},
		"stock of two lines":   {[]*ent.OrderLine{tea(3), tea(3)}, map[string]*ent.Product{"tea": sold(500, "EUR", stock(4))}, "tea 3, tea 1; tea FEWER_IN_STOCK 1/3"},
		"cancelled then":       {[]*ent.OrderLine{{Sku: "tea", Quantity: 3, Cancelled: 3}, cup}, map[string]*ent.Product{"cup": sold(900, "EUR", nil)}, "cup 1;"},
		"another currency":     {[]*ent.OrderLine{tea(1), cup}, map[string]*ent.Product{"tea": sold(500, "RUB", nil), "cup": sold(900, "EUR", nil)}, "cup 1; tea OTHER_CURRENCY 0/1"},
		"all in a new one":     {[]*ent.OrderLine{tea(1)}, map[string]*ent.Product{"tea": sold(500, "RUB", nil)}, "tea 1; tea PRICE_CHANGED 1/1"},
		"nothing left of them": {[]*ent.OrderLine{tea(1), cup}, nil, "; tea NO_LONGER_SOLD 0/1, cup NO_LONGER_SOLD 0/1"},
	} {
		a := repeat("EUR", c.lines, c.shelf)
		got := ""
		for i, l := range a.lines {
			if i > 0 {
				got += ", "
			}
			got += fmt.Sprintf("%s %d", l.Sku, l.Quantity)
		}
		got += ";"
		for i, g := range a.gaps {
			if i > 0 {
				got += ","
			}
			got += fmt.Sprintf(" %s %s %d/%d", g.Sku, g.Kind, g.Available, g.Wanted)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
