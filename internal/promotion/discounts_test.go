package promotion_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/audience"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/promotion"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func (w *world) club(handle string, perks []*promotion.ClubPerkInput, of *audience.Input) scalar.ID {
	w.t.Helper()
	c, err := w.SaveClub(w.staff(), promotion.SaveClubInput{Handle: &handle, Texts: texts(handle), Perks: perks,
		Audience: graphql.OmittableOf(of), Status: new(promotion.ClubActive)})
	w.check(err)
	return c.ID
}

func sevenPercent() []*promotion.ClubPerkInput {
	return []*promotion.ClubPerkInput{{Kind: promotion.PerkDiscount, DiscountBasisPoints: new(700), Texts: texts("Seven")}}
}

// paid makes an order of the past that was paid.
func (w *world) paid(owner uuid.UUID, minor int64) {
	w.t.Helper()
	w.check(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		o, err := tx.Order.Create().SetOwnerID(owner).SetUserID(owner).SetNumber(uuid.NewString()).SetCurrency("GBP").SetSubtotalMinor(minor).
			SetTotalMinor(minor).SetPaidMinor(minor).SetStatus(entorder.StatusCOMPLETED).SetPlacedAt(tx.Now).SetEventSeq(1).Save(ctx)
		if err != nil {
			return err
		}
		if err := tx.OrderEvent.Create().SetOwnerID(owner).SetOrderID(o.ID).SetSeq(1).SetKind("PLACED").SetOccurredAt(tx.Now).SetCurrency("GBP").SetAmountMinor(minor).Exec(ctx); err != nil {
			return err
		}
		if err := tx.OrderLine.Create().SetOwnerID(owner).SetOrderID(o.ID).SetPosition(1).SetSku("OLD").SetTitle("Old").SetQuantity(1).SetCurrency("GBP").SetUnitPriceMinor(minor).SetTotalMinor(minor).Exec(ctx); err != nil {
			return err
		}
		return tx.Payment.Create().SetOwnerID(owner).SetOrderID(o.ID).SetKind("PAYMENT").SetStatus("SUCCEEDED").SetCurrency("GBP").SetAmountMinor(minor).SetMethod("X").SetOccurredAt(tx.Now).Exec(ctx)
	}))
}

// A price says of each reduction where it comes from, in as many statements for
// a hundred products as for one.
func TestPriceFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.promotion(promotion.KindPrice, "tea-price", promotion.PromotionEffectInput{FixedPrice: gbp("3.20"), Skus: []string{"TEA"}}, func(in *promotion.SavePromotionInput) {
			in.Audience = graphql.OmittableOf(&audience.Input{UserIDs: []scalar.ID{{Prefix: "usr", UUID: w.alice}}})
		})
		w.promotion(promotion.KindDiscount, "loyal", promotion.PromotionEffectInput{Steps: []*promotion.DiscountStepInput{
			{Spent: *gbp("100"), DiscountBasisPoints: 300}, {Spent: *gbp("500"), DiscountBasisPoints: 500}}})
		id := w.club("parents", sevenPercent(), nil)
		_, err := w.Join(as(w.alice), promotion.JoinClubInput{ClubID: id})
		w.check(err)
		w.paid(w.alice, 12_000)
		prices, err := w.PriceFor(as(w.alice), promotion.PriceForInput{Skus: []string{"TEA", "NONE", "CUP", "TEA"}, Quantity: new(3)})
		w.check(err)
		if len(prices) != 2 {
			t.Fatalf("%d prices", len(prices))
		}
		// 3 at 3.20 instead of 3.50: 9.60; then 7 % by the club, 0.67, and 3 % of 8.93, 0.26: by handle, loyal first.
		tea := prices[0]
		if tea.ListPrice.Minor != 350 || tea.Total.Minor != 960-28-65 || len(tea.Reductions) != 3 || tea.Price.Minor != 289 {
			b, _ := json.Marshal(tea)
			t.Errorf("%s", b)
		}
		for i, want := range []promotion.ReductionSource{promotion.FromPrice, promotion.FromCumulative, promotion.FromClub} {
			if tea.Reductions[i].Source != want {
				t.Errorf("%d comes from %s", i, tea.Reductions[i].Source)
			}
		}
		if prices, err = w.PriceFor(as(w.bob), promotion.PriceForInput{Skus: []string{"TEA"}}); err != nil || prices[0].Price.Minor != 350 || len(prices[0].Reductions) != 0 {
			t.Error(prices, err)
		}
		skus := []string{}
		w.check(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			for range 99 {
				sku := uuid.NewString()
				skus = append(skus, sku)
				if err := tx.Product.Create().SetSku(sku).SetTitle("x").SetPriceMinor(999).SetCurrency("GBP").Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		}))
		one, _ := db.Statements(func() { _, err = w.PriceFor(as(w.alice), promotion.PriceForInput{Skus: skus[:1]}) })
		w.check(err)
		all, log := db.Statements(func() { prices, err = w.PriceFor(as(w.alice), promotion.PriceForInput{Skus: skus}) })
		if err != nil || one != all || len(prices) != 99 {
			t.Errorf("%d statements for one, %d for %d: %v %v", one, all, len(prices), log, err)
		}
		if _, err = w.PriceFor(as(w.alice), promotion.PriceForInput{Skus: make([]string, 101)}); !errors.Is(err, fault.ErrTooLong) {
			t.Error(err)
		}
	})
}

