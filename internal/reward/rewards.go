// Package reward owns what points are exchanged for: rewards, their stock and
// codes, and what people exchanged. It alone writes rewards, reward_codes and
// reward_redemptions. It never touches the ledger or a promotion itself: points
// move and coupons are issued by the funcs of Rewards, in the same transaction.
//
// Who exchanges locks the reward's row first, so that the last one of the stock
// and the last one of a person's limit are given once.
package reward

import (
	"context"
	"sync"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// Rewards is the service of this domain. The funcs are what must happen in the
// same transaction in another domain; server.go fills them in.
type Rewards struct {
	Store *store.Store

	// Spend takes points of an owner, once for a cause; TOO_FEW_POINTS.
	Spend func(ctx context.Context, tx *store.Tx, s Spending) (*ent.LedgerEntry, error)
	// GiveBack returns what an entry spent into the lots it came from, once for a cause.
	GiveBack func(ctx context.Context, tx *store.Tx, spending uuid.UUID, cause string) (*ent.LedgerEntry, error)
	// Settled shows an account as it is now, when a lot of it fell due; nil: as it is stored.
	Settled func(ctx context.Context, a *ent.LedgerAccount) (*ent.LedgerAccount, error)
	// IssueCode makes a code of a promotion for an owner; nil: there are no coupons.
	IssueCode func(ctx context.Context, tx *store.Tx, promotion, owner uuid.UUID) (code string, err error)
	// VoidCode takes an unused code of a promotion back; nil: coupons cannot be given back.
	VoidCode func(ctx context.Context, tx *store.Tx, promotion uuid.UUID, code string) error
	// Issues says whether a promotion is one that codes can be issued under; NOT_FOUND. nil: not asked.
	Issues func(ctx context.Context, tx *store.Tx, promotion uuid.UUID) error

	holding sync.Mutex // where an operation keeps its standing
}

// Spending is points to be spent.
type Spending struct {
	Owner   uuid.UUID
	Program *uuid.UUID // the programme's key_id; nil: the default one
	Amount  int64
	Cause   string // once for ever
	Explain map[string]any
}

// The refusals of this domain.
var (
	ErrRewardSoldOut       = fault.New(fault.Refused, "REWARD_SOLD_OUT")
	ErrRewardLimitReached  = fault.New(fault.Refused, "REWARD_LIMIT_REACHED")
	ErrRewardNotForYou     = fault.New(fault.Refused, "REWARD_NOT_FOR_YOU")
	ErrRewardNotOffered    = fault.New(fault.Refused, "REWARD_NOT_OFFERED")
	ErrRewardCostChanged   = fault.New(fault.Conflict, "REWARD_COST_CHANGED")
	ErrRewardCodeUnknown   = fault.New(fault.Refused, "REWARD_CODE_UNKNOWN")
	ErrRewardCodeUsed      = fault.New(fault.Refused, "REWARD_CODE_USED")
	ErrRewardCodeCancelled = fault.New(fault.Refused, "REWARD_CODE_CANCELLED")
	ErrRewardCodeExpired   = fault.New(fault.Refused, "REWARD_CODE_EXPIRED")
	ErrIllegalTransition   = fault.New(fault.Refused, "ILLEGAL_TRANSITION")
	// ErrProgramNotFound: the programme has ended or is not known.
	ErrProgramNotFound = fault.New(fault.NotFound, "PROGRAM_NOT_FOUND")
)
