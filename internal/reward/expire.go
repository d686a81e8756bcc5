package reward

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entredemption "kabinet/ent/generated/rewardredemption"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// ExpireDue ends up to limit exchanged rewards that nobody used in time, each
// in a transaction of its own, and says how many it ended. Two instances at
// once end each of them once. One that fails does not hold up the others.
func (r *Rewards) ExpireDue(ctx context.Context, limit int) (int, error) {
	ids, err := r.Store.Client.RewardRedemption.Query().
		Where(entredemption.StatusEQ(entredemption.StatusISSUED), entredemption.ExpiresAtLTE(r.Store.Now())).
		Order(entredemption.ByExpiresAt()).Limit(limit).IDs(asSystem(ctx))
	if err != nil {
		return 0, store.Translate(err)
	}
	done := 0
	var failed error
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return done, errors.Join(failed, err)
		}
		err := r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return r.expire(ctx, tx, id) })
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("reward: expire %s: %w", id, err))
			continue
		}
		done++
	}
	return done, failed
}

func (r *Rewards) expire(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	d, err := r.hold(ctx, tx, id)
	if err != nil || d.Status != entredemption.StatusISSUED || !expired(d, tx.Now) { // another instance was here, or it was used
		return err
	}
	if d.OnExpiry == entredemption.OnExpiryPOINTS_BACK {
		_, err := r.undo(ctx, tx, d, "reward:expire:", func(u *ent.RewardRedemptionUpdateOne) { u.SetStatus(entredemption.StatusEXPIRED) })
		return err
	}
	// What nobody fetched can be had by others; his points and his share of the limits are gone.
	if _, err := tx.Exec(ctx, `UPDATE rewards SET stock = stock + ?, updated_at = ? WHERE id = ?`, d.Quantity, tx.Now, d.RewardID); err != nil {
		return err
	}
	if _, err := d.Update().SetStatus(entredemption.StatusEXPIRED).SetEndedAt(tx.Now).AddRevision(1).Save(asSystem(ctx)); err != nil {
		return err
	}
	tx.Tell(event.RewardRedemptionChanged{
		RedemptionID: d.ID, RewardID: d.RewardID, OwnerID: d.OwnerID, UserID: d.UserID, Status: string(entredemption.StatusEXPIRED),
	}, to(d.OwnerID, d.UserID)...)
	return nil
}
