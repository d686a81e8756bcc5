package main

import (
	"context"

	"github.com/google/uuid"

	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/campaign"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// wireCampaigns ties campaigns to the points that they give, to tiers, whose
// progress they show with the rest, and to acts, which they count.
func (k *kabinet) wireCampaigns() {
	k.campaigns.Give = func(ctx context.Context, tx *store.Tx, g campaign.Gift) (bool, error) {
		e, err := k.points.GiveFor(ctx, tx, bonus.Gift{Owner: g.Owner, Program: g.Program, Amount: g.Amount, Cause: g.Cause, Explain: g.Explain})
		return e != nil, err
	}
	k.campaigns.Tier = k.tierSteps
	k.earnings.Acted = func(ctx context.Context, tx *store.Tx, a earning.Act) error {
		return k.campaigns.NoteAct(ctx, tx, a.Owner, a.Handle, a.Key, a.At)
	}
}

// maxTierSteps bounds the programmes whose tiers me.progress shows.
const maxTierSteps = 5

// tierSteps is how far a person has come towards the next tier of his accounts.
func (k *kabinet) tierSteps(ctx context.Context, owner uuid.UUID) (steps []campaign.TierStep, err error) {
	accounts, err := k.store.Client.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).
		Order(ledgeraccount.ByID()).Limit(maxTierSteps).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	lang := viewer.From(ctx).Locale
	for _, a := range accounts {
		p, err := k.tiers.ProgressOf(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		if p == nil || p.Progress == nil || p.Next() == nil {
			continue
		}
		name := scalar.Pick(p.Next().Texts, scalar.TextName, locale.Match(lang), locale.Default)
		steps = append(steps, campaign.TierStep{Label: name, Progress: *p.Progress, Hint: campaign.More(lang, max(p.Progress.Target-p.Progress.Current, 0), p.Progress.Unit)})
	}
	return steps, nil
}