// An order gets what the price said; a company what is the company's.
func TestAutomaticDiscount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		acme := w.promotion(promotion.KindDiscount, "acme", tenPercent(), func(in *promotion.SavePromotionInput) {
			in.Audience = graphql.OmittableOf(&audience.Input{CompanyIDs: []scalar.ID{{Prefix: "com", UUID: w.acme}}})
		})
		first := w.promotion(promotion.KindDiscount, "first-hundred", promotion.PromotionEffectInput{AmountOff: gbp("1")}, func(in *promotion.SavePromotionInput) {
			in.MaxUses, in.Condition = graphql.OmittableOf(new(1)), graphql.OmittableOf(new("basket.total >= 700"))
		})
		o, err := w.placeBy(w.acting(), w.key(), nil, "TEA", 1)
		if err != nil || o.TotalMinor != 315 || o.OwnerID != w.acme {
			t.Fatal(o, err)
		}
		o, err = w.place(w.carol, nil, "TEA", 1)
		if err != nil || o.TotalMinor != 350 {
			t.Fatal(o, err)
		}
		o, err = w.place(w.carol, nil, "TEA", 2)
		if err != nil || o.TotalMinor != 600 {
			t.Fatal(o, err)
		}
		o, err = w.place(w.bob, nil, "TEA", 2) // its one use is gone: the order is placed without it
		if err != nil || o.TotalMinor != 700 {
			t.Fatal(o, err)
		}
		if a, f := w.statistics(acme), w.statistics(first); a.Used != 1 || f.Used != 1 {
			t.Error(a, f)
		}
		_, err = w.SetStatus(w.staff(), promotion.SetPromotionStatusInput{ID: acme, Status: promotion.StatusPaused})
		w.check(err)
		if o, err = w.placeBy(w.acting(), w.key(), nil, "TEA", 1); err != nil || o.TotalMinor != 350 {
			t.Error(o, err)
		}
		_, err = w.SetStatus(w.staff(), promotion.SetPromotionStatusInput{ID: acme, Status: promotion.StatusEnded})
		w.check(err)
		_, err = w.SetStatus(w.staff(), promotion.SetPromotionStatusInput{ID: acme, Status: promotion.StatusActive})
		w.refused(err, promotion.ErrTransition)
	})
}

