package list_test

import (
	"context"
	"fmt"
	"testing"

	"kabinet/ent/generated/product"
	"kabinet/internal/list"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Devices that keep a cart at once lose nothing of each other.
func TestCartAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for i, err := range atOnce(8, func(int) error {
			_, err := w.SaveCart(storetest.As(w.alice), list.SaveCartInput{Items: []*list.ListItemInput{w.item("TEA", 1)}, Merge: ptr(true)})
			return err
		}) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		c, err := w.Cart(storetest.As(w.alice), w.alice)
		w.must(err)
		if rows := w.rows(w.alice); len(rows) != 1 || rows[0].Quantity != 8 || c.Revision != 8 {
			t.Errorf("revision %d, %v", c.Revision, rows)
		}
		if n := w.number(`SELECT count(*) FROM shopping_lists`); n != 1 {
			t.Errorf("%d carts", n)
		}
	})
}

// What stays in a cart keeps its id and the price that was seen.
func TestCartKeeps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := storetest.As(w.alice)
		_, err := w.SaveCart(ctx, list.SaveCartInput{Items: []*list.ListItemInput{w.item("TEA", 1), w.item("CUP", 2)}})
		w.must(err)
		was := w.rows(w.alice)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.Product.Update().Where(product.Sku("TEA")).SetPriceMinor(400).SetStatus(product.StatusDISCONTINUED).Exec(ctx)
		})
		_, err = w.SaveCart(ctx, list.SaveCartInput{Items: []*list.ListItemInput{w.item("WATER", 1), w.item("TEA", 5)}, Revision: ptr(1)})
		w.must(err)
		rows := w.rows(w.alice)
		if len(rows) != 2 || rows[1].ID != was[0].ID || rows[1].PriceSeenMinor != 350 || rows[1].Quantity != 5 || !rows[1].CreatedAt.Equal(was[0].CreatedAt) {
			t.Errorf("%v, was %v", rows, was)
		}
		if _, err := w.SaveCart(ctx, list.SaveCartInput{Revision: ptr(1)}); code(err) != "STALE_OBJECT input.revision" {
			t.Error(err)
		}
		// Nobody else's: neither read, changed nor ordered (security F1, F8).
		id := scalar.ID{Prefix: "cart", UUID: rows[0].ListID}
		if _, err := w.Cart(storetest.As(w.bob), w.alice); code(err) != "NOT_FOUND" {
			t.Error(err)
		}
		if _, err := w.Order(storetest.As(w.bob), list.OrderShoppingListInput{ID: id, AcceptGaps: ptr(true), IdempotencyKey: "k"}); code(err) != "NOT_FOUND input.id" {
			t.Error(err)
		}
		if _, err := w.SaveCart(context.Background(), list.SaveCartInput{}); code(err) != "UNAUTHENTICATED" {
			t.Error(err)
		}
	})
}

// The same key orders once; other keys find the cart empty.
func TestOrderAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := storetest.As(w.alice)
		c, err := w.SaveCart(ctx, list.SaveCartInput{Items: []*list.ListItemInput{w.item("CUP", 7), w.item("TEA", 1)}})
		w.must(err)
		id := scalar.ID{Prefix: "cart", UUID: c.ID}
		in := list.OrderShoppingListInput{ID: id, AcceptGaps: ptr(true), IdempotencyKey: "once"}
		dry := in
		dry.DryRun = ptr(true)
		show, err := w.Order(ctx, dry)
		if err != nil || show.Order.TotalMinor != 5*1200+350 || len(show.Gaps) != 1 || len(w.rows(w.alice)) != 2 {
			t.Fatalf("%+v %v", show, err)
		}
		answers := make([]list.Ordered, 8)
		for i, err := range atOnce(8, func(i int) (err error) { answers[i], err = w.Order(ctx, in); return err }) {
			if err != nil || answers[i].Order.ID != answers[0].Order.ID || len(answers[i].Gaps) != 1 || answers[i].Gaps[0].Available != 5 || answers[i].Gaps[0].Product.Sku != "CUP" {
				t.Errorf("%d: %+v %v", i, answers[i], err)
			}
		}
		if rows := w.rows(w.alice); len(rows) != 1 || rows[0].Quantity != 2 {
			t.Errorf("what is left: %v", rows)
		}
		_, err = w.SaveCart(ctx, list.SaveCartInput{Items: []*list.ListItemInput{w.item("TEA", 1)}})
		w.must(err)
		placed := 0
		for i, err := range atOnce(6, func(i int) error {
			_, err := w.Order(ctx, list.OrderShoppingListInput{ID: id, IdempotencyKey: fmt.Sprint("key", i)})
			return err
		}) {
			switch code(err) {
			case "":
				placed++
			case "ORDER_EMPTY input.id":
			default:
				t.Errorf("%d: %v", i, err)
			}
		}
		if n := w.number(`SELECT count(*) FROM orders`); placed != 1 || n != 2 {
			t.Errorf("%d placed, %d orders", placed, n)
		}
		if n := w.number(`SELECT stock FROM products WHERE sku = 'TEA'`); n != 98 {
			t.Errorf("%d on hand", n)
		}
	})
}

