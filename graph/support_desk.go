package graph

import (
	"context"

	"github.com/google/uuid"

	gql "kabinet/graph/generated"
	"kabinet/internal/scalar"
	"kabinet/internal/support/desk"
)

// goneID is the id of what was deleted; nil where it was not.
func goneID(prefix string, key uuid.UUID, err error) *scalar.ID {
	if err != nil {
		return nil
	}
	return &scalar.ID{Prefix: prefix, UUID: key}
}

// updated are the results of a bulk of changes, and how many were done.
func updated(ctx context.Context, done []desk.Updated) (results []*gql.UpdateTicketResult, changed *int) {
	results = make([]*gql.UpdateTicketResult, len(done))
	if done != nil { // not refused as a whole
		changed = new(int)
	}
	for i, d := range done {
		results[i] = &gql.UpdateTicketResult{TicketID: d.TicketID, Changed: d.Changed, UserErrors: itemErrors(ctx, d.Err)}
		if d.Changed {
			*changed++
		}
	}
	return results, changed
}
