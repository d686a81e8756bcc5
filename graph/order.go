package graph

import (
	"context"

	gql "kabinet/graph/generated"
	"kabinet/internal/order"
)

// orderResults are the items of a batch of orders; a refused one carries its
// own userErrors.
func orderResults(ctx context.Context, done []order.UpsertResult) []*gql.UpsertOrderResult {
	results := make([]*gql.UpsertOrderResult, len(done))
	for i, d := range done {
		results[i] = &gql.UpsertOrderResult{Order: d.Order, Outcome: d.Outcome, UserErrors: itemErrors(ctx, d.Err)}
	}
	return results
}

// productResults are the items of a batch of products.
func productResults(ctx context.Context, done []order.ProductResult) []*gql.UpsertProductResult {
	results := make([]*gql.UpsertProductResult, len(done))
	for i, d := range done {
		results[i] = &gql.UpsertProductResult{Product: d.Product, Outcome: d.Outcome, UserErrors: itemErrors(ctx, d.Err)}
	}
	return results
}

// itemErrors never fails: an item is refused by a fault, or done.
func itemErrors(ctx context.Context, err error) []*gql.UserError {
	userErrors, _ := refusals(ctx, err)
	return userErrors
}
