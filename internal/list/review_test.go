package list_test

import (
	"context"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	entorder "kabinet/ent/generated/order"
	"kabinet/internal/list"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

const day = 24 * time.Hour

func (w *world) stars() [2]int {
	return [2]int{w.number(`SELECT rating_sum FROM products WHERE sku = 'TEA'`), w.number(`SELECT rating_count FROM products WHERE sku = 'TEA'`)}
}

func TestReviews(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.received(w.alice, w.alice, "TEA")
		w.received(w.bob, w.acme, "TEA") // for a company
		ctx, desk := storetest.As(w.alice), staff(w.person("staff"))
		in := list.SaveReviewInput{ProductID: w.goods["TEA"], Rating: ptr(4)}
		for i, err := range atOnce(8, func(int) error { _, err := w.SaveReview(ctx, in); return err }) { // twins are one
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		r, err := w.SaveReview(ctx, in)
		if err != nil || r.Revision != 1 || w.number(`SELECT count(*) FROM reviews`) != 1 {
			t.Fatalf("%+v %v", r, err)
		}
		for what, c := range map[string]struct {
			ctx  context.Context
			in   list.SaveReviewInput
			want string
		}{
			"not bought":   {ctx, list.SaveReviewInput{ProductID: w.goods["CUP"], Rating: ptr(1)}, "REVIEW_NOT_BOUGHT input.productId"},
			"another kind": {ctx, list.SaveReviewInput{ProductID: r.GlobalID(), Rating: ptr(1)}, "INVALID_ID input.productId"},
			"stale":        {ctx, list.SaveReviewInput{ProductID: w.goods["TEA"], Rating: ptr(1), Revision: ptr(9)}, "STALE_OBJECT input.revision"},
			"nobody":       {context.Background(), in, "UNAUTHENTICATED"},
		} {
			if _, err := w.SaveReview(c.ctx, c.in); code(err) != c.want {
				t.Errorf("%s: %v, want %s", what, code(err), c.want)
			}
		}
		// Staff that decide at once: one does, and the stars count once.
		done := 0
		for _, err := range atOnce(4, func(int) error {
			_, err := w.Moderate(desk, list.ModerateReviewInput{ID: r.GlobalID(), Revision: 1, Status: list.ReviewStatusPublished})
			return err
		}) {
			switch code(err) {
			case "":
				done++
			case "STALE_OBJECT input.revision":
			default:
				t.Error(err)
			}
		}
		if done != 1 || w.stars() != [2]int{4, 1} || len(w.acts) != 1 || w.told("review.moderated", w.alice) != 1 ||
			w.number(`SELECT count(*) FROM audit_entries WHERE action = 'review.moderate'`) != 1 {
			t.Errorf("%d decided, stars %v, acts %v", done, w.stars(), w.acts)
		}
		mine, err := w.SaveReview(storetest.As(w.bob), list.SaveReviewInput{ProductID: w.goods["TEA"], Rating: ptr(1), Body: graphql.OmittableOf(ptr("Bitter"))})
		w.must(err)
		_, err = w.Moderate(desk, list.ModerateReviewInput{ID: mine.GlobalID(), Revision: 1, Status: list.ReviewStatusPublished})
		w.must(err)
		if w.stars() != [2]int{5, 2} {
			t.Error(w.stars())
		}
		r, err = w.SaveReview(ctx, list.SaveReviewInput{ProductID: w.goods["TEA"], Title: graphql.OmittableOf(ptr("Better"))})
		if err != nil || w.stars() != [2]int{1, 1} || r.Status != "PENDING" || r.PublishedAt != nil {
			t.Errorf("%v %+v %v", w.stars(), r, err)
		}
		if _, err := w.DeleteReview(ctx, list.DeleteReviewInput{ID: mine.GlobalID()}); code(err) != "NOT_FOUND input.id" { // security F1
			t.Error(err)
		}
		_, err = w.DeleteReview(storetest.As(w.bob), list.DeleteReviewInput{ID: mine.GlobalID()})
		if err != nil || w.stars() != [2]int{0, 0} {
			t.Errorf("%v %v", w.stars(), err)
		}
		if _, err := w.Moderate(storetest.As(w.bob), list.ModerateReviewInput{ID: r.GlobalID(), Revision: int(r.Revision), Status: list.ReviewStatusPublished}); code(err) != "NOT_FOUND input.id" {
			t.Error(err) // what is not published is not there for others
		}
	})
}

