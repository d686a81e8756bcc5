package order_test

import (
	"context"
	"strings"
	"testing"

	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestProductsOnSale(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F4
		s := newShop(t, db)
		everybody := []context.Context{context.Background(), storetest.As(s.alice), s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner)}
		for _, sku := range []string{"TEA", "GONE", "SOON", "NIX", "a\x00"} {
			for _, who := range everybody {
				if _, err := s.Product(who, order.ProductRef{Sku: &sku}); (err == nil) != (sku == "TEA") || err != nil && fault.KindOf(err) != fault.NotFound {
					t.Errorf("%s: %v", sku, err)
				}
			}
		}
		p, err := s.Product(s.asStaff(), order.ProductRef{Sku: ptr("GONE")})
		check(t, err)
		if got, err := s.Product(s.asStaff(), order.ProductRef{ID: ptr(p.GlobalID())}); err != nil || got.Sku != "GONE" {
			t.Error(err)
		}
		if _, err := s.Product(s.asStaff(), order.ProductRef{External: &scalar.ExternalKey{Source: "erp", ID: "1"}}); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
		list := func(ctx context.Context, f *order.ProductFilter) string {
			t.Helper()
			page, err := s.Products(ctx, f, order.Page{})
			check(t, err)
			var skus []string
			for _, e := range page.Edges {
				skus = append(skus, e.Node.Sku)
			}
			return strings.Join(skus, " ")
		}
		too := &order.ProductFilter{IncludeDiscontinued: ptr(true)}
		for _, who := range everybody {
			if got := list(who, nil); got != "DEAR EURO CARD CUP TEA" {
				t.Error(got)
			}
			if _, err := s.Products(who, too, order.Page{}); fault.KindOf(err) != fault.Forbidden {
				t.Error(err)
			}
		}
		if got := list(s.asStaff(), too); got != "GONE DEAR EURO CARD CUP TEA" {
			t.Error(got)
		}
		if got := list(everybody[0], &order.ProductFilter{Category: []string{"other", "\x00"}}); got != "" {
			t.Error(got)
		}
		_, err = s.Products(everybody[0], &order.ProductFilter{Category: make([]string, 101)}, order.Page{})
		refused(t, err, fault.ErrTooLong, "filter.category", `{"limit":100}`)
	})
}
