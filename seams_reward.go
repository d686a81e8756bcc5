package main

import (
	"context"

	ent "kabinet/ent/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/referral"
	"kabinet/internal/reward"
	"kabinet/internal/store"
)

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
