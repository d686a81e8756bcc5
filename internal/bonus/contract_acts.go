package bonus

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/scalar"
)

// HoldPointsInput is the input of holdPoints.
type HoldPointsInput struct {
	// How many; positive.
	Amount int64
	// The programme; the default one when absent.
	ProgramID *scalar.ID
	// The order they are reserved for.
	OrderID *scalar.ID
	// What they are reserved for, in words.
	Reference *string
	// When they come free by themselves; by the programme's holdMinutes when absent.
	Until *time.Time
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// CaptureHoldInput is the input of captureHold.
type CaptureHoldInput struct {
	// The hold.
	HoldID scalar.ID
	// How many; all that is still reserved when absent.
	Amount *int64
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// ReleaseHoldInput is the input of releaseHold.
type ReleaseHoldInput struct {
	// The hold.
	HoldID scalar.ID
	// How many; all that is still reserved when absent.
	Amount *int64
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// ExchangePointsInput is the input of exchangePoints.
type ExchangePointsInput struct {
	// The programme whose points are given; the default one when absent.
	FromProgramID *scalar.ID
	// The programme whose points are got.
	ToProgramID scalar.ID
	// How many are given at most.
	Amount int64
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// PointsRecipient says to whom points are given: one of these.
type PointsRecipient struct {
	// The member.
	UserID *scalar.ID
	// A confirmed e-mail address of his.
	Email *string
	// A confirmed telephone number of his.
	Phone *string
}

// TransferPointsInput is the input of transferPoints.
type TransferPointsInput struct {
	// To whom.
	To PointsRecipient
	// How many; positive.
	Amount int64
	// The programme; the default one when absent.
	ProgramID *scalar.ID
	// What the recipient reads.
	Note *string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// AccrueRowInput is one row of accruePointsInBulk.
type AccrueRowInput struct {
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
}

// AccruePointsInBulkInput is the input of accruePointsInBulk.
type AccruePointsInBulkInput struct {
	// 1 to 100 rows.
	Rows []*AccrueRowInput
	// What happens when a row is refused.
	ErrorPolicy BulkErrorPolicy
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// ApproveAdjustmentInput is the input of approveAdjustment.
type ApproveAdjustmentInput struct {
	// The correction.
	ID scalar.ID
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// RejectAdjustmentInput is the input of rejectAdjustment.
type RejectAdjustmentInput struct {
	// The correction.
	ID scalar.ID
	// Why, 1 to 500 characters.
	Reason string
}

// ReverseEntryInput is the input of reverseEntry.
type ReverseEntryInput struct {
	// The entry.
	EntryID scalar.ID
	// Why; kept on the entry made, 1 to 500 characters.
	Reason string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// ActivatePointsInput is the input of activatePoints.
type ActivatePointsInput struct {
	// The pending lot.
	LotID scalar.ID
	// Why; 1 to 500 characters.
	Reason string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// CancelPendingInput is the input of cancelPending.
type CancelPendingInput struct {
	// The pending lot.
	LotID scalar.ID
	// Why; kept on the entry made, 1 to 500 characters.
	Reason string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// ExtendLotInput is the input of extendLot.
type ExtendLotInput struct {
	// The active lot.
	LotID scalar.ID
	// When it expires; nil: never.
	Until *time.Time
	// Why; kept on record, 1 to 500 characters.
	Reason string
}

// SaveBonusProgramInput is the input of saveBonusProgram.
type SaveBonusProgramInput struct {
	// The programme of which this is a new version; a new programme when absent.
	ID *scalar.ID
	// Its version that was edited.
	Version *int
	// Its name for programs.
	Handle *string
	// Its texts, in English at least.
	Texts []*BonusProgramTextInput
	// How lots live.
	LotPolicy *LotPolicy
	// Days for which points can be spent.
	LotDays *int
	// Days before earned points can be spent.
	PendingDays *int
	// When an order earns by earnPoints and earnPer.
	EarnOn *EarnOn
	// Points for every earnPer spent on a line.
	EarnPoints *int64
	// The amount that earns earnPoints.
	EarnPer *scalar.MoneyInput
	// What a return does to the points that an order earned.
	ReturnPolicy *ReturnPolicy
	// What becomes of fractions of a point.
	Rounding *PointsRounding
	// Whether it is the one meant when none is said.
	IsDefault *bool
	// What members may give to each other.
	TransferLimits graphql.Omittable[*TransferLimitsInput]
	// A larger correction waits for another member of staff.
	AdjustmentLimit graphql.Omittable[*int64]
	// Minutes for which points are reserved where nobody says.
	HoldMinutes *int
	// Days that points given back live at least.
	RefundGraceDays *int
	// Into which programmes points can be exchanged.
	ExchangeRates []*ExchangeRateInput
	// How many days before points expire their owner is told.
	RemindDays []int
}

// BonusProgramTextInput is a programme's texts in one language.
type BonusProgramTextInput struct {
	// The language.
	Locale string
	// Its name.
	Name string
	// What a point is called.
	UnitName string
	// The terms.
	Terms *string
}

// TransferLimitsInput is what members may give to each other.
type TransferLimitsInput struct {
	// At least, in one transfer.
	Min *int64
	// At most, in one transfer.
	Max *int64
	// At most, from one account within 24 hours.
	Daily *int64
}

// ExchangeRateInput says into which programme points can be exchanged.
type ExchangeRateInput struct {
	// The other programme.
	ProgramID scalar.ID
	// So many points of this programme.
	Give int64
	// Give so many of the other.
	Get int64
}

// RetireBonusProgramInput is the input of retireBonusProgram.
type RetireBonusProgramInput struct {
	// The programme.
	ID scalar.ID
}
