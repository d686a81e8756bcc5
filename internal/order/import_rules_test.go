package order_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/event"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

var noon = time.Date(2011, 3, 1, 12, 0, 0, 0, time.UTC)

// told reads invoices off lines such as
//
//	1 ann +0 cup*6@100 POST*1@50
//
// number, customer (- for a guest), hours after noon, sku*quantity@price; a
// number that begins with C is a return, POST is no product.
func told(t *testing.T, text string) *invoices {
	t.Helper()
	src := &invoices{name: "shop", key: text}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var hours int
		_, err := fmt.Sscanf(words[2], "%d", &hours)
		check(t, err)
		in := order.Invoice{Number: words[0], Kind: order.InvoicePurchase, Customer: strings.TrimPrefix(words[1], "-"), Country: "EIRE", Currency: "GBP",
			At: noon.Add(time.Duration(hours) * time.Hour)}
		if strings.HasPrefix(in.Number, "C") {
			in.Kind = order.InvoiceReturn
		}
		for _, word := range words[3:] {
			l := order.InvoiceLine{}
			_, err := fmt.Sscanf(strings.NewReplacer("*", " ", "@", " ").Replace(word), "%s %d %d", &l.SKU, &l.Quantity, &l.UnitPriceMinor)
			check(t, err)
			l.Title, l.Product = "a "+l.SKU, l.SKU != "POST"
			in.Lines = append(in.Lines, l)
		}
		src.list = append(src.list, in)
	}
	return src
}

// TestImportTies proves which purchase a cancellation is tied to. The answer
// is the tied order, its axes and money, and what came back of its lines; it
// must not depend on where batches end.
func TestImportTies(t *testing.T) {
	cases := []struct{ name, file, ret, want string }{
		{"whole", `
			1 ann +0 cup*6@100 jug*1@500
			C2 ann +1 cup*6@100 jug*1@500`, "C2", "1 RETURNED REFUNDED 0/1100/1100 cup 6/6 jug 1/1"},
		{"a part of it", `
			1 ann +0 cup*6@100 jug*1@500
			C2 ann +1 cup*2@100`, "C2", "1 PARTIALLY_RETURNED PARTIALLY_REFUNDED 900/1100/200 cup 2/6 jug 0/1"},
		{"the later of two that fit", `
			1 ann +0 cup*6@100
			2 ann +1 cup*6@100
			C3 ann +2 cup*6@100`, "C3", "2 RETURNED REFUNDED 0/600/600 cup 6/6"},
		{"later by time, not by place", `
			1 ann +5 cup*6@100
			2 ann +1 cup*6@100
			C3 ann +6 cup*1@100`, "C3", "1 PARTIALLY_RETURNED PARTIALLY_REFUNDED 500/600/100 cup 1/6"},
		{"the same minute, by number", `
			1 ann +0 cup*6@100
			2 ann +0 cup*6@100
			C3 ann +0 cup*1@100`, "C3", "2 PARTIALLY_RETURNED PARTIALLY_REFUNDED 500/600/100 cup 1/6"},
		{"not one that came after", `
			1 ann +0 cup*6@100
			2 ann +5 cup*6@100
			C3 ann +2 cup*6@100`, "C3", "1 RETURNED REFUNDED 0/600/600 cup 6/6"},
		{"not one further on in the file", `
			C1 ann +2 cup*6@100
			2 ann +0 cup*6@100`, "C1", "none"},
		{"the earlier one has enough", `
			1 ann +0 cup*6@100
			2 ann +1 cup*5@100
			C3 ann +2 cup*6@100`, "C3", "1 RETURNED REFUNDED 0/600/600 cup 6/6"},
		{"the same price before the later one", `
			1 ann +0 cup*6@100
			2 ann +1 cup*6@120
			C3 ann +2 cup*6@100`, "C3", "1 RETURNED REFUNDED 0/600/600 cup 6/6"},
		{"more lines before the same price", `
			1 ann +0 cup*6@90 jug*1@500
			2 ann +1 cup*6@100
			C3 ann +2 cup*6@100 jug*1@500`, "C3", "1 RETURNED REFUNDED 0/1040/1040 cup 6/6 jug 1/1"},
		{"some lines where no order has all", `
			1 ann +0 cup*6@100
			C2 ann +1 cup*6@100 jug*1@500`, "C2", "1 RETURNED REFUNDED 0/600/600 cup 6/6"},
		{"all of a line or nothing of it", `
			1 ann +0 cup*6@100
			C2 ann +1 cup*7@100`, "C2", "none"},
		{"not what came back before", `
			1 ann +0 cup*6@100
			C2 ann +1 cup*4@100
			C3 ann +2 cup*3@100`, "C3", "none"},
		{"what is left of it", `
			1 ann +0 cup*6@100
			C2 ann +1 cup*4@100
			C3 ann +2 cup*2@100`, "C3", "1 RETURNED REFUNDED 0/600/600 cup 6/6"},
		{"repeated lines together, the same price first", `
			1 ann +0 cup*3@90 cup*4@100 cup*5@100
			C2 ann +1 cup*10@100`, "C2", "1 PARTIALLY_RETURNED PARTIALLY_REFUNDED 170/1170/1000 cup 1/3 cup 4/4 cup 5/5"},
		{"repeated lines of the return", `
			1 ann +0 cup*6@100
			C2 ann +1 cup*4@100 cup*2@100 cup*1@100`, "C2", "1 RETURNED REFUNDED 0/600/600 cup 6/6"},
		{"never more than was paid", `
			1 ann +0 cup*6@100
			C2 ann +1 cup*6@150`, "C2", "1 RETURNED REFUNDED 0/600/600 cup 6/6"},
		{"free goods give nothing back", `
			1 ann +0 cup*6@0
			C2 ann +1 cup*2@0`, "C2", "1 PARTIALLY_RETURNED PAID 0/0/0 cup 2/6"},
		{"carriage stays, the goods are back", `
			1 ann +0 cup*6@100 POST*1@50
			C2 ann +1 cup*6@100`, "C2", "1 RETURNED PARTIALLY_REFUNDED 50/650/600 cup 6/6 POST 0/1"},
		{"carriage back, the goods stay", `
			1 ann +0 cup*6@100 POST*1@50
			C2 ann +1 POST*1@50`, "C2", "1 PARTIALLY_RETURNED PARTIALLY_REFUNDED 600/650/50 cup 0/6 POST 1/1"},
		{"nothing but carriage", `
			1 ann +0 POST*1@50
			C2 ann +1 POST*1@50`, "C2", "1 RETURNED REFUNDED 0/50/50 POST 1/1"},
		{"another customer's", `
			1 ann +0 cup*6@100
			C2 bob +1 cup*6@100`, "C2", "none"},
		{"guests cannot be told apart", `
			1 - +0 cup*6@100
			C2 - +1 cup*6@100`, "C2", "none"},
	}
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		for _, batch := range []int{1, 2, 100} {
			for _, c := range cases {
				src := told(t, c.file)
				src.name = fmt.Sprintf("%s, batches of %d", c.name, batch) // a shop of its own, with its own people
				take(t, db, src, order.ImportOptions{Batch: batch})
				if got := tiedTo(t, db, src.name, c.ret); got != c.want {
					t.Errorf("%s:\n got %s\nwant %s", src.name, got, c.want)
				}
			}
		}
		balanced(t, db)
	})
}

