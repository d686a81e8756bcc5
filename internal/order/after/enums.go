package after

import (
	"io"

	"kabinet/internal/scalar"
)

// ReasonKind is why what is done.
type ReasonKind string

// The values of ReasonKind.
const (
	ReasonKindCancel ReasonKind = "CANCEL"
	ReasonKindReturn ReasonKind = "RETURN"
	ReasonKindRefuse ReasonKind = "REFUSE"
)

// MarshalGQL writes the value.
func (e ReasonKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ReasonKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ReasonKindCancel, ReasonKindReturn, ReasonKindRefuse)
	return err
}

// ReturnKind is for what goods come back.
type ReturnKind string

// The values of ReturnKind.
const (
	ReturnKindReturn   ReturnKind = "RETURN"
	ReturnKindExchange ReturnKind = "EXCHANGE"
)

// MarshalGQL writes the value.
func (e ReturnKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ReturnKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ReturnKindReturn, ReturnKindExchange)
	return err
}

// RefundDestination is where money is given back to.
type RefundDestination string

// The values of RefundDestination.
const (
	RefundDestinationSource RefundDestination = "SOURCE"
	RefundDestinationWallet RefundDestination = "WALLET"
)

// MarshalGQL writes the value.
func (e RefundDestination) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RefundDestination) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RefundDestinationSource, RefundDestinationWallet)
	return err
}

// RefundOutcome is what became of a refund.
type RefundOutcome string

// The values of RefundOutcome.
const (
	RefundOutcomeSucceeded RefundOutcome = "SUCCEEDED"
	RefundOutcomeFailed    RefundOutcome = "FAILED"
	RefundOutcomeAgain     RefundOutcome = "AGAIN"
)

// MarshalGQL writes the value.
func (e RefundOutcome) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RefundOutcome) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RefundOutcomeSucceeded, RefundOutcomeFailed, RefundOutcomeAgain)
	return err
}

// ReturnDecision is what is decided of a return.
type ReturnDecision string

// The values of ReturnDecision.
const (
	ReturnDecisionApprove ReturnDecision = "APPROVE"
	ReturnDecisionReject  ReturnDecision = "REJECT"
)

// MarshalGQL writes the value.
func (e ReturnDecision) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ReturnDecision) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ReturnDecisionApprove, ReturnDecisionReject)
	return err
}

// ReturnAction is what may be done with a return.
type ReturnAction string

// The values of ReturnAction.
const (
	ReturnActionCancel  ReturnAction = "CANCEL"
	ReturnActionSend    ReturnAction = "SEND"
	ReturnActionDecide  ReturnAction = "DECIDE"
	ReturnActionReceive ReturnAction = "RECEIVE"
)

// MarshalGQL writes the value.
func (e ReturnAction) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ReturnAction) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ReturnActionCancel, ReturnActionSend, ReturnActionDecide, ReturnActionReceive)
	return err
}

// NonReturnableReason is why units of a line cannot come back.
type NonReturnableReason string

// The values of NonReturnableReason.
const (
	NonReturnableReasonCancelled       NonReturnableReason = "CANCELLED"
	NonReturnableReasonAlreadyReturned NonReturnableReason = "ALREADY_RETURNED"
	NonReturnableReasonReturnRequested NonReturnableReason = "RETURN_REQUESTED"
	NonReturnableReasonNotReceived     NonReturnableReason = "NOT_RECEIVED"
	NonReturnableReasonFinalSale       NonReturnableReason = "FINAL_SALE"
	NonReturnableReasonWindowOver      NonReturnableReason = "WINDOW_OVER"
)

// MarshalGQL writes the value.
func (e NonReturnableReason) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *NonReturnableReason) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, NonReturnableReasonCancelled, NonReturnableReasonAlreadyReturned, NonReturnableReasonReturnRequested, NonReturnableReasonNotReceived, NonReturnableReasonFinalSale, NonReturnableReasonWindowOver)
	return err
}

// RepeatGapKind is what is in the way of ordering the same again.
type RepeatGapKind string

// The values of RepeatGapKind.
const (
	RepeatGapKindNoLongerSold  RepeatGapKind = "NO_LONGER_SOLD"
	RepeatGapKindOutOfStock    RepeatGapKind = "OUT_OF_STOCK"
	RepeatGapKindFewerInStock  RepeatGapKind = "FEWER_IN_STOCK"
	RepeatGapKindPriceChanged  RepeatGapKind = "PRICE_CHANGED"
	RepeatGapKindOtherCurrency RepeatGapKind = "OTHER_CURRENCY"
)

// MarshalGQL writes the value.
func (e RepeatGapKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RepeatGapKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RepeatGapKindNoLongerSold, RepeatGapKindOutOfStock, RepeatGapKindFewerInStock, RepeatGapKindPriceChanged, RepeatGapKindOtherCurrency)
	return err
}
