package history_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Whether few or many match, a text finds the same; nobody finds another's.
func TestFindFewAndMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		s.arrived(0, 1_100, &s.alice, "Зелёная лампа", nil)
		s.arrived(1_100, 3, &s.alice, "Красная лампа", nil)
		s.arrived(1_103, 2, &s.bob, "Зелёные лампы", nil)
		alice, bob := storetest.As(s.alice), storetest.As(s.bob)
		for _, c := range []struct {
			ctx  context.Context
			text string
			want int
		}{
			{alice, "лампы", 1_103}, {alice, "ЗЕЛЕНЫЕ лампы", 1_100}, {alice, "красный", 3}, {alice, "лампа чайник", 0}, {alice, "sku-1101", 1}, {alice, "1101", 1},
			{bob, "лампа", 2}, {bob, "красная", 0}, {alice, "' & \" | *", 0}, {alice, "лампа' OR '1'='1", 0},
		} {
			owner := &s.alice
			if c.ctx == bob {
				owner = &s.bob
			}
			if got := s.found(c.ctx, owner, c.text); len(got) != c.want {
				t.Errorf("%q finds %d orders, want %d", c.text, len(got), c.want)
			}
		}
		if got := s.found(bob, &s.alice, "лампа"); len(got) != 0 { // security F1
			t.Errorf("bob finds %d orders of alice", len(got))
		}
		if got := s.found(s.asStaff(), nil, "лампа"); len(got) != 1_105 {
			t.Errorf("staff find %d orders, want 1105", len(got))
		}
		if got := s.found(s.asStaff(), nil, "красная"); !slices.Equal(got, []string{"SKU-1100", "SKU-1101", "SKU-1102"}) {
			t.Errorf("staff find %v", got)
		}
		s.pages(alice)
		analysed(t, db) // PostgreSQL knows now that the word is common, and that two of them meet often
		for _, text := range []string{"лампа", "зеленая лампа", "красная лампа", "sku-1101"} {
			s.pagesAre(text, 100, s.found(s.asStaff(), nil, text))
		}
	})
}

// pages walks a search with many hits page by page: each order once, sorted.
func (s *shelf) pages(ctx context.Context) {
	text, n, seen := "лампа", 100, map[string]bool{}
	var after *scalar.Cursor
	for page := 0; ; page++ {
		c, err := s.Of(ctx, s.alice, &order.OrderFilter{Text: &text}, nil, order.Page{After: after, First: &n})
		check(s.t, err)
		for i, e := range c.Edges {
			if seen[e.Node.Number] || i > 0 && e.Node.PlacedAt.After(c.Edges[i-1].Node.PlacedAt) {
				s.t.Fatalf("page %d repeats or does not sort %s", page, e.Node.Number)
			}
			seen[e.Node.Number] = true
		}
		if !c.PageInfo.HasNextPage {
			break
		}
		after = c.PageInfo.EndCursor
	}
	if len(seen) != 1_103 {
		s.t.Errorf("the pages hold %d orders, want 1103", len(seen))
	}
}

// A text that cannot be looked for is refused, with its path.
func TestFindRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		for text, code := range map[string]string{string(make([]byte, 5)): "INVALID_VALUE", fmt.Sprintf("%0201d", 1): "TOO_LONG"} {
			_, err := s.Listed(storetest.As(s.alice), &s.alice, &order.OrderFilter{Text: &text})
			if f, ok := fault.As(err); !ok || f.Code != code || !slices.Equal(f.Path, []string{"filter", "text"}) {
				t.Errorf("%q: %v, want %s", text, err, code)
			}
		}
	})
}

var errNo = errors.New("no")

// The words are kept in the transaction of the order: with it or not at all.
func TestWordsGoWithTheOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		ctx := storetest.As(s.alice)
		place := func(key string, dry bool) error {
			_, err := s.Place(ctx, order.PlaceOrderInput{Lines: []*order.PlaceOrderLineInput{{Sku: "LAMP", Quantity: 1}}, IdempotencyKey: key, DryRun: &dry})
			return err
		}
		check(t, place("1", true))
		s.Earn = func(context.Context, *store.Tx, *ent.Order, []*ent.OrderLine, order.Moment) (int64, error) {
			return 0, errNo
		}
		if err := place("2", false); !errors.Is(err, errNo) {
			t.Fatal(err)
		}
		if got := s.found(ctx, &s.alice, "desk lamp"); len(got) != 0 || s.docs() != 0 {
			t.Errorf("%d orders are found that are not there, %d are kept", len(got), s.docs())
		}
		s.Earn = nil
		check(t, place("3", false))
		check(t, place("3", false))
		if got := s.found(ctx, &s.alice, "desks lamps"); !slices.Equal(got, []string{"LAMP"}) || s.docs() != 1 {
			t.Errorf("found %v, %d are kept", got, s.docs())
		}
	})
}

// docs is how many orders the search keeps, by the index itself where it has rows.
func (s *shelf) docs() (n int) {
	s.t.Helper()
	rows, err := s.db.Query(storetest.System(), `SELECT count(*) FROM search_docs`)
	check(s.t, err)
	defer rows.Close()
	for rows.Next() {
		check(s.t, rows.Scan(&n))
	}
	return n
}

// A guest's order is found by whom it is given to, and by nobody before.
func TestFindAfterClaim(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		s.arrived(1, 1, nil, "Guest lamp", nil)
		alice := storetest.As(s.alice)
		if got := s.found(alice, &s.alice, "guest"); len(got) != 0 {
			t.Errorf("alice finds %v", got)
		}
		db.Clock.Add(time.Second)
		s.arrived(1, 1, &s.alice, "Guest lamp", nil)
		if got := s.found(alice, &s.alice, "guest"); !slices.Equal(got, []string{"SKU-1"}) {
			t.Errorf("alice finds %v", got)
		}
	})
}

// Orders from before there was a search are found after the housework.
func TestIndexDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		s.Index = nil
		s.arrived(0, 5, &s.alice, "An old lamp", nil)
		s.Index = s.history.Index
		s.arrived(5, 1, &s.alice, "A new lamp", nil)
		alice := storetest.As(s.alice)
		if got := s.found(alice, &s.alice, "lamp"); len(got) != 1 {
			t.Fatalf("before: %v", got)
		}
		for _, want := range []int{3, 2, 0} {
			if n, err := s.history.IndexDue(storetest.System(), 3); err != nil || n != want {
				t.Errorf("%d orders were due, want %d: %v", n, want, err)
			}
		}
		if got := s.found(alice, &s.alice, "lamp"); len(got) != 6 {
			t.Errorf("after: %v", got)
		}
	})
}
