package broadcast_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/notify/broadcast"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// How many people the benchmark has; KABINET_BENCH_ROWS says another number.
func benchRows() int {
	if n, err := strconv.Atoi(os.Getenv("KABINET_BENCH_ROWS")); err == nil && n > 0 {
		return n
	}
	return 2_000
}

// crowd makes many people with an order, views and a session each, by SQL.
func (w *world) crowd(b *testing.B, n int) (product uuid.UUID) {
	b.Helper()
	ids := make([]uuid.UUID, 0, n)
	for done := 0; done < n; done += 1000 {
		ids = append(ids, w.people(b, min(1000, n-done))...)
	}
	products := make([]uuid.UUID, 100)
	w.write(b, func(ctx context.Context, tx *store.Tx) error {
		for i := range products {
			p, err := tx.Product.Create().SetSku(uuid.NewString()).SetTitle("x").SetCategory([]string{"Tea", "Cups"}[i%2]).SetPriceMinor(1).SetCurrency("GBP").Save(ctx)
			if err != nil {
				return err
			}
			products[i] = p.ID
		}
		return nil
	})
	for from := 0; from < n; from += 500 {
		lot := ids[from:min(from+500, n)]
		w.write(b, func(ctx context.Context, tx *store.Tx) error { return manyDeeds(ctx, tx, lot, products) })
	}
	if strings.HasPrefix(w.DB.URL, "postgres") {
		w.write(b, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `ANALYZE`)
			return err
		})
	}
	return products[7]
}

func manyDeeds(ctx context.Context, tx *store.Tx, people, products []uuid.UUID) error {
	insert := func(into string, columns int, rows [][]any) error {
		marks := `(?` + strings.Repeat(`, ?`, columns-1) + `)`
		var args []any
		for _, r := range rows {
			args = append(args, r...)
		}
		_, err := tx.Exec(ctx, `INSERT INTO `+into+` VALUES `+marks+strings.Repeat(`, `+marks, len(rows)-1), args...)
		return err
	}
	var orders, lines, views, sessions [][]any
	for i, id := range people {
		at := tx.Now.Add(-time.Duration(i%90) * 24 * time.Hour)
		order, token := uuid.Must(uuid.NewV7()), uuid.New()
		orders = append(orders, []any{order, at, at, id, id, order.String(), "COMPLETED", "GBP", 100 * i, 100 * i, 100 * i, at})
		lines = append(lines, []any{uuid.Must(uuid.NewV7()), at, at, id, order, 0, products[i%100], "x", "x", 1, "GBP", 1, 1})
		for n := range 3 {
			views = append(views, []any{uuid.Must(uuid.NewV7()), at, at, id, products[(i+n*31)%100], at})
		}
		sessions = append(sessions, []any{uuid.Must(uuid.NewV7()), at, at, id, id, "BROWSER", token[:], "PASSWORD", 1, at, at.Add(90 * 24 * time.Hour)})
	}
	for _, t := range []struct {
		into    string
		columns int
		rows    [][]any
	}{
		{`orders (id, created_at, updated_at, owner_id, user_id, number, status, currency, subtotal_minor, total_minor, paid_minor, placed_at)`, 12, orders},
		{`order_lines (id, created_at, updated_at, owner_id, order_id, position, product_id, sku, title, quantity, currency, unit_price_minor, total_minor)`, 13, lines},
		{`viewed_products (id, created_at, updated_at, user_id, product_id, viewed_at)`, 6, views},
		{`sessions (id, created_at, updated_at, user_id, owner_id, kind, token_hash, method, aal, last_used_at, expires_at)`, 11, sessions},
	} {
		if err := insert(t.into, t.columns, t.rows); err != nil {
			return fmt.Errorf("%s: %w", t.into, err)
		}
	}
	return nil
}

// What a count costs, of each kind of filter, and a lot at the end of a
// broadcast. KABINET_BENCH_ROWS=100000, with -v the plans of PostgreSQL.
func BenchmarkSegments(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		w := newWorld(b, db)
		n := benchRows()
		product := w.crowd(b, n)
		one := []scalar.ID{as("prd", product)}
		for _, c := range []struct {
			name string
			f    broadcast.SegmentFilter
		}{
			{"everybody", broadcast.SegmentFilter{}},
			{"locale", broadcast.SegmentFilter{Locales: []string{"ru"}}},
			{"spent", broadcast.SegmentFilter{Spent: &broadcast.SegmentSpending{Currency: "GBP", Min: ptr("100"), Days: ptr(30)}}},
			{"orders", broadcast.SegmentFilter{Orders: &broadcast.SegmentOrders{Min: ptr(1), Days: ptr(30)}}},
			{"bought", broadcast.SegmentFilter{Bought: &broadcast.SegmentProducts{ProductIDs: one}}},
			{"bought-category", broadcast.SegmentFilter{Bought: &broadcast.SegmentProducts{Categories: []string{"Tea"}}}},
			{"viewed", broadcast.SegmentFilter{Viewed: &broadcast.SegmentProducts{ProductIDs: one, Days: ptr(30)}}},
			{"active", broadcast.SegmentFilter{ActiveDays: ptr(30)}},
			{"inactive", broadcast.SegmentFilter{InactiveDays: ptr(30)}},
		} {
			b.Run(c.name, func(b *testing.B) {
				for b.Loop() {
					if _, err := w.Size(w.staff(), broadcast.Chosen{Filter: &c.f}, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run("channels", func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Size(w.staff(), broadcast.Chosen{Filter: &broadcast.SegmentFilter{}}, ptr("promotion.news")); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("lot", func(b *testing.B) {
			w.begin(b, w.draft(b, nil), n)
			for b.Loop() {
				did, err := w.Step(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				if !did {
					b.StopTimer()
					w.begin(b, w.draft(b, nil), n)
					b.StartTimer()
				}
			}
		})
	})
}
