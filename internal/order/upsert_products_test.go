package order_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func ware(sku string, more ...func(*order.UpsertProductInput)) *order.UpsertProductInput {
	in := &order.UpsertProductInput{Sku: sku, Title: ptr("A " + sku), Price: &scalar.MoneyInput{Amount: "2.50", Currency: "GBP"}}
	for _, f := range more {
		f(in)
	}
	return in
}

func (s *shop) stocks(want string, items ...*order.UpsertProductInput) []order.ProductResult {
	s.t.Helper()
	results, err := s.UpsertProducts(s.asStaff(), order.UpsertProductsInput{Products: items})
	check(s.t, err)
	var outcomes []string
	for i, r := range results {
		outcome := string(r.Outcome)
		if f, ok := fault.As(r.Err); ok {
			outcome = f.Code + "@" + strings.TrimPrefix(strings.Join(f.Path, "."), fmt.Sprintf("input.products.%d.", i))
		}
		outcomes = append(outcomes, outcome)
	}
	if got := strings.Join(outcomes, " "); got != want {
		s.t.Fatalf("got %s, want %s", got, want)
	}
	return results
}

func TestUpsertProducts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		erpKey := func(id string) func(*order.UpsertProductInput) {
			return func(in *order.UpsertProductInput) { in.External = &scalar.ExternalKey{Source: "erp", ID: id} }
		}
		at := func(minutes int) func(*order.UpsertProductInput) {
			return func(in *order.UpsertProductInput) {
				in.SourceUpdatedAt = ptr(storetest.Start.Add(time.Duration(minutes-60) * time.Minute))
			}
		}
		full := func(in *order.UpsertProductInput) {
			in.Category, in.Stock = graphql.OmittableOf(ptr("pots")), graphql.OmittableOf(ptr(7))
			in.ImageURL, in.URL = graphql.OmittableOf(ptr("https://example.com/p.png")), graphql.OmittableOf(ptr("https://example.com/p"))
			in.Metadata, in.Status = map[string]any{"n": int64(1)}, ptr(product.StatusDRAFT)
		}
		p := s.stocks("CREATED", ware("POT", full, erpKey("1"), at(0)))[0].Product
		if p.PriceMinor != 250 || p.Currency != "GBP" || *p.Category != "pots" || *p.Stock != 7 || p.Status != product.StatusDRAFT || *p.ExternalID != "1" || p.Revision != 1 {
			t.Errorf("%+v", p)
		}
		s.stocks("UNCHANGED", ware("POT", full, erpKey("1"), at(0)))
		s.stocks("UNCHANGED", ware("POT", full, erpKey("1"), at(10)))
		s.stocks("OUTDATED@sourceUpdatedAt", ware("POT", erpKey("1"), at(5)))
		s.stocks("UNCHANGED", &order.UpsertProductInput{Sku: "POT"}) // an absent field is unchanged
		p = s.stocks("UPDATED", &order.UpsertProductInput{
			Sku: "POT", Category: graphql.OmittableOf[*string](nil), Stock: graphql.OmittableOf[*int](nil), URL: graphql.OmittableOf(ptr("https://example.com/q")),
			Price: &scalar.MoneyInput{Amount: "3", Currency: "EUR"},
		})[0].Product
		if p.Category != nil || p.Stock != nil || *p.URL != "https://example.com/q" || *p.ImageURL == "" || p.Price() != (scalar.Money{Minor: 300, Currency: "EUR"}) || p.Title != "A POT" || p.Revision != 2 {
			t.Errorf("%+v", p)
		}
		s.stocks("UPDATED", ware("TEA", erpKey("2"))) // one made by hand gets its key
		s.stocks("INVALID_VALUE@external INVALID_VALUE@external INVALID_VALUE@external CREATED",
			ware("NEW", erpKey("1")), // another product's key
			ware("TEA", erpKey("3")), // it has another
			ware("POT", func(in *order.UpsertProductInput) { in.External = &scalar.ExternalKey{Source: "pos", ID: "1"} }), // another source's product
			ware("CAN", func(in *order.UpsertProductInput) { in.External = &scalar.ExternalKey{Source: "pos", ID: "2"} }))
		if n := one(t, db.Store, `SELECT count(*) FROM audit_entries WHERE action = 'product.upsert'`); n != "4" {
			t.Error(n)
		}
	})
}

