package graph

import (
	"context"

	ent "kabinet/ent/generated"
	gql "kabinet/graph/generated"
	"kabinet/internal/campaign"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// eligibility is whether the caller can enter, with why not in his language.
func eligibility(ctx context.Context, st *campaign.Standing) *gql.CampaignEligibility {
	if st == nil {
		return nil
	}
	e := &gql.CampaignEligibility{CanEnter: st.Err == nil, NextAt: st.NextAt, Remaining: st.Remaining}
	if f, ok := fault.As(st.Err); ok {
		e.Reason = userError(ctx, f)
	}
	return e
}

// moderated are the results of a bulk of decisions, and how many were done.
func moderated(ctx context.Context, done []campaign.Moderated) (results []*gql.CampaignModerationResult, changed *int) {
	results = make([]*gql.CampaignModerationResult, len(done))
	if done != nil { // not refused as a whole
		changed = new(int)
	}
	for i, d := range done {
		results[i] = &gql.CampaignModerationResult{EntryID: d.EntryID, Changed: d.Changed, UserErrors: itemErrors(ctx, d.Err)}
		if d.Changed {
			*changed++
		}
	}
	return results, changed
}

// campaignNode finds a campaign as the query of that name does; nil where it is
// not for the caller.
func (r *Resolver) campaignNode(ctx context.Context, id scalar.ID) (ent.Noder, error) {
	c, err := found(r.Campaigns.Find(ctx, id))
	if c == nil || err != nil {
		return nil, err // a nil pointer would be a Node that is not nil
	}
	return c, nil
}
