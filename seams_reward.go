package main

import (
	"context"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/ledger"
	"kabinet/internal/referral"
	"kabinet/internal/reward"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
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
	k.referrals.TakeBack = k.takeGiftBack
	k.people.Referred = k.referrals.Referred
}

// takeGiftBack takes points back that an entry gave, as far as they are there.
func (k *kabinet) takeGiftBack(ctx context.Context, tx *store.Tx, entry uuid.UUID, cause string) error {
	var account uuid.UUID
	if err := tx.QueryRow(ctx, `SELECT account_id FROM ledger_entries WHERE id = ?`, entry).Scan(&account); err != nil {
		return err
	}
	b, err := k.books.Lock(ctx, tx, account, viewer.From(ctx).Actor())
	if err != nil || b == nil {
		return err
	}
	// Staff may have reversed it by hand already.
	if _, err := b.Reverse(ctx, entry, ledger.Posting{Cause: cause}); err != nil && !errors.Is(err, ledger.ErrAlreadyReversed) {
		return err
	}
	return b.Close(ctx)
}