// An offer is taken up by whom it is to, holds for his next order, comes back
// with a cancel and ends.
func TestOffer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		to := func(in *promotion.SavePromotionInput) {
			in.Audience = graphql.OmittableOf(&audience.Input{UserIDs: []scalar.ID{{Prefix: "usr", UUID: w.alice}}})
			in.ValidDays = graphql.OmittableOf(new(7))
		}
		id := w.promotion(promotion.KindOffer, "gift", promotion.PromotionEffectInput{DiscountBasisPoints: new(2000), GiftSku: new("CARD"), Points: new(int64(50))}, to)
		points := w.promotion(promotion.KindOffer, "hundred", promotion.PromotionEffectInput{Points: new(int64(100))}, to)
		activate := func(ctx context.Context, of scalar.ID, key string, dry bool) (promotion.Activation, error) {
			return w.Activate(ctx, promotion.ActivateOfferInput{OfferID: of, IdempotencyKey: key, DryRun: &dry})
		}
		offers := func(user uuid.UUID, status ...promotion.OfferStatus) []*promotion.OfferEdge {
			c, err := w.OffersOf(as(user), user, &promotion.OfferFilter{Status: status}, nil, nil, nil, nil)
			w.check(err)
			n, err := c.TotalCount(as(user))
			if err != nil || n != len(c.Edges) {
				t.Error(n, len(c.Edges), err)
			}
			return c.Edges
		}
		if len(offers(w.alice)) != 2 || len(offers(w.bob)) != 0 {
			t.Fatal("who is offered what")
		}
		_, err := activate(as(w.bob), id, w.key(), false)
		w.refused(err, fault.ErrNotFound) // security F7
		_, err = activate(as(w.alice), id, "offer", true)
		w.check(err)
		got, err := activate(as(w.alice), id, "offer", false)
		if err != nil || *got.Replayed || got.Offer.Status != promotion.OfferActivated || !got.Offer.ExpiresAt.Equal(db.Clock.Now().AddDate(0, 0, 7)) {
			t.Fatal(got, err)
		}
		if got, err = activate(as(w.alice), id, "offer", false); err != nil || !*got.Replayed { // security K4
			t.Error(got, err)
		}
		if got, err = activate(as(w.alice), points, "points", false); err != nil || *got.Points != 100 || got.Offer.Status != promotion.OfferUsed || len(w.given) != 1 {
			t.Error(got, err, w.given)
		}
		_, err = activate(as(w.alice), points, w.key(), false)
		w.refused(err, promotion.ErrOfferOver)
		o, err := w.place(w.alice, nil, "TEA", 2)
		if err != nil || o.TotalMinor != 560 || o.SubtotalMinor != 800 || o.DiscountMinor != 240 {
			t.Fatal(o, err)
		}
		if used := offers(w.alice, promotion.OfferUsed); len(used) != 2 {
			t.Errorf("%d used", len(used))
		}
		w.cancel(w.alice, o)
		if back := offers(w.alice, promotion.OfferActivated); len(back) != 1 {
			t.Errorf("%d activated after the cancel", len(back))
		}
		if o, err = w.place(w.alice, nil, "TEA", 2); err != nil || o.DiscountMinor != 240 {
			t.Fatal(o, err)
		}
		w.deliver(o)
		w.deliver(o)
		if len(w.given) != 2 {
			t.Errorf("%v", w.given)
		}
		db.Clock.Add(8 * 24 * time.Hour)
		if o, err = w.place(w.alice, nil, "TEA", 2); err != nil || o.DiscountMinor != 0 {
			t.Error(o, err)
		}
	})
}

// deliver lets the domain hear that an order arrived.
func (w *world) deliver(o *ent.Order) {
	w.t.Helper()
	b, err := json.Marshal(event.OrderStatusChanged{OrderID: o.ID, OwnerID: o.OwnerID, Changed: []string{"fulfillmentStatus"}, FulfillmentStatus: "DELIVERED"})
	w.check(err)
	w.check(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return w.OnOrderStatusChanged(ctx, tx, event.Stored{Payload: b})
	}))
}

// Joining asks the audience, says why not, and is the same twice.
func TestClubs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		open := w.club("open", sevenPercent(), nil)
		buyers := w.club("buyers", nil, &audience.Input{Condition: new("customer.orders > 0")})
		_, err := w.Join(as(w.alice), promotion.JoinClubInput{ClubID: buyers})
		if p := w.refused(err, promotion.ErrClubNotForYou); p["reason"] != audience.Condition {
			t.Error(p)
		}
		for range 2 {
			c, err := w.Join(as(w.alice), promotion.JoinClubInput{ClubID: open})
			if err != nil || c.JoinedAt == nil || !c.JoinedAt.Equal(storetest.Start) || c.No != nil || c.Members != nil {
				t.Fatal(c, err)
			}
			db.Clock.Add(time.Minute)
		}
		list, err := w.Clubs(as(w.alice), nil, nil, nil, nil)
		if err != nil || len(list.Edges) != 2 || list.Edges[0].Node.Handle != "buyers" || !errors.Is(list.Edges[0].Node.No, promotion.ErrClubNotForYou) {
			t.Fatal(list, err)
		}
		if c, err := w.Club(w.staff(), open); err != nil || *c.Members != 1 {
			t.Error(c, err)
		}
		if o, err := w.place(w.alice, nil, "CUP", 1); err != nil || o.DiscountMinor != 84 {
			t.Error(o, err)
		}
		mine, err := w.ClubsOf(as(w.alice), w.alice, nil, nil, nil, nil)
		if err != nil || len(mine.Edges) != 1 || mine.Edges[0].Node.Club.Handle != "open" {
			t.Error(mine, err)
		}
		if _, err := w.ClubsOf(as(w.bob), w.alice, nil, nil, nil, nil); !errors.Is(err, fault.ErrForbidden) {
			t.Error(err)
		}
		for range 2 {
			c, err := w.Leave(as(w.alice), promotion.LeaveClubInput{ClubID: open})
			if err != nil || c.JoinedAt != nil {
				t.Error(c, err)
			}
		}
		_, err = w.SaveClub(w.staff(), promotion.SaveClubInput{ID: &open, Status: new(promotion.ClubClosed)})
		w.check(err)
		_, err = w.Join(as(w.alice), promotion.JoinClubInput{ClubID: open})
		w.refused(err, promotion.ErrClubClosed)
		_, err = w.SaveClub(w.staff(), promotion.SaveClubInput{Handle: new("open"), Texts: texts("x")})
		w.refused(err, promotion.ErrHandleTaken)
		_, err = w.SaveClub(w.staff(), promotion.SaveClubInput{ID: &open, Revision: new(1)})
		w.refused(err, fault.ErrStaleObject)
	})
}

