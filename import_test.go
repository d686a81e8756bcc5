package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/adapter/onlineretail"
	"kabinet/internal/config"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// importer is as much of Kabinet as an import needs.
func importer(db *storetest.DB) *kabinet {
	return &kabinet{orders: &order.Orders{Store: db.Store, Customers: func(ctx context.Context, tx *store.Tx, source string, ids []string) (map[string]uuid.UUID, error) {
		made := map[string]uuid.UUID{}
		for _, id := range ids {
			u, err := tx.User.Create().SetSource(source).SetExternalID(id).SetDisplayName(id).Save(viewer.AsSystem(ctx, "test"))
			if err != nil {
				return nil, err
			}
			made[id] = u.ID
		}
		return made, nil
	}}}
}

func TestImportCommand(t *testing.T) { // security J7, L11
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		dir, k := t.TempDir(), importer(db)
		packed, err := io.ReadAll(onlineretail.Excerpt())
		if err != nil {
			t.Fatal(err)
		}
		c := config.ImportOrders{File: filepath.Join(dir, "orders.csv.gz"), Format: "online-retail", Report: filepath.Join(dir, "report.csv")}
		put := func(b []byte) {
			t.Helper()
			if err := os.WriteFile(c.File, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		run := func() (stdout string, err error) {
			var out, progress bytes.Buffer
			err = k.importOrders(context.Background(), c, &out, &progress)
			return out.String(), err
		}

		put(packed[:len(packed)/2])
		if out, err := run(); !errors.Is(err, io.ErrUnexpectedEOF) || out != "" {
			t.Errorf("a file cut short: %q, %v", out, err)
		}
		if _, err := os.Stat(c.Report); err == nil {
			t.Error("half a report is there")
		}
		put([]byte("id,name\n1,ann\n"))
		if _, err := run(); err == nil || !strings.Contains(err.Error(), "missing InvoiceNo") {
			t.Errorf("another format: %v", err)
		}

		put(packed)
		out, err := run()
		// Of the file cut short, whole batches stayed; none, since it has but one.
		for _, want := range []string{"407 invoices = 250 orders + 113 returns + 44 reported + 0 already there\n", "4118 lines, 382992.23 GBP",
			"customers: 60\n", "58 rows not taken: " + c.Report + "\n"} {
			if err != nil || !strings.Contains(out, want) {
				t.Errorf("%v, no %q in\n%s", err, want, out)
			}
		}
		first := reportRows(t, c.Report)
		again, err := run()
		if err != nil || !strings.HasPrefix(again, "orders.csv.gz was imported before; nothing was written.") {
			t.Errorf("again: %v\n%s", err, again)
		}
		if second := reportRows(t, c.Report); len(first) != 59 || len(second) != len(first) || strings.Join(first[58], " ") != strings.Join(second[58], " ") {
			t.Errorf("%d rows in the first report, %d in the second", len(first), len(second))
		}
	})
}

func reportRows(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
