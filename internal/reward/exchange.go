package reward

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entreward "kabinet/ent/generated/reward"
	entredemption "kabinet/ent/generated/rewardredemption"
	"kabinet/internal/audience"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Done is what a verb over exchanged rewards gives: all nil when it was refused.
type Done struct {
	Redemption *ent.RewardRedemption
	Replayed   *bool
}

// exchangeKey is the input that an idempotency key stands for.
type exchangeKey struct {
	Owner, Reward uuid.UUID
	Quantity      int64
	Expected      *int64
}

// kept is what a key gives again.
type kept struct{ ID uuid.UUID }

// Exchange spends points of the acting owner for a reward: stock, limits,
// points and codes in one transaction.
//
// Faults: INVALID_ID, OUT_OF_RANGE, NOT_FOUND, REWARD_NOT_OFFERED,
// REWARD_NOT_FOR_YOU, REWARD_COST_CHANGED, REWARD_SOLD_OUT,
// REWARD_LIMIT_REACHED, TOO_FEW_POINTS, those of store.Tx.Once;
// UNAUTHENTICATED, FORBIDDEN.
func (r *Rewards) Exchange(ctx context.Context, in ExchangeRewardInput) (Done, error) {
	owner, err := spender(ctx)
	if err != nil {
		return Done{}, err
	}
	id, err := in.RewardID.As("rwd")
	if err != nil {
		return Done{}, fault.ErrInvalidID.At("input", "rewardId")
	}
	n, err := checkQuantity(in.Quantity)
	if err != nil {
		return Done{}, err
	}
	key := exchangeKey{owner, id, n, in.ExpectedCost}
	return r.once(ctx, "exchangeReward", in.IdempotencyKey, isDry(in.DryRun), key, kept{uuid.Must(uuid.NewV7())},
		func(ctx context.Context, tx *store.Tx, k *kept) (*ent.RewardRedemption, error) {
			return r.exchange(ctx, tx, owner, id, n, in.ExpectedCost, k.ID)
		})
}

// once runs a verb over one exchanged reward once for a key. In a dry run it
// gives what the verb held, without codes: nobody paid for them.
func (r *Rewards) once(ctx context.Context, operation, key string, dry bool, input any, k kept, do func(context.Context, *store.Tx, *kept) (*ent.RewardRedemption, error)) (Done, error) {
	var done Done
	var replayed bool
	err := r.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, operation, key, input, &k, func() (err error) {
			done.Redemption, err = do(ctx, tx, &k)
			return err
		})
		return err
	})
	if err != nil {
		return Done{}, err
	}
	done.Replayed = &replayed
	r.changed(ctx)
	if dry && !replayed {
		done.Redemption = done.Redemption.Unwrap()
		if operation == "exchangeReward" {
			done.Redemption.Code, done.Redemption.Vouchers = "", nil
		}
		return done, nil
	}
	done.Redemption, err = r.load(ctx, k.ID)
	return done, err
}

// load reads an exchanged reward with its reward, past the fence: who asks has
// been let through.
func (r *Rewards) load(ctx context.Context, id uuid.UUID) (*ent.RewardRedemption, error) {
	d, err := r.Store.Client.RewardRedemption.Query().Where(entredemption.ID(id)).WithReward().Only(asSystem(ctx))
	return d, store.Translate(err)
}

func isDry(b *bool) bool { return b != nil && *b }

func (r *Rewards) exchange(ctx context.Context, tx *store.Tx, owner, id uuid.UUID, n int64, expected *int64, made uuid.UUID) (*ent.RewardRedemption, error) {
	// The reward's row is held from here on: what is read of it stays so.
	taken, err := tx.Exec(ctx, `UPDATE rewards SET stock = stock - ?, taken = taken + ?, updated_at = ? WHERE id = ? AND (stock IS NULL OR stock >= ?)`, n, n, tx.Now, id, n)
	if err != nil {
		return nil, err
	}
	rw, err := tx.Reward.Get(asSystem(ctx), id)
	if ent.IsNotFound(err) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	if err := r.admit(ctx, tx, rw, owner, expected); err != nil {
		return nil, err
	}
	if taken == 0 {
		return nil, ErrRewardSoldOut.At("input", "quantity").With("available", *rw.Stock)
	}
	by, err := customer(ctx, tx, owner)
	if err != nil {
		return nil, err
	}
	if err := withinLimits(ctx, tx, rw, by, n); err != nil {
		return nil, err
	}
	vouchers, err := r.vouchers(ctx, tx, rw, by, n, made)
	if err != nil {
		return nil, err
	}
	entry, err := r.Spend(ctx, tx, Spending{
		Owner: owner, Program: &rw.ProgramID, Amount: n * rw.Cost, Cause: "reward:" + made.String(),
		Explain: map[string]any{
			"rewardId": scalar.ID{Prefix: "rwd", UUID: rw.ID}.String(), "redemptionId": scalar.ID{Prefix: "rdm", UUID: made}.String(),
			"quantity": n, "cost": rw.Cost,
		},
	})
	if f, is := fault.As(err); is {
		return nil, f.At("input", "rewardId")
	}
	if err != nil {
		return nil, err
	}
	return r.note(ctx, tx, rw, owner, n, made, entry, vouchers)
}

