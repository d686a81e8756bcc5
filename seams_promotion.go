package main

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/campaign"
	"kabinet/internal/job"
	"kabinet/internal/locale"
	"kabinet/internal/order"
	"kabinet/internal/promotion"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// wirePromotions ties promotions to orders, which they reduce, and to points,
// which they give.
func (k *kabinet) wirePromotions() {
	k.orders.Reduce, k.orders.Unreduce, k.orders.TryCodes = k.reduce, k.promotions.Unreduce, k.promotions.Try
	k.promotions.Give = func(ctx context.Context, tx *store.Tx, owner uuid.UUID, points int64, cause string, explain map[string]any, orderID *uuid.UUID) error {
		_, err := k.points.GiveFor(ctx, tx, bonus.Gift{Owner: owner, Amount: points, Cause: cause, Explain: explain, Order: orderID})
		return err
	}
	k.promotions.TakeBack = k.points.TakeBack
	k.rewards.IssueCode, k.rewards.VoidCode, k.rewards.Issues = k.promotions.IssueCode, k.promotions.VoidCode, k.promotions.Issues
	k.promotions.Settle = func(ctx context.Context, owner uuid.UUID) error {
		_, err := k.points.AccountsOf(ctx, owner)
		return err
	}
}

func (k *kabinet) reduce(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, codes []string) (order.Reduced, error) {
	r, err := k.promotions.Reduce(ctx, tx, o, lines, codes)
	return order.Reduced{Lines: r.Lines, Gifts: r.Gifts, Why: r.Why}, err
}

// codesWithin is how long one job makes promo codes before it lets others in.
const codesWithin = 30 * time.Second

// makeCodes registers the job that makes promo codes.
func (k *kabinet) makeCodes(workers *river.Workers) {
	job.Handle(workers, func(ctx context.Context, j *river.Job[promotion.MakeCodes]) error {
		more, err := k.promotions.MakeCodes(ctx, j.Args.Task, codesWithin)
		if err == nil && more {
			return river.JobSnooze(0)
		}
		return err
	})
}

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