func tiedTo(t *testing.T, db *storetest.DB, source, ret string) string {
	t.Helper()
	id := one(t, db.Store, `SELECT order_id FROM return_requests WHERE source = ? AND external_id = ?`, source, ret)
	if id == "" {
		return "none"
	}
	row := one(t, db.Store, `SELECT external_id, fulfillment_status, payment_status, total_minor, paid_minor, refunded_minor FROM orders WHERE id = ?`, id)
	w := strings.Split(row, "|")
	got := fmt.Sprintf("%s %s %s %s/%s/%s", w[0], w[1], w[2], w[3], w[4], w[5])
	for _, line := range query(t, db.Store, `SELECT sku, returned, quantity FROM order_lines WHERE order_id = ? ORDER BY position`, id) {
		w := strings.Split(line, "|")
		got += fmt.Sprintf(" %s %s/%s", w[0], w[1], w[2])
	}
	return got
}

func TestImportKeepsTheReturnAsWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		take(t, db, told(t, `
			1 ann +0 cup*3@90 cup*4@100 POST*1@50
			C2 ann +1 cup*6@100 D*1@200`), order.ImportOptions{})
		same(t, "the return", importedReturns(t, db.Store), []string{
			"return|C2|REFUNDED|RETURN|800|2011-03-01T13:00:00Z|2011-03-01T13:00:00Z|ann|" + truth(t, db) + "|1|cup a cup 4 400 1|2|cup a cup 2 200 1|1|D a D 1 200 -"})
		same(t, "the book", query(t, db.Store, `SELECT e.seq, e.kind, e.amount_minor FROM order_events e ORDER BY e.seq`),
			[]string{"1|PLACED|720", "2|RETURNED|-600", "3|REFUNDED|0"})
	})
}

// truth is how the database writes it.
func truth(t *testing.T, db *storetest.DB) string {
	t.Helper()
	return one(t, db.Store, `SELECT 1 = 1`)
}

func TestImportKeepsProducts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		src := told(t, `
			1 ann +0 cup*6@100 jug*1@500 tin*1@0 POST*1@50
			2 ann +1 cup*1@120 pot*1@30 tin*1@10
			3 ann +3 cup*1@0 pot*1@33
			4 ann +2 pot*1@31
			C5 ann +4 cup*1@999 lid*1@5`)
		src.list[2].Lines[0].Title = "cup" // it has none
		for _, batch := range []int{1, 100} {
			db := storetest.Empty(t, db)
			_, err := db.Migrate(context.Background())
			check(t, err)
			check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				return tx.Product.Create().SetSku("jug").SetTitle("Our own jug").SetPriceMinor(7).SetCurrency("GBP").Exec(ctx)
			}))
			take(t, db, src, order.ImportOptions{Batch: batch})
			src.at = 0 // for the other database
			same(t, "products", query(t, db.Store, `SELECT sku, title, price_minor, source FROM products ORDER BY sku`), []string{
				"cup|a cup|120|shop", // free and nameless teach nothing
				"jug|Our own jug|7|", // somebody else's is left alone
				"pot|a pot|33|shop",  // an older invoice does not overwrite
				"tin|a tin|10|shop",
			})
		}
	})
}

func TestImportNumbersThatAreTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Order.Create().SetOwnerID(uuid.New()).SetNumber("1").SetCurrency("GBP").SetSubtotalMinor(0).SetTotalMinor(0).SetPlacedAt(noon).Exec(ctx)
		}))
		sum := take(t, db, told(t, "1 ann +0 cup*6@100\n2 ann +0 cup*6@100"), order.ImportOptions{})
		got := query(t, db.Store, `SELECT number, external_id FROM orders WHERE source = 'shop' ORDER BY external_id`)
		if sum.Orders != 2 || !slices.Equal(got, []string{"shop-1|1", "2|2"}) {
			t.Errorf("%v, %+v", got, sum)
		}
	})
}

func TestImportEarnsWhenAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		file := `
			1 ann +0 cup*6@100
			2 - +0 cup*6@100
			3 bob +1 cup*2@100
			C4 ann +2 cup*6@100
			5 ann +3 cup*1@100
			C6 bob +4 cup*1@100`
		var acts []string
		orders := importing(db.Store)
		orders.Earn = func(_ context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, moment order.Moment) (int64, error) {
			acts = append(acts, fmt.Sprintf("%s %s %d %d/%d", o.Number, moment, o.TotalMinor, lines[0].Returned, lines[0].Quantity))
			tx.Tell(event.PointsAccrued{PointsMove: event.PointsMove{OwnerID: o.OwnerID}}, store.ToUser(o.OwnerID))
			if moment == order.Delivered {
				lines[0].Points = o.TotalMinor / 100
				return o.TotalMinor / 100, nil
			}
			return 0, nil
		}
		orders.Unearn = func(_ context.Context, _ *store.Tx, o *ent.Order) error {
			acts = append(acts, o.Number+" undone")
			return nil
		}
		for range 2 { // once for ever
			sum, err := orders.Import(context.Background(), told(t, file), order.ImportOptions{Earn: true})
			check(t, err)
			if sum.Points != 9 {
				t.Errorf("%d points, want 9", sum.Points)
			}
		}
		same(t, "acts", acts, []string{
			"1 PLACED 600 0/6", "1 DELIVERED 600 0/6", "3 PLACED 200 0/2", "3 DELIVERED 200 0/2", "1 undone", "5 PLACED 100 0/1", "5 DELIVERED 100 0/1"})
		same(t, "earned", query(t, db.Store, `SELECT number, points_earned FROM orders ORDER BY number`), []string{"1|0", "2|0", "3|2", "5|1"})
		same(t, "by line", query(t, db.Store, `SELECT o.number, l.points FROM order_lines l JOIN orders o ON o.id = l.order_id ORDER BY o.number`), []string{"1|6", "2|0", "3|2", "5|1"})
		if n := one(t, db.Store, `SELECT count(*) FROM account_events`); n != "0" {
			t.Errorf("%s events were told: history notifies nobody", n)
		}
		if _, err := importing(db.Store).Import(context.Background(), told(t, "1 ann +0 cup*6@100"), order.ImportOptions{Earn: true}); err == nil {
			t.Error("--earn without a programme was taken")
		}
	})
}

func TestImportGoesOnWithTheSameChoice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		src := told(t, "1 ann +0 cup*6@100\n2 ann +0 cup*6@100")
		src.breakAt = 1
		orders := importing(db.Store)
		_, err := orders.Import(context.Background(), src, order.ImportOptions{Batch: 1})
		if err == nil || one(t, db.Store, `SELECT status FROM tasks`) != "FAILED" {
			t.Errorf("%v, the task is %s", err, one(t, db.Store, `SELECT status FROM tasks`))
		}
		orders.Earn = func(context.Context, *store.Tx, *ent.Order, []*ent.OrderLine, order.Moment) (int64, error) {
			return 0, nil
		}
		orders.Unearn = func(context.Context, *store.Tx, *ent.Order) error { return nil }
		src.breakAt, src.at = 0, 0
		if _, err := orders.Import(context.Background(), src, order.ImportOptions{Earn: true}); err == nil || !strings.Contains(err.Error(), "--earn") {
			t.Errorf("half an import with points: %v", err)
		}
		sum := take(t, db, src, order.ImportOptions{})
		if sum.From != 1 || sum.Orders != 2 || one(t, db.Store, `SELECT status FROM tasks`) != "DONE" {
			t.Errorf("%+v, the task is %s", sum, one(t, db.Store, `SELECT status FROM tasks`))
		}
		if owner := one(t, db.Store, `SELECT owner_id FROM tasks`); owner != viewer.House.String() {
			t.Errorf("the task is %s's", owner)
		}
	})
}
