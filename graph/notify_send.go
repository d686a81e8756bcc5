package graph

import (
	"context"

	gql "kabinet/graph/generated"
	"kabinet/internal/notify/send"
)

// sentTo is what became of each customer.
func sentTo(ctx context.Context, done []send.SentTo) []*gql.SendNotificationResult {
	results := make([]*gql.SendNotificationResult, len(done))
	for i, d := range done {
		results[i] = &gql.SendNotificationResult{CustomerID: d.CustomerID, NotificationID: d.NotificationID, UserErrors: itemErrors(ctx, d.Err)}
	}
	return results
}
