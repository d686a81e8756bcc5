package paper_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/task"
	"kabinet/ent/generated/user"
	"kabinet/internal/document"
	"kabinet/internal/fault"
	"kabinet/internal/paper"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func rowsOf(t *testing.T, file string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// One's own orders and nobody else's, a row each or a row a line; no text of
// theirs is a formula.
func TestExportOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		first := o.order(o.alice, 2)
		o.order(o.bob, 1)
		o.order(o.alice, 1)
		if _, err := o.ExportOrders(as(o.alice), paper.ExportOrdersInput{Format: paper.CSV, Columns: []paper.OrderColumn{paper.ColumnTotal, paper.ColumnNumber}}); err != nil {
			t.Fatal(err)
		}
		rows := rowsOf(t, o.file(as(o.alice)))
		if len(rows) != 3 || rows[0][0] != "Total" || rows[1][0] != "20.00" || rows[1][1] != first.Number || rows[2][0] != "10.00" {
			t.Errorf("%q", rows)
		}
		db.Clock.Add(time.Minute)
		if _, err := o.ExportOrders(as(o.alice), paper.ExportOrdersInput{Format: paper.CSV, Columns: []paper.OrderColumn{paper.ColumnLineSku, paper.ColumnNumber}}); err != nil {
			t.Fatal(err)
		}
		rows = rowsOf(t, o.file(as(o.alice)))
		if len(rows) != 4 || rows[1][0] != "'=SKU-1" || rows[2][0] != "'=SKU-2" || rows[2][1] != first.Number || rows[3][0] != "'=SKU-1" {
			t.Errorf("%q", rows)
		}
		if all, err := o.Tables(as(o.bob), o.alice); err != nil || all != nil {
			t.Errorf("Bob sees %v %v", all, err)
		}
		if all, err := o.Tables(o.asStaff("order"), o.alice); err != nil || all != nil {
			t.Errorf("staff sees %v %v", all, err)
		}
	})
}

// security B3: everybody's orders need the right when it is asked for and
// when it is made, and are on record.
func TestExportOfEverybody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.order(o.alice, 1)
		o.order(o.bob, 1)
		all := paper.ExportOrdersInput{Format: paper.CSV, Everybody: true}
		for _, ctx := range []context.Context{as(o.alice), o.asStaff("ticket", "bonus")} {
			_, err := o.ExportOrders(ctx, all)
			refused(t, err, "FORBIDDEN")
		}
		_, err := o.ExportOrders(context.Background(), all)
		refused(t, err, "UNAUTHENTICATED")
		staff := o.asStaff("order")
		if _, err := o.ExportOrders(staff, all); err != nil {
			t.Fatal(err)
		}
		rows := rowsOf(t, o.file(staff))
		if len(rows) != 3 || rows[0][2] != "Buyer" || rows[1][2] != "Alice" || rows[2][2] != "Bob" {
			t.Errorf("%q", rows)
		}
		if n := o.audited("export.orders"); n != 1 {
			t.Errorf("%d times on record", n)
		}
		db.Clock.Add(time.Minute)
		if _, err := o.ExportOrders(staff, all); err != nil {
			t.Fatal(err)
		}
		o.reach = viewer.ReachNone // dismissed meanwhile
		if _, err := o.TablesDue(storetest.System(), 10); err != nil {
			t.Fatal(err)
		}
		tables, err := o.Tables(staff, o.staff)
		if o.must(err); tables[0].Status != paper.ExportFailed || tables[0].Document != nil {
			t.Errorf("%+v", tables[0])
		}
	})
}

// security B3: a file is fetched by the right that its person has then, not by
// the one that he had when it was made. One's own is one's own.
func TestExportIsFetchedByRight(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.order(o.alice, 1)
		own, staff := as(o.alice), o.asStaff("order")
		_, err := o.ExportOrders(own, paper.ExportOrdersInput{Format: paper.CSV})
		o.must(err)
		_, err = o.ExportOrders(staff, paper.ExportOrdersInput{Format: paper.CSV, Everybody: true})
		o.must(err)
		_, err = o.TablesDue(storetest.System(), 10)
		o.must(err)
		for reach, want := range map[viewer.Reach]error{viewer.ReachAll: nil, viewer.ReachOwner: fault.ErrNotFound, viewer.ReachNone: fault.ErrNotFound} {
			o.reach = reach
			if err := o.fetched(own); err != nil {
				t.Errorf("one's own: %v", err)
			}
			if err := o.fetched(staff); !errors.Is(err, want) {
				t.Errorf("everybody's at %v: %v, want %v", reach, err, want)
			}
		}
	})
}

