package list_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/productadmission"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/list"
	"kabinet/internal/order/goods"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func TestWishes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := storetest.As(w.alice)
		for i, err := range atOnce(8, func(int) error {
			_, err := w.AddWish(ctx, list.AddToWishlistInput{ProductID: w.goods["TEA"]})
			return err
		}) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		item, err := w.AddWish(ctx, list.AddToWishlistInput{ProductID: w.goods["TEA"], PriceDrop: ptr(false)})
		if err != nil || item.PriceDrop || !item.BackInStock || item.PriceSeenMinor != 350 || w.number(`SELECT count(*) FROM wishlist_items`) != 1 {
			t.Errorf("%+v %v", item, err)
		}
		if _, err := w.AddWish(ctx, list.AddToWishlistInput{ProductID: scalar.ID{Prefix: "prd", UUID: uuid.New()}}); code(err) != "NOT_FOUND input.productId" {
			t.Error(err)
		}
		if _, err := w.AddWish(context.Background(), list.AddToWishlistInput{ProductID: w.goods["TEA"]}); code(err) != "UNAUTHENTICATED" {
			t.Error(err)
		}
		// Somebody else's is not his to take (security F1).
		if gone, err := w.RemoveWish(storetest.As(w.bob), list.RemoveFromWishlistInput{ProductID: w.goods["TEA"]}); gone != nil || err != nil {
			t.Errorf("%v %v", gone, err)
		}
		if gone, err := w.RemoveWish(ctx, list.RemoveFromWishlistInput{ProductID: w.goods["TEA"]}); err != nil || *gone != item.GlobalID() {
			t.Errorf("%v %v", gone, err)
		}
		w.wish(w.alice, w.many(998)...)
		many := w.many(4)
		added := 0
		for _, err := range atOnce(4, func(i int) error {
			_, err := w.AddWish(ctx, list.AddToWishlistInput{ProductID: scalar.ID{Prefix: "prd", UUID: many[i]}})
			return err
		}) {
			switch code(err) {
			case "":
				added++
			case "TOO_MANY_ITEMS":
			default:
				t.Error(err)
			}
		}
		if added != 2 {
			t.Errorf("%d added, 2 fit", added)
		}
	})
}

// many makes products.
func (w *world) many(n int) (ids []uuid.UUID) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		rows := make([]*ent.ProductCreate, n)
		ids = make([]uuid.UUID, n)
		for i := range rows {
			ids[i] = uuid.Must(uuid.NewV7())
			rows[i] = tx.Product.Create().SetID(ids[i]).SetSku(ids[i].String()).SetTitle("One of many").SetPriceMinor(1).SetCurrency("GBP")
		}
		return tx.Product.CreateBulk(rows...).Exec(ctx)
	})
	return ids
}

// wish puts products aside.
func (w *world) wish(user uuid.UUID, products ...uuid.UUID) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		rows := make([]*ent.WishlistItemCreate, len(products))
		for i, p := range products {
			rows[i] = tx.WishlistItem.Create().SetUserID(user).SetProductID(p).SetPriceSeenMinor(350).SetPriceToldMinor(350).SetCurrency("GBP")
		}
		return tx.WishlistItem.CreateBulk(rows...).Exec(ctx)
	})
}

// The last 50 are kept, also of those that come at once; looking again brings
// a product to the front.
func TestViewed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := storetest.As(w.alice)
		many := w.many(60)
		view := func(i int) error {
			_, err := w.View(ctx, list.RecordViewInput{ProductID: scalar.ID{Prefix: "prd", UUID: many[i]}})
			return err
		}
		for i := range 45 {
			w.must(view(i))
			db.Clock.Add(time.Second)
		}
		for i, err := range atOnce(15, func(i int) error { return view(45 + i) }) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		db.Clock.Add(-time.Hour) // a clock that goes back
		w.must(view(0))
		db.Clock.Add(2 * time.Hour)
		w.must(view(20))
		rows, err := w.Viewed(ctx, w.alice)
		w.must(err)
		if len(rows) != 50 || *rows[0].ProductID != many[20] || *rows[49].ProductID != many[0] {
			t.Errorf("%d rows, first %v", len(rows), rows[0])
		}
		if rows, err := w.Viewed(storetest.As(w.bob), w.alice); err != nil || len(rows) != 0 { // security F1
			t.Errorf("%v %v", rows, err)
		}
	})
}

