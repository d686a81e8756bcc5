package event

import "github.com/google/uuid"

// ReferralChanged is told to each side by itself when bringing a friend moves
// on. It does not say who the other side is.
type ReferralChanged struct {
	ReferralID uuid.UUID `json:"referralId"`
	Side       string    `json:"side"`   // advocate or friend
	Status     string    `json:"status"` // REGISTERED, ORDERED, REWARDED, REJECTED, EXPIRED
	Points     int64     `json:"points,omitempty"`
}

// Kind implements Fact.
func (ReferralChanged) Kind() string { return "referral.changed" }

// Subject implements Fact.
func (f ReferralChanged) Subject() (string, uuid.UUID) { return "ref", f.ReferralID }
