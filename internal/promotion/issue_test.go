package promotion_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/promotion"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// A code handed out to somebody is his, once; one that was taken back is nobody's.
func TestIssue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.promotion(promotion.KindCode, "coupon", tenPercent(), func(in *promotion.SavePromotionInput) { in.ValidDays = graphql.OmittableOf(new(5)) })
		offer := w.promotion(promotion.KindOffer, "offer", tenPercent())
		issue := func(of scalar.ID, owner uuid.UUID) (code string, err error) {
			err = db.InTx(as(w.alice), func(ctx context.Context, tx *store.Tx) (err error) {
				code, err = w.IssueCode(ctx, tx, of.UUID, owner)
				return err
			})
			return code, err
		}
		void := func(code string) error {
			return db.InTx(as(w.alice), func(ctx context.Context, tx *store.Tx) error { return w.VoidCode(ctx, tx, id.UUID, code) })
		}
		code, err := issue(id, w.alice)
		w.check(err)
		_, err = w.place(w.bob, []string{code}, "TEA", 1)
		w.refused(err, promotion.ErrCodeUnknown)
		_, err = w.place(w.alice, []string{code}, "TEA", 1)
		w.check(err)
		if !errors.Is(void(code), promotion.ErrCodeUsedUp) {
			t.Error("a used code was taken back")
		}
		code, err = issue(id, w.acme)
		w.check(err)
		w.check(void(code))
		_, err = w.placeBy(w.acting(), w.key(), []string{code}, "TEA", 1)
		w.refused(err, promotion.ErrCodeUnknown)
		if _, err = issue(offer, w.alice); !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
		if s := w.statistics(id); s.Issued != 2 {
			t.Error(s)
		}
	})
}

// Orders with the same codes in another order, and cancels beside them, do not
// stand crosswise, and the counts are right in the end.
func TestCodesCrosswise(t *testing.T) { // security K9 K10
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var codes []string
		for _, handle := range []string{"one", "two", "three"} {
			id := w.promotion(promotion.KindCode, handle, promotion.PromotionEffectInput{DiscountBasisPoints: new(100)}, func(in *promotion.SavePromotionInput) {
				in.MaxUses = graphql.OmittableOf(new(20))
			})
			w.code(id, "CROSS-"+handle, new(15))
			codes = append(codes, "CROSS-"+handle)
		}
		var wg sync.WaitGroup
		for i := range 40 {
			mine, key := slices.Clone(codes), w.key()
			if i%2 == 0 {
				slices.Reverse(mine)
			}
			user := []uuid.UUID{w.alice, w.bob}[i%2]
			wg.Go(func() {
				o, err := w.placeBy(as(user), key, mine, "TEA", 3)
				switch {
				case errors.Is(err, promotion.ErrCodeUsedUp):
				case err != nil:
					t.Error(err)
				case i%3 == 0:
					w.cancel(user, o)
				}
			})
			if i%10 == 9 {
				wg.Go(func() {
					if _, err := w.ReleaseDue(w.staff(), 10); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		stand := w.count(`SELECT count(*) FROM orders WHERE status = 'PLACED' AND discount_minor > 0`)
		for _, c := range codes {
			if n := w.count(`SELECT uses FROM promo_codes WHERE code = ?`, c); n != stand || n > 15 {
				t.Errorf("%s: %d uses, %d orders", c, n, stand)
			}
		}
	})
}