func TestUpsertProductsTakesTheGoodOnes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K7 K12
		s := newShop(t, db)
		var want []string
		var items []*order.UpsertProductInput
		for i, bad := range []struct {
			change func(*order.UpsertProductInput)
			want   string
		}{
			{func(in *order.UpsertProductInput) { in.Sku = "" }, "REQUIRED@sku"},
			{func(in *order.UpsertProductInput) { in.Sku = strings.Repeat("x", 101) }, "TOO_LONG@sku"},
			{func(in *order.UpsertProductInput) { in.Sku = "S0" }, "DUPLICATE_KEY@sku"},
			{func(in *order.UpsertProductInput) { in.Title = nil }, "REQUIRED@title"},
			{func(in *order.UpsertProductInput) { in.Title = ptr("a\x00") }, "INVALID_VALUE@title"},
			{func(in *order.UpsertProductInput) { in.Price = nil }, "REQUIRED@price"},
			{func(in *order.UpsertProductInput) { in.Price.Amount = "-0.01" }, "OUT_OF_RANGE@price"},
			{func(in *order.UpsertProductInput) { in.Price.Amount = "1.005" }, "INVALID_VALUE@price"},
			{func(in *order.UpsertProductInput) { in.Price.Currency, in.Price.Amount = "JPY", "1.5" }, "INVALID_VALUE@price"},
			{func(in *order.UpsertProductInput) { in.Price.Currency = "XXQ" }, "INVALID_VALUE@price"},
			{func(in *order.UpsertProductInput) { in.Price.Amount = "99999999999999999" }, "INVALID_VALUE@price"},
			{func(in *order.UpsertProductInput) { in.Stock = graphql.OmittableOf(ptr(-1)) }, "OUT_OF_RANGE@stock"},
			{func(in *order.UpsertProductInput) { in.SourceUpdatedAt = ptr(storetest.Start.Add(2 * time.Hour)) }, "OUT_OF_RANGE@sourceUpdatedAt"},
		} {
			good, item := ware(fmt.Sprint("S", i)), ware(fmt.Sprint("B", i))
			bad.change(item)
			items, want = append(items, good, item), append(want, "CREATED", bad.want)
		}
		s.stocks(strings.Join(want, " "), items...)
		if n := one(t, db.Store, `SELECT count(*) FROM products WHERE sku LIKE 'S%' AND sku <> 'SOON'`); n != "13" {
			t.Errorf("%s products", n)
		}
		_, err := s.UpsertProducts(storetest.As(s.alice), order.UpsertProductsInput{Products: items})
		if fault.KindOf(err) != fault.Forbidden { // security F2
			t.Error(err)
		}
		_, err = s.UpsertProducts(s.asStaff(), order.UpsertProductsInput{})
		refused(t, err, fault.ErrRequired, "input.products", "")
		_, err = s.UpsertProducts(s.asStaff(), order.UpsertProductsInput{Products: make([]*order.UpsertProductInput, 101)})
		refused(t, err, fault.ErrTooLong, "input.products", `{"limit":100}`)
	})
}

func TestUpsertProductsAtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				var items []*order.UpsertProductInput
				for n := range 10 {
					items = append(items, ware(fmt.Sprint("P", (n+i)%10), func(in *order.UpsertProductInput) {
						in.Price.Amount, in.SourceUpdatedAt = fmt.Sprint(i), ptr(storetest.Start.Add(time.Duration(i-100)*time.Minute))
					}))
				}
				if _, err := s.UpsertProducts(s.asStaff(), order.UpsertProductsInput{Products: items}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := one(t, db.Store, `SELECT count(*) FROM products WHERE sku LIKE 'P%' AND price_minor = 700`); n != "10" {
			t.Errorf("%s of 10 are as told last", n)
		}
	})
}

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
