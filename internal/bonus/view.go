package bonus

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// TransferLimits are what members may give to each other.
type TransferLimits struct {
	Min        int64
	Max, Daily *int64
}

// ExchangeRate says into which programme points can be exchanged.
type ExchangeRate struct {
	ProgramID scalar.ID
	Give, Get int64
}

// BonusProgramText is a programme's texts in one language.
type BonusProgramText struct {
	Locale, Name, UnitName string
	Terms                  *string
}

// BonusNextExpiry is the points that expire next.
type BonusNextExpiry struct {
	Amount int64
	At     time.Time
}

// BonusStatement is a period of an account.
type BonusStatement struct {
	From, To                       time.Time
	OpeningBalance, ClosingBalance int64
	OpeningPending, ClosingPending int64
	Totals                         []*BonusStatementTotal
	account                        *Account
}

// BonusStatementTotal is what one kind of entry did in a period.
type BonusStatementTotal struct {
	Kind             ledgerentry.Kind
	Count            int
	Balance, Pending int64
}

// Label says what such an entry is, in the caller's language.
func (t *BonusStatementTotal) Label(ctx context.Context) string {
	return locale.Text(viewer.From(ctx).Locale, "bonus.entry."+string(t.Kind), nil)
}

// BonusCause is why a balance changed.
type BonusCause struct {
	Kind    ledgerentry.Kind
	Label   string
	OrderID *scalar.ID
	Reason  *string
}

// PendingAdjustment is a correction that waits for another member of staff, or
// waited.
type PendingAdjustment struct {
	ID             scalar.ID
	UserID         scalar.ID
	Amount         int64
	Reason         string
	Status         PendingAdjustmentStatus
	RequestedByID  *scalar.ID
	RequestedAt    time.Time
	DecidedByID    *scalar.ID
	DecidedAt      *time.Time
	DecisionReason *string

	program uuid.UUID
}

// PendingAdjustmentConnection is a page of corrections.
type PendingAdjustmentConnection struct {
	Edges      []*PendingAdjustmentEdge
	PageInfo   ent.PageInfo
	TotalCount int
}

// PendingAdjustmentEdge is a correction and its place in the list.
type PendingAdjustmentEdge struct {
	Node   *PendingAdjustment
	Cursor scalar.Cursor
}

// Nodes are the corrections of the page without their cursors.
func (c *PendingAdjustmentConnection) Nodes() []*PendingAdjustment {
	nodes := make([]*PendingAdjustment, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// HoldID is the edge id of the hold that the entry is about.
func (h *Hold) HoldID() scalar.ID {
	if h.ParentID != nil {
		return scalar.ID{Prefix: "ent", UUID: *h.ParentID}
	}
	return h.GlobalID()
}
