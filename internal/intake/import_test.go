package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"kabinet/internal/intake"
	"kabinet/internal/order/goods"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

const goodsMap = `kind: products
delimiter: ";"
timeZone: Europe/Moscow
fields:
  sku: Артикул
  title: {column: Название}
  price.amount: {column: Цена, decimal: comma}
  price.currency: {constant: RUB}
  stock: {column: Остаток, empty: "null"}
  status: {column: Продаётся, values: {да: ACTIVE, нет: DISCONTINUED}}
  sourceUpdatedAt: {column: Изменён, date: "DD.MM.YYYY HH:mm"}
`

func TestImportProducts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security J7
		s, m := newShop(t, db), mapping(t, goodsMap)
		const head = "Артикул;Название;Цена;Остаток;Продаётся;Изменён\n"
		good := s.file("g.csv", head+"A;Чай;1 234,50;7;да;20.11.2026 10:00\nB;\"Кофе; молотый\";10;;нет;20.11.2026 10:00\n")
		if sum, _ := s.take(good, m, intake.Options{Dry: true}); sum != "2 rows 2 items: 2 created 0 updated 0 unchanged 0 outdated 0 refused 0 skipped 0 spared" {
			t.Error(sum)
		}
		if n := one(t, db, `SELECT count(*) FROM products`); n != "0" {
			t.Errorf("a dry run wrote %s", n)
		}
		if sum, troubles := s.take(good, m, intake.Options{}); sum != "2 rows 2 items: 2 created 0 updated 0 unchanged 0 outdated 0 refused 0 skipped 0 spared" || troubles != "" {
			t.Error(sum, troubles)
		}
		if got := one(t, db, `SELECT title || price_minor || currency || stock || status FROM products WHERE sku = 'A'`); got != "Чай123450RUB7ACTIVE" {
			t.Error(got)
		}
		if got := one(t, db, `SELECT sku FROM products WHERE stock IS NULL AND status = 'DISCONTINUED'`); got != "B" {
			t.Error(got)
		}
		if sum, _ := s.take(good, m, intake.Options{}); sum != "2 rows 2 items: 0 created 0 updated 2 unchanged 0 outdated 0 refused 0 skipped 0 spared" { // security L11
			t.Error(sum)
		}
		bad := s.file("b.csv", head+"A;Чай;1e400;7;да;21.11.2026 10:00\nC;Сок;NaN;1;да;21.11.2026 10:00\nD;;1;1;да;21.11.2026 10:00\nE;Еда;1;1;может;2026-11-21\n"+
			"F;Fisch;1;-1;да;21.11.2026 10:00\nG;Гусь;1;1;да;21.11.2026 10:00\nG;Гусь;1;1;да;21.11.2026 10:00\nA;old;1;7;да;19.11.2026 10:00\n\xff;x;1;1;да;\nH;a;1;1;да;;;x\n")
		const want = `2 Цена price.amount INVALID_VALUE
3 Цена price.amount INVALID_VALUE
5 Изменён sourceUpdatedAt INVALID_VALUE
5 Продаётся status INVALID_VALUE
10   INVALID_VALUE
11   INVALID_VALUE
4 Название title REQUIRED
6 Остаток stock OUT_OF_RANGE
8 Артикул sku DUPLICATE_KEY
9 Изменён sourceUpdatedAt OUTDATED`
		sum, troubles := s.take(bad, m, intake.Options{Policy: scalar.RejectAll})
		if sum != "10 rows 10 items: 0 created 0 updated 0 unchanged 1 outdated 8 refused 1 skipped 0 spared" || troubles != want {
			t.Errorf("%s\n%s", sum, troubles)
		}
		if n := one(t, db, `SELECT count(*) FROM products`); n != "2" {
			t.Errorf("%s products: REJECT_ALL wrote", n)
		}
		if sum, troubles := s.take(bad, m, intake.Options{Policy: scalar.IgnoreFailed}); sum != "10 rows 10 items: 3 created 0 updated 1 unchanged 0 outdated 6 refused 0 skipped 3 spared" {
			t.Errorf("%s\n%s", sum, troubles)
		}
	})
}

