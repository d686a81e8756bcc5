package list_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/list"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func TestLists(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		carol := w.person("carol")
		ctx, forAcme := storetest.As(w.alice), acting(w.alice, w.acme)
		mine, err := w.SaveList(ctx, list.SaveShoppingListInput{Name: ptr("Mine"), Items: []*list.ListItemInput{w.item("TEA", 2)}})
		w.must(err)
		id := mine.GlobalID()
		// Shared: another member changes it, but does not take it away.
		shared, err := w.SaveList(forAcme, list.SaveShoppingListInput{ID: &id, Shared: ptr(true)})
		if err != nil || shared.OwnerID != w.acme || w.number(`SELECT count(*) FROM list_items WHERE owner_id = ?`, w.acme) != 1 {
			t.Fatalf("%+v %v", shared, err)
		}
		_, err = w.SaveList(acting(carol, w.acme), list.SaveShoppingListInput{ID: &id, Name: ptr("Ours"), Items: []*list.ListItemInput{w.item("CUP", 1)}})
		w.must(err)
		if _, err := w.SaveList(acting(carol, w.acme), list.SaveShoppingListInput{ID: &id, Shared: ptr(false)}); code(err) != "FORBIDDEN" {
			t.Error(err)
		}
		for _, stranger := range []context.Context{storetest.As(w.bob), storetest.As(carol), ctx} { // who does not act for it
			if _, err := w.List(stranger, id); code(err) != "NOT_FOUND" {
				t.Error(err)
			}
			if _, err := w.SaveList(stranger, list.SaveShoppingListInput{ID: &id, Name: ptr("x")}); code(err) != "NOT_FOUND input.id" {
				t.Error(err)
			}
			if _, err := w.DeleteList(stranger, list.DeleteShoppingListInput{ID: id}); code(err) != "NOT_FOUND input.id" {
				t.Error(err)
			}
		}
		if _, err := w.OfCompany(storetest.As(w.bob), w.acme, list.Page{}); code(err) != "FORBIDDEN" {
			t.Error(err)
		}
		page, err := w.OfCompany(acting(carol, w.acme), w.acme, list.Page{})
		if err != nil || page.TotalCount != 1 {
			t.Errorf("%+v %v", page, err)
		}
		back, err := w.SaveList(forAcme, list.SaveShoppingListInput{ID: &id, Shared: ptr(false), Revision: ptr(3)})
		if err != nil || back.OwnerID != w.alice || back.Name != "Ours" || back.Revision != 4 {
			t.Errorf("%+v %v", back, err)
		}
		if _, err := w.SaveList(ctx, list.SaveShoppingListInput{ID: &id, Shared: ptr(true)}); code(err) != "INVALID_VALUE input.shared" {
			t.Error(err)
		}
		gone, err := w.DeleteList(ctx, list.DeleteShoppingListInput{ID: id})
		if err != nil || *gone != id || w.number(`SELECT count(*) FROM list_items`) != 0 {
			t.Errorf("%v %v", gone, err)
		}
	})
}

// The bound holds for those who come at once.
func TestListsBound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			rows := make([]*ent.ShoppingListCreate, 97)
			for i := range rows {
				rows[i] = tx.ShoppingList.Create().SetOwnerID(w.alice).SetUserID(w.alice).SetName(fmt.Sprint(i))
			}
			return tx.ShoppingList.CreateBulk(rows...).Exec(ctx)
		})
		made := 0
		for i, err := range atOnce(8, func(int) error {
			_, err := w.SaveList(storetest.As(w.alice), list.SaveShoppingListInput{Name: ptr("More")})
			return err
		}) {
			switch code(err) {
			case "":
				made++
			case "TOO_MANY_ITEMS":
			default:
				t.Errorf("%d: %v", i, err)
			}
		}
		if made != 3 {
			t.Errorf("%d made, 3 fit", made)
		}
	})
}

func TestFromOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.received(w.alice, w.alice, "TEA")
		var o *ent.Order
		w.write(func(ctx context.Context, tx *store.Tx) (err error) {
			if o, err = tx.Order.Query().WithLines().Only(ctx); err != nil {
				return err
			}
			line := func(at int, sku string, quantity int64) *ent.OrderLineCreate {
				return tx.OrderLine.Create().SetOwnerID(w.alice).SetOrderID(o.ID).SetPosition(at).SetSku(sku).SetTitle(sku).
					SetQuantity(quantity).SetCurrency("GBP").SetUnitPriceMinor(1).SetTotalMinor(quantity)
			}
			return tx.OrderLine.CreateBulk(line(2, "LOST", 1), line(3, "CUP", 2), line(4, "TEA", 4)).Exec(ctx)
		})
		ctx := storetest.As(w.alice)
		in := list.CreateShoppingListFromOrderInput{OrderID: o.GlobalID()}
		s, missing, err := w.FromOrder(ctx, in)
		w.must(err)
		rows, err := w.ItemsOf(ctx, s)
		w.must(err)
		if len(rows) != 2 || rows[0].Quantity != 5 || rows[0].PriceSeenMinor != 350 || rows[1].Quantity != 2 || s.Name != o.Number || len(missing) != 1 || missing[0] != "LOST" {
			t.Errorf("%v %v %+v", rows, missing, s)
		}
		in.LineIDs, in.Name = []scalar.ID{o.Edges.Lines[0].GlobalID()}, ptr("Some")
		if s, _, err = w.FromOrder(ctx, in); err != nil || s.Name != "Some" || w.number(`SELECT count(*) FROM list_items WHERE list_id = ?`, s.ID) != 1 {
			t.Errorf("%+v %v", s, err)
		}
		in.LineIDs = []scalar.ID{{Prefix: "line", UUID: uuid.New()}}
		if _, _, err := w.FromOrder(ctx, in); code(err) != "NOT_FOUND input.lineIds.0" {
			t.Error(err)
		}
		if _, _, err := w.FromOrder(storetest.As(w.bob), list.CreateShoppingListFromOrderInput{OrderID: o.GlobalID()}); code(err) != "NOT_FOUND input.orderId" { // security F8
			t.Error(err)
		}
	})
}
