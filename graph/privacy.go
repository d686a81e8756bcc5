package graph

import (
	"context"

	ent "kabinet/ent/generated"
	gql "kabinet/graph/generated"
	"kabinet/internal/account"
	"kabinet/internal/privacy"
)

// meAfter is the caller as he is after a mutation that gives no object back.
func (r *Resolver) meAfter(ctx context.Context, failed error) (*ent.User, []*gql.UserError, error) {
	userErrors, err := refusals(ctx, failed)
	if failed != nil {
		return nil, userErrors, err
	}
	user, err := r.People.Me(ctx)
	return user, userErrors, err
}

// requestedDeletion shows what was asked for; the code is account's to take.
func requestedDeletion(done *privacy.Requested, userErrors []*gql.UserError) *gql.RequestAccountDeletionPayload {
	p := &gql.RequestAccountDeletionPayload{UserErrors: userErrors}
	if done == nil {
		return p
	}
	p.Review, p.Deletion = done.Review, done.Deletion
	if c := done.Challenge; c != nil {
		kind := account.ChallengeKind(c.Kind)
		p.Challenge = &account.Challenge{ID: c.ID, Kind: kind, Methods: []account.ChallengeKind{kind}, SentTo: c.SentTo, ExpiresAt: c.ExpiresAt}
	}
	return p
}
