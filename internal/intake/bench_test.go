package intake_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/account"
	"kabinet/internal/account/arrival"
	"kabinet/internal/adapter/onlineretail"
	"kabinet/internal/batch"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/order"
	"kabinet/internal/order/goods"
	"kabinet/internal/order/history"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// What batches and imports cost beside a bare INSERT of the rows that they
// leave, by turns in the same run, where outcomes alone are asked for; bench/results/intake.md has the figures.
//
//	go run ./internal/store/pgtest -- go test ./internal/intake -run '^$' -bench AgainstInsert -benchtime 10x -timeout 30m

// systems are the verbs as server.go wires them, with points and the search.
type systems struct {
	db     *storetest.DB
	orders *order.Orders
	goods  *goods.Goods
	people *arrival.Arrivals
	round  int
}

func newSystems(b *testing.B, db *storetest.DB) *systems {
	b.Helper()
	sealer, err := store.NewSealer([]byte(strings.Repeat("k", 32)))
	must(b, err)
	people, err := account.New(account.Options{Store: db.Store, Sealer: sealer, Mail: func(context.Context, *store.Tx, account.Letter) error { return nil }})
	must(b, err)
	points := &bonus.Points{Store: db.Store}
	must(b, points.EnsureDefaultProgram(storetest.System()))
	earnings := &earning.Earnings{Store: db.Store, Points: points}
	o := &order.Orders{
		Store: db.Store, Unearn: points.UnearnForOrder, Return: points.ReturnForOrder,
		Earn: func(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, m order.Moment) (int64, error) {
			return earnings.EarnForOrder(ctx, tx, o, lines, string(m))
		},
		Known: func(ctx context.Context, tx *store.Tx, refs []order.CustomerRef) ([]uuid.UUID, error) {
			list := make([]account.PersonRef, len(refs))
			for i, r := range refs {
				list[i].Source, list[i].Extern = r.External.Source, r.External.ID
			}
			return people.Known(ctx, tx, list)
		},
		Customers: func(ctx context.Context, tx *store.Tx, source string, ids []string) (map[string]uuid.UUID, error) {
			return people.Customers(ctx, tx, source, ids, func(id string) (name, email string) { return "Customer " + id, "customer-" + id + "@example.com" })
		},
	}
	o.Index = (&history.History{Store: db.Store, Orders: o}).Index
	return &systems{db: db, orders: o, goods: &goods.Goods{Store: db.Store}, people: &arrival.Arrivals{Store: db.Store, Country: "GB"}}
}

// BenchmarkOrdersAgainstInsert is a thousand new orders of 500 customers, with
// three lines each: paid, and paid and delivered, which gives points for each.
func BenchmarkOrdersAgainstInsert(b *testing.B) {
	for _, state := range []entorder.FulfillmentStatus{entorder.FulfillmentStatusNEW, entorder.FulfillmentStatusDELIVERED} {
		b.Run(string(state), func(b *testing.B) {
			against(b, func(s *systems) func() error {
				in := order.UpsertOrdersInput{Orders: make([]*order.UpsertOrderInput, 1_000)}
				for i := range in.Orders {
					in.Orders[i] = s.order(i, state)
				}
				return func() error { _, err := s.orders.Upsert(batch.Unseen(storetest.System()), in); return err }
			})
		})
	}
}

func (s *systems) order(i int, state entorder.FulfillmentStatus) *order.UpsertOrderInput {
	paid, at := entorder.PaymentStatusPAID, s.db.Clock.Now().Add(-time.Hour)
	in := &order.UpsertOrderInput{
		External: &scalar.ExternalKey{Source: "erp", ID: fmt.Sprintf("%d-%d", s.round, i)}, SourceUpdatedAt: at, PlacedAt: at, Currency: "GBP",
		Customer: &order.CustomerRef{External: &scalar.ExternalKey{Source: "crm", ID: fmt.Sprint(i % 500)}}, PaymentStatus: &paid, FulfillmentStatus: &state,
	}
	for n := range 3 {
		in.Lines = append(in.Lines, &order.UpsertOrderLineInput{Sku: fmt.Sprint("SKU", (i+n)%500), Title: fmt.Sprint("White hanging lamp ", (i+n)%500), Quantity: n + 1, UnitPrice: "12.50"})
	}
	return in
}

// BenchmarkUsersAgainstInsert is a thousand new people with an address of mail.
func BenchmarkUsersAgainstInsert(b *testing.B) {
	against(b, func(s *systems) func() error {
		in := s.users(fmt.Sprint(s.round, "-"), 1_000)
		return func() error { _, err := s.people.UpsertUsers(batch.Unseen(storetest.System()), in); return err }
	})
}

func (s *systems) users(prefix string, n int) arrival.UpsertUsersInput {
	in := arrival.UpsertUsersInput{Users: make([]*arrival.UpsertUserInput, n)}
	for i := range in.Users {
		name := fmt.Sprintf("Customer %s%d", prefix, i)
		in.Users[i] = &arrival.UpsertUserInput{
			External: &scalar.ExternalKey{Source: "crm", ID: fmt.Sprint(prefix, i)}, SourceUpdatedAt: s.db.Clock.Now(), DisplayName: &name,
			ContactPoints: []*arrival.UpsertContactPointInput{{Kind: contactpoint.KindEMAIL, Value: fmt.Sprintf("c%s%d@example.com", prefix, i)}},
		}
	}
	return in
}

