package reward

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entredemption "kabinet/ent/generated/rewardredemption"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// guesses is how often a till may read a code wrong.
var guesses = store.Limit{Name: "reward.code", Free: 20, Forget: 10 * time.Minute, Window: true}

// stands is where an exchanged reward stands, though the clock has not been
// there yet.
func stands(d *ent.RewardRedemption, now time.Time) entredemption.Status {
	if expired(d, now) {
		return entredemption.StatusEXPIRED
	}
	return d.Status
}

// RedeemCode takes the code of an exchanged reward at the till, once.
//
// Faults: REWARD_CODE_UNKNOWN, _USED, _CANCELLED, _EXPIRED at input.code, those
// of a text at input.note, those of store.Tx.Once; RATE_LIMITED after many
// codes that were wrong; UNAUTHENTICATED, FORBIDDEN.
func (r *Rewards) RedeemCode(ctx context.Context, in RedeemRewardCodeInput) (Done, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return Done{}, err
	}
	note, err := checkNote(in.Note, "note")
	if err != nil {
		return Done{}, err
	}
	use := store.Use{Limit: guesses, Of: viewer.From(ctx).UserID.String()}
	if wait, err := r.Store.Blocked(ctx, use); err != nil {
		return Done{}, err
	} else if wait > 0 {
		return Done{}, fault.ErrRateLimited.After(wait)
	}
	key := fold(in.Code)
	input := struct {
		Code string
		Note *string
	}{key, note}
	done, err := r.once(ctx, "redeemRewardCode", in.IdempotencyKey, isDry(in.DryRun), input, kept{},
		func(ctx context.Context, tx *store.Tx, k *kept) (*ent.RewardRedemption, error) {
			d, err := tx.RewardRedemption.Query().Where(entredemption.CodeKey(key), tx.Locking()).Only(asSystem(ctx))
			if ent.IsNotFound(err) {
				return nil, ErrRewardCodeUnknown.At("input", "code")
			}
			if err != nil {
				return nil, err
			}
			k.ID = d.ID
			if err := checkCode(d, tx.Now); err != nil {
				return nil, err
			}
			return r.fulfil(ctx, tx, d, note, "reward.redeem_code")
		})
	if errors.Is(err, ErrRewardCodeUnknown) { // counted beside the transaction that was rolled back
		struck := r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Strike(ctx, use) })
		return Done{}, errors.Join(err, struck)
	}
	return done, err
}

// checkCode is the rule of a code at the till. A coupon or a gift has no code
// of ours that its owner could show.
func checkCode(d *ent.RewardRedemption, now time.Time) error {
	switch stands(d, now) {
	case entredemption.StatusFULFILLED:
		return ErrRewardCodeUsed.At("input", "code").With("usedAt", d.FulfilledAt)
	case entredemption.StatusCANCELLED:
		return ErrRewardCodeCancelled.At("input", "code")
	case entredemption.StatusEXPIRED:
		return ErrRewardCodeExpired.At("input", "code").With("expiredAt", d.ExpiresAt)
	}
	return nil
}

// Fulfil notes that an exchanged reward was handed over or sent.
//
// Faults: INVALID_ID, NOT_FOUND, those of a text at input.note,
// ILLEGAL_TRANSITION, those of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (r *Rewards) Fulfil(ctx context.Context, in FulfilRewardInput) (Done, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return Done{}, err
	}
	id, err := in.ID.As("rdm")
	if err != nil {
		return Done{}, fault.ErrInvalidID.At("input", "id")
	}
	note, err := checkNote(in.Note, "note")
	if err != nil {
		return Done{}, err
	}
	input := struct {
		ID   uuid.UUID
		Note *string
	}{id, note}
	return r.once(ctx, "fulfilReward", in.IdempotencyKey, isDry(in.DryRun), input, kept{id},
		func(ctx context.Context, tx *store.Tx, _ *kept) (*ent.RewardRedemption, error) {
			d, err := r.hold(ctx, tx, id)
			if err != nil {
				return nil, err
			}
			if s := stands(d, tx.Now); s != entredemption.StatusISSUED {
				return nil, ErrIllegalTransition.At("input", "id").With("fromState", string(s)).With("toState", string(entredemption.StatusFULFILLED))
			}
			return r.fulfil(ctx, tx, d, note, "reward.fulfil")
		})
}

func (r *Rewards) fulfil(ctx context.Context, tx *store.Tx, d *ent.RewardRedemption, note *string, act string) (*ent.RewardRedemption, error) {
	made, err := d.Update().SetStatus(entredemption.StatusFULFILLED).SetFulfilledAt(tx.Now).SetNillableFulfilledBy(viewer.From(ctx).Actor()).
		SetNillableNote(note).AddRevision(1).Save(asSystem(ctx))
	if err != nil {
		return nil, err
	}
	tx.Tell(event.RewardRedemptionChanged{
		RedemptionID: d.ID, RewardID: d.RewardID, OwnerID: d.OwnerID, UserID: d.UserID, Status: string(made.Status), ByStaff: true,
	}, to(d.OwnerID, d.UserID)...)
	return made, tx.Audit(ctx, act, d.OwnerID, scalar.ID{Prefix: "rdm", UUID: d.ID}, nil)
}
