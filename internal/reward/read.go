package reward

import (
	"context"
	"slices"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	entreward "kabinet/ent/generated/reward"
	"kabinet/ent/generated/rewardcode"
	entredemption "kabinet/ent/generated/rewardredemption"
	"kabinet/internal/audience"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// sorts are single columns; the id breaks ties, in the same direction.
var sorts = map[RewardSort]*ent.RewardOrder{
	RewardSortNewest:   {Direction: entgql.OrderDirectionDesc, Field: ent.DefaultRewardOrder.Field},
	RewardSortCostAsc:  {Direction: entgql.OrderDirectionAsc, Field: ent.RewardOrderFieldCost},
	RewardSortCostDesc: {Direction: entgql.OrderDirectionDesc, Field: ent.RewardOrderFieldCost},
}

// All is a page of the rewards that are offered to the caller. Staff who name
// states see those of everybody. Faults: INVALID_ID.
func (r *Rewards) All(ctx context.Context, filter *RewardFilter, program *scalar.ID, sort *RewardSort, p Page) (*ent.RewardConnection, error) {
	sys := asSystem(ctx)
	q := r.Store.Client.Reward.Query()
	if program != nil {
		id, err := program.As("prog")
		if err != nil {
			return nil, fault.ErrInvalidID.At("programId")
		}
		q.Where(entreward.ProgramID(id))
	}
	if filter != nil && len(filter.Kind) > 0 {
		q.Where(entreward.KindIn(convert[entreward.Kind](filter.Kind)...))
	}
	if filter != nil && filter.MaxCost != nil {
		q.Where(entreward.CostLTE(*filter.MaxCost))
	}
	if filter != nil && len(filter.Status) > 0 && staff(ctx, "read") {
		q.Where(entreward.StatusIn(convert[entreward.Status](filter.Status)...))
	} else {
		hidden, err := r.hidden(ctx)
		if err != nil {
			return nil, err
		}
		q.Where(offeredNow(r)...)
		if len(hidden) > 0 {
			q.Where(entreward.IDNotIn(hidden...))
		}
	}
	by := sorts[RewardSortNewest]
	if sort != nil && sorts[*sort] != nil {
		by = sorts[*sort]
	}
	page, err := q.Paginate(sys, p.After, p.First, p.Before, p.Last, ent.WithRewardOrder(by))
	return page, store.Translate(err)
}

func convert[To, From ~string](all []From) []To {
	out := make([]To, len(all))
	for i, v := range all {
		out[i] = To(v)
	}
	return out
}

func offeredNow(r *Rewards) []predicate.Reward {
	return []predicate.Reward{entreward.StatusEQ(entreward.StatusACTIVE), entreward.Or(entreward.EndsAtIsNil(), entreward.EndsAtGT(r.Store.Now()))}
}

// maxOffered bounds the rewards for some that are looked through.
const maxOffered = 10_000

// hidden are the rewards that are offered, but to others, and no teasers.
func (r *Rewards) hidden(ctx context.Context) (ids []uuid.UUID, err error) {
	rows, err := r.Store.Client.Reward.Query().Where(offeredNow(r)...).Where(entreward.Teaser(false), hasAudience).
		Select(entreward.FieldID, entreward.FieldAudience, entreward.FieldStatus, entreward.FieldTeaser).Limit(maxOffered).All(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	var s *standing
	for _, rw := range rows {
		if audience.Open(rw.Audience) {
			continue
		}
		if s == nil {
			if s, err = r.standing(ctx); err != nil {
				return nil, err
			}
		}
		ok, err := s.admitted(ctx, rw)
		if err != nil {
			return nil, err
		}
		if !ok {
			ids = append(ids, rw.ID)
		}
	}
	return ids, nil
}

// hasAudience leaves the rewards for everyone out.
func hasAudience(s *sql.Selector) {
	s.Where(sql.P(func(b *sql.Builder) {
		b.WriteString("CAST(").Ident(s.C(entreward.FieldAudience)).WriteString(" AS text) <> ").Arg("{}")
	}))
}

// Reward is one reward that the caller may see. Faults: INVALID_ID, NOT_FOUND.
func (r *Rewards) Reward(ctx context.Context, id scalar.ID) (*ent.Reward, error) {
	key, err := id.As("rwd")
	if err != nil {
		return nil, err
	}
	q, err := r.Store.Client.Reward.Query().Where(entreward.ID(key)).CollectFields(asSystem(ctx))
	if err != nil {
		return nil, err
	}
	rw, err := q.Only(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	ok, err := r.shown(ctx, rw)
	if err != nil || ok {
		return rw, err
	}
	return nil, fault.ErrNotFound
}

// Some are those of the rewards that the caller may see, by id.
func (r *Rewards) Some(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*ent.Reward, error) {
	rows, err := r.Store.Client.Reward.Query().Where(entreward.IDIn(ids...)).All(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	all := make(map[uuid.UUID]*ent.Reward, len(rows))
	for _, rw := range rows {
		ok, err := r.shown(ctx, rw)
		if err != nil {
			return nil, err
		}
		if ok {
			all[rw.ID] = rw
		}
	}
	return all, nil
}

func (r *Rewards) shown(ctx context.Context, rw *ent.Reward) (bool, error) {
	if staff(ctx, "read") {
		return true, nil
	}
	s, err := r.standing(ctx)
	if err != nil {
		return false, err
	}
	return s.visible(ctx, rw)
}

// Redemption is one exchanged reward that the caller may see. Faults:
// INVALID_ID, NOT_FOUND.
func (r *Rewards) Redemption(ctx context.Context, id scalar.ID) (*ent.RewardRedemption, error) {
	key, err := id.As("rdm")
	if err != nil {
		return nil, err
	}
	q, err := r.Store.Client.RewardRedemption.Query().Where(entredemption.ID(key)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	d, err := q.Only(ctx)
	return d, store.Translate(err)
}

// newest is the order of lists of exchanged rewards.
var newest = ent.WithRewardRedemptionOrder(&ent.RewardRedemptionOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultRewardRedemptionOrder.Field})

// Redemptions is a page of everybody's exchanged rewards, for staff. Faults:
// INVALID_ID; FORBIDDEN.
func (r *Rewards) Redemptions(ctx context.Context, filter *RewardRedemptionFilter, p Page) (*ent.RewardRedemptionConnection, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	where, err := filter.predicates()
	if err != nil {
		return nil, err
	}
	if filter != nil && filter.CustomerID != nil {
		owner, err := filter.CustomerID.As("usr", "com")
		if err != nil {
			return nil, fault.ErrInvalidID.At("filter", "customerId")
		}
		where = append(where, entredemption.OwnerID(owner))
	}
	page, err := r.Store.Client.RewardRedemption.Query().Where(where...).Paginate(asSystem(ctx), p.After, p.First, p.Before, p.Last, newest)
	return page, store.Translate(err)
}

// RedemptionsOf is a page of one owner's exchanged rewards. Whether the caller
// may see them the fence decides; the rewards of what he sees are read past it.
func (r *Rewards) RedemptionsOf(ctx context.Context, owner uuid.UUID, filter *RewardRedemptionFilter, p Page) (*ent.RewardRedemptionConnection, error) {
	where, err := filter.predicates()
	if err != nil {
		return nil, err
	}
	if owner == viewer.From(ctx).UserID || staff(ctx, "read") { // all of them
		ctx = asSystem(ctx)
	}
	page, err := r.Store.Client.RewardRedemption.Query().Where(entredemption.OwnerID(owner)).Where(where...).
		Paginate(ctx, p.After, p.First, p.Before, p.Last, newest)
	return page, store.Translate(err)
}

func (f *RewardRedemptionFilter) predicates() (where []predicate.RewardRedemption, err error) {
	if f == nil {
		return nil, nil
	}
	if len(f.Status) > 0 {
		where = append(where, entredemption.StatusIn(convert[entredemption.Status](f.Status)...))
	}
	if len(f.Kind) > 0 {
		where = append(where, entredemption.KindIn(convert[entredemption.Kind](f.Kind)...))
	}
	if f.RewardID != nil {
		id, err := f.RewardID.As("rwd")
		if err != nil {
			return nil, fault.ErrInvalidID.At("filter", "rewardId")
		}
		where = append(where, entredemption.RewardID(id))
	}
	return where, nil
}

// Of is the reward of an exchanged reward, whoever may see it else.
func (r *Rewards) Of(ctx context.Context, d *ent.RewardRedemption) (*ent.Reward, error) {
	if d.Edges.Reward != nil {
		return d.Edges.Reward, nil
	}
	rw, err := r.Store.Client.Reward.Get(asSystem(ctx), d.RewardID)
	return rw, store.Translate(err)
}

// Settings are what staff set of a reward; nil for anybody else.
func (r *Rewards) Settings(ctx context.Context, rw *ent.Reward) (*RewardSettings, error) {
	if !staff(ctx, "read") {
		return nil, nil
	}
	s := &RewardSettings{
		Translations: translations(rw.Texts), Audience: audience.Show(rw.Audience), Teaser: rw.Teaser,
		OnExpiry: RewardExpiry(rw.OnExpiry), Cancellable: rw.Cancellable, Taken: rw.Taken,
	}
	if rw.PromotionID != nil {
		s.PromotionID = &scalar.ID{Prefix: "prm", UUID: *rw.PromotionID}
	}
	if rw.Kind == entreward.KindGIFT {
		s.CodesLeft = rw.Stock
	}
	return s, nil
}

func translations(texts map[string]map[string]string) []*scalar.Translation {
	all := scalar.Translations(texts)
	out := make([]*scalar.Translation, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

// InStock are the codes that are left of a gift, for the checker.
func (r *Rewards) InStock(ctx context.Context, id uuid.UUID) (int, error) {
	n, err := r.Store.Client.RewardCode.Query().Where(rewardcode.RewardID(id), rewardcode.RedemptionIDIsNil()).Count(asSystem(ctx))
	return n, store.Translate(err)
}

// Actions are what the caller may do with an exchanged reward now.
func (r *Rewards) Actions(ctx context.Context, d *ent.RewardRedemption) []RewardRedemptionAction {
	actions := []RewardRedemptionAction{}
	now := r.Store.Now()
	mine, byStaff := owns(ctx, d.OwnerID), staff(ctx, "write")
	if (mine || byStaff) && canCancel(d, !mine, r.VoidCode != nil, now) {
		actions = append(actions, RewardRedemptionActionCancel)
	}
	if byStaff && stands(d, now) == entredemption.StatusISSUED {
		actions = append(actions, RewardRedemptionActionFulfil)
	}
	return slices.Clip(actions)
}
