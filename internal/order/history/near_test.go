package history_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// Pages of a search among all orders are those of the whole list, whatever is
// common or rare, placed in one second or moved to another time, and count all.
func TestFindPagesOfAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		at := db.Clock.Now().Add(-1000 * time.Hour)
		placed := func(from, n int, title string, when func(i int) time.Time) {
			s.arrived(from, n, &s.alice, title, func(o *order.UpsertOrderInput) {
				var i int
				_, err := fmt.Sscan(o.External.ID, &i)
				check(t, err)
				o.PlacedAt = when(i).UTC()
			})
		}
		micros := func(i int) time.Time { return at.Add(time.Duration(i/3) * 333_200 * time.Microsecond) }
		placed(0, 60, "Green lamp", micros)                                                // threes of an instant, nines of a second
		placed(60, 40, "Red lamp", func(int) time.Time { return at.Add(5 * time.Second) }) // forty of one instant
		placed(100, 5, "Red cup", func(i int) time.Time { return time.Unix(int64(i-99)*3e8, 999_600_000) })
		moved := func() {
			db.Clock.Add(time.Minute)
			placed(0, 1, "Green lamp", func(int) time.Time { return at.Add(time.Hour) })
		}
		for _, then := range []func(){func() {}, moved, func() { analysed(t, db) }} {
			then()
			for _, text := range []string{"lamp", "green", "red", "red lamps", "cups", "sku-7", "kettle"} {
				want := s.found(s.asStaff(), nil, text)
				for _, n := range []int{1, 7, 100} {
					s.pagesAre(text, n, want)
				}
			}
		}
	})
}

func analysed(t *testing.T, db *storetest.DB) {
	if db.Dialect() == dialect.Postgres {
		_, err := db.Writer().Exec(`ANALYZE search_docs`)
		check(t, err)
	}
}

// pagesAre walks the pages of n of a search of staff, newest first.
func (s *shelf) pagesAre(text string, n int, want []string) {
	s.t.Helper()
	var got []string
	var after *scalar.Cursor
	for more := true; more; {
		c, err := s.All(s.asStaff(), &order.OrderFilter{Text: &text}, nil, order.Page{After: after, First: &n})
		check(s.t, err)
		for _, e := range c.Edges {
			got = append(got, skuOf(s, e.Node.ID.String()))
		}
		more, after = c.PageInfo.HasNextPage, c.PageInfo.EndCursor
	}
	slices.Reverse(got)
	if !slices.Equal(got, want) {
		s.t.Errorf("%q by %d: %v\nwant %v", text, n, got, want)
	}
}

func skuOf(s *shelf, id string) (sku string) {
	rows, err := s.db.Query(context.Background(), `SELECT sku FROM order_lines WHERE order_id = ?`, id)
	check(s.t, err)
	defer rows.Close()
	for rows.Next() {
		check(s.t, rows.Scan(&sku))
	}
	return sku
}
