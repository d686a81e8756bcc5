package demo

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/audience"
	"kabinet/internal/promotion"
	"kabinet/internal/scalar"
)

// promotion makes a club with its discount, an offer, a code for everybody, a
// discount that grows, and a code of the customer's own. A handle that is taken
// was made before the load was cut off.
func (d *load) promotion(ctx context.Context) error {
	staff := ctx // the system: nobody of the staff wrote this
	club, err := d.club(staff)
	if err != nil {
		return err
	}
	if _, err := d.Promotions.Join(as(ctx, d.customer, d.customer), promotion.JoinClubInput{ClubID: club}); err != nil {
		return err
	}
	welcome := promotion.SaveOfferInput{Handle: new("tea-time"), Start: new(true), PromotionTerms: promotion.PromotionTerms{
		Texts:     texts("Tea time", "A tenth off your next order, at most £10.", "Время чая", "Скидка 10 % на следующий заказ, не больше 10 £."),
		Effect:    &promotion.PromotionEffectInput{DiscountBasisPoints: new(1000), MaximumReduction: &scalar.MoneyInput{Amount: "10.00", Currency: "GBP"}},
		ValidDays: graphql.OmittableOf(new(30))}}
	if _, err := d.Promotions.SaveOffer(staff, welcome); err != nil && !errors.Is(err, promotion.ErrHandleTaken) {
		return err
	}
	if err := d.reduction(staff, promotion.KindDiscount, "regulars", nil, promotion.PromotionTerms{
		Texts: texts("For regulars", "The more you have bought, the less you pay.", "Постоянным покупателям", "Чем больше вы купили, тем меньше платите."),
		Effect: &promotion.PromotionEffectInput{Steps: []*promotion.DiscountStepInput{
			{Spent: scalar.MoneyInput{Amount: "100.00", Currency: "GBP"}, DiscountBasisPoints: 100},
			{Spent: scalar.MoneyInput{Amount: "1000.00", Currency: "GBP"}, DiscountBasisPoints: 300},
			{Spent: scalar.MoneyInput{Amount: "10000.00", Currency: "GBP"}, DiscountBasisPoints: 500}}}}); err != nil {
		return err
	}
	everybody := promotion.SavePromoCodesInput{Codes: []string{"SPRING"}, IdempotencyKey: "demo-spring"}
	if err := d.reduction(staff, promotion.KindCode, "spring", &everybody, promotion.PromotionTerms{
		Texts:    texts("Spring", "£5 off from £30 on, once for each.", "Весна", "5 £ скидки от 30 £, один раз каждому."),
		PerOwner: graphql.OmittableOf(new(1)),
		Effect: &promotion.PromotionEffectInput{AmountOff: &scalar.MoneyInput{Amount: "5.00", Currency: "GBP"},
			Minimum: &scalar.MoneyInput{Amount: "30.00", Currency: "GBP"}}}); err != nil {
		return err
	}
	own := promotion.SavePromoCodesInput{Count: new(1), Prefix: new("THANKS-"), MaxUses: new(1), UserID: &scalar.ID{Prefix: "usr", UUID: d.customer}, IdempotencyKey: "demo-thanks"}
	return d.reduction(staff, promotion.KindCode, "thanks", &own, promotion.PromotionTerms{
		Texts:  texts("Thank you", "Free delivery of one order.", "Спасибо", "Бесплатная доставка одного заказа."),
		Effect: &promotion.PromotionEffectInput{FreeDelivery: new(true)}})
}

// club gives the id of the demonstration's club, which it makes.
func (d *load) club(staff context.Context) (scalar.ID, error) {
	made, err := d.Promotions.SaveClub(staff, promotion.SaveClubInput{
		Handle: new("tea-lovers"), Texts: texts("Tea lovers", "For all who have bought before.", "Любители чая", "Для всех, кто уже покупал."), Status: new(promotion.ClubActive),
		Audience: graphql.OmittableOf(&audience.Input{Condition: new("customer.orders > 0")}),
		Perks: []*promotion.ClubPerkInput{{Kind: promotion.PerkDiscount, DiscountBasisPoints: new(200),
			Texts: texts("Two per cent off", "Off every order.", "Скидка 2 %", "На каждый заказ.")}}})
	if err == nil {
		return made.ID, nil
	}
	if !errors.Is(err, promotion.ErrHandleTaken) {
		return scalar.ID{}, err
	}
	all, err := d.Promotions.Clubs(staff, nil, nil, nil, nil)
	if err != nil || len(all.Edges) == 0 {
		return scalar.ID{}, errors.Join(err, promotion.ErrHandleTaken)
	}
	return all.Edges[len(all.Edges)-1].Node.ID, nil // the only one
}

// reduction makes a promotion, with its codes where it has some, and starts it.
func (d *load) reduction(staff context.Context, kind promotion.PromotionKind, handle string, codes *promotion.SavePromoCodesInput, terms promotion.PromotionTerms) error {
	made, err := d.Promotions.Save(staff, promotion.SavePromotionInput{Kind: &kind, Handle: &handle, PromotionTerms: terms})
	if errors.Is(err, promotion.ErrHandleTaken) {
		all, err := d.Promotions.List(staff, &promotion.PromotionFilter{Kind: []promotion.PromotionKind{kind}}, nil, nil, nil, nil)
		if err != nil {
			return err
		}
		for _, e := range all.Edges {
			if e.Node.Handle == handle {
				made = e.Node
			}
		}
	} else if err != nil {
		return err
	}
	if codes != nil {
		codes.PromotionID = made.ID
		if _, err := d.Promotions.SaveCodes(staff, *codes); err != nil {
			return err
		}
	}
	_, err = d.Promotions.SetStatus(staff, promotion.SetPromotionStatusInput{ID: made.ID, Status: promotion.StatusActive})
	return err
}

// texts are a thing's name and description in English and Russian.
func texts(name, description, nameRu, descriptionRu string) []*scalar.Translation {
	return []*scalar.Translation{{Locale: "en", Name: name, Description: &description}, {Locale: "ru", Name: nameRu, Description: &descriptionRu}}
}
