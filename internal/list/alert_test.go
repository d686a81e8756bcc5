package list_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Two instances do the jobs, the same news comes again and again, and a
// thousand people wait: each is told once of each thing that happened.
func TestAlertsTellOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		const n = 1000
		w := newWorld(t, db)
		tea := w.goods["TEA"].UUID
		w.write(func(ctx context.Context, tx *store.Tx) error {
			people, wishes := make([]*ent.UserCreate, n), make([]*ent.WishlistItemCreate, n)
			for i := range n {
				id := uuid.Must(uuid.NewV7())
				people[i] = tx.User.Create().SetID(id).SetDisplayName(fmt.Sprint(i)).SetStatus(entuser.StatusACTIVE)
				wishes[i] = tx.WishlistItem.Create().SetUserID(id).SetProductID(tea).SetPriceSeenMinor(350).SetPriceToldMinor(350).SetCurrency("GBP")
			}
			if err := tx.User.CreateBulk(people...).Exec(ctx); err != nil {
				return err
			}
			return tx.WishlistItem.CreateBulk(wishes...).Exec(ctx)
		})
		hear := w.working()
		w.working() // the second instance
		set := func(change func(*ent.ProductUpdateOne)) {
			t.Helper()
			w.write(func(ctx context.Context, tx *store.Tx) error {
				u := tx.Product.UpdateOneID(tea)
				change(u)
				return u.Exec(ctx)
			})
		}
		replayed := func(news func(ctx context.Context, tx *store.Tx) error) {
			t.Helper()
			for _, err := range atOnce(4, func(int) error { return db.InTx(storetest.System(), news) }) {
				w.must(err)
			}
			hear()
		}
		cheaper := func(ctx context.Context, tx *store.Tx) error {
			return w.OnProductPriceDropped(ctx, tx, event.ProductPriceDropped{ProductID: tea})
		}
		back := func(ctx context.Context, tx *store.Tx) error {
			return w.OnProductBackInStock(ctx, tx, event.ProductBackInStock{ProductID: tea})
		}
		told := func(what, kind string, times int) {
			t.Helper()
			if all := w.number(`SELECT count(*) FROM account_events WHERE kind = ?`, kind); all != n*times {
				t.Errorf("%s: %d are told, want %d", what, all, n*times)
			}
			if one := w.number(`SELECT coalesce(max(c), 0) FROM (SELECT count(*) AS c FROM account_events WHERE kind = ? GROUP BY stream_id) AS each`, kind); one != times {
				t.Errorf("%s: one is told %d times, want %d", what, one, times)
			}
		}
		set(func(u *ent.ProductUpdateOne) { u.SetPriceMinor(300) })
		replayed(cheaper)
		told("cheaper", "wish.price_dropped", 1)
		replayed(cheaper)
		told("the same once more", "wish.price_dropped", 1)
		set(func(u *ent.ProductUpdateOne) { u.SetPriceMinor(200).SetCurrency("EUR") })
		replayed(cheaper)
		told("another currency is no lower price", "wish.price_dropped", 1)
		set(func(u *ent.ProductUpdateOne) { u.SetPriceMinor(300).SetCurrency("GBP") })
		replayed(cheaper)
		told("and back", "wish.price_dropped", 1)
		set(func(u *ent.ProductUpdateOne) { u.SetPriceMinor(299) })
		replayed(cheaper)
		told("cheaper again", "wish.price_dropped", 2)
		replayed(back)
		told("back", "wish.back_in_stock", 1)
		replayed(back)
		told("back, once more", "wish.back_in_stock", 1)
		db.Clock.Add(25 * time.Hour)
		set(func(u *ent.ProductUpdateOne) { u.SetStock(0) })
		replayed(back)
		told("gone before the job ran", "wish.back_in_stock", 1)
		set(func(u *ent.ProductUpdateOne) { u.SetStock(1).SetStatus(product.StatusDISCONTINUED) })
		replayed(back)
		replayed(cheaper)
		told("not sold any more", "wish.back_in_stock", 1)
		set(func(u *ent.ProductUpdateOne) { u.SetStatus(product.StatusACTIVE) })
		replayed(back)
		told("back a day later", "wish.back_in_stock", 2)
	})
}