// note writes what was exchanged.
func (r *Rewards) note(ctx context.Context, tx *store.Tx, rw *ent.Reward, owner uuid.UUID, n int64, made uuid.UUID, entry *ent.LedgerEntry, vouchers []string) (*ent.RewardRedemption, error) {
	actor := viewer.From(ctx).Actor()
	code := newCode()
	c := tx.RewardRedemption.Create().SetID(made).SetOwnerID(owner).SetNillableUserID(actor).SetRewardID(rw.ID).
		SetKind(entredemption.Kind(rw.Kind)).SetTexts(rw.Texts).SetProgramID(rw.ProgramID).SetNillablePromotionID(rw.PromotionID).
		SetQuantity(n).SetCost(rw.Cost).SetPoints(n * rw.Cost).SetCode(code).SetCodeKey(fold(code)).SetVouchers(vouchers).
		SetCancellable(rw.Cancellable).SetOnExpiry(entredemption.OnExpiry(rw.OnExpiry)).SetEntryID(entry.ID)
	if atOnce(rw.Kind) {
		c.SetStatus(entredemption.StatusFULFILLED).SetFulfilledAt(tx.Now)
	} else if rw.ValidDays != nil {
		c.SetExpiresAt(tx.Now.AddDate(0, 0, *rw.ValidDays))
	}
	d, err := c.Save(asSystem(ctx))
	if err != nil {
		return nil, err
	}
	tx.Tell(event.RewardExchanged{
		RedemptionID: d.ID, RewardID: rw.ID, OwnerID: owner, UserID: actor, Reward: string(rw.Kind), Quantity: n, Points: d.Points,
	}, to(owner, actor)...)
	return d, nil
}

// to are the streams of an exchanged reward: the person's, and the company's
// where it is the owner.
func to(owner uuid.UUID, user *uuid.UUID) []store.Stream {
	if user == nil || *user == owner {
		return []store.Stream{store.ToUser(owner)}
	}
	return []store.Stream{store.ToUser(*user), store.ToCompany(owner)}
}

// admit is whether the owner may have the reward at the cost he saw. A reward
// that is hidden from him is NOT_FOUND.
func (r *Rewards) admit(ctx context.Context, tx *store.Tx, rw *ent.Reward, owner uuid.UUID, expected *int64) error {
	if rw.Status == entreward.StatusDRAFT {
		return errGone
	}
	if !audience.Open(rw.Audience) {
		c, err := audience.Load(ctx, tx, owner, tx.Now)
		if err != nil {
			return err
		}
		ok, _, err := audience.Admits(ctx, rw.Audience, c)
		switch {
		case err != nil:
			return err
		case !ok && rw.Teaser:
			return ErrRewardNotForYou.At("input", "rewardId")
		case !ok:
			return errGone
		}
	}
	if err := offered(rw, tx.Now); err != nil {
		return err
	}
	if expected != nil && *expected != rw.Cost {
		return ErrRewardCostChanged.At("input", "expectedCost").With("cost", rw.Cost)
	}
	return nil
}

// withinLimits is whether a customer may have n more. The reward's row is held,
// so nobody takes one of it meanwhile.
func withinLimits(ctx context.Context, tx *store.Tx, rw *ent.Reward, by uuid.UUID, n int64) error {
	if rw.PerOwner != nil {
		var before int64
		err := tx.QueryRow(ctx, `SELECT CAST(coalesce(sum(d.quantity), 0) AS bigint) FROM `+hadBy+`
			WHERE d.reward_id = ? AND d.refund_entry_id IS NULL`, by, by, rw.ID).Scan(&before)
		if err != nil {
			return err
		}
		if before+n > int64(*rw.PerOwner) {
			return ErrRewardLimitReached.At("input", "quantity").With("limit", *rw.PerOwner).With("left", max(0, int64(*rw.PerOwner)-before))
		}
	}
	if rw.PeriodLimit == nil || rw.PeriodDays == nil {
		return nil
	}
	all, err := latelyHad(ctx, tx, by, &rw.ID, tx.Now)
	if err != nil {
		return err
	}
	if n > int64(*rw.PeriodLimit) { // never so many at once
		return ErrRewardLimitReached.At("input", "quantity").With("limit", *rw.PeriodLimit).With("days", *rw.PeriodDays)
	}
	if at, over := nextAt(all[rw.ID], int64(*rw.PeriodLimit), n, *rw.PeriodDays, tx.Now); over {
		return ErrRewardLimitReached.At("input", "quantity").With("limit", *rw.PeriodLimit).With("days", *rw.PeriodDays).With("nextAt", at)
	}
	return nil
}

// vouchers are the codes that a customer reads: those of a promotion, or those
// out of a gift's stock.
func (r *Rewards) vouchers(ctx context.Context, tx *store.Tx, rw *ent.Reward, by uuid.UUID, n int64, made uuid.UUID) (all []string, err error) {
	switch rw.Kind {
	case entreward.KindGIFT:
		if all, err = giveCodes(ctx, tx, rw.ID, made, n); err == nil && int64(len(all)) < n {
			err = ErrRewardSoldOut.At("input", "quantity").With("available", len(all))
		}
	case entreward.KindCOUPON:
		if r.IssueCode == nil || rw.PromotionID == nil {
			return nil, fmt.Errorf("reward %s: nobody issues coupons", rw.ID)
		}
		for range n {
			code, err := r.IssueCode(ctx, tx, *rw.PromotionID, by)
			if f, is := fault.As(err); is {
				return nil, f.At("input", "rewardId")
			}
			if err != nil {
				return nil, err
			}
			all = append(all, code)
		}
	}
	return all, err
}
