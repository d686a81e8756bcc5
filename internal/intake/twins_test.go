package intake_test

import (
	"testing"

	"kabinet/internal/intake"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// Two rows that cannot both stand are found before anything is written, also
// where they are of different batches.
func TestRejectAllTwins(t *testing.T) {
	const refused = "3 rows 3 items: 0 created 0 updated 0 unchanged 0 outdated 1 refused 2 skipped 0 spared"
	for name, c := range map[string]struct {
		kind           intake.Kind
		table          string
		lines, trouble string
	}{
		"email": {intake.Users, "users", `{"external":{"source":"crm","id":"1"},"displayName":"A","email":"a@example.com"}
{"external":{"source":"crm","id":"2"},"displayName":"B","email":"b@example.com"}
{"external":{"source":"crm","id":"3"},"displayName":"C","email":"A@Example.com"}
`, "3 email email ALREADY_TAKEN"},
		"person": {intake.Users, "users", `{"external":{"source":"crm","id":"1"},"displayName":"A"}
{"external":{"source":"crm","id":"2"},"displayName":"B"}
{"external":{"source":"crm","id":"1"},"displayName":"C"}
`, "3 external.id external DUPLICATE_KEY"},
		"product": {intake.Products, "products", `{"sku":"A","title":"A","price":{"amount":"1","currency":"GBP"},"external":{"source":"erp","id":"1"}}
{"sku":"B","title":"B","price":{"amount":"1","currency":"GBP"}}
{"sku":"C","title":"C","price":{"amount":"1","currency":"GBP"},"external":{"source":"erp","id":"1"}}
`, "3 external.id external DUPLICATE_KEY"},
		"number": {intake.Orders, "orders", `{"external":{"source":"pos","id":"1"},"number":"N1","placedAt":"2026-11-01T10:00:00Z","currency":"GBP","lines":{"sku":"A","title":"A","quantity":1,"unitPrice":1}}
{"external":{"source":"pos","id":"2"},"number":"N2","placedAt":"2026-11-01T10:00:00Z","currency":"GBP","lines":{"sku":"A","title":"A","quantity":1,"unitPrice":1}}
{"external":{"source":"pos","id":"3"},"number":"N1","placedAt":"2026-11-01T10:00:00Z","currency":"GBP","lines":{"sku":"A","title":"A","quantity":1,"unitPrice":1}}
`, "3 number number INVALID_VALUE"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security J7
				s := newShop(t, db)
				m, err := intake.Standard(c.kind, nil, "ndjson")
				check(t, err)
				before := one(t, db, `SELECT count(*) FROM `+c.table)
				path := s.file("f.ndjson", c.lines)
				sum, troubles := s.take(path, m, intake.Options{Policy: scalar.RejectAll, Batch: 1})
				if sum != refused || troubles != c.trouble {
					t.Error(sum, troubles)
				}
				if after := one(t, db, `SELECT count(*) FROM `+c.table); after != before {
					t.Errorf("%s rows before, %s after", before, after)
				}
			})
		})
	}
}
