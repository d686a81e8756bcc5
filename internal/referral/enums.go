package referral

import (
	"io"

	"kabinet/internal/scalar"
)

// ReferralStatus is where bringing a friend stands.
type ReferralStatus string

// The values of ReferralStatus.
const (
	ReferralStatusInvited    ReferralStatus = "INVITED"    // the friend gave the code
	ReferralStatusRegistered ReferralStatus = "REGISTERED" // the friend proved the address
	ReferralStatusOrdered    ReferralStatus = "ORDERED"    // the friend paid for an order, which can still be returned
	ReferralStatusRewarded   ReferralStatus = "REWARDED"   // both sides got their points
	ReferralStatusRejected   ReferralStatus = "REJECTED"   // there is no reward
	ReferralStatusExpired    ReferralStatus = "EXPIRED"    // the friend did not order in time
)

// MarshalGQL writes the value.
func (e ReferralStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ReferralStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ReferralStatusInvited, ReferralStatusRegistered, ReferralStatusOrdered, ReferralStatusRewarded, ReferralStatusRejected, ReferralStatusExpired)
	return err
}

// ReferralSuspicion is what makes bringing a friend suspicious.
type ReferralSuspicion string

// The values of ReferralSuspicion.
const (
	ReferralSuspicionSameDevice ReferralSuspicion = "SAME_DEVICE" // both sides use the same device and network
)

// MarshalGQL writes the value.
func (e ReferralSuspicion) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ReferralSuspicion) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ReferralSuspicionSameDevice)
	return err
}
