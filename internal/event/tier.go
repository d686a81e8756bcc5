package event

import (
	"time"

	"github.com/google/uuid"
)

// TierMove is what both facts about a tier carry.
type TierMove struct {
	AccountID uuid.UUID                    `json:"accountId"`
	OwnerID   uuid.UUID                    `json:"ownerId"`
	ProgramID uuid.UUID                    `json:"programId"`
	From      string                       `json:"from,omitempty"`  // the handle before; empty: none
	To        string                       `json:"to,omitempty"`    // the handle after; empty: none
	Names     map[string]map[string]string `json:"names,omitempty"` // language -> from, to: what the tiers are called
}

// Subject implements Fact.
func (m TierMove) Subject() (string, uuid.UUID) { return "acc", m.AccountID }

// TierChanged is told when an account's tier changes, or is kept at its deadline.
type TierChanged struct {
	TierMove
	ChangeID uuid.UUID  `json:"changeId"`
	Change   string     `json:"change"` // JOINED, UPGRADED, DOWNGRADED, PROLONGED or SET
	UntilAt  *time.Time `json:"untilAt,omitempty"`
	Free     bool       `json:"free,omitempty"` // the tier asks for nothing: everybody has it
}

// TierWillDowngrade is told so many days before a fall, if nothing is done.
type TierWillDowngrade struct {
	TierMove
	At      time.Time `json:"at"`
	Days    int       `json:"days"`
	Missing int64     `json:"missing"`        // to keep it, in Unit
	Unit    string    `json:"unit,omitempty"` // points, or a currency, whose minor units are missing
}

// Kind implements Fact.
func (TierChanged) Kind() string { return "tier.changed" }

// Kind implements Fact.
func (TierWillDowngrade) Kind() string { return "tier.will_downgrade" }