// What was cancelled, or all sent back, was not kept.
func TestReviewNotReceived(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.received(w.alice, w.alice, "TEA")
		for status, fulfillment := range map[entorder.Status]entorder.FulfillmentStatus{
			entorder.StatusPLACED: entorder.FulfillmentStatusSHIPPED, entorder.StatusCANCELLED: entorder.FulfillmentStatusDELIVERED,
			entorder.StatusCOMPLETED: entorder.FulfillmentStatusRETURNED,
		} {
			w.write(func(ctx context.Context, tx *store.Tx) error {
				return tx.Order.Update().SetStatus(status).SetFulfillmentStatus(fulfillment).Exec(ctx)
			})
			if _, err := w.SaveReview(storetest.As(w.alice), list.SaveReviewInput{ProductID: w.goods["TEA"], Rating: ptr(1)}); code(err) != "REVIEW_NOT_BOUGHT input.productId" {
				t.Errorf("%s %s: %v", status, fulfillment, err)
			}
		}
		for _, returned := range []int64{1, 0} { // then of the order another line was sent back: in this order, for what is written once is not judged again
			want := ""
			if returned == 1 {
				want = "REVIEW_NOT_BOUGHT input.productId"
			}
			w.write(func(ctx context.Context, tx *store.Tx) error {
				if err := tx.Order.Update().SetStatus(entorder.StatusCOMPLETED).SetFulfillmentStatus(entorder.FulfillmentStatusPARTIALLY_RETURNED).Exec(ctx); err != nil {
					return err
				}
				return tx.OrderLine.Update().SetReturned(returned).Exec(ctx)
			})
			if _, err := w.SaveReview(storetest.As(w.alice), list.SaveReviewInput{ProductID: w.goods["TEA"], Rating: ptr(1)}); code(err) != want {
				t.Errorf("%d returned: %v", returned, err)
			}
		}
	})
}

// A product for some is nothing to the others, wherever they ask; the clock
// makes it be for everybody.
func TestAudience(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		desk := staff(w.person("staff"))
		cup := w.goods["CUP"]
		_, err := w.SaveCart(storetest.As(w.bob), list.SaveCartInput{Items: []*list.ListItemInput{w.item("CUP", 1)}})
		w.must(err)
		release := db.Clock.Now().Add(day)
		done, err := w.SetAudience(desk, list.SetProductAudienceInput{ProductIDs: []scalar.ID{cup}, ReleasedAt: &release,
			Audience: &list.ProductAudienceInput{CustomerIDs: []scalar.ID{{Prefix: "usr", UUID: w.alice}, {Prefix: "com", UUID: w.acme}}}})
		if err != nil || !done[0].Exclusive {
			t.Fatalf("%+v %v", done, err)
		}
		a, err := w.Audience(desk, cup)
		if err != nil || len(a.CustomerIDs) != 2 || a.CustomerIDs[1].Prefix != "com" {
			t.Errorf("%+v %v", a, err)
		}
		sees := func(ctx context.Context) bool {
			t.Helper()
			n, err := db.Client.Product.Query().Count(ctx)
			w.must(err)
			_, err = w.View(ctx, list.RecordViewInput{ProductID: cup})
			if (n == 3) != (err == nil) && code(err) != "UNAUTHENTICATED" {
				t.Errorf("%d products, but %v", n, err)
			}
			return n == 3
		}
		for who, c := range map[string]struct {
			ctx  context.Context
			want bool
		}{
			"nobody": {context.Background(), false}, "bob": {storetest.As(w.bob), false}, "alice": {storetest.As(w.alice), true},
			"bob for acme": {acting(w.bob, w.acme), true}, "staff": {desk, true},
		} {
			if sees(c.ctx) != c.want {
				t.Errorf("%s sees it: %v", who, !c.want)
			}
		}
		if rows := w.rows(w.bob); len(rows) != 1 || rows[0].Edges.Product != nil {
			t.Errorf("%v", rows)
		}
		id := scalar.ID{Prefix: "cart", UUID: w.rows(w.bob)[0].ListID}
		if _, err := w.Order(storetest.As(w.bob), list.OrderShoppingListInput{ID: id, AcceptGaps: ptr(true), IdempotencyKey: "k"}); code(err) != "ORDER_EMPTY input.id" {
			t.Error(err)
		}
		if n, err := w.ReleaseGoods(storetest.System(), 10); n != 0 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		db.Clock.Add(day)
		if n, err := w.ReleaseGoods(storetest.System(), 10); n != 1 || err != nil || !sees(storetest.As(w.bob)) || w.number(`SELECT count(*) FROM product_admissions`) != 0 {
			t.Errorf("%d %v", n, err)
		}
		if a, err := w.Audience(desk, cup); a != nil || err != nil {
			t.Errorf("%+v %v", a, err)
		}
	})
}
