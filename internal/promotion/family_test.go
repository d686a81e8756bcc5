package promotion_test

import (
	"context"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/promocode"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/ent/generated/promouse"
	"kabinet/internal/audience"
	"kabinet/internal/promotion"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// inFamily is somebody for a family that was made a moment ago.
func (w *world) inFamily(user uuid.UUID) context.Context {
	w.t.Helper()
	var id uuid.UUID
	w.check(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Company.Create().SetName("Smith").SetKind(company.KindFAMILY).Save(ctx)
		if err == nil {
			id = c.ID
		}
		return err
	}))
	return viewer.With(context.Background(), viewer.Viewer{UserID: user, OwnerID: id, Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "order", Operation: "write"}: viewer.ReachOwner, {Resource: "order", Operation: "read"}: viewer.ReachOwner,
	}})
}

// A family that is made in a moment has nothing that its members had. security K4
func TestFamilyIsNoCustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		offer := w.promotion(promotion.KindOffer, "hundred", promotion.PromotionEffectInput{Points: new(int64(100))})
		once := func(in *promotion.SavePromotionInput) { in.PerOwner = graphql.OmittableOf(new(1)) }
		w.code(w.promotion(promotion.KindCode, "once", tenPercent(), once), "ONCE", nil)
		for i, ctx := range []context.Context{w.inFamily(w.alice), w.inFamily(w.alice), as(w.alice)} {
			_, err := w.Activate(ctx, promotion.ActivateOfferInput{OfferID: offer, IdempotencyKey: w.key()})
			if i == 0 {
				w.check(err)
			} else {
				w.refused(err, promotion.ErrOfferOver)
			}
			_, err = w.placeBy(ctx, w.key(), []string{"ONCE"}, "TEA", 1)
			if i == 0 {
				w.check(err)
			} else {
				w.refused(err, promotion.ErrCodeLimitPerPerson)
				_, err = w.Apply(ctx, promotion.ApplyPromoCodeInput{Code: "ONCE", Reference: "b", IdempotencyKey: w.key()})
				w.refused(err, promotion.ErrCodeLimitPerPerson)
			}
		}
		if len(w.given) != 1 {
			t.Errorf("points: %v", w.given)
		}

		// What is meant for her, and known of her, holds in a family too.
		hers := w.promotion(promotion.KindCode, "hers", tenPercent(), func(in *promotion.SavePromotionInput) {
			in.Audience = graphql.OmittableOf(&audience.Input{UserIDs: []scalar.ID{{Prefix: "usr", UUID: w.alice}}})
		})
		w.code(hers, "HERS", nil)
		_, err := w.placeBy(w.inFamily(w.alice), w.key(), []string{"HERS"}, "TEA", 1)
		w.check(err)
		_, err = w.placeBy(w.inFamily(w.bob), w.key(), []string{"HERS"}, "TEA", 1)
		w.refused(err, promotion.ErrCodeNotForYou)
	})
}

// A use that was refused is not counted, though the order is placed.
func TestRefusedIsNotCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		limits := func(in *promotion.SavePromotionInput) {
			in.PerOwner, in.MaxUses = graphql.OmittableOf(new(1)), graphql.OmittableOf(new(10))
		}
		discount := w.promotion(promotion.KindDiscount, "first", tenPercent(), limits)
		coupon := w.promotion(promotion.KindCode, "coupon", tenPercent(), limits)
		w.code(coupon, "FEW", new(5))
		w.code(coupon, "GONE", new(1))
		for _, c := range []struct {
			of   scalar.ID
			code string
			who  uuid.UUID
			want error
		}{
			{discount, "", w.alice, nil}, {discount, "", w.alice, promotion.ErrCodeLimitPerPerson},
			{coupon, "FEW", w.alice, nil}, {coupon, "FEW", w.alice, promotion.ErrCodeLimitPerPerson},
			{coupon, "GONE", w.bob, nil}, {coupon, "GONE", w.carol, promotion.ErrCodeUsedUp},
		} {
			w.check(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				row, err := tx.Promotion.Query().Where(entpromotion.ID(c.of.UUID)).Only(ctx)
				w.check(err)
				var code *uuid.UUID
				if c.code != "" {
					found, err := tx.PromoCode.Query().Where(promocode.Code(c.code)).Only(ctx)
					w.check(err)
					code = &found.ID
				}
				err = w.Take(ctx, tx, row, code, c.who)
				if c.want != nil {
					w.refused(err, c.want)
					return nil // the order goes on without it
				}
				return err
			}))
			w.checkCounts()
		}

		// What he has had already is not shown to him.
		for who, want := range map[uuid.UUID]int64{w.alice: 350, w.bob: 315} {
			prices, err := w.PriceFor(as(who), promotion.PriceForInput{Skus: []string{"TEA"}})
			w.check(err)
			if prices[0].Total.Minor != want {
				t.Errorf("%d, want %d", prices[0].Total.Minor, want)
			}
		}
	})
}

// Nobody holds a limited code for ever more baskets.
func TestReservationsOfOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.code(w.promotion(promotion.KindCode, "ten", tenPercent()), "TEN", new(10))
		hold := func(user uuid.UUID, basket string) error {
			_, err := w.Apply(as(user), promotion.ApplyPromoCodeInput{Code: "TEN", Reference: basket, IdempotencyKey: w.key()})
			return err
		}
		for _, basket := range []string{"a", "b", "c", "a"} {
			w.check(hold(w.alice, basket))
		}
		if p := w.refused(hold(w.alice, "d"), promotion.ErrCodeLimitPerPerson); p["limit"] != 3 {
			t.Error(p)
		}
		w.check(hold(w.alice, "b"))
		w.check(hold(w.bob, "a"))
		w.checkCounts()
		db.Clock.Add(promotion.ReservedFor + time.Second)
		w.check(hold(w.alice, "d"))
	})
}

// What was prolonged since it was read is not released.
func TestProlongedStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.code(w.promotion(promotion.KindCode, "one", tenPercent()), "ONE", new(1))
		hold := func() {
			_, err := w.Apply(as(w.alice), promotion.ApplyPromoCodeInput{Code: "ONE", Reference: "a", IdempotencyKey: w.key()})
			w.check(err)
		}
		read := func() *ent.PromoUse {
			u, err := db.Client.PromoUse.Query().Where(promouse.OwnerID(w.alice)).Only(storetest.System())
			w.check(err)
			return u
		}
		hold()
		stale := read()
		db.Clock.Add(promotion.ReservedFor + time.Second)
		hold()
		for _, want := range []bool{false, true} {
			w.check(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				done, err := promotion.ReleaseOverdue(ctx, tx, stale)
				if done != want {
					t.Errorf("released %t, want %t", done, want)
				}
				return err
			}))
			db.Clock.Add(promotion.ReservedFor + time.Second)
		}
	})
}