// BenchmarkStockAgainstInsert is new prices and stock of a thousand products,
// beside a bare INSERT of those products as they are then.
func BenchmarkStockAgainstInsert(b *testing.B) {
	against(b, func(s *systems) func() error {
		made, in := s.wares(1_000)
		_, err := s.goods.Upsert(storetest.System(), made)
		must(b, err)
		return func() error { _, err := s.goods.UpsertStock(batch.Unseen(storetest.System()), in); return err }
	})
}

func (s *systems) wares(n int) (made goods.UpsertProductsInput, in goods.UpsertStockInput) {
	for i := range n {
		sku, title := fmt.Sprintf("W%d-%d", s.round, i), fmt.Sprint("Ware ", i)
		made.Products = append(made.Products, &goods.UpsertProductInput{Sku: sku, Title: &title, Price: &scalar.MoneyInput{Amount: "2.50", Currency: "GBP"}})
		in.Products = append(in.Products, &goods.UpsertStockItemInput{
			Product: &order.ProductRef{Sku: &sku}, SourceUpdatedAt: s.db.Clock.Now(), Price: &scalar.MoneyInput{Amount: "2.75", Currency: "GBP"},
		})
	}
	return made, in
}

// BenchmarkImportAgainstInsert is the file of Online Retail that
// KABINET_BENCH_RETAIL names, else the excerpt; a round each in a database of
// its own.
func BenchmarkImportAgainstInsert(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		var t turns
		for b.Loop() {
			from, to := migrated(b, db), migrated(b, db)
			s, m := newSystems(b, from), newMirror(b, from, to)
			reader, err := onlineretail.NewReader(onlineretail.Excerpt(), nil)
			must(b, err)
			if path := os.Getenv("KABINET_BENCH_RETAIL"); path != "" {
				file, err := onlineretail.Open(path)
				must(b, err)
				defer file.Close()
				reader, err = file.Reader(nil)
				must(b, err)
			}
			began := time.Now()
			_, err = s.orders.Import(storetest.System(), retail{reader}, order.ImportOptions{})
			must(b, err)
			t.add(time.Since(began), m)
		}
		t.report(b)
	})
}

// retail makes the reader fit order.Source, as main does.
type retail struct{ *onlineretail.Reader }

func (r retail) Name() string { return onlineretail.Format }
func (r retail) Key() string  { return "bench" }
func (r retail) Next() (order.Invoice, error) {
	in, err := r.Reader.Next()
	if err != nil {
		return order.Invoice{}, err
	}
	out := order.Invoice{Number: in.Number, Customer: in.CustomerID, Country: in.Country, Currency: onlineretail.Currency, At: in.At}
	switch {
	case in.Reported():
	case in.Kind == onlineretail.Purchase:
		out.Kind = order.InvoicePurchase
	case in.Kind == onlineretail.Cancellation:
		out.Kind = order.InvoiceReturn
	}
	for _, l := range in.Lines {
		out.Lines = append(out.Lines, order.InvoiceLine{
			SKU: l.StockCode, Title: l.Title(), Quantity: max(l.Quantity, -l.Quantity), UnitPriceMinor: l.UnitPriceMinor,
			Product: l.Class == onlineretail.Goods || l.Class == onlineretail.Voucher,
		})
	}
	return out, nil
}

// against lets a verb and the bare INSERT of what it left take turns, each in a
// database of its own that has the same rows.
func against(b *testing.B, prepare func(s *systems) func() error) {
	b.Helper()
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		s := newSystems(b, db)
		_, err := s.people.UpsertUsers(storetest.System(), s.users("", 500))
		must(b, err)
		m := newMirror(b, db, migrated(b, db))
		m.copy()
		var t turns
		for b.Loop() {
			s.round++
			db.Clock.Add(time.Second)
			verb := prepare(s)
			began := time.Now()
			must(b, verb())
			t.add(time.Since(began), m)
		}
		t.report(b)
	})
}

// migrated is another database of db's kind with the schema in it.
func migrated(b *testing.B, db *storetest.DB) *storetest.DB {
	b.Helper()
	other := storetest.Empty(b, db)
	_, err := other.Migrate(context.Background())
	must(b, err)
	return other
}

// turns are what both sides took, round by round.
type turns struct {
	verb, bare []time.Duration
	rows       map[string]int // of the last round
}

func (t *turns) add(verb time.Duration, m *mirror) {
	bare, rows := m.copy()
	t.verb, t.bare, t.rows = append(t.verb, verb), append(t.bare, bare), rows
}

// report gives the medians: what shares the machine makes single rounds long.
func (t *turns) report(b *testing.B) {
	b.Helper()
	rows := 0
	for _, n := range t.rows {
		rows += n
	}
	verb, bare := median(t.verb), median(t.bare)
	b.ReportMetric(float64(bare)/float64(verb), "ratio")
	b.ReportMetric(float64(rows)/verb.Seconds(), "rows/s")
	b.ReportMetric(float64(rows)/bare.Seconds(), "bare-rows/s")
	b.Log(t.rows)
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