func TestBenefits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.promotion(promotion.KindDiscount, "loyal", promotion.PromotionEffectInput{Steps: []*promotion.DiscountStepInput{{Spent: *gbp("100"), DiscountBasisPoints: 300}}})
		w.promotion(promotion.KindPrice, "tea-price", promotion.PromotionEffectInput{FixedPrice: gbp("3.20"), Skus: []string{"TEA"}})
		w.promotion(promotion.KindOffer, "offer", tenPercent())
		w.promotion(promotion.KindOffer, "not-alices", tenPercent(), func(in *promotion.SavePromotionInput) {
			in.Audience = graphql.OmittableOf(&audience.Input{UserIDs: []scalar.ID{{Prefix: "usr", UUID: w.bob}}})
		})
		_, err := w.Join(as(w.alice), promotion.JoinClubInput{ClubID: w.club("parents", sevenPercent(), nil)})
		w.check(err)
		spring := w.promotion(promotion.KindCode, "spring", tenPercent())
		_, err = w.SaveCodes(w.staff(), promotion.SavePromoCodesInput{PromotionID: spring, Codes: []string{"FOR-ALICE"}, UserID: &scalar.ID{Prefix: "usr", UUID: w.alice}, IdempotencyKey: w.key()})
		w.check(err)
		got, err := w.BenefitsOf(as(w.alice), w.alice)
		w.check(err)
		titles := map[string]bool{}
		for _, b := range got {
			switch b := b.(type) {
			case promotion.DiscountBenefit:
				titles[b.Title] = true
				if b.Title == "loyal" && (b.NextStep == nil || b.NextStep.Target.Minor != 10_000) {
					t.Errorf("%+v", b)
				}
			case promotion.OfferBenefit:
				titles[b.Title] = true
			case promotion.CodeBenefit:
				titles[b.Code] = true
			case promotion.ClubBenefit:
				titles[b.Title] = true
			}
		}
		for _, want := range []string{"loyal", "tea-price", "offer", "FOR-ALICE", "Seven"} {
			if !titles[want] {
				t.Errorf("%s is missing: %v", want, titles)
			}
		}
		if len(got) != 5 {
			t.Errorf("%d benefits: %v", len(got), titles)
		}
		few, _ := db.Statements(func() { _, err = w.BenefitsOf(as(w.alice), w.alice) })
		w.check(err)
		for i := range 20 {
			w.promotion(promotion.KindOffer, fmt.Sprint("offer-", i), tenPercent())
		}
		got, err = w.BenefitsOf(as(w.alice), w.alice) // what is in force is read anew, once
		w.check(err)
		many, log := db.Statements(func() { _, err = w.BenefitsOf(as(w.alice), w.alice) })
		if err != nil || len(got) != 25 || many != few {
			t.Errorf("%d benefits, %d statements, %d for few: %v %v", len(got), many, few, log, err)
		}
		alone, err := w.DiscountsOf(w.staff(), w.alice)
		w.check(err)
		titles = map[string]bool{}
		for _, b := range alone {
			titles[b.(promotion.DiscountBenefit).Title] = true
		}
		if len(alone) != 2 || !titles["loyal"] || !titles["tea-price"] {
			t.Errorf("%d discounts: %v", len(alone), titles)
		}
		if _, err := w.BenefitsOf(as(w.bob), w.alice); !errors.Is(err, fault.ErrForbidden) { // security F7
			t.Error(err)
		}
		if _, err := w.DiscountsOf(as(w.bob), w.alice); !errors.Is(err, fault.ErrForbidden) { // security F7
			t.Error(err)
		}
	})
}