// Those who put a product aside hear of a lower price once, page by page; of
// stock once a day; and nobody hears of what he may not see.
func TestAlerts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		shelf := &goods.Goods{Store: db.Store}
		hear := w.working()
		tea := w.goods["TEA"].UUID
		crowd := make([]uuid.UUID, 250)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			people := make([]*ent.UserCreate, len(crowd))
			wishes := make([]*ent.WishlistItemCreate, len(crowd))
			for i := range crowd {
				crowd[i] = uuid.Must(uuid.NewV7())
				people[i] = tx.User.Create().SetID(crowd[i]).SetDisplayName(fmt.Sprint(i)).SetStatus(entuser.StatusACTIVE)
				wishes[i] = tx.WishlistItem.Create().SetUserID(crowd[i]).SetProductID(tea).SetPriceSeenMinor(350).SetPriceToldMinor(350).SetCurrency("GBP")
			}
			if err := tx.User.CreateBulk(people...).Exec(ctx); err != nil {
				return err
			}
			return tx.WishlistItem.CreateBulk(wishes...).Exec(ctx)
		})
		_, err := w.AddWish(storetest.As(w.alice), list.AddToWishlistInput{ProductID: w.goods["TEA"], PriceDrop: ptr(false)})
		w.must(err)
		change := func(in goods.UpsertProductInput) {
			t.Helper()
			in.Sku = "TEA"
			_, err := shelf.Upsert(staff(w.bob), goods.UpsertProductsInput{Products: []*goods.UpsertProductInput{&in}})
			w.must(err)
			hear()
		}
		costs := func(amount string) goods.UpsertProductInput {
			return goods.UpsertProductInput{Price: &scalar.MoneyInput{Amount: amount, Currency: "GBP"}}
		}
		cheaper := func(want int, what string) {
			t.Helper()
			if n := w.number(`SELECT count(*) FROM account_events WHERE kind = 'wish.price_dropped'`); n != want {
				t.Errorf("%s: %d told, want %d", what, n, want)
			}
		}
		change(costs("3.00"))
		cheaper(250, "a lower price")
		if w.told("wish.price_dropped", w.alice) != 0 {
			t.Error("alice did not want to hear")
		}
		change(costs("4.00"))
		change(costs("3.00"))
		cheaper(250, "no lower than was told")
		change(costs("2.99"))
		cheaper(500, "lower again")
		stock := func(n int) goods.UpsertProductInput {
			return goods.UpsertProductInput{Stock: graphql.OmittableOf(&n)}
		}
		back := func(want int, what string) {
			t.Helper()
			if n := w.number(`SELECT count(*) FROM account_events WHERE kind = 'wish.back_in_stock'`); n != want {
				t.Errorf("%s: %d told, want %d", what, n, want)
			}
		}
		change(stock(0))
		back(0, "out")
		change(stock(3))
		back(251, "back")
		change(stock(0))
		change(stock(3))
		back(251, "back within the day")
		db.Clock.Add(25 * time.Hour)
		w.write(func(ctx context.Context, tx *store.Tx) error { // for one of the crowd alone
			if err := tx.Product.Update().Where(product.ID(tea)).SetExclusive(true).Exec(ctx); err != nil {
				return err
			}
			return tx.ProductAdmission.Create().SetProductID(tea).SetKind(productadmission.KindCUSTOMER).SetSubjectID(crowd[7]).Exec(ctx)
		})
		change(stock(0))
		change(stock(3))
		change(costs("1.00"))
		back(252, "exclusive")
		cheaper(501, "exclusive")
	})
}
