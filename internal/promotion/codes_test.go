package promotion_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/audience"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/promotion"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func tenPercent() promotion.PromotionEffectInput {
	return promotion.PromotionEffectInput{DiscountBasisPoints: new(1000)}
}

// A code reduces each line exactly, is counted, and comes back with a cancel.
func TestCodeOnOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.promotion(promotion.KindCode, "spring", tenPercent(), func(in *promotion.SavePromotionInput) {
			in.PerOwner = graphql.OmittableOf(new(1))
		})
		w.code(id, "SPRING", nil)
		o, err := w.place(w.alice, []string{" spr1ng"}, "TEA", 3, "CUP", 1)
		w.check(err)
		if o.SubtotalMinor != 2250 || o.DiscountMinor != 225 || o.TotalMinor != 2025 {
			t.Fatalf("%d %d %d", o.SubtotalMinor, o.DiscountMinor, o.TotalMinor)
		}
		if s := w.statistics(id); s.Used != 1 || len(s.Reduced) != 1 || s.Reduced[0] != (scalar.Money{Minor: 225, Currency: "GBP"}) || s.Issued != 1 {
			t.Errorf("%+v", s)
		}
		_, err = w.place(w.alice, []string{"SPRING"}, "TEA", 1)
		if p := w.refused(err, promotion.ErrCodeLimitPerPerson); p["limit"] != 1 {
			t.Error(p)
		}
		_, err = w.place(w.bob, []string{"SPRING"}, "TEA", 1)
		w.check(err)
		w.cancel(w.alice, o)
		if s := w.statistics(id); s.Used != 1 {
			t.Errorf("%+v", s)
		}
		if _, err = w.place(w.alice, []string{"SPRING"}, "TEA", 1); err != nil {
			t.Error("a cancelled order gives the use back:", err)
		}
	})
}

// The same key gives the same order, and one use. A dry run uses nothing.
func TestCodeReplay(t *testing.T) { // security K4
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.promotion(promotion.KindCode, "once", tenPercent())
		w.code(id, "ONCE-1", new(1))
		first, err := w.placeBy(as(w.alice), "same", []string{"ONCE-1"}, "TEA", 1)
		w.check(err)
		again, err := w.placeBy(as(w.alice), "same", []string{"ONCE-1"}, "TEA", 1)
		w.check(err)
		if first.ID != again.ID || w.statistics(id).Used != 1 {
			t.Error(first.ID, again.ID, w.statistics(id))
		}
		if _, err := w.placeBy(as(w.alice), "same", nil, "TEA", 1); !errors.Is(err, fault.ErrIdempotencyKeyReused) { // security K5
			t.Error(err)
		}
	})
}

