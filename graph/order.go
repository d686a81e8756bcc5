package graph

import (
	"context"

	gql "kabinet/graph/generated"
	"kabinet/internal/account/arrival"
	"kabinet/internal/order"
	"kabinet/internal/order/goods"
	"kabinet/internal/order/history"
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
func productResults(ctx context.Context, done []goods.Result) []*gql.UpsertProductResult {
	results := make([]*gql.UpsertProductResult, len(done))
	for i, d := range done {
		results[i] = &gql.UpsertProductResult{Product: d.Product, Outcome: d.Outcome, UserErrors: itemErrors(ctx, d.Err)}
	}
	return results
}

// userResults are the items of a batch of people.
func userResults(ctx context.Context, done []arrival.Result) []*gql.UpsertUserResult {
	results := make([]*gql.UpsertUserResult, len(done))
	for i, d := range done {
		results[i] = &gql.UpsertUserResult{User: d.User, Outcome: d.Outcome, UserErrors: itemErrors(ctx, d.Err)}
	}
	return results
}

// shipmentResults are the items of a batch of parcels.
func shipmentResults(ctx context.Context, done []history.ShipmentResult) []*gql.UpsertShipmentResult {
	results := make([]*gql.UpsertShipmentResult, len(done))
	for i, d := range done {
		results[i] = &gql.UpsertShipmentResult{Shipment: d.Shipment, Outcome: d.Outcome, UserErrors: itemErrors(ctx, d.Err)}
	}
	return results
}

// paymentResults are the items of a batch of payments.
func paymentResults(ctx context.Context, done []order.PaymentResult) []*gql.UpsertPaymentResult {
	results := make([]*gql.UpsertPaymentResult, len(done))
	for i, d := range done {
		results[i] = &gql.UpsertPaymentResult{Payment: d.Payment, Outcome: d.Outcome, UserErrors: itemErrors(ctx, d.Err)}
	}
	return results
}

// itemErrors never fails: an item is refused by a fault, or done.
func itemErrors(ctx context.Context, err error) []*gql.UserError {
	userErrors, _ := refusals(ctx, err)
	return userErrors
}
