package after

import (
	"time"

	ent "kabinet/ent/generated"
	"kabinet/internal/scalar"
)

// The inputs and views of returns and of the catalogue of reasons; field by
// field they are described in schema/order_return.graphqls.

// ReturnOptions is what of an order can come back.
type ReturnOptions struct {
	OrderID    scalar.ID
	Returnable bool
	Until      *time.Time
	RefundTo   []RefundDestination
	Lines      []*ReturnOption
}

// ReturnOption is what of one line can come back.
type ReturnOption struct {
	Line       *ent.OrderLine
	Returnable int64
	Amount     scalar.Money
	Refused    []*NonReturnable
	reasons    []*ent.Reason
}

// NonReturnable is units of a line that cannot come back.
type NonReturnable struct {
	Quantity int64
	Why      NonReturnableReason
	Message  string
}

// ReturnSummary is what a return would give, or gives, back.
type ReturnSummary struct {
	Goods  scalar.Money
	Tax    scalar.Money
	Fee    scalar.Money
	Refund scalar.Money
}

// RequestReturnInput is the input of requestReturn.
type RequestReturnInput struct {
	OrderID        scalar.ID
	Kind           *ReturnKind
	Lines          []*ReturnLineInput
	RefundTo       *RefundDestination
	Note           *string
	PhotoIds       []scalar.ID
	IdempotencyKey string
	DryRun         *bool
}

// ReturnLineInput is one line that comes back.
type ReturnLineInput struct {
	OrderLineID scalar.ID
	Quantity    int
	ReasonID    scalar.ID
	ExchangeSku *string
}

// CancelReturnInput is the input of cancelReturn.
type CancelReturnInput struct {
	ReturnID       scalar.ID
	IdempotencyKey string
	DryRun         *bool
}

// SendReturnInput is the input of sendReturn.
type SendReturnInput struct {
	ReturnID       scalar.ID
	Carrier        *string
	TrackingNumber *string
	IdempotencyKey string
	DryRun         *bool
}

// DecideReturnInput is the input of decideReturn.
type DecideReturnInput struct {
	ReturnID       scalar.ID
	Decision       ReturnDecision
	Lines          []*DecidedReturnLineInput
	ReasonID       *scalar.ID
	Note           *string
	LabelURL       *string
	Revision       *int
	IdempotencyKey string
	DryRun         *bool
}

// DecidedReturnLineInput is how many of a line are allowed.
type DecidedReturnLineInput struct {
	OrderLineID scalar.ID
	Quantity    int
}

// ReceiveReturnInput is the input of receiveReturn.
type ReceiveReturnInput struct {
	ReturnID       scalar.ID
	Lines          []*ReceivedReturnLineInput
	Restock        *bool
	Revision       *int
	IdempotencyKey string
	DryRun         *bool
}

// ReceivedReturnLineInput is how many of a line came.
type ReceivedReturnLineInput struct {
	OrderLineID scalar.ID
	Quantity    int
}

// SaveReasonInput is the input of saveReason, whole.
type SaveReasonInput struct {
	ID             *scalar.ID
	Version        *int
	Kind           ReasonKind
	Handle         string
	Texts          []*scalar.Translation
	Position       *int
	Categories     []string
	FeeBasisPoints *int
	PhotoRequired  *bool
}

// RetireReasonInput is the input of retireReason.
type RetireReasonInput struct {
	ID scalar.ID
}
