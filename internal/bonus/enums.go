package bonus

import (
	"io"

	"kabinet/ent/generated/bonusprogram"
	"kabinet/internal/scalar"
)

// What the columns of a programme hold.
type (
	// LotPolicy is how long points live.
	LotPolicy = bonusprogram.LotPolicy
	// ReturnPolicy is what a return does to earned points.
	ReturnPolicy = bonusprogram.ReturnPolicy
	// EarnOn is the moment at which an order earns.
	EarnOn = bonusprogram.EarnOn
)

// PointsRounding is what becomes of fractions of a point.
type PointsRounding string

// The roundings.
const (
	PointsRoundingDown     PointsRounding = "DOWN"
	PointsRoundingHalfUp   PointsRounding = "HALF_UP"
	PointsRoundingHalfEven PointsRounding = "HALF_EVEN"
	PointsRoundingUp       PointsRounding = "UP"
)

// MarshalGQL writes the rounding.
func (e PointsRounding) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a rounding.
func (e *PointsRounding) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, PointsRoundingDown, PointsRoundingHalfUp, PointsRoundingHalfEven, PointsRoundingUp)
	return err
}

// BonusHoldState is how a hold stands.
type BonusHoldState string

// The states.
const (
	BonusHoldStateOpen           BonusHoldState = "OPEN"            // points are reserved
	BonusHoldStateCaptured       BonusHoldState = "CAPTURED"        // all of it was spent
	BonusHoldStatePartlyCaptured BonusHoldState = "PARTLY_CAPTURED" // a part was, the rest is free again
	BonusHoldStateReleased       BonusHoldState = "RELEASED"        // nothing was spent
)

// MarshalGQL writes the state.
func (e BonusHoldState) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a state.
func (e *BonusHoldState) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, BonusHoldStateOpen, BonusHoldStateCaptured, BonusHoldStatePartlyCaptured, BonusHoldStateReleased)
	return err
}

// BulkErrorPolicy is what a bulk does when a row is refused.
type BulkErrorPolicy string

// The policies.
const (
	BulkErrorPolicyRejectAll    BulkErrorPolicy = "REJECT_ALL"    // nothing is done
	BulkErrorPolicyRejectFailed BulkErrorPolicy = "REJECT_FAILED" // the others are
)

// MarshalGQL writes the policy.
func (e BulkErrorPolicy) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a policy.
func (e *BulkErrorPolicy) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, BulkErrorPolicyRejectAll, BulkErrorPolicyRejectFailed)
	return err
}

// PendingAdjustmentStatus is how a correction stands that waited for another
// member of staff.
type PendingAdjustmentStatus string

// The statuses.
const (
	PendingAdjustmentStatusWaiting  PendingAdjustmentStatus = "WAITING"  // for a decision
	PendingAdjustmentStatusApproved PendingAdjustmentStatus = "APPROVED" // and booked
	PendingAdjustmentStatusRejected PendingAdjustmentStatus = "REJECTED" // or taken back
)

// MarshalGQL writes the status.
func (e PendingAdjustmentStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a status.
func (e *PendingAdjustmentStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, PendingAdjustmentStatusWaiting, PendingAdjustmentStatusApproved, PendingAdjustmentStatusRejected)
	return err
}
