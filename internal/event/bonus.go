package event

import "github.com/google/uuid"

// PointsMove is what all facts about points carry: the entry and the account's
// counters after it.
type PointsMove struct {
	AccountID uuid.UUID  `json:"accountId"`
	OwnerID   uuid.UUID  `json:"ownerId"`
	EntryID   uuid.UUID  `json:"entryId"`
	Unit      string     `json:"unit"`
	Amount    int64      `json:"amount"` // signed, as on the entry
	Bucket    string     `json:"bucket"` // PENDING or ACTIVE: which points moved
	Balance   int64      `json:"balance"`
	Pending   int64      `json:"pending"`
	OrderID   *uuid.UUID `json:"orderId,omitempty"`
}

// Subject implements Fact.
func (m PointsMove) Subject() (string, uuid.UUID) { return "acc", m.AccountID }

// The facts about points.
type (
	PointsAccrued  struct{ PointsMove } // also when pending points become active
	PointsRedeemed struct{ PointsMove }
	PointsExpired  struct{ PointsMove }
	PointsReversed struct{ PointsMove } // taken back, or given back after a cancel
	PointsAdjusted struct{ PointsMove }
)

// Kind implements Fact.
func (PointsAccrued) Kind() string { return "points.accrued" }

// Kind implements Fact.
func (PointsRedeemed) Kind() string { return "points.redeemed" }

// Kind implements Fact.
func (PointsExpired) Kind() string { return "points.expired" }

// Kind implements Fact.
func (PointsReversed) Kind() string { return "points.reversed" }

// Kind implements Fact.
func (PointsAdjusted) Kind() string { return "points.adjusted" }
