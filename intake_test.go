package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kabinet/internal/account/arrival"
	"kabinet/internal/config"
	"kabinet/internal/order/goods"
	"kabinet/internal/store/storetest"
)

// A thousand rows pass the edge in one request of staff, and a thousand and one
// do not.
func TestBatchesOverHTTP(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		rows := func(n int, row func(int) map[string]any) []map[string]any {
			list := make([]map[string]any, n)
			for i := range list {
				list[i] = row(i)
			}
			return list
		}
		at := storetest.Start.Format("2006-01-02T15:04:05Z")
		for field, c := range map[string]struct {
			list string
			row  func(int) map[string]any
		}{
			"upsertProducts": {"products", func(i int) map[string]any {
				return map[string]any{"sku": fmt.Sprint("B", i), "title": "Товар " + fmt.Sprint(i), "price": map[string]any{"amount": "1.00", "currency": "GBP"}, "stock": i, "sourceUpdatedAt": at}
			}},
			"upsertOrders": {"orders", func(i int) map[string]any {
				return map[string]any{"external": map[string]any{"source": "erp", "id": fmt.Sprint(i)}, "sourceUpdatedAt": at, "placedAt": at, "currency": "GBP",
					"lines": []any{map[string]any{"sku": "TEA", "title": "Tea", "quantity": 2, "unitPrice": "3.00"}, map[string]any{"sku": "CUP", "title": "Cup", "quantity": 1, "unitPrice": "3.00"}}}
			}},
			"upsertUsers": {"users", func(i int) map[string]any {
				return map[string]any{"external": map[string]any{"source": "erp", "id": fmt.Sprint(i)}, "sourceUpdatedAt": at, "displayName": fmt.Sprint("Person ", i),
					"contactPoints": []any{map[string]any{"kind": "EMAIL", "value": fmt.Sprintf("p%d@example.com", i)}}}
			}},
		} {
			name := strings.ToUpper(field[:1]) + field[1:]
			query := fmt.Sprintf("mutation ($in: %sInput!) { %s(input: $in) { results { outcome userErrors { code path } } userErrors { code } } }", name, field)
			for _, n := range []int{1_000, 1_001} {
				answer := w.sayWith(t, "staff", query, map[string]any{"in": map[string]any{c.list: rows(n, c.row)}})
				want := 0
				if n == 1_000 {
					want = n
				}
				if got := strings.Count(answer, `"outcome":"CREATED"`); got != want || (n > 1_000) != strings.Contains(answer, `"TOO_LONG"`) {
					t.Errorf("%s of %d: %d created: %.300s", field, n, got, answer)
				}
			}
		}
	})
}

// sayWith sends a query with variables and gives the answer as it came.
func (w *world) sayWith(t *testing.T, who, query string, variables map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.token(t, who))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The commands take a file, say what became of it, and write one that they take
// again.
func TestImportFileCommand(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security J6 J7
		k := importer(db)
		k.store, k.goods, k.arrivals = db.Store, &goods.Goods{Store: db.Store}, &arrival.Arrivals{Store: db.Store}
		dir := t.TempDir()
		path := func(name string) string { return filepath.Join(dir, name) }
		put := func(name, text string) string {
			t.Helper()
			if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path(name)
		}
		take := func(c config.ImportFile) (string, error) {
			var out, progress bytes.Buffer
			if c.Policy == "" {
				c.Policy = "REJECT_FAILED"
			}
			err := k.importFile(context.Background(), c, &out, &progress)
			text, _, _ := strings.Cut(out.String(), "took ")
			return text, err
		}
		file := put("p.csv", "code,name,price\nA,=tea,1.50\nB,,2\n")
		m := put("m.yaml", "kind: products\nfields:\n  sku: code\n  title: name\n  price.amount: price\n  price.currency: {constant: GBP}\n")
		out, err := take(config.ImportFile{File: file, Mapping: m, Report: path("r.csv")})
		var exit config.Exit
		if !errors.As(err, &exit) || exit.Code != 1 || out != "2 rows = 2 items: 1 created, 0 updated, 0 unchanged, 0 outdated, 1 refused, 0 skipped\nwhat was not taken: "+path("r.csv")+"\n" {
			t.Errorf("%q %v", out, err)
		}
		if rows := reportRows(t, path("r.csv")); len(rows) != 2 || strings.Join(rows[1][:4], " ") != "3 name title REQUIRED" {
			t.Error(rows)
		}
		for name, c := range map[string]struct {
			c    config.ImportFile
			want string
		}{
			"no kind":        {config.ImportFile{File: file}, "say what the rows are"},
			"another kind":   {config.ImportFile{File: file, Mapping: m, Kind: "users"}, "it is for products, and --kind says users"},
			"no file":        {config.ImportFile{File: path("none.csv"), Kind: "products"}, "no such file"},
			"no such column": {config.ImportFile{File: file, Mapping: put("n.yaml", "kind: products\nfields: {sku: kode}")}, `the file has no column "kode"`},
			"unknown format": {config.ImportFile{File: put("x.dat", "a"), Kind: "products"}, "the format is none of"},
		} {
			if _, err := take(c.c); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, format := range []string{"csv", "xlsx", "ndjson"} {
			to := config.ExportFile{File: path("out." + format), Kind: "products"}
			var out bytes.Buffer
			if err := k.exportFile(context.Background(), to, &out, io.Discard); err != nil || out.String() != "1 products, 1 rows: "+to.File+"\n" {
				t.Error(out.String(), err)
			}
			if err := k.exportFile(context.Background(), to, &out, io.Discard); err == nil || !strings.Contains(err.Error(), "is there already") {
				t.Error(err)
			}
			if got, err := take(config.ImportFile{File: to.File, Kind: "products"}); err != nil || !strings.Contains(got, "0 created, 0 updated, 1 unchanged") {
				t.Error(format, got, err)
			}
		}
	})
}
