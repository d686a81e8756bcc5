package order

import (
	"time"

	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this domain takes; field by field they are
// described in schema/. Its enums are in enums.go.

// CancelOrderInput is the input of cancelOrder.
type CancelOrderInput struct {
	// The order.
	OrderID scalar.ID
	// Why.
	Reason entorder.CancelReason
	// More about it, up to 1,000 characters.
	Note *string
	// A reason of the catalogue that says more than the enum.
	ReasonID *scalar.ID `json:",omitempty"`
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// CustomerRef names a customer.
type CustomerRef struct {
	// By id.
	ID *scalar.ID
	// By a verified e-mail address.
	Email *string
	// By the key of an outside system.
	External *scalar.ExternalKey
}

// OrderFilter narrows a list of orders. All that is said must hold.
type OrderFilter struct {
	// In one of these states.
	Status []entorder.Status
	// Paid so far as one of these.
	PaymentStatus []entorder.PaymentStatus
	// On the way as one of these.
	FulfillmentStatus []entorder.FulfillmentStatus
	// Bought through one of these.
	Channel []entorder.Channel
	// Placed at or after.
	PlacedFrom *time.Time
	// Placed before.
	PlacedBefore *time.Time
	// One of the three lists that people know.
	View *OrderView
	// What it costs, at least; orders in this currency alone.
	TotalFrom *scalar.MoneyInput
	// What it costs, at most; orders in this currency alone.
	TotalTo *scalar.MoneyInput
	// Words of its number, titles and skus, up to 200 characters.
	Text *string
}

// OrderRef names one order.
type OrderRef struct {
	// By id.
	ID *scalar.ID
	// By number.
	Number *string
	// By the key of an outside system.
	External *scalar.ExternalKey
}

// PlaceOrderInput is the input of placeOrder.
type PlaceOrderInput struct {
	// 1 to 2,000 lines; the same sku may stand twice.
	Lines []*PlaceOrderLineInput
	// Where it goes: a saved address.
	AddressID *scalar.ID
	// A note, up to 1,000 characters.
	Note *string
	// Codes that reduce it, at most 10.
	PromoCodes []string `json:",omitempty"`
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// PlaceOrderLineInput is one line to order. The price is the server's.
type PlaceOrderLineInput struct {
	// The stock keeping unit.
	Sku string
	// 1 to 1,000,000.
	Quantity int
}

// ProductFilter narrows a list of products.
type ProductFilter struct {
	// In one of these categories.
	Category []string
	// Products no longer sold too; for staff.
	IncludeDiscontinued *bool
}

// ProductRef names one product.
type ProductRef struct {
	// By id.
	ID *scalar.ID
	// By sku.
	Sku *string
	// By the key of an outside system.
	External *scalar.ExternalKey
}

// SetOrderStatusInput is the input of setOrderStatus. An absent axis is unchanged.
type SetOrderStatusInput struct {
	// The order.
	OrderID scalar.ID
	// COMPLETED; to cancel, use cancelOrder.
	Status *entorder.Status
	// AUTHORIZED, or PAID: records a payment of what is open.
	PaymentStatus *entorder.PaymentStatus
	// The next step, or a later one; never back.
	FulfillmentStatus *entorder.FulfillmentStatus
	// With SHIPPED: who carries it.
	Carrier *string
	// With SHIPPED: the carrier's number.
	TrackingNumber *string
	// With SHIPPED: the carrier's page.
	TrackingURL *string
	// When it happened; now when absent, never in the future.
	OccurredAt *time.Time
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// UpsertOrderInput is one order of an outside system, whole: what it says replaces what is stored.
type UpsertOrderInput struct {
	// Its key there; finds the order.
	External *scalar.ExternalKey
	// When the outside system changed it.
	SourceUpdatedAt time.Time
	// Whose it is; a guest's when absent. A guest's order may get its customer later; then it is fixed.
	Customer *CustomerRef
	// What people read out; made from the key when absent. Fixed once stored.
	Number *string
	// Through what it was bought.
	Channel *entorder.Channel
	// When it was placed.
	PlacedAt time.Time
	// ISO 4217. Fixed once stored.
	Currency string
	// 1 to 2,000 lines. Fixed once stored, but for shipped, returned and cancelled.
	Lines []*UpsertOrderLineInput
	// Delivery, in the order's currency.
	Shipping *string
	// Where it stands as a whole: PLACED, COMPLETED or CANCELLED.
	Status *entorder.Status
	// How it is paid.
	PaymentStatus *entorder.PaymentStatus
	// Where the goods are.
	FulfillmentStatus *entorder.FulfillmentStatus
	// Free data, public.
	Metadata map[string]any
}

// UpsertOrderLineInput is one line of an outside order.
type UpsertOrderLineInput struct {
	// The stock keeping unit; tied to the product where one is known.
	Sku string
	// The name when it was sold.
	Title string
	// The category when it was sold.
	Category *string
	// How many.
	Quantity int
	// The price of one, in the order's currency.
	UnitPrice string
	// What was taken off the line.
	Discount *string
	// Tax contained in the line.
	Tax *string
}

// UpsertOrdersInput is the input of upsertOrders.
type UpsertOrdersInput struct {
	// 1 to 1,000 orders, with 20,000 lines at most together.
	Orders []*UpsertOrderInput
	// What becomes of the others when some are bad.
	ErrorPolicy *scalar.ErrorPolicy
	// The same outcomes, nothing kept.
	DryRun *bool
}

// UpsertPaymentInput is one payment of an outside system.
type UpsertPaymentInput struct {
	// Its key there; finds the payment.
	External *scalar.ExternalKey
	// When the outside system changed it.
	SourceUpdatedAt time.Time
	// The order it pays. Fixed once stored.
	Order *OrderRef
	// How much, in the order's currency. Fixed once stored.
	Amount *scalar.MoneyInput
	// Where it stands.
	Status payment.Status
	// How it was paid. Fixed once stored.
	Method *string
	// When it was paid. Fixed once stored.
	OccurredAt time.Time
	// What the provider calls it, or pay_…, by which it was told of it.
	ProviderRef *string
}

// UpsertPaymentsInput is the input of upsertPayments.
type UpsertPaymentsInput struct {
	// 1 to 1,000 payments.
	Payments []*UpsertPaymentInput
	// What becomes of the others when some are bad.
	ErrorPolicy *scalar.ErrorPolicy
	// The same outcomes, nothing kept.
	DryRun *bool
}