// However many take the last uses of a code, as many orders have it as there are.
func TestCodeRace(t *testing.T) { // security K1 K10
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for _, c := range []struct {
			handle string
			uses   *int
			terms  func(*promotion.SavePromotionInput)
			want   int64
		}{
			{"last", new(1), func(*promotion.SavePromotionInput) {}, 1},
			{"three", new(3), func(*promotion.SavePromotionInput) {}, 3},
			{"together", nil, func(in *promotion.SavePromotionInput) { in.MaxUses = graphql.OmittableOf(new(2)) }, 2},
			{"each", nil, func(in *promotion.SavePromotionInput) { in.PerOwner = graphql.OmittableOf(new(2)) }, 2},
		} {
			id := w.promotion(promotion.KindCode, c.handle, tenPercent(), c.terms)
			w.code(id, "RACE-"+c.handle, c.uses)
			var won atomic.Int64
			var wg sync.WaitGroup
			for range 100 {
				key := w.key()
				wg.Go(func() {
					_, err := w.placeBy(as(w.alice), key, []string{"RACE-" + c.handle}, "TEA", 1)
					switch {
					case err == nil:
						won.Add(1)
					case !errors.Is(err, promotion.ErrCodeUsedUp) && !errors.Is(err, promotion.ErrCodeLimitPerPerson):
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if s := w.statistics(id); won.Load() != c.want || int64(s.Used) != c.want {
				t.Errorf("%s: %d won, %d used", c.handle, won.Load(), s.Used)
			}
		}
	})
}

// Every reason for which a code does nothing.
func TestCheck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		now := db.Clock.Now()
		add := func(handle string, e promotion.PromotionEffectInput, uses *int, more ...func(*promotion.SavePromotionInput)) {
			w.code(w.promotion(promotion.KindCode, handle, e, more...), handle, uses)
		}
		add("fine", tenPercent(), nil)
		add("later", tenPercent(), nil, func(in *promotion.SavePromotionInput) { in.StartsAt = graphql.OmittableOf(new(now.Add(time.Hour))) })
		add("over", tenPercent(), nil, func(in *promotion.SavePromotionInput) { in.EndsAt = graphql.OmittableOf(new(now.Add(time.Minute))) })
		add("bobs", tenPercent(), nil, func(in *promotion.SavePromotionInput) {
			in.Audience = graphql.OmittableOf(&audience.Input{UserIDs: []scalar.ID{{Prefix: "usr", UUID: w.bob}}})
		})
		add("big", promotion.PromotionEffectInput{AmountOff: gbp("5"), Minimum: gbp("20")}, nil)
		add("cups", promotion.PromotionEffectInput{DiscountBasisPoints: new(500), Categories: []string{"cups"}}, nil)
		add("euros", promotion.PromotionEffectInput{AmountOff: &scalar.MoneyInput{Amount: "1", Currency: "EUR"}}, nil)
		add("alone", tenPercent(), nil, func(in *promotion.SavePromotionInput) { in.Stackable = new(false) })
		add("many", tenPercent(), nil, func(in *promotion.SavePromotionInput) {
			in.Condition = graphql.OmittableOf(new("basket.quantity > 10 && customer.orders == 0"))
		})
		add("two-uses", tenPercent(), new(2))
		add("one-use", tenPercent(), new(1))
		_, err := w.place(w.bob, []string{"one-use", "two-uses"}, "TEA", 1)
		w.check(err)
		_, err = w.place(w.bob, []string{"two-uses"}, "TEA", 1)
		w.check(err)
		db.Clock.Add(2 * time.Minute)
		nobody := viewer.With(context.Background(), viewer.Viewer{IP: "203.0.113.9"})
		for _, c := range []struct {
			ctx  context.Context
			code string
			with []string
			want error
		}{
			{as(w.alice), "FINE", nil, nil}, {nobody, "fine", nil, nil},
			{as(w.alice), "nothing-like-it", nil, promotion.ErrCodeUnknown},
			{as(w.alice), "later", nil, promotion.ErrCodeNotStarted}, {as(w.alice), "over", nil, promotion.ErrCodeExpired},
			{as(w.alice), "bobs", nil, promotion.ErrCodeNotForYou}, {nobody, "bobs", nil, promotion.ErrCodeNotForYou}, {as(w.bob), "bobs", nil, nil},
			{as(w.alice), "big", nil, promotion.ErrCodeMinimum}, {as(w.alice), "cups", nil, promotion.ErrCodeNothing},
			{as(w.alice), "euros", nil, promotion.ErrCodeNothing}, {as(w.alice), "alone", []string{"fine"}, promotion.ErrCodeNotStackable},
			{as(w.alice), "many", nil, promotion.ErrCodeNotForYou}, {as(w.alice), "two-uses", nil, promotion.ErrCodeUsedUp},
			{as(w.bob), "one-use", nil, promotion.ErrCodeUsedUp},
			{as(w.alice), "one-use", nil, promotion.ErrCodeUnknown}, // security S7: used by another is as good as unknown
		} {
			got, err := w.Check(c.ctx, promotion.CheckPromoCodeInput{Code: c.code, Lines: w.lines("TEA", 2), With: c.with})
			w.check(err)
			if got.Valid != (c.want == nil) || c.want != nil && !errors.Is(got.No, c.want) {
				t.Errorf("%s: %+v, want %v", c.code, got.No, c.want)
			}
			if f, ok := fault.As(got.No); ok && c.code == "big" && (f.Params["missing"] != int64(1300) || f.Params["currency"] != "GBP") {
				t.Error(f.Params)
			}
			if got.Valid && (got.Reduction.Minor != 70 || got.Total.Minor != 630 || len(got.Lines) != 1 || got.Lines[0].Discount.Minor != 70) {
				t.Errorf("%s: %+v", c.code, got)
			}
		}
	})
}

