package promotion_test

import (
	"context"
	"testing"
	"time"

	"kabinet/internal/job"
	"kabinet/internal/promotion"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// BenchmarkMillionCodes makes a million codes, as the job does: what
// bench/results/codes.md says. Run it with -benchtime 1x.
func BenchmarkMillionCodes(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		p := &promotion.Promotions{Store: db.Store}
		ctx := storetest.System()
		if err := job.Migrate(ctx, db.Store); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			const many = 1_000_000
			made, err := p.Save(ctx, promotion.SavePromotionInput{Kind: new(promotion.KindCode), Handle: new(time.Now().Format("b150405_000000000")),
				PromotionTerms: promotion.PromotionTerms{Texts: []*scalar.Translation{{Locale: "en", Name: "Million"}}, Effect: &promotion.PromotionEffectInput{DiscountBasisPoints: new(1000)}}})
			if err != nil {
				b.Fatal(err)
			}
			saved, err := p.SaveCodes(ctx, promotion.SavePromoCodesInput{PromotionID: made.ID, Count: new(many), MaxUses: new(1), IdempotencyKey: made.Handle})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := p.MakeCodes(ctx, saved.Batch.ID.UUID, time.Hour); err != nil {
				b.Fatal(err)
			}
			done, err := p.Batch(ctx, saved.Batch.ID)
			if err != nil || done.Made != many || done.Status != promotion.BatchDone {
				b.Fatal(done, err)
			}
			var n int
			err = db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.QueryRow(ctx, `SELECT count(DISTINCT code_key) FROM promo_codes WHERE promotion_id = ?`, made.ID.UUID).Scan(&n)
			})
			if err != nil || n != many {
				b.Fatal(n, err)
			}
		}
	})
}