// Gaps refuse the order and are told; a part of a list can be ordered.
func TestOrderGaps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := storetest.As(w.alice)
		s, err := w.SaveList(ctx, list.SaveShoppingListInput{Name: ptr("All"), Items: []*list.ListItemInput{w.item("CUP", 7), w.item("TEA", 1)}})
		w.must(err)
		rows, err := w.ItemsOf(ctx, s)
		w.must(err)
		in := list.OrderShoppingListInput{ID: s.GlobalID(), IdempotencyKey: "k"}
		out, err := w.Order(ctx, in)
		if code(err) != "ORDER_HAS_GAPS input.acceptGaps" || len(out.Gaps) != 1 || out.Gaps[0].Kind != list.ListGapKindFewerInStock || out.Order != nil {
			t.Errorf("%+v %v", out, err)
		}
		for what, c := range map[string]struct {
			change func(*list.OrderShoppingListInput)
			want   string
		}{
			"no item":     {func(in *list.OrderShoppingListInput) { in.ItemIDs = []scalar.ID{} }, "ORDER_EMPTY input.itemIds"},
			"other item":  {func(in *list.OrderShoppingListInput) { in.ItemIDs = []scalar.ID{{Prefix: "item"}} }, "NOT_FOUND input.itemIds.0"},
			"other kind":  {func(in *list.OrderShoppingListInput) { in.ItemIDs = []scalar.ID{w.goods["TEA"]} }, "INVALID_ID input.itemIds.0"},
			"no list":     {func(in *list.OrderShoppingListInput) { in.ID = w.goods["TEA"] }, "INVALID_ID input.id"},
			"as a cart":   {func(in *list.OrderShoppingListInput) { in.ID.Prefix = "cart" }, "NOT_FOUND input.id"},
			"zero byte":   {func(in *list.OrderShoppingListInput) { in.Note = ptr("a\x00") }, "INVALID_VALUE input.note"},
			"many codes":  {func(in *list.OrderShoppingListInput) { in.PromoCodes = make([]string, 11) }, "TOO_LONG input.promoCodes"},
			"no key":      {func(in *list.OrderShoppingListInput) { in.IdempotencyKey = "" }, "REQUIRED input.idempotencyKey"},
			"another adr": {func(in *list.OrderShoppingListInput) { in.AddressID = ptr(w.goods["TEA"]) }, "INVALID_ID input.addressId"},
		} {
			bad := in
			c.change(&bad)
			if _, err := w.Order(ctx, bad); code(err) != c.want {
				t.Errorf("%s: %v, want %s", what, code(err), c.want)
			}
		}
		in.ItemIDs = []scalar.ID{rows[1].GlobalID()}
		if out, err = w.Order(ctx, in); err != nil || out.Order.TotalMinor != 350 || len(out.Gaps) != 0 {
			t.Errorf("%+v %v", out, err)
		}
		if n := w.number(`SELECT count(*) FROM list_items`); n != 2 {
			t.Errorf("a list stays as it is, %d items", n)
		}
	})
}