// Guessing is slowed down, whichever way codes are entered.
func TestGuessing(t *testing.T) { // security S7
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.code(w.promotion(promotion.KindCode, "real", tenPercent()), "REAL", nil)
		for i := range 10 {
			switch i % 3 {
			case 0:
				got, err := w.Check(as(w.alice), promotion.CheckPromoCodeInput{Code: "GUESS", Lines: w.lines("TEA", 2)})
				w.check(err)
				if !errors.Is(got.No, promotion.ErrCodeUnknown) {
					t.Fatal(got.No)
				}
			case 1:
				_, err := w.place(w.alice, []string{"GUESS"}, "TEA", 1)
				w.refused(err, promotion.ErrCodeUnknown)
			case 2:
				got, err := w.Check(as(w.alice), promotion.CheckPromoCodeInput{Code: "REAL", Lines: w.lines("TEA", 2), With: []string{"GUESS"}})
				w.check(err)
				if !errors.Is(got.No, promotion.ErrCodeUnknown) {
					t.Fatal(got.No)
				}
			}
		}
		got, err := w.Check(as(w.alice), promotion.CheckPromoCodeInput{Code: "REAL", Lines: w.lines("TEA", 2)})
		w.check(err)
		if !errors.Is(got.No, promotion.ErrTooManyAttempts) {
			t.Errorf("%+v", got)
		}
		_, err = w.place(w.alice, []string{"REAL"}, "TEA", 1)
		w.refused(err, promotion.ErrTooManyAttempts)
		_, err = w.place(w.alice, nil, "TEA", 1) // without a code he may
		w.check(err)
		if got, err = w.Check(as(w.bob), promotion.CheckPromoCodeInput{Code: "REAL", Lines: w.lines("TEA", 2)}); err != nil || !got.Valid {
			t.Error(got, err)
		}
		db.Clock.Add(3 * time.Second)
		if got, err = w.Check(as(w.alice), promotion.CheckPromoCodeInput{Code: "REAL", Lines: w.lines("TEA", 2)}); err != nil || !got.Valid {
			t.Error(got, err)
		}
	})
}

// A reservation is held for a basket, used by its owner's order, given up, or over.
func TestReservation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.promotion(promotion.KindCode, "one", tenPercent())
		w.code(id, "ONE", new(1))
		apply := func(ctx context.Context, ref string, dry bool) (promotion.Applied, error) {
			return w.Apply(ctx, promotion.ApplyPromoCodeInput{Code: "one", Reference: ref, Lines: w.lines("TEA", 2), IdempotencyKey: w.key(), DryRun: &dry})
		}
		_, err := apply(as(w.alice), "basket", true)
		w.check(err)
		if s := w.statistics(id); s.Reserved != 0 {
			t.Fatal("a dry run reserved")
		}
		got, err := apply(as(w.alice), "basket", false)
		w.check(err)
		if got.Check.Reduction.Minor != 70 || !got.ReservedUntil.Equal(db.Clock.Now().Add(promotion.ReservedFor)) {
			t.Errorf("%+v", got)
		}
		db.Clock.Add(time.Minute)
		got, err = apply(as(w.alice), "basket", false) // again: for longer, and once
		w.check(err)
		if s := w.statistics(id); s.Reserved != 1 || !got.ReservedUntil.Equal(db.Clock.Now().Add(promotion.ReservedFor)) {
			t.Errorf("%+v %v", s, got.ReservedUntil)
		}
		_, err = apply(as(w.bob), "basket", false)
		w.refused(err, promotion.ErrCodeUnknown)
		_, err = w.place(w.bob, []string{"ONE"}, "TEA", 1)
		w.refused(err, promotion.ErrCodeUnknown)
		release := func(ctx context.Context) bool {
			r, err := w.Release(ctx, promotion.ReleasePromoCodeInput{Code: "ONE", Reference: "basket", IdempotencyKey: w.key()})
			w.check(err)
			return *r.Released
		}
		if release(as(w.bob)) || !release(as(w.alice)) || release(as(w.alice)) {
			t.Error("who may release what")
		}
		_, err = apply(as(w.bob), "basket", false)
		w.check(err)
		db.Clock.Add(promotion.ReservedFor) // bob's time is over, and nobody cleaned up
		_, err = apply(as(w.alice), "basket", false)
		w.check(err)
		o, err := w.place(w.alice, []string{"ONE"}, "TEA", 1)
		w.check(err)
		if s := w.statistics(id); s.Reserved != 0 || s.Used != 1 {
			t.Errorf("%+v", s)
		}
		w.cancel(w.alice, o)
		_, err = apply(as(w.bob), "basket", false)
		w.check(err)
		db.Clock.Add(promotion.ReservedFor)
		n, err := w.ReleaseDue(w.staff(), 100)
		if s := w.statistics(id); err != nil || n != 1 || s.Reserved != 0 {
			t.Errorf("%d %v %+v", n, err, s)
		}
	})
}

