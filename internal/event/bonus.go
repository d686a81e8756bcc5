package event

import (
	"time"

	"github.com/google/uuid"
)

// PointsMove is what all facts about points carry: the entry and the account's
// counters after it.
type PointsMove struct {
	AccountID uuid.UUID  `json:"accountId"`
	OwnerID   uuid.UUID  `json:"ownerId"`
	EntryID   uuid.UUID  `json:"entryId"`
	Unit      string     `json:"unit"`
	Amount    int64      `json:"amount"` // signed, as on the entry
	Bucket    string     `json:"bucket"` // PENDING, ACTIVE or HELD: which points moved
	Balance   int64      `json:"balance"`
	Pending   int64      `json:"pending"`
	Held      int64      `json:"held,omitempty"`
	OrderID   *uuid.UUID `json:"orderId,omitempty"`

	Quiet bool  `json:"quiet,omitempty"` // part of a change that another fact tells of
	Net   int64 `json:"net,omitempty"`   // of a reversal that lets a part stand: what is lost by both
}

// Subject implements Fact.
func (m PointsMove) Subject() (string, uuid.UUID) { return "acc", m.AccountID }

// PointsAccrued is told when points are given, and when pending ones become active.
type PointsAccrued struct{ PointsMove }

// PointsRedeemed is told when points are spent.
type PointsRedeemed struct{ PointsMove }

// PointsExpired is told when points fell due unspent.
type PointsExpired struct{ PointsMove }

// PointsReversed is told when points are taken back, or given back after a cancel.
type PointsReversed struct{ PointsMove }

// PointsAdjusted is told when staff corrects a balance.
type PointsAdjusted struct{ PointsMove }

// PointsHeld is told when points are reserved.
type PointsHeld struct{ PointsMove }

// PointsReleased is told when reserved points can be spent again.
type PointsReleased struct{ PointsMove }

// PointsTransferred is told of what goes to, comes from or is paid for a transfer.
type PointsTransferred struct{ PointsMove }

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

// Kind implements Fact.
func (PointsHeld) Kind() string { return "points.held" }

// Kind implements Fact.
func (PointsReleased) Kind() string { return "points.released" }

// Kind implements Fact.
func (PointsTransferred) Kind() string { return "points.transferred" }

// PointsExpiring is told some days before points expire.
type PointsExpiring struct {
	AccountID uuid.UUID `json:"accountId"`
	OwnerID   uuid.UUID `json:"ownerId"`
	Unit      string    `json:"unit"`
	Amount    int64     `json:"amount"` // of all that expire on that day, by UTC
	DueAt     time.Time `json:"dueAt"`  // when the first of them do
	Days      int       `json:"days"`   // how many days before it is told
}

// Subject implements Fact.
func (m PointsExpiring) Subject() (string, uuid.UUID) { return "acc", m.AccountID }

// Kind implements Fact.
func (PointsExpiring) Kind() string { return "points.expiring" }
