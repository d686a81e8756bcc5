package after

import (
	"time"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this domain takes; field by field they are
// described in schema/order_after.graphqls. Returns are in contract_return.go,
// enums in enums.go.

// RepeatOrderInput is the input of repeatOrder.
type RepeatOrderInput struct {
	OrderID        scalar.ID
	AddressID      *scalar.ID
	AcceptGaps     *bool
	Note           *string
	IdempotencyKey string
	DryRun         *bool
}

// PlaceOneClickOrderInput is the input of placeOneClickOrder.
type PlaceOneClickOrderInput struct {
	Sku            string
	Quantity       *int
	ReturnURL      *string
	IdempotencyKey string
	DryRun         *bool
}

// PlaceGuestOrderInput is the input of placeGuestOrder.
type PlaceGuestOrderInput struct {
	Lines          []*order.PlaceOrderLineInput
	Contact        GuestContactInput
	Delivery       *GuestDeliveryInput
	Note           *string
	IdempotencyKey string
	DryRun         *bool
}

// GuestContactInput is how a guest is reached.
type GuestContactInput struct {
	Name  *string
	Email *string
	Phone *string
}

// GuestDeliveryInput is where a guest's order goes.
type GuestDeliveryInput struct {
	Lines      []string
	City       *string
	Region     *string
	PostalCode *string
	Country    *string
}

// RequestOrderClaimInput is the input of requestOrderClaim.
type RequestOrderClaimInput struct {
	OrderNumber string
}

// ClaimOrderInput is the input of claimOrder.
type ClaimOrderInput struct {
	ChallengeID scalar.ID
	Code        string
}

// CreatePaymentLinkInput is the input of createPaymentLink: exactly one of
// OrderID and GuestToken.
type CreatePaymentLinkInput struct {
	OrderID         *scalar.ID
	GuestToken      *string
	PaymentMethodID *scalar.ID
	ReturnURL       *string
	IdempotencyKey  string
	DryRun          *bool
}

// ChangeOrderAddressInput is the input of changeOrderAddress.
type ChangeOrderAddressInput struct {
	OrderID        scalar.ID
	AddressID      scalar.ID
	Revision       *int
	IdempotencyKey string
	DryRun         *bool
}

// RecordRefundInput is the input of recordRefund.
type RecordRefundInput struct {
	RefundID       scalar.ID
	Outcome        RefundOutcome
	Reference      *string
	Failure        *string
	IdempotencyKey string
	DryRun         *bool
}

// SaveOrderPolicyInput is the input of saveOrderPolicy. An absent field is unchanged.
type SaveOrderPolicyInput struct {
	GuestOrders         *bool
	ReturnDays          *int
	FinalSaleCategories []string
	WalletRefunds       *bool
	Revision            *int
}

// OrderPolicy is the rules for what customers do with orders; the value of the
// setting order.policy.
type OrderPolicy struct {
	GuestOrders         bool     `json:"guestOrders"`
	ReturnDays          int      `json:"returnDays"`
	FinalSaleCategories []string `json:"finalSaleCategories"`
	WalletRefunds       bool     `json:"walletRefunds"`
	Revision            int      `json:"revision"`
}

// GuestOrder is a guest's order, as its token shows it.
type GuestOrder struct {
	Number            string
	Status            entorder.Status
	PaymentStatus     entorder.PaymentStatus
	FulfillmentStatus entorder.FulfillmentStatus
	StatusLabel       string
	PlacedAt          time.Time
	Lines             []*GuestOrderLine
	Delivery          map[string]any
	Total             scalar.Money
	Paid              scalar.Money
	TrackingUrls      []string
}

// GuestOrderLine is one line of a guest's order.
type GuestOrderLine struct {
	Sku       string
	Title     string
	ImageURL  *string
	URL       *string
	Quantity  int64
	UnitPrice scalar.Money
	Total     scalar.Money
}

// RepeatGap is something in the way of ordering the same again.
type RepeatGap struct {
	OrderLineID scalar.ID
	Sku         string
	Title       string
	Kind        RepeatGapKind
	Message     string
	Wanted      int64
	Available   int64
	PriceThen   scalar.Money
	PriceNow    *scalar.Money
}

// Repeated is what repeatOrder did.
type Repeated struct {
	order.Outcome
	Gaps []*RepeatGap // there too where it is refused with ORDER_HAS_GAPS
}

// Guested is what placeGuestOrder did.
type Guested struct {
	Order    *GuestOrder
	Token    *string
	Replayed *bool
}

// PaymentBegun is what createPaymentLink and placeOneClickOrder did.
type PaymentBegun struct {
	Order         *ent.Order
	Payment       *ent.Payment
	NextActionURL *string
	Replayed      *bool
}

// Returned is what the verbs on one return did. Order is of receiveReturn.
type Returned struct {
	Return   *ent.ReturnRequest
	Order    *ent.Order
	Summary  *ReturnSummary
	Replayed *bool
}

// ReturnFilter narrows a list of returns. All that is said must hold.
type ReturnFilter struct {
	Status []returnrequest.Status
	Kind   *ReturnKind
}