// An import that is stopped goes on where it was when it is started again, and
// the third run changes nothing.
//
// security L11
func TestImportGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		var rows strings.Builder
		rows.WriteString("sku,title,price.amount,price.currency,sourceUpdatedAt\n")
		for i := range 100 {
			fmt.Fprintf(&rows, "S%d,Tea,1.50,GBP,2026-11-20T10:00:00Z\n", i)
		}
		path := s.file("p.csv", rows.String())
		m, err := intake.Standard(intake.Products, intake.Columns(intake.Products)[:1], "csv")
		check(t, err)
		for _, c := range []string{"title", "price.amount", "price.currency", "sourceUpdatedAt"} {
			m.Fields[c] = intake.Field{Column: c}
		}
		stop := errors.New("the power went")
		into := s.into.Products
		s.into.Products = func(ctx context.Context, in goods.UpsertProductsInput) ([]goods.Result, error) {
			if one(t, db, `SELECT count(*) FROM products`) == "30" {
				return nil, stop
			}
			return into(ctx, in)
		}
		if sum, _ := s.take(path, m, intake.Options{Batch: 10}); sum != "! the power went" {
			t.Error(sum)
		}
		s.into.Products = into
		for _, want := range []string{"70 created 0 updated 30 unchanged", "0 created 0 updated 100 unchanged"} {
			if sum, _ := s.take(path, m, intake.Options{Batch: 10}); sum != "100 rows 100 items: "+want+" 0 outdated 0 refused 0 skipped 0 spared" {
				t.Error(sum)
			}
		}
	})
}

func TestImportOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		people := s.file("u.ndjson", `{"key":"7","name":"Анна","mail":"anna@example.com","born":"1990-02-03"}`+"\n"+`{"key":"8","name":"Bob","mail":"not one"}`+"\n"+`{"key":"9","key":"10","name":"x"}`)
		users := mapping(t, `{"kind":"users","fields":{"external.source":{"constant":"crm"},"external.id":"key","displayName":"name","email":"mail","birthOn":"born"}}`)
		if sum, troubles := s.take(people, users, intake.Options{}); sum != "3 rows 3 items: 1 created 0 updated 0 unchanged 0 outdated 2 refused 0 skipped 0 spared" || troubles != "3   INVALID_VALUE\n2 mail email INVALID_EMAIL" {
			t.Error(sum, troubles)
		}
		m := mapping(t, `
kind: orders
fields:
  external.source: {constant: erp}
  external.id: no
  number: no
  sourceUpdatedAt: changed
  placedAt: placed
  currency: {constant: GBP}
  customer.external.source: {constant: crm}
  customer.external.id: buyer
  paymentStatus: {column: paid, values: {y: PAID, n: PENDING}}
  lines.sku: sku
  lines.title: title
  lines.quantity: n
  lines.unitPrice: {column: pence, minor: true}
`)
		const head = "no,changed,placed,buyer,paid,sku,title,n,pence\n"
		file := s.file("o.csv", head+"1,2026-11-20T10:00:00Z,2026-11-19,7,y,TEA,Tea,2,350\n1,2026-11-20T10:00:00Z,2026-11-19,7,y,CUP,Cup,1,1200\n2,2026-11-20T10:00:00Z,2026-11-19,,n,TEA,Tea,1,350\n"+
			"3,2026-11-20T10:00:00Z,2026-11-19,99,n,TEA,Tea,1,350\n4,2026-11-20T10:00:00Z,2026-11-19,7,n,TEA,Tea,1,350\n4,2026-11-20T10:00:00Z,2026-11-19,7,n,CUP,Cup,0,1200\n5,2026-11-20T10:00:00Z,never,7,n,TEA,Tea,1,350\n")
		sum, troubles := s.take(file, m, intake.Options{})
		if sum != "7 rows 5 items: 2 created 0 updated 0 unchanged 0 outdated 3 refused 0 skipped 0 spared" || troubles != "8 placed placedAt INVALID_VALUE\n5 buyer customer NOT_FOUND\n7 n lines.quantity OUT_OF_RANGE" {
			t.Error(sum, troubles)
		}
		if got := one(t, db, `SELECT count(*) || ' ' || sum(total_minor) || ' ' || sum(paid_minor) FROM orders`); got != "2 2250 1900" {
			t.Error(got)
		}
		if sum, _ := s.take(file, m, intake.Options{Policy: scalar.IgnoreFailed}); sum != "7 rows 5 items: 1 created 0 updated 2 unchanged 0 outdated 2 refused 0 skipped 1 spared" {
			t.Error(sum)
		}
	})
}

