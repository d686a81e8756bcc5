package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kabinet/ent/generated/user"
	"kabinet/internal/account/arrival"
	"kabinet/internal/adapter/sheet"
	"kabinet/internal/adapter/table"
	"kabinet/internal/intake"
	"kabinet/internal/order"
	"kabinet/internal/order/goods"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// shop takes files over.
type shop struct {
	t      *testing.T
	db     *storetest.DB
	orders *order.Orders
	into   intake.Into
}

func newShop(t *testing.T, db *storetest.DB) *shop {
	t.Helper()
	s := &shop{t: t, db: db, orders: &order.Orders{Store: db.Store, Known: known}}
	g, a := &goods.Goods{Store: db.Store}, &arrival.Arrivals{Store: db.Store, Country: "RU"}
	s.into = intake.Into{Users: a.UpsertUsers, Products: g.Upsert, Stock: g.UpsertStock, Orders: s.orders.Upsert, Contacts: a.Contacts}
	t.Cleanup(func() {
		if wrong, err := order.CheckTotals(context.Background(), db.Store); err != nil || len(wrong) > 0 {
			t.Errorf("the books: %v %v", wrong, err)
		}
	})
	return s
}

// known finds people by their keys.
func known(ctx context.Context, tx *store.Tx, refs []order.CustomerRef) ([]uuid.UUID, error) {
	found := make([]uuid.UUID, len(refs))
	for i, ref := range refs {
		if ref.External == nil {
			continue
		}
		ids, err := tx.User.Query().Where(user.Source(ref.External.Source), user.ExternalID(ref.External.ID)).IDs(ctx)
		if err != nil {
			return nil, err
		}
		if len(ids) == 1 {
			found[i] = ids[0]
		}
	}
	return found, nil
}

// source fits a file to what intake reads, as the command does.
type source struct{ table.Reader }

func (s source) Next() (intake.Row, error) {
	row, err := s.Reader.Next()
	var bad *table.Problem
	if errors.As(err, &bad) {
		err = &intake.RowProblem{Text: bad.Text}
	}
	return intake.Row{Line: row.Line, Cell: func(c string) (intake.Cell, bool) {
		cell, there := row.Cell(c)
		return intake.Cell(cell), there
	}}, err
}

func (s *shop) file(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	check(s.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// take imports a file and gives the summary, and each trouble on a line.
func (s *shop) take(path string, m *intake.Mapping, o intake.Options) (string, string) {
	s.t.Helper()
	var troubles []string
	o.Trouble = func(t intake.Trouble) {
		troubles = append(troubles, fmt.Sprintf("%d %s %s %s", t.Line, t.Column, t.Field, t.Code))
	}
	if o.Policy == "" {
		o.Policy = scalar.RejectFailed
	}
	if o.Changed.IsZero() {
		o.Changed = storetest.Start
	}
	options := table.Options{Format: m.Format, Encoding: m.Encoding, Sheet: m.Sheet}
	if m.Delimiter != "" {
		options.Delimiter = rune(m.Delimiter[0])
	}
	sum, err := intake.Import(storetest.System(), m, func() (intake.Source, error) {
		r, err := table.Open(path, options)
		if err != nil {
			return nil, err
		}
		return source{r}, nil
	}, s.into, o)
	if err != nil {
		return "! " + err.Error(), ""
	}
	return fmt.Sprintf("%d rows %d items: %d created %d updated %d unchanged %d outdated %d refused %d skipped %d spared", sum.Rows, sum.Items, sum.Created, sum.Updated, sum.Unchanged, sum.Outdated, sum.Refused, sum.Skipped, sum.Spared), strings.Join(troubles, "\n")
}

func mapping(t *testing.T, text string) *intake.Mapping {
	t.Helper()
	m, err := intake.ReadMapping([]byte(text))
	check(t, err)
	return m
}

// write exports a kind.
func (s *shop) write(kind intake.Kind, format string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), string(kind)+"."+format)
	f, err := os.Create(path)
	check(s.t, err)
	defer f.Close()
	heads := intake.Columns(kind)
	var out sheet.Table
	switch format {
	case "csv":
		out, err = sheet.CSV(f, heads)
	case "xlsx":
		out, err = sheet.XLSX(f, string(kind), heads)
	default:
		out, err = table.NewLines(f, heads)
	}
	check(s.t, err)
	_, err = intake.Export(storetest.System(), s.db.Store, kind, out, nil)
	check(s.t, err)
	check(s.t, out.Close())
	return path
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func one(t *testing.T, db *storetest.DB, query string) (text string) {
	t.Helper()
	rows, err := db.Store.Query(context.Background(), query)
	check(t, err)
	defer rows.Close()
	for rows.Next() {
		check(t, rows.Scan(&text))
	}
	check(t, rows.Err())
	return text
}