// What staff writes wrong is said where it is wrong.
func TestSaveRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for name, c := range map[string]struct {
			change func(*promotion.SavePromotionInput)
			want   error
		}{
			"no handle":    {func(in *promotion.SavePromotionInput) { in.Handle = nil }, fault.ErrRequired},
			"a bad handle": {func(in *promotion.SavePromotionInput) { in.Handle = new("a b") }, fault.ErrInvalidValue},
			"no English":   {func(in *promotion.SavePromotionInput) { in.Texts = []*scalar.Translation{{Locale: "ru", Name: "х"}} }, fault.ErrRequired},
			"nothing":      {func(in *promotion.SavePromotionInput) { in.Effect = &promotion.PromotionEffectInput{} }, promotion.ErrEffectEmpty},
			"two ways":     {func(in *promotion.SavePromotionInput) { in.Effect.AmountOff = gbp("1") }, fault.ErrInvalidValue},
			"two currencies": {func(in *promotion.SavePromotionInput) {
				in.Effect.MaximumReduction = gbp("1")
				in.Effect.Minimum = &scalar.MoneyInput{Amount: "1", Currency: "EUR"}
			}, fault.New(fault.Refused, "CURRENCY_MISMATCH")}, // security K8
			"too much":     {func(in *promotion.SavePromotionInput) { in.Effect.DiscountBasisPoints = new(10_001) }, fault.ErrOutOfRange}, // security K7
			"half a penny": {func(in *promotion.SavePromotionInput) { in.Effect.Minimum = gbp("1.005") }, fault.ErrInvalidValue},
			"a bad rule":   {func(in *promotion.SavePromotionInput) { in.Condition = graphql.OmittableOf(new("basket.nothing > 1")) }, fault.New(fault.Invalid, "RULE_INVALID")},
			"a bad audience": {func(in *promotion.SavePromotionInput) {
				in.Audience = graphql.OmittableOf(&audience.Input{Condition: new("1")})
			}, fault.New(fault.Invalid, "RULE_INVALID")},
			"ends first": {func(in *promotion.SavePromotionInput) {
				in.StartsAt, in.EndsAt = graphql.OmittableOf(new(storetest.Start)), graphql.OmittableOf(new(storetest.Start))
			}, fault.ErrInvalidValue},
			"no uses": {func(in *promotion.SavePromotionInput) { in.MaxUses = graphql.OmittableOf(new(0)) }, fault.ErrOutOfRange},
		} {
			in := promotion.SavePromotionInput{Kind: new(promotion.KindCode), Handle: new("fine"), PromotionTerms: promotion.PromotionTerms{Texts: texts("Fine"), Effect: new(tenPercent())}}
			c.change(&in)
			if _, err := w.Save(w.staff(), in); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.Save(as(w.alice), promotion.SavePromotionInput{}); !errors.Is(err, fault.ErrForbidden) {
			t.Error(err)
		}
		id := w.promotion(promotion.KindCode, "fine", tenPercent())
		w.code(id, "FINE", nil)
		for range 2 {
			_, err := w.place(w.alice, []string{"FINE"}, "TEA", 1)
			w.check(err)
		}
		// A limit that comes later counts what was used before.
		p, err := w.Save(w.staff(), promotion.SavePromotionInput{ID: &id, PromotionTerms: promotion.PromotionTerms{MaxUses: graphql.OmittableOf(new(2))}})
		if err != nil || p.Revision != 3 || *p.MaxUses != 2 || p.Effect.DiscountBasisPoints == nil {
			t.Fatal(p, err)
		}
		_, err = w.place(w.bob, []string{"FINE"}, "TEA", 1)
		w.refused(err, promotion.ErrCodeUsedUp)
		_, err = w.Save(w.staff(), promotion.SavePromotionInput{ID: &id, Revision: new(1)})
		w.refused(err, fault.ErrStaleObject)
		list, err := w.List(w.staff(), &promotion.PromotionFilter{Kind: []promotion.PromotionKind{promotion.KindCode}}, nil, nil, nil, nil)
		if err != nil || len(list.Edges) != 1 || list.Edges[0].Node.Statistics.Used != 2 {
			t.Error(list, err)
		}
	})
}
