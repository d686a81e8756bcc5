package reward

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	entredemption "kabinet/ent/generated/rewardredemption"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Cancel gives an exchanged reward back: the points return into the lots they
// came from, the code is void, the stock grows again. Staff may for anybody.
//
// Faults: INVALID_ID, NOT_FOUND, REQUIRED and those of a text at input.reason,
// ILLEGAL_TRANSITION, those of store.Tx.Once; UNAUTHENTICATED.
func (r *Rewards) Cancel(ctx context.Context, in CancelRewardRedemptionInput) (Done, error) {
	if !viewer.From(ctx).SignedIn() {
		return Done{}, fault.ErrUnauthenticated
	}
	id, err := in.ID.As("rdm")
	if err != nil {
		return Done{}, fault.ErrInvalidID.At("input", "id")
	}
	reason, err := checkNote(in.Reason, "reason")
	if err != nil {
		return Done{}, err
	}
	input := struct {
		ID     uuid.UUID
		Reason *string
	}{id, reason}
	return r.once(ctx, "cancelRewardRedemption", in.IdempotencyKey, isDry(in.DryRun), input, kept{id},
		func(ctx context.Context, tx *store.Tx, _ *kept) (*ent.RewardRedemption, error) {
			return r.cancel(ctx, tx, id, reason)
		})
}

func (r *Rewards) cancel(ctx context.Context, tx *store.Tx, id uuid.UUID, reason *string) (*ent.RewardRedemption, error) {
	var whose []predicate.RewardRedemption
	if !staff(ctx, "write") {
		whose = append(whose, entredemption.OwnerIDIn(owners(ctx)...))
	}
	d, err := r.hold(ctx, tx, id, whose...)
	if err != nil {
		return nil, err
	}
	byStaff := !owns(ctx, d.OwnerID)
	switch {
	case byStaff && reason == nil:
		return nil, fault.ErrRequired.At("input", "reason")
	case !canCancel(d, byStaff, r.VoidCode != nil, tx.Now):
		return nil, ErrIllegalTransition.At("input", "id").With("fromState", string(stands(d, tx.Now))).With("toState", string(entredemption.StatusCANCELLED))
	}
	if d.Kind == entredemption.KindCOUPON {
		for _, code := range d.Vouchers {
			if err := r.VoidCode(ctx, tx, *d.PromotionID, code); err != nil {
				if f, is := fault.As(err); is {
					return nil, f.At("input", "id")
				}
				return nil, err
			}
		}
	}
	by := entredemption.CancelledByOWNER
	if byStaff {
		by = entredemption.CancelledBySTAFF
	}
	made, err := r.undo(ctx, tx, d, "reward:cancel:", func(u *ent.RewardRedemptionUpdateOne) {
		u.SetStatus(entredemption.StatusCANCELLED).SetCancelledBy(by).SetNillableReason(reason)
	})
	if err != nil || !byStaff {
		return made, err
	}
	return made, tx.Audit(ctx, "reward.cancel", d.OwnerID, scalar.ID{Prefix: "rdm", UUID: id}, map[string]any{"reason": *reason, "points": d.Points})
}

// hold locks an exchanged reward, after its reward, and reads it past the
// fence: the caller says whose it may be, so that nobody else's is touched.
func (r *Rewards) hold(ctx context.Context, tx *store.Tx, id uuid.UUID, whose ...predicate.RewardRedemption) (*ent.RewardRedemption, error) {
	sys := asSystem(ctx)
	d, err := tx.RewardRedemption.Query().Where(entredemption.ID(id)).Where(whose...).Only(sys)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	if err != nil {
		return nil, err
	}
	if err := tx.Lock(ctx, "rewards", "id", d.RewardID); err != nil {
		return nil, err
	}
	return tx.RewardRedemption.Query().Where(entredemption.ID(id), tx.Locking()).Only(sys)
}

// undo ends an exchanged reward with its points given back, once for its cause.
func (r *Rewards) undo(ctx context.Context, tx *store.Tx, d *ent.RewardRedemption, cause string, set func(*ent.RewardRedemptionUpdateOne)) (*ent.RewardRedemption, error) {
	back := d.Quantity
	if d.Kind == entredemption.KindGIFT { // its code was read: it does not go back into the stock
		back = 0
	}
	_, err := tx.Exec(ctx, `UPDATE rewards SET stock = stock + ?, taken = taken - ?, updated_at = ? WHERE id = ?`, back, d.Quantity, tx.Now, d.RewardID)
	if err != nil {
		return nil, err
	}
	entry, err := r.GiveBack(ctx, tx, *d.EntryID, cause+d.ID.String())
	if err != nil {
		return nil, err
	}
	u := d.Update().SetEndedAt(tx.Now).AddRevision(1)
	if entry != nil {
		u.SetRefundEntryID(entry.ID)
	}
	set(u)
	made, err := u.Save(asSystem(ctx))
	if err != nil {
		return nil, err
	}
	tx.Tell(event.RewardRedemptionChanged{
		RedemptionID: d.ID, RewardID: d.RewardID, OwnerID: d.OwnerID, UserID: d.UserID, Status: string(made.Status), PointsBack: d.Points,
		ByStaff: made.CancelledBy != nil && *made.CancelledBy == entredemption.CancelledBySTAFF,
	}, to(d.OwnerID, d.UserID)...)
	return made, nil
}
