package goods_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/order/goods"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

func ware(sku string, more ...func(*goods.UpsertProductInput)) *goods.UpsertProductInput {
	in := &goods.UpsertProductInput{Sku: sku, Title: ptr("A " + sku), Price: &scalar.MoneyInput{Amount: "2.50", Currency: "GBP"}}
	for _, f := range more {
		f(in)
	}
	return in
}

func (s *shop) stocks(want string, items ...*goods.UpsertProductInput) []goods.Result {
	s.t.Helper()
	results, err := s.Upsert(s.asStaff(), goods.UpsertProductsInput{Products: items})
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
		erpKey := func(id string) func(*goods.UpsertProductInput) {
			return func(in *goods.UpsertProductInput) { in.External = &scalar.ExternalKey{Source: "erp", ID: id} }
		}
		at := func(minutes int) func(*goods.UpsertProductInput) {
			return func(in *goods.UpsertProductInput) {
				in.SourceUpdatedAt = ptr(storetest.Start.Add(time.Duration(minutes-60) * time.Minute))
			}
		}
		full := func(in *goods.UpsertProductInput) {
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
		s.stocks("UNCHANGED", &goods.UpsertProductInput{Sku: "POT"}) // an absent field is unchanged
		p = s.stocks("UPDATED", &goods.UpsertProductInput{
			Sku: "POT", Category: graphql.OmittableOf[*string](nil), Stock: graphql.OmittableOf[*int](nil), URL: graphql.OmittableOf(ptr("https://example.com/q")),
			Price: &scalar.MoneyInput{Amount: "3", Currency: "EUR"},
		})[0].Product
		if p.Category != nil || p.Stock != nil || *p.URL != "https://example.com/q" || *p.ImageURL == "" || p.Price() != (scalar.Money{Minor: 300, Currency: "EUR"}) || p.Title != "A POT" || p.Revision != 2 {
			t.Errorf("%+v", p)
		}
		s.stocks("CREATED", ware("TEA"))
		s.stocks("UPDATED", ware("TEA", erpKey("2"))) // one made by hand gets its key
		s.stocks("INVALID_VALUE@external INVALID_VALUE@external INVALID_VALUE@external CREATED",
			ware("NEW", erpKey("1")), // another product's key
			ware("TEA", erpKey("3")), // it has another
			ware("POT", func(in *goods.UpsertProductInput) { in.External = &scalar.ExternalKey{Source: "pos", ID: "1"} }), // another source's product
			ware("CAN", func(in *goods.UpsertProductInput) { in.External = &scalar.ExternalKey{Source: "pos", ID: "2"} }))
		if n := one(t, db.Store, `SELECT count(*) FROM audit_entries WHERE action = 'product.upsert'`); n != "5" {
			t.Error(n)
		}
	})
}

func TestUpsertProductsTakesTheGoodOnes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K7 K12
		s := newShop(t, db)
		var want []string
		var items []*goods.UpsertProductInput
		for i, bad := range []struct {
			change func(*goods.UpsertProductInput)
			want   string
		}{
			{func(in *goods.UpsertProductInput) { in.Sku = "" }, "REQUIRED@sku"},
			{func(in *goods.UpsertProductInput) { in.Sku = strings.Repeat("x", 101) }, "TOO_LONG@sku"},
			{func(in *goods.UpsertProductInput) { in.Sku = "S0" }, "DUPLICATE_KEY@sku"},
			{func(in *goods.UpsertProductInput) { in.Title = nil }, "REQUIRED@title"},
			{func(in *goods.UpsertProductInput) { in.Title = ptr("a\x00") }, "INVALID_VALUE@title"},
			{func(in *goods.UpsertProductInput) { in.Price = nil }, "REQUIRED@price"},
			{func(in *goods.UpsertProductInput) { in.Price.Amount = "-0.01" }, "OUT_OF_RANGE@price"},
			{func(in *goods.UpsertProductInput) { in.Price.Amount = "1.005" }, "INVALID_VALUE@price"},
			{func(in *goods.UpsertProductInput) { in.Price.Currency, in.Price.Amount = "JPY", "1.5" }, "INVALID_VALUE@price"},
			{func(in *goods.UpsertProductInput) { in.Price.Currency = "XXQ" }, "INVALID_VALUE@price"},
			{func(in *goods.UpsertProductInput) { in.Price.Amount = "99999999999999999" }, "INVALID_VALUE@price"},
			{func(in *goods.UpsertProductInput) { in.Stock = graphql.OmittableOf(ptr(-1)) }, "OUT_OF_RANGE@stock"},
			{func(in *goods.UpsertProductInput) { in.SourceUpdatedAt = ptr(storetest.Start.Add(2 * time.Hour)) }, "OUT_OF_RANGE@sourceUpdatedAt"},
		} {
			good, item := ware(fmt.Sprint("S", i)), ware(fmt.Sprint("B", i))
			bad.change(item)
			items, want = append(items, good, item), append(want, "CREATED", bad.want)
		}
		s.stocks(strings.Join(want, " "), items...)
		if n := one(t, db.Store, `SELECT count(*) FROM products WHERE sku LIKE 'S%'`); n != "13" {
			t.Errorf("%s products", n)
		}
		_, err := s.Upsert(storetest.As(uuid.Must(uuid.NewV7())), goods.UpsertProductsInput{Products: items})
		if fault.KindOf(err) != fault.Forbidden { // security F2
			t.Error(err)
		}
		_, err = s.Upsert(s.asStaff(), goods.UpsertProductsInput{})
		refused(t, err, fault.ErrRequired, "input.products", "")
		_, err = s.Upsert(s.asStaff(), goods.UpsertProductsInput{Products: make([]*goods.UpsertProductInput, 1_001)})
		refused(t, err, fault.ErrTooLong, "input.products", `{"limit":1000}`)
	})
}

func TestUpsertProductsAtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				var items []*goods.UpsertProductInput
				for n := range 10 {
					items = append(items, ware(fmt.Sprint("P", (n+i)%10), func(in *goods.UpsertProductInput) {
						in.Price.Amount, in.SourceUpdatedAt = fmt.Sprint(i), ptr(storetest.Start.Add(time.Duration(i-100)*time.Minute))
					}))
				}
				if _, err := s.Upsert(s.asStaff(), goods.UpsertProductsInput{Products: items}); err != nil {
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
