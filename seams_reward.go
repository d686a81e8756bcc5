package main

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/campaign"
	"kabinet/internal/live"
	"kabinet/internal/profile"
	"kabinet/internal/promotion"
	"kabinet/internal/referral"
	"kabinet/internal/reward"
	"kabinet/internal/store"
	"kabinet/internal/tier"
	"kabinet/internal/wallet"
)

// benefits builds what stands around points: tiers, promotions, rewards,
// referrals, campaigns and wallets.
func (k *kabinet) benefits(s *store.Store, streams *live.Streams, sealer *store.Sealer) {
	k.earnings = &earning.Earnings{Store: s, Points: k.points}
	k.profiles = &profile.Profiles{Store: s, Rewarded: k.rewarded}
	k.tiers = &tier.Tiers{Store: s, Account: k.bonusAccount}
	k.people.FamilyCards, k.earnings.EarnTo = k.familyCards, k.earnTo
	k.promotions = &promotion.Promotions{Store: s, Streams: streams}
	k.rewards = &reward.Rewards{Store: s}
	k.referrals = &referral.Referrals{Store: s, Public: k.cfg.PublicURL}
	k.wireRewards()
	k.wirePromotions()
	k.campaigns = &campaign.Campaigns{Store: s, Streams: streams, Sealer: sealer}
	k.wireCampaigns()
	k.wallets = &wallet.Wallets{Store: s, Streams: streams, Books: k.books}
	k.wireWallets()
}

// wireRewards ties rewards and referrals to the points that they cost and give.
func (k *kabinet) wireRewards() {
	k.rewards.Spend = func(ctx context.Context, tx *store.Tx, s reward.Spending) (*ent.LedgerEntry, error) {
		return k.points.SpendFor(ctx, tx, bonus.Price{Owner: s.Owner, Program: s.Program, Amount: s.Amount, Cause: s.Cause, Explain: s.Explain})
	}
	k.rewards.GiveBack = k.points.GiveBack
	k.rewards.Settled = func(ctx context.Context, a *ent.LedgerAccount) (*ent.LedgerAccount, error) {
		s, err := k.points.Settled(ctx, a)
		if err != nil {
			return nil, err
		}
		return s.LedgerAccount, nil
	}
	k.referrals.Give = func(ctx context.Context, tx *store.Tx, g referral.Gift) (*ent.LedgerEntry, error) {
		return k.points.GiveFor(ctx, tx, bonus.Gift{Owner: g.Owner, Program: g.Program, Amount: g.Amount, Cause: g.Cause, Explain: g.Explain, Order: g.Order})
	}
	k.referrals.TakeBack = k.points.TakeBack
	k.people.Referred = k.referrals.Referred
}

// rewarded says for the profile's missing items what the bonus rules give for
// them; a confirmed contact is an address or a number.
func (k *kabinet) rewarded(ctx context.Context, user uuid.UUID) (*profile.Reward, error) {
	parts, points, err := k.earnings.ProfileReward(ctx, user)
	if err != nil || points == 0 {
		return nil, err
	}
	r := &profile.Reward{Points: points}
	for _, part := range parts {
		if part == earning.ProfilePartVerifiedContact {
			r.Items = append(r.Items, profile.ProfileItemVerifiedEmail, profile.ProfileItemVerifiedPhone)
		} else {
			r.Items = append(r.Items, profile.ProfileItem(part))
		}
	}
	return r, nil
}