// fetched follows the link of somebody's newest file.
func (o *office) fetched(ctx context.Context) error {
	o.t.Helper()
	all, err := o.Tables(ctx, viewer.From(ctx).UserID)
	o.must(err)
	_, err = o.download(ctx, all[0].Document)
	return err
}

// download follows the link of a document.
func (o *office) download(ctx context.Context, d *ent.Document) (*document.Given, error) {
	o.t.Helper()
	address := o.documents.DownloadURL(ctx, d)
	if address == nil {
		return nil, errors.New("there is no link")
	}
	id, signature, _ := strings.Cut((*address)[strings.LastIndexByte(*address, '/')+1:], "?")
	g, err := o.documents.Download(ctx, id, signature)
	if err == nil {
		o.must(g.Content.Close())
	}
	return g, err
}

func (o *office) told(kind string) (n int) {
	return o.counted(`SELECT count(*) FROM account_events WHERE kind = ?`, kind)
}

func (o *office) audited(action string) (n int) {
	return o.counted(`SELECT count(*) FROM audit_entries WHERE action = ?`, action)
}

func (o *office) counted(query string, args ...any) (n int) {
	o.t.Helper()
	rows, err := o.db.Query(context.Background(), query, args...)
	o.must(err)
	defer rows.Close()
	for rows.Next() {
		o.must(rows.Scan(&n))
	}
	o.must(rows.Err())
	return n
}

// The same asked for by eight at once is one task; another one is another.
func TestOneExportAtATime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.order(o.alice, 1)
		var wg sync.WaitGroup
		ids := make([]string, 8)
		for i := range ids {
			wg.Go(func() {
				e, err := o.ExportOrders(as(o.alice), paper.ExportOrdersInput{Format: paper.CSV})
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = e.ID.String()
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id == "" || id != ids[0] {
				t.Fatalf("%q", ids)
			}
		}
		other, err := o.ExportOrders(as(o.alice), paper.ExportOrdersInput{Format: paper.XLSX})
		if o.must(err); other.ID.String() == ids[0] {
			t.Error("another format is the same file")
		}
		var makers sync.WaitGroup // two instances at once make each file once
		for range 2 {
			makers.Go(func() {
				if _, err := o.TablesDue(storetest.System(), 10); err != nil {
					t.Error(err)
				}
			})
		}
		makers.Wait()
		if n, err := db.Client.Document.Query().Count(storetest.System()); err != nil || n != 2 {
			t.Errorf("%d files, %v", n, err)
		}
		if n := o.told("file.ready"); n != 2 {
			t.Errorf("told %d times of 2 files", n)
		}
	})
}

// A file whose maker died is begun again, by its time.
func TestExportIsBegunAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.order(o.alice, 1)
		e, err := o.ExportOrders(as(o.alice), paper.ExportOrdersInput{Format: paper.CSV})
		o.must(err)
		lost := func() {
			o.write(func(ctx context.Context, tx *store.Tx) error {
				return tx.Task.UpdateOneID(e.ID.UUID).SetStatus(task.StatusRUNNING).Exec(ctx)
			})
		}
		lost()
		if n, err := o.TablesDue(storetest.System(), 10); err != nil || n != 0 {
			t.Errorf("it was taken from its maker: %d %v", n, err)
		}
		db.Clock.Add(6 * time.Minute)
		rows := rowsOf(t, o.file(as(o.alice)))
		if len(rows) != 2 {
			t.Errorf("%q", rows)
		}
	})
}

