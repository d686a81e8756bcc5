package bonus

import (
	"time"

	"kabinet/internal/scalar"
)

// The inputs and enums of the SDL that this domain takes; field by field they
// are described in schema/.

// AccruePointsInput is the input of accruePoints.
type AccruePointsInput struct {
	// The customer.
	UserID scalar.ID
	// How many; positive.
	Amount int64
	// The programme; the default one when absent.
	ProgramID *scalar.ID
	// Why; kept on the entry, 1 to 500 characters.
	Reason string
	// When they expire; by the programme's rule when absent.
	ExpiresAt *time.Time
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// AdjustPointsInput is the input of adjustPoints.
type AdjustPointsInput struct {
	// The customer.
	UserID scalar.ID
	// What the balance gains; negative where it loses; not zero. A loss takes no more than is available.
	Amount int64
	// The programme; the default one when absent.
	ProgramID *scalar.ID
	// Why; kept on the entry, 1 to 500 characters.
	Reason string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// BonusBalanceChange is a message of bonusBalanceChanged.
type BonusBalanceChange struct {
	// The place to resume after.
	Cursor string
	// What happened.
	Kind string
	// The balance after this change.
	Balance int64
	// The pending points after this change.
	Pending int64
	// The account as it is now.
	Account *Account
	// The entry that changed it.
	Entry Entry
	// The points reserved after this change.
	Held int64
	// Whose account it is.
	OwnerID scalar.ID
	// Why it changed.
	Cause *BonusCause
}

// BonusEntryFilter narrows a book.
type BonusEntryFilter struct {
	// About this order.
	OrderID *scalar.ID
	// Made at or after.
	From *time.Time
	// Made before.
	Before *time.Time
}

// RedeemPointsInput is the input of redeemPoints.
type RedeemPointsInput struct {
	// How many; positive.
	Amount int64
	// The programme; the default one when absent.
	ProgramID *scalar.ID
	// The order they are spent on.
	OrderID *scalar.ID
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}
