package earning

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"kabinet/ent/generated/earningrule"
)

// ProfileReward says which parts of a profile a person still gets points for,
// once all of them are there, and how many: those that the rules name, whose
// conditions and limits are judged when it comes to it. None where there is no
// such rule, or each has given.
func (p *Earnings) ProfileReward(ctx context.Context, user uuid.UUID) (parts []ProfilePart, points int64, err error) {
	now := p.Store.Now()
	h, err := p.rules.rows(ctx, p.Store.Client, now)
	if err != nil {
		return nil, 0, err
	}
	var rules []*earnRule
	var ids []any
	for program := range h.inForce {
		for _, r := range h.rulesOf(program, earningrule.TriggerACT, ActProfileCompleted) {
			if r.FixedPoints != nil && r.during(now) {
				rules, ids = append(rules, r), append(ids, r.KeyID)
			}
		}
	}
	if len(rules) == 0 {
		return nil, 0, nil
	}
	rows, err := p.Store.Query(ctx, `SELECT rule_id FROM earning_uses WHERE owner_id = ? AND rule_id IN (`+marks(len(ids))+`)`, append([]any{user}, ids...)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	given := map[uuid.UUID]bool{}
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, 0, err
		}
		given[id] = true
	}
	for _, r := range rules {
		if given[r.KeyID] {
			continue
		}
		points += *r.FixedPoints
		named := r.Profile
		if len(named) == 0 {
			named = fullProfile
		}
		for _, part := range named {
			if !slices.Contains(parts, ProfilePart(part)) {
				parts = append(parts, ProfilePart(part))
			}
		}
	}
	return parts, points, rows.Err()
}