// Who is erased while it is made gets no file.
func TestExportOfTheErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.order(o.alice, 1)
		_, err := o.ExportOrders(as(o.alice), paper.ExportOrdersInput{Format: paper.CSV})
		o.must(err)
		o.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.User.Update().Where(user.ID(o.alice)).SetStatus(user.StatusERASED).Exec(ctx)
		})
		_, _ = o.TablesDue(storetest.System(), 10)
		if n, err := db.Client.Document.Query().Count(storetest.System()); err != nil || n != 0 {
			t.Errorf("%d files, %v", n, err)
		}
	})
}

func TestExportStatement(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		wallet := o.account(o.alice, "WALLET", 100_00, -30_50)
		_, err := o.ExportStatement(as(o.bob), paper.ExportStatementInput{AccountID: wallet, Format: paper.CSV})
		refused(t, err, "NOT_FOUND", "input", "accountId")
		_, err = o.ExportStatement(o.asStaff("bonus", "order"), paper.ExportStatementInput{AccountID: wallet, Format: paper.CSV})
		refused(t, err, "NOT_FOUND", "input", "accountId")
		_, err = o.ExportStatement(as(o.alice), paper.ExportStatementInput{AccountID: wallet, Format: paper.CSV, Period: &paper.DocumentPeriodInput{To: "2026-11-22"}})
		refused(t, err, "OUT_OF_RANGE", "input", "period", "to")
		_, err = o.ExportStatement(as(o.alice), paper.ExportStatementInput{AccountID: wallet, Format: paper.CSV})
		o.must(err)
		rows := rowsOf(t, o.file(as(o.alice)))
		if len(rows) != 3 || rows[1][3] != "100.00" || rows[2][3] != "-30.50" || rows[2][4] != "69.50" || rows[2][0] != "2026-11-21 13:00:00" {
			t.Errorf("%q", rows)
		}
		if _, err := o.ExportStatement(o.asStaff("wallet"), paper.ExportStatementInput{AccountID: wallet, Format: paper.XLSX}); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkExport writes the file of a hundred thousand orders; the memory that
// is in use in the end is bounded.
func BenchmarkExport(b *testing.B) {
	for _, format := range []paper.TableFormat{paper.CSV, paper.XLSX} {
		b.Run(string(format), func(b *testing.B) {
			storetest.EachB(b, func(b *testing.B, db *storetest.DB) { benchmarkExport(b, db, format) })
		})
	}
}

func benchmarkExport(b *testing.B, db *storetest.DB, format paper.TableFormat) {
	const orders = 100_000
	var t testing.T
	o := newOffice(&t, db)
	o.many(orders)
	b.ResetTimer()
	var most uint64
	for b.Loop() {
		if _, err := o.ExportOrders(as(o.alice), paper.ExportOrdersInput{Format: format}); err != nil {
			b.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(50 * time.Millisecond):
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					most = max(most, m.HeapInuse)
				}
			}
		}()
		if n, err := o.TablesDue(storetest.System(), 1); err != nil || n != 1 {
			b.Fatal(n, err)
		}
		close(done)
		db.Clock.Add(time.Hour)
	}
	b.ReportMetric(float64(orders*b.N)/b.Elapsed().Seconds(), "orders/s")
	b.ReportMetric(float64(most)/(1<<20), "MiB/most")
}

// many are orders of Alice without lines.
func (o *office) many(n int) {
	for from := 0; from < n; from += 500 {
		o.write(func(ctx context.Context, tx *store.Tx) error {
			rows := make([]string, 0, 500)
			var args []any
			for i := from; i < min(n, from+500); i++ {
				rows = append(rows, "(?, ?, ?, ?, ?, ?, 'GBP', 100, 100, ?)")
				args = append(args, uuid.Must(uuid.NewV7()), tx.Now, tx.Now, o.alice, o.alice, fmt.Sprintf("N-%07d", i), tx.Now.Add(time.Duration(i)*time.Second))
			}
			_, err := tx.Exec(ctx, `INSERT INTO orders (id, created_at, updated_at, owner_id, user_id, number, currency, subtotal_minor, total_minor, placed_at) VALUES `+strings.Join(rows, ", "), args...)
			return err
		})
	}
}