// What is written is read again, whatever the format: the second file is the
// first, and no cell of it is a formula.
//
// security J6
func TestRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		products := s.file("p.ndjson", `{"sku":"A","title":"=cmd|' /C calc'!A0","price.amount":"12.50","price.currency":"GBP","stock":7,"status":"ACTIVE","category":"+tea","external.source":"erp","external.id":"-1","metadata":"{\"a\":\"@b\"}"}`+"\n"+
			`{"sku":"B","title":"plain \"quoted\", Ёж\n'x","price.amount":"5","price.currency":"JPY","stock":null,"url":"https://example.com/?a=1"}`+"\n")
		people := s.file("u.ndjson", `{"external.source":"crm","external.id":"7","displayName":"@Anna","givenName":"Анна","birthOn":"1990-02-03","sex":"FEMALE","email":"anna@example.com","email.verified":true,"phone":"+79123456789"}`+"\n")
		orders := s.file("o.ndjson", `{"external.source":"erp","external.id":"1","number":"N-1","placedAt":"2026-11-19T10:00:00.123456Z","sourceUpdatedAt":"2026-11-20T10:00:00.5Z","currency":"GBP","customer.external.source":"crm","customer.external.id":"7","shipping":"3.50","paymentStatus":"PAID","lines.sku":"A","lines.title":"=tea","lines.quantity":2,"lines.unitPrice":"12.50","lines.discount":"1","lines.tax":"0.10"}`+"\n"+
			`{"external.source":"erp","external.id":"1","placedAt":"2026-11-19T10:00:00Z","currency":"GBP","lines.sku":"C","lines.title":"-","lines.quantity":1,"lines.unitPrice":"0.01"}`+"\n")
		kinds := []intake.Kind{intake.Products, intake.Stock, intake.Users, intake.Orders}
		for kind, path := range map[intake.Kind]string{intake.Products: products, intake.Users: people} {
			s.standard(kind, path)
		}
		s.standard(intake.Orders, orders)
		for _, format := range []string{"csv", "xlsx", "ndjson"} {
			for _, kind := range kinds {
				path := s.write(kind, format)
				sum := s.standard(kind, path)
				if !strings.Contains(sum, ": 0 created 0 updated") || !strings.Contains(sum, "0 outdated 0 refused 0 skipped") {
					t.Errorf("%s as %s again: %s", kind, format, sum)
				}
				if format == "csv" {
					text, err := os.ReadFile(path)
					check(t, err)
					for _, start := range []string{"\"=", ",=", ",+", ",@", ",-", "\n=", "\n+"} {
						if strings.Contains(string(text), start) {
							t.Errorf("%s: a cell begins with %q:\n%s", kind, start, text)
						}
					}
				}
			}
		}
		// An empty house becomes the same.
		files := map[intake.Kind]string{}
		for _, kind := range kinds {
			files[kind] = s.write(kind, "csv")
		}
		other := storetest.Open(t)
		o := newShop(t, other)
		for _, kind := range []intake.Kind{intake.Products, intake.Stock, intake.Users, intake.Orders} {
			if sum := o.standard(kind, files[kind]); strings.Contains(sum, "!") || !strings.Contains(sum, "0 refused") {
				t.Errorf("%s: %s", kind, sum)
			}
			was, err := os.ReadFile(files[kind])
			check(t, err)
			is, err := os.ReadFile(o.write(kind, "csv"))
			check(t, err)
			if string(was) != string(is) {
				t.Errorf("%s:\n%s\nbecame\n%s", kind, was, is)
			}
		}
	})
}

// standard takes a file whose columns are called as the fields are.
func (s *shop) standard(kind intake.Kind, path string) string {
	s.t.Helper()
	r, columns := path[strings.LastIndex(path, ".")+1:], []string(nil)
	if r != "ndjson" {
		columns = intake.Columns(kind)
	}
	m, err := intake.Standard(kind, columns, r)
	if err != nil {
		s.t.Fatal(err)
	}
	sum, troubles := s.take(path, m, intake.Options{})
	if troubles != "" {
		s.t.Errorf("%s: %s", path, troubles)
	}
	return sum
}

func TestMappings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"another kind":     {"kind: cars", `kind "cars" is none of orders, products, stock, users`},
		"unknown field":    {"kind: products\nfields: {sku: a, colour: b}", `products has no field "colour"; it has category, external.id`},
		"unknown setting":  {"kind: products\nfields: {sku: {column: a, trim: true}}", `unknown field "trim"`},
		"needed":           {"kind: products\nfields: {title: a}", `field "sku" of products is needed`},
		"neither":          {"kind: products\nfields: {sku: {empty: skip}}", `field "sku": one of column and constant is needed`},
		"a date of a text": {"kind: products\nfields: {sku: {column: a, date: DD.MM.YYYY}}", `date is for dates, and this is a text`},
		"a strange date":   {"kind: products\nfields: {sku: a, sourceUpdatedAt: {column: b, date: DD.MM}}", "has no year"},
		"encoding":         {"kind: products\nencoding: koi8-r\nfields: {sku: a}", `encoding "koi8-r" is none of`},
		"delimiter":        {"kind: products\ndelimiter: ';;'\nfields: {sku: a}", "is not one sign"},
		"zone":             {"kind: products\ntimeZone: Mars/Base\nfields: {sku: a}", "is no time zone"},
		"twice":            {"kind: products\nkind: users\nfields: {sku: a}", `"kind" already defined`},
		"no YAML":          {"kind: [", "mapping: "},
		"not UTF-8":        {"kind: \xff", "it is not UTF-8"},
	} {
		_, err := intake.ReadMapping([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := mapping(t, goodsMap)
	if err := m.Uses([]string{"Артикул", "Название"}); err == nil || !strings.Contains(err.Error(), `the file has no column "Цена", which the mapping takes for field "price.amount"; it has Артикул, Название`) {
		t.Error(err)
	}
}
