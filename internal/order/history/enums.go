package history

import (
	"io"

	"kabinet/internal/scalar"
)

// SpendingGroup is by what spending is divided.
type SpendingGroup string

// The groups.
const (
	ByMonth    SpendingGroup = "MONTH"
	ByCategory SpendingGroup = "CATEGORY"
	ByChannel  SpendingGroup = "CHANNEL"
)

// MarshalGQL writes it.
func (e SpendingGroup) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *SpendingGroup) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ByMonth, ByCategory, ByChannel)
	return err
}

// PaymentRecordKind is what a payment is.
type PaymentRecordKind string

// The kinds.
const (
	RecordPayment PaymentRecordKind = "PAYMENT"
	RecordRefund  PaymentRecordKind = "REFUND"
	RecordTopUp   PaymentRecordKind = "TOP_UP"
)

// MarshalGQL writes it.
func (e PaymentRecordKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *PaymentRecordKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RecordPayment, RecordRefund, RecordTopUp)
	return err
}

// OrderStepKind is a step of an order.
type OrderStepKind string

// The steps, in their order.
const (
	StepPaymentConfirmed OrderStepKind = "PAYMENT_CONFIRMED"
	StepAssembled        OrderStepKind = "ASSEMBLED"
	StepShipped          OrderStepKind = "SHIPPED"
	StepReceived         OrderStepKind = "RECEIVED"
)

// MarshalGQL writes it.
func (e OrderStepKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *OrderStepKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, StepPaymentConfirmed, StepAssembled, StepShipped, StepReceived)
	return err
}

// OrderStepState is where a step stands.
type OrderStepState string

// The states.
const (
	StateAhead    OrderStepState = "AHEAD"
	StateUnderway OrderStepState = "UNDERWAY"
	StateDone     OrderStepState = "DONE"
	StateDropped  OrderStepState = "DROPPED"
)

// MarshalGQL writes it.
func (e OrderStepState) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *OrderStepState) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, StateAhead, StateUnderway, StateDone, StateDropped)
	return err
}

// OrderBuyerKind is in which capacity somebody bought.
type OrderBuyerKind string

// The capacities.
const (
	BuyerGuest   OrderBuyerKind = "GUEST"
	BuyerPerson  OrderBuyerKind = "PERSON"
	BuyerCompany OrderBuyerKind = "COMPANY"
)

// MarshalGQL writes it.
func (e OrderBuyerKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *OrderBuyerKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, BuyerGuest, BuyerPerson, BuyerCompany)
	return err
}

// TrackingStatus is what a carrier says of a parcel.
type TrackingStatus string

// The words of carriers.
const (
	TrackingAccepted       TrackingStatus = "ACCEPTED"
	TrackingInTransit      TrackingStatus = "IN_TRANSIT"
	TrackingArrived        TrackingStatus = "ARRIVED"
	TrackingOutForDelivery TrackingStatus = "OUT_FOR_DELIVERY"
	TrackingReadyForPickup TrackingStatus = "READY_FOR_PICKUP"
	TrackingAttempted      TrackingStatus = "ATTEMPTED"
	TrackingDelivered      TrackingStatus = "DELIVERED"
	TrackingDelayed        TrackingStatus = "DELAYED"
	TrackingReturning      TrackingStatus = "RETURNING"
	TrackingOther          TrackingStatus = "OTHER"
)

// MarshalGQL writes it.
func (e TrackingStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *TrackingStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, TrackingAccepted, TrackingInTransit, TrackingArrived, TrackingOutForDelivery, TrackingReadyForPickup, TrackingAttempted, TrackingDelivered, TrackingDelayed, TrackingReturning, TrackingOther)
	return err
}
