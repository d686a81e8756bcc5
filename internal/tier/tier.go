// Package tier owns the standings of customers in bonus programmes: which
// tiers there are, who has which, and until when. It alone writes tiers and
// tier_changes, and of ledger_accounts the columns tier_id, tier_until_at and
// tier_review_at. It counts what the ledger and the orders say and never
// writes either; what a tier is good for, others decide.
//
// A rise is at once, when points come or an order is completed (react.go). A
// fall waits for the deadline of the tier, which the clock finds (due.go). Both
// go through one review (review.go), under the account's lock: done again at
// the same moment it changes nothing.
package tier

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// Tiers is the service of this domain.
type Tiers struct {
	Store *store.Store

	// Account makes an owner's account in a programme (its key_id, nil for the
	// default one) at first need. server.go fills it with the ledger's.
	Account func(ctx context.Context, tx *store.Tx, owner uuid.UUID, program *uuid.UUID) (uuid.UUID, error)

	cache cache
}

// What the rules of tiers say no with.
var (
	// ErrProgramNotFound: the programme has ended or is not known.
	ErrProgramNotFound = fault.New(fault.NotFound, "PROGRAM_NOT_FOUND")
	// ErrAlreadyTaken: another tier of the programme has this rank or handle.
	ErrAlreadyTaken = fault.New(fault.Refused, "ALREADY_TAKEN")

	errDuplicateKey = fault.New(fault.Invalid, "DUPLICATE_KEY")
)