// A thousand and more are made in the background, exactly as many, whoever is
// killed on the way and however many work at it.
func TestBatch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.check(job.Migrate(w.staff(), db.Store))
		id := w.promotion(promotion.KindCode, "bulk", tenPercent())
		const many = 20_000
		saved, err := w.SaveCodes(w.staff(), promotion.SavePromoCodesInput{PromotionID: id, Count: new(many), Prefix: new("SP-"), MaxUses: new(1), IdempotencyKey: "batch"})
		w.check(err)
		if saved.Batch.Status != promotion.BatchRunning || saved.Batch.Total != many {
			t.Fatalf("%+v", saved.Batch)
		}
		again, err := w.SaveCodes(w.staff(), promotion.SavePromoCodesInput{PromotionID: id, Count: new(many), Prefix: new("SP-"), MaxUses: new(1), IdempotencyKey: "batch"})
		if err != nil || again.Batch.ID != saved.Batch.ID || !*again.Replayed {
			t.Fatal(again, err)
		}
		ctx, kill := context.WithCancel(w.staff())
		kill()
		_, _ = w.MakeCodes(ctx, saved.Batch.ID.UUID, time.Minute) // it dies at once
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, err := w.MakeCodes(w.staff(), saved.Batch.ID.UUID, time.Minute); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		db.Clock.Add(2 * time.Minute)
		if _, err := w.CodesDue(w.staff(), 10); err != nil {
			t.Error(err)
		}
		b, err := w.Batch(w.staff(), saved.Batch.ID)
		if err != nil || b.Status != promotion.BatchDone || b.Made != many {
			t.Errorf("%+v %v", b, err)
		}
		if n := w.count(`SELECT count(*) FROM promo_codes WHERE promotion_id = ?`, id.UUID); n != many {
			t.Errorf("%d codes", n)
		}
		if s := w.statistics(id); s.Issued != many {
			t.Errorf("%+v", s)
		}
		page, err := w.Codes(w.staff(), promotion.PromoCodeFilter{PromotionID: id, BatchID: &saved.Batch.ID}, nil, new(100), nil, nil)
		if err != nil || len(page.Edges) != 100 || !page.PageInfo.HasNextPage {
			t.Fatal(err)
		}
		if _, err := w.place(w.alice, []string{*page.Edges[7].Node.Code}, "TEA", 1); err != nil {
			t.Error(err)
		}
	})
}

func TestSaveCodesRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.promotion(promotion.KindCode, "spring", tenPercent())
		offer := w.promotion(promotion.KindOffer, "offer", tenPercent())
		w.code(id, "SPRING", nil)
		for _, c := range []struct {
			name string
			in   promotion.SavePromoCodesInput
			want error
		}{
			{"taken, as it looks", promotion.SavePromoCodesInput{PromotionID: id, Codes: []string{"spr-ing"}}, promotion.ErrCodeTaken},
			{"twice", promotion.SavePromoCodesInput{PromotionID: id, Codes: []string{"ABC", "abc"}}, promotion.ErrCodeTaken},
			{"too few different ones", promotion.SavePromoCodesInput{PromotionID: id, Count: new(1_000_000), Length: new(6), Alphabet: new("0123456789")}, fault.ErrOutOfRange},
			{"too many", promotion.SavePromoCodesInput{PromotionID: id, Count: new(1_000_001)}, fault.ErrOutOfRange},
			{"none", promotion.SavePromoCodesInput{PromotionID: id, Count: new(0)}, fault.ErrOutOfRange},
			{"neither", promotion.SavePromoCodesInput{PromotionID: id}, fault.ErrRequired},
			{"an alphabet with one twice", promotion.SavePromoCodesInput{PromotionID: id, Count: new(1), Alphabet: new("AABCDEFGHIJ")}, fault.ErrInvalidValue},
			{"of an offer", promotion.SavePromoCodesInput{PromotionID: offer, Count: new(1)}, fault.ErrNotFound},
			{"of a stranger", promotion.SavePromoCodesInput{PromotionID: id, Count: new(1), UserID: &scalar.ID{Prefix: "usr", UUID: w.acme}}, fault.ErrNotFound},
			{"not a code", promotion.SavePromoCodesInput{PromotionID: id, Codes: []string{"A B C"}}, fault.ErrInvalidValue},
		} {
			c.in.IdempotencyKey = w.key()
			if _, err := w.SaveCodes(w.staff(), c.in); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		_, err := w.SaveCodes(as(w.alice), promotion.SavePromoCodesInput{PromotionID: id, Count: new(1), IdempotencyKey: "k"})
		w.refused(err, fault.ErrForbidden)
		// An assigned code is nobody else's.
		saved, err := w.SaveCodes(w.staff(), promotion.SavePromoCodesInput{PromotionID: id, Codes: []string{"FOR-BOB"}, MaxUses: new(1), UserID: &scalar.ID{Prefix: "usr", UUID: w.bob}, IdempotencyKey: w.key()})
		if err != nil || saved.Batch.Status != promotion.BatchDone {
			t.Fatal(saved, err)
		}
		_, err = w.place(w.alice, []string{"FOR-BOB"}, "TEA", 1)
		w.refused(err, promotion.ErrCodeUnknown)
		_, err = w.place(w.bob, []string{"FOR-BOB"}, "TEA", 1)
		w.check(err)
	})
}
