package demo

import (
	"context"

	"kabinet/internal/account"
	"kabinet/internal/bonus"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/tier"
)

// demoTiers are those of the default programme: by points earned in a year,
// kept until the end of the next one.
var demoTiers = []struct {
	handle, en, ru string
	points         int64
	perks          []*tier.TierPerkInput
}{
	{"standard", "Standard", "Стандарт", 0, nil},
	{"silver", "Silver", "Серебро", 200, []*tier.TierPerkInput{
		{Kind: tier.TierPerkKindDiscount, DiscountBasisPoints: basisPoints(300)},
	}},
	{"vip", "VIP", "VIP", 8000, []*tier.TierPerkInput{
		{Kind: tier.TierPerkKindDiscount, DiscountBasisPoints: basisPoints(700)},
		{Kind: tier.TierPerkKindMultiplier, MultiplierBasisPoints: basisPoints(15_000)},
		{Kind: tier.TierPerkKindFreeDelivery},
	}},
}

func basisPoints(n int) *int { return &n }

// tiers makes three tiers, and a family that shares a card.
func (d *load) tiers(ctx context.Context) error {
	there, err := d.Tiers.InForce(ctx, nil)
	if err != nil {
		return err
	}
	for rank, t := range demoTiers[len(there):] {
		_, err := d.Tiers.Save(ctx, tier.SaveTierInput{
			Handle: &t.handle, Rank: len(there) + rank, EarnedThreshold: &t.points, Perks: t.perks,
			Texts: []*scalar.Translation{{Locale: "en", Name: t.en}, {Locale: "ru", Name: t.ru}},
		})
		if err != nil {
			return err
		}
	}
	if err := d.family(ctx); err != nil {
		return err
	}
	return d.Until(ctx, d.Tiers.ReviewDue)
}

// family lets the customer share a card with the partner.
func (d *load) family(ctx context.Context) error {
	emma, paul := as(ctx, d.customer, d.customer), as(ctx, d.partner, d.partner)
	families, err := d.People.Families(emma, d.customer)
	if err != nil {
		return err
	}
	if len(families) == 0 {
		f, err := d.People.CreateFamily(emma, account.CreateFamilyInput{Name: "Wilson & Baker"})
		if err != nil {
			return err
		}
		families = append(families, f)
	}
	f := families[0]
	if len(f.Members) == 1 {
		id, role := scalar.ID{Prefix: "usr", UUID: d.partner}, account.FamilyRoleSpender
		i, err := d.People.InviteToFamily(emma, account.InviteToFamilyInput{FamilyID: f.ID, UserID: &id, Role: &role})
		if err != nil {
			return err
		}
		if _, err := d.People.AcceptFamilyInvitation(paul, account.AcceptFamilyInvitationInput{InvitationID: i.ID}); err != nil {
			return err
		}
	}
	return d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := d.Points.GiveFor(ctx, tx, bonus.Gift{Owner: f.ID.UUID, Amount: 250, Cause: "demo:family"})
		return err
	})
}
