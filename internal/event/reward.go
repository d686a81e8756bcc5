package event

import "github.com/google/uuid"

// RewardExchanged is told when points are exchanged for a reward.
type RewardExchanged struct {
	RedemptionID uuid.UUID  `json:"redemptionId"`
	RewardID     uuid.UUID  `json:"rewardId"`
	OwnerID      uuid.UUID  `json:"ownerId"`
	UserID       *uuid.UUID `json:"userId,omitempty"`
	Reward       string     `json:"reward"` // the kind: GOODS, COUPON, DELIVERY, GIFT
	Quantity     int64      `json:"quantity"`
	Points       int64      `json:"points"`
}

// RewardRedemptionChanged is told when an exchanged reward is used, given back
// or expires.
type RewardRedemptionChanged struct {
	RedemptionID uuid.UUID  `json:"redemptionId"`
	RewardID     uuid.UUID  `json:"rewardId"`
	OwnerID      uuid.UUID  `json:"ownerId"`
	UserID       *uuid.UUID `json:"userId,omitempty"`
	Status       string     `json:"status"`
	PointsBack   int64      `json:"pointsBack,omitempty"`
	ByStaff      bool       `json:"byStaff,omitempty"`
}

// Kind implements Fact.
func (RewardExchanged) Kind() string { return "reward.exchanged" }

// Subject implements Fact.
func (f RewardExchanged) Subject() (string, uuid.UUID) { return "rdm", f.RedemptionID }

// Kind implements Fact.
func (RewardRedemptionChanged) Kind() string { return "reward.redemption_changed" }

// Subject implements Fact.
func (f RewardRedemptionChanged) Subject() (string, uuid.UUID) { return "rdm", f.RedemptionID }
