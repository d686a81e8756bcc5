package reward

import (
	"io"

	"kabinet/internal/scalar"
)

// RewardReasonCode is what stands between a customer and a reward.
type RewardReasonCode string

// The values of RewardReasonCode.
const (
	RewardReasonCodeSignIn             RewardReasonCode = "SIGN_IN"
	RewardReasonCodeMissingPoints      RewardReasonCode = "MISSING_POINTS"
	RewardReasonCodeSoldOut            RewardReasonCode = "SOLD_OUT"
	RewardReasonCodeLimitReached       RewardReasonCode = "LIMIT_REACHED"
	RewardReasonCodePeriodLimitReached RewardReasonCode = "PERIOD_LIMIT_REACHED"
	RewardReasonCodeNotForYou          RewardReasonCode = "NOT_FOR_YOU"
	RewardReasonCodeNotYet             RewardReasonCode = "NOT_YET"
	RewardReasonCodeOver               RewardReasonCode = "OVER"
	RewardReasonCodeNotOffered         RewardReasonCode = "NOT_OFFERED"
)

// MarshalGQL writes the value.
func (e RewardReasonCode) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RewardReasonCode) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RewardReasonCodeSignIn, RewardReasonCodeMissingPoints, RewardReasonCodeSoldOut, RewardReasonCodeLimitReached,
		RewardReasonCodePeriodLimitReached, RewardReasonCodeNotForYou, RewardReasonCodeNotYet, RewardReasonCodeOver, RewardReasonCodeNotOffered)
	return err
}

// RewardSort is the order of a list of rewards.
type RewardSort string

// The values of RewardSort.
const (
	RewardSortNewest   RewardSort = "NEWEST"    // made last, first
	RewardSortCostAsc  RewardSort = "COST_ASC"  // cheapest first
	RewardSortCostDesc RewardSort = "COST_DESC" // dearest first
)

// MarshalGQL writes the value.
func (e RewardSort) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RewardSort) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RewardSortNewest, RewardSortCostAsc, RewardSortCostDesc)
	return err
}

// RewardRedemptionAction is what can be done with an exchanged reward.
type RewardRedemptionAction string

// The values of RewardRedemptionAction.
const (
	RewardRedemptionActionCancel RewardRedemptionAction = "CANCEL" // give it back
	RewardRedemptionActionFulfil RewardRedemptionAction = "FULFIL" // note that it was handed over or sent
)

// MarshalGQL writes the value.
func (e RewardRedemptionAction) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RewardRedemptionAction) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RewardRedemptionActionCancel, RewardRedemptionActionFulfil)
	return err
}

// RewardKind is what a reward is.
type RewardKind string

// The values of RewardKind.
const (
	RewardKindGoods    RewardKind = "GOODS"    // fetched or sent
	RewardKindCoupon   RewardKind = "COUPON"   // a code of a promotion
	RewardKindDelivery RewardKind = "DELIVERY" // a delivery free of charge
	RewardKindGift     RewardKind = "GIFT"     // a voucher out of a stock of codes
)

// MarshalGQL writes the value.
func (e RewardKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RewardKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RewardKindGoods, RewardKindCoupon, RewardKindDelivery, RewardKindGift)
	return err
}

// RewardStatus is where a reward stands.
type RewardStatus string

// The values of RewardStatus.
const (
	RewardStatusDraft  RewardStatus = "DRAFT"  // not offered yet
	RewardStatusActive RewardStatus = "ACTIVE" // offered
	RewardStatusPaused RewardStatus = "PAUSED" // not offered for the time being
	RewardStatusEnded  RewardStatus = "ENDED"  // not offered any more, for good
)

// MarshalGQL writes the value.
func (e RewardStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RewardStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RewardStatusDraft, RewardStatusActive, RewardStatusPaused, RewardStatusEnded)
	return err
}

// RewardRedemptionStatus is where an exchanged reward stands.
type RewardRedemptionStatus string

// The values of RewardRedemptionStatus.
const (
	RewardRedemptionStatusIssued    RewardRedemptionStatus = "ISSUED"    // can be used
	RewardRedemptionStatusFulfilled RewardRedemptionStatus = "FULFILLED" // used, handed over or sent
	RewardRedemptionStatusCancelled RewardRedemptionStatus = "CANCELLED" // given back
	RewardRedemptionStatusExpired   RewardRedemptionStatus = "EXPIRED"   // nobody used it in time
)

// MarshalGQL writes the value.
func (e RewardRedemptionStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RewardRedemptionStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RewardRedemptionStatusIssued, RewardRedemptionStatusFulfilled, RewardRedemptionStatusCancelled, RewardRedemptionStatusExpired)
	return err
}

// RewardExpiry is what becomes of the points of a reward that nobody used in time.
type RewardExpiry string

// The values of RewardExpiry.
const (
	RewardExpiryPointsLost RewardExpiry = "POINTS_LOST" // they are lost
	RewardExpiryPointsBack RewardExpiry = "POINTS_BACK" // they come back
)

// MarshalGQL writes the value.
func (e RewardExpiry) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RewardExpiry) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RewardExpiryPointsLost, RewardExpiryPointsBack)
	return err
}
