package graph

import (
	"context"

	gql "kabinet/graph/generated"
	"kabinet/internal/bonus"
)

// asHold shows an entry as the hold that it is; nil where there is none.
func asHold(e bonus.Entry) *bonus.Hold {
	h, _ := e.(*bonus.Hold)
	return h
}

// rowResults shows what became of the rows of a bulk; nil where it was refused
// as a whole.
func rowResults(ctx context.Context, bulk bonus.Bulk) (results []*gql.AccrueRowResult, done *int) {
	if bulk.Replayed == nil {
		return nil, nil
	}
	for _, r := range bulk.Results {
		userErrors, _ := refusals(ctx, r.Err) // a row keeps refusals only
		results = append(results, &gql.AccrueRowResult{Index: r.Index, Entry: r.Entry, UserErrors: userErrors})
	}
	return results, &bulk.Done
}
