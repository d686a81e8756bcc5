package history_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/user"
	"kabinet/internal/order"
	"kabinet/internal/order/history"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// shelf is a business with two people, its orders and their history.
type shelf struct {
	*order.Orders
	history    *history.History
	t          *testing.T
	db         *storetest.DB
	alice, bob uuid.UUID
	staff      uuid.UUID
}

// newShelf also proves the books of all orders after the test.
func newShelf(t *testing.T, db *storetest.DB) *shelf {
	t.Helper()
	s := &shelf{t: t, db: db, Orders: &order.Orders{Store: db.Store}}
	s.history = &history.History{Store: db.Store, Orders: s.Orders}
	s.Index, s.Find, s.Known = s.history.Index, s.history.Find, s.known
	check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for name, id := range map[string]*uuid.UUID{"alice": &s.alice, "bob": &s.bob, "staff": &s.staff} {
			u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
			if err != nil {
				return err
			}
			*id = u.ID
		}
		for _, sku := range []string{"LAMP", "CUP"} {
			if err := tx.Product.Create().SetSku(sku).SetTitle("A desk " + sku).SetPriceMinor(500).SetCurrency("GBP").Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	}))
	t.Cleanup(func() {
		wrong, err := order.CheckTotals(context.Background(), db.Store)
		if err != nil || len(wrong) > 0 {
			t.Errorf("the books: %v %v", wrong, err)
		}
	})
	return s
}

func (s *shelf) known(ctx context.Context, tx *store.Tx, refs []order.CustomerRef) ([]uuid.UUID, error) {
	found := make([]uuid.UUID, len(refs))
	for i, ref := range refs {
		id, err := tx.User.Query().Where(user.ID(ref.ID.UUID)).OnlyID(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return nil, err
		}
		found[i] = id
	}
	return found, nil
}

func (s *shelf) asStaff() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: s.staff, OwnerID: s.staff, Staff: true, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "order", Operation: "read"}: viewer.ReachAll, {Resource: "order", Operation: "write"}: viewer.ReachAll,
		{Resource: "user", Operation: "read"}: viewer.ReachAll,
	}})
}

// arrived are orders of an outside system, of one line each, a minute apart.
func (s *shelf) arrived(from, n int, customer *uuid.UUID, title string, more func(*order.UpsertOrderInput)) {
	s.t.Helper()
	for begin := from; begin < from+n; begin += 100 {
		var in order.UpsertOrdersInput
		for i := begin; i < min(begin+100, from+n); i++ {
			o := &order.UpsertOrderInput{
				External: &scalar.ExternalKey{Source: "shop", ID: fmt.Sprint(i)}, SourceUpdatedAt: s.db.Clock.Now(), Currency: "GBP",
				PlacedAt: s.db.Clock.Now().Add(time.Duration(i-5000) * time.Minute),
				Lines:    []*order.UpsertOrderLineInput{{Sku: fmt.Sprintf("SKU-%d", i), Title: title, Quantity: 1, UnitPrice: "5.00"}},
			}
			if customer != nil {
				o.Customer = &order.CustomerRef{ID: &scalar.ID{Prefix: "usr", UUID: *customer}}
			}
			if more != nil {
				more(o)
			}
			in.Orders = append(in.Orders, o)
		}
		done, err := s.Upsert(s.asStaff(), in)
		check(s.t, err)
		for _, d := range done {
			check(s.t, d.Err)
		}
	}
}

// found is what a text finds among an owner's orders, newest first, by pages.
func (s *shelf) found(ctx context.Context, owner *uuid.UUID, text string) (skus []string) {
	s.t.Helper()
	q, err := s.Listed(ctx, owner, &order.OrderFilter{Text: &text})
	check(s.t, err)
	orders, err := q.Order(entorder.ByPlacedAt(), entorder.ByID()).WithLines().All(ctx)
	check(s.t, err)
	for _, o := range orders {
		skus = append(skus, o.Edges.Lines[0].Sku)
	}
	return skus
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }
