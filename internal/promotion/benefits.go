package promotion

import (
	"context"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerlot"
	"kabinet/ent/generated/promocode"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// maxBenefits bounds the page of benefits; expiresSoon is what counts as soon.
const (
	maxBenefits = 200
	expiresSoon = 30 * 24 * time.Hour
)

// BenefitsOf is everything a person has or can have now: his own, or a
// customer's for staff. It takes a fixed number of statements. Faults:
// FORBIDDEN.
func (p *Promotions) BenefitsOf(ctx context.Context, user uuid.UUID) ([]Benefit, error) {
	if err := p.mayRead(ctx, user); err != nil {
		return nil, err
	}
	if p.Settle != nil {
		if err := p.Settle(ctx, user); err != nil {
			return nil, err
		}
	}
	a := p.askingFor(user)
	h, err := p.promotions.rows(ctx, a.client, a.now)
	if err != nil {
		return nil, err
	}
	all := []Benefit{}
	for _, list := range []func(context.Context, *inForce) ([]Benefit, error){a.points, a.discounts, a.offersNow, a.codesOfMine, a.perks} {
		some, err := list(ctx, h)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all[:min(len(all), maxBenefits)], nil
}

// DiscountsOf are of a person's benefits those that apply by themselves alone:
// his own, or a customer's for staff. Faults: FORBIDDEN.
func (p *Promotions) DiscountsOf(ctx context.Context, user uuid.UUID) ([]Benefit, error) {
	if err := p.mayRead(ctx, user); err != nil {
		return nil, err
	}
	a := p.askingFor(user)
	h, err := p.promotions.rows(ctx, a.client, a.now)
	if err != nil {
		return nil, err
	}
	all, err := a.discounts(ctx, h)
	if err != nil {
		return nil, err
	}
	return append([]Benefit{}, all[:min(len(all), maxBenefits)]...), nil
}

// points are his bonus accounts.
func (a *asker) points(ctx context.Context, _ *inForce) (all []Benefit, err error) {
	system := viewer.AsSystem(ctx, "promotion.benefits")
	accounts, err := a.client.LedgerAccount.Query().Where(ledgeraccount.OwnerID(a.owner), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).
		Order(ledgeraccount.ByID()).Limit(maxBenefits).All(system)
	if err != nil || len(accounts) == 0 {
		return nil, store.Translate(err)
	}
	var ids, of []uuid.UUID
	for _, acc := range accounts {
		if ids = append(ids, acc.ID); acc.ProgramID != nil {
			of = append(of, *acc.ProgramID)
		}
	}
	programs, err := a.client.BonusProgram.Query().Where(bonusprogram.KeyIDIn(of...), bonusprogram.RetiredAtIsNil()).All(system)
	if err != nil {
		return nil, store.Translate(err)
	}
	var expiring []struct {
		AccountID uuid.UUID `json:"account_id"`
		Sum       int64     `json:"sum"`
	}
	err = a.client.LedgerLot.Query().Where(ledgerlot.AccountIDIn(ids...), ledgerlot.BucketEQ(ledgerlot.BucketACTIVE), ledgerlot.RemainingGT(0), ledgerlot.DueAtLT(a.now.Add(expiresSoon))).
		GroupBy(ledgerlot.FieldAccountID).Aggregate(func(s *entsql.Selector) string {
		return entsql.As("CAST(coalesce(sum("+s.C(ledgerlot.FieldRemaining)+"), 0) AS bigint)", "sum")
	}).Scan(system, &expiring)
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, acc := range accounts {
		b := PointsBenefit{BenefitOf: BenefitOf{Kind: BenefitPoints, Title: acc.Unit}, Available: max(acc.Active, 0), Pending: acc.Pending}
		for _, prog := range programs {
			if acc.ProgramID != nil && prog.KeyID == *acc.ProgramID {
				b.Title, b.Description = name(ctx, prog.Texts, prog.Name), optional(text(ctx, prog.Texts, scalar.TextTerms))
			}
		}
		for _, e := range expiring {
			if e.AccountID == acc.ID {
				b.Expiring = e.Sum
			}
		}
		all = append(all, b)
	}
	return all, nil
}

// discounts are those that apply by themselves, whatever the basket.
func (a *asker) discounts(ctx context.Context, h *inForce) (all []Benefit, err error) {
	for _, row := range h.automatic {
		if !inWindow(row, a.now) {
			continue
		}
		if ok, _, err := a.admits(ctx, row.Audience); err != nil || !ok {
			if err != nil {
				return nil, err
			}
			continue
		}
		c, err := a.candidate(ctx, row)
		if err != nil {
			return nil, err
		}
		b := DiscountBenefit{BenefitOf: a.benefit(ctx, BenefitDiscount, row), DiscountBasisPoints: positive(c.share)}
		switch {
		case row.Kind == entpromotion.KindPERSONAL_PRICE:
			b.Kind = BenefitPrice
			b.Amount = &scalar.Money{Minor: *row.Effect.FixedPriceMinor, Currency: row.Effect.Currency}
		case row.Effect.AmountOffMinor > 0:
			b.Amount = &scalar.Money{Minor: row.Effect.AmountOffMinor, Currency: row.Effect.Currency}
		}
		if b.NextStep, err = a.nextStep(ctx, row); err != nil {
			return nil, err
		}
		if len(row.Effect.Steps) > 0 && c.share == 0 && b.NextStep == nil {
			continue
		}
		all = append(all, b)
	}
	return all, nil
}

// nextStep is how far it is to the next step of a discount that grows; nil
// where there is none.
func (a *asker) nextStep(ctx context.Context, row *ent.Promotion) (*DiscountProgress, error) {
	if len(row.Effect.Steps) == 0 {
		return nil, nil
	}
	known, err := a.customer(ctx)
	if err != nil || known == nil {
		return nil, err
	}
	spent := known.Spent[row.Effect.Currency]
	for _, s := range row.Effect.Steps {
		if s.SpentMinor > spent {
			return &DiscountProgress{Spent: scalar.Money{Minor: spent, Currency: row.Effect.Currency},
				Target: scalar.Money{Minor: s.SpentMinor, Currency: row.Effect.Currency}, DiscountBasisPoints: int(s.DiscountBasisPoints)}, nil
		}
	}
	return nil, nil
}

func (a *asker) benefit(ctx context.Context, kind BenefitKind, row *ent.Promotion) BenefitOf {
	return BenefitOf{Kind: kind, Title: name(ctx, row.Texts, row.Handle), Description: optional(text(ctx, row.Texts, scalar.TextDescription)), ExpiresAt: row.EndsAt}
}

// offersNow are the offers that he can take up, or did.
func (a *asker) offersNow(ctx context.Context, h *inForce) (all []Benefit, err error) {
	mine, err := a.activations(ctx, h.offers)
	if err != nil {
		return nil, err
	}
	for _, row := range h.offers {
		o, err := a.offer(ctx, row, mine[row.ID])
		if err != nil {
			return nil, err
		}
		if o == nil || o.Status != OfferAvailable && o.Status != OfferActivated {
			continue
		}
		b := OfferBenefit{BenefitOf: a.benefit(ctx, BenefitOffer, row), Offer: o}
		b.ExpiresAt = o.ExpiresAt
		all = append(all, b)
	}
	return all, nil
}

// codesOfMine are codes assigned to him that can be used now.
func (a *asker) codesOfMine(ctx context.Context, _ *inForce) (all []Benefit, err error) {
	system := viewer.AsSystem(ctx, "promotion.benefits")
	rows, err := a.client.PromoCode.Query().Where(promocode.OwnerID(a.owner), promocode.CodeKeyNotNil(), promocode.StatusEQ(promocode.StatusISSUED),
		promocode.Or(promocode.EndsAtIsNil(), promocode.EndsAtGT(a.now))).Order(promocode.ByID(entsql.OrderDesc())).Limit(100).All(system)
	if err != nil || len(rows) == 0 {
		return nil, store.Translate(err)
	}
	var of []uuid.UUID
	for _, r := range rows {
		if !slices.Contains(of, r.PromotionID) {
			of = append(of, r.PromotionID)
		}
	}
	promotions, err := a.client.Promotion.Query().Where(entpromotion.IDIn(of...), entpromotion.StatusEQ(entpromotion.StatusACTIVE)).All(system)
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, r := range rows {
		for _, row := range promotions {
			if row.ID != r.PromotionID || !inWindow(row, a.now) {
				continue
			}
			b := CodeBenefit{BenefitOf: a.benefit(ctx, BenefitCode, row), Code: r.Code, Effect: showEffect(row.Effect)}
			b.ExpiresAt = earlier(row.EndsAt, r.EndsAt)
			all = append(all, b)
		}
	}
	return all, nil
}

// perks are what his clubs and tiers give.
func (a *asker) perks(ctx context.Context, h *inForce) (all []Benefit, err error) {
	if len(h.clubs)+len(h.tiers) == 0 {
		return nil, nil
	}
	known, err := a.customer(ctx)
	if err != nil || known == nil {
		return nil, err
	}
	of := func(kind BenefitKind, s standing, p perk) BenefitOf {
		title := name(ctx, p.texts, name(ctx, s.texts, s.handle))
		return BenefitOf{Kind: kind, Title: title, Description: optional(text(ctx, p.texts, scalar.TextDescription))}
	}
	for _, s := range h.tiers {
		for _, p := range s.perks {
			if slices.Contains(known.TierIDs, s.id) {
				all = append(all, TierBenefit{BenefitOf: of(BenefitTier, s, p), Tier: s.handle, DiscountBasisPoints: positive(p.share), MultiplierBasisPoints: positive(p.multiplier)})
			}
		}
	}
	for _, s := range h.clubs {
		for _, p := range s.perks {
			if slices.Contains(known.ClubIDs, s.id) {
				all = append(all, ClubBenefit{BenefitOf: of(BenefitClub, s, p), Club: s.handle, DiscountBasisPoints: positive(p.share)})
			}
		}
	}
	return all, nil
}
