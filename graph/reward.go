package graph

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/scalar"
)

// programOf is the bonus programme of a key: the version in force, or the last one.
func (r *Resolver) programOf(ctx context.Context, key uuid.UUID) (*ent.BonusProgram, error) {
	return r.Points.ProgramOf(ctx, bonus.ViewAccount(&ent.LedgerAccount{ProgramID: &key}))
}

// rewardNode finds a reward, whose row is the House's: the rule of rewards says
// who sees it, not the fence.
func (r *Resolver) rewardNode(ctx context.Context, id scalar.ID) (ent.Noder, error) {
	rw, err := found(r.Rewards.Reward(ctx, id))
	if rw == nil || err != nil {
		return nil, err // a nil pointer would be a Node that is not nil
	}
	return rw, nil
}

// rewardNodes are rewardNode for several, by id.
func (r *Resolver) rewardNodes(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]ent.Noder, error) {
	rows := map[uuid.UUID]ent.Noder{}
	if len(ids) == 0 {
		return rows, nil
	}
	some, err := r.Rewards.Some(ctx, ids)
	for id, rw := range some {
		rows[id] = rw
	}
	return rows, err
}
