package reward

import (
	"time"

	"kabinet/internal/audience"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL that this domain takes and gives; field by
// field they are described in schema/. Those with enums of ent are in filter.go.

// ExchangeRewardInput is the input of exchangeReward.
type ExchangeRewardInput struct {
	// The reward.
	RewardID scalar.ID
	// How many, 1 to 100.
	Quantity *int
	// What one cost when the customer looked; another cost now is REWARD_COST_CHANGED.
	ExpectedCost *int64
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// CancelRewardRedemptionInput is the input of cancelRewardRedemption.
type CancelRewardRedemptionInput struct {
	// The exchanged reward.
	ID scalar.ID
	// Why, up to 500 characters; staff must say.
	Reason *string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// AddRewardCodesInput is the input of addRewardCodes.
type AddRewardCodesInput struct {
	// The gift.
	RewardID scalar.ID
	// 1 to 1,000 codes of 1 to 200 characters; those that are there already are left out.
	Codes []string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// RedeemRewardCodeInput is the input of redeemRewardCode.
type RedeemRewardCodeInput struct {
	// The code, as the customer shows it; spaces, dashes and case do not matter.
	Code string
	// For the owner to read, up to 500 characters.
	Note *string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// FulfilRewardInput is the input of fulfilReward.
type FulfilRewardInput struct {
	// The exchanged reward.
	ID scalar.ID
	// For the owner to read, up to 500 characters: the parcel's number and the like.
	Note *string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// RewardAvailability says whether the caller can have a reward now.
type RewardAvailability struct {
	// Whether he can.
	Available bool
	// Why he cannot: everything that stands in the way.
	Reasons []*RewardReason
}

// RewardReason is why a reward cannot be had.
type RewardReason struct {
	// For programs.
	Code RewardReasonCode
	// For people, in the caller's language.
	Text string
	// The facts: missing, limit, nextAt, startsAt and the like.
	Params map[string]any
}

// Page is which part of a list is wanted; see ent's Paginate.
type Page struct {
	After, Before *scalar.Cursor
	First, Last   *int
}

// SaveRewardInput is the input of saveReward, whole: what it says replaces what is stored.
type SaveRewardInput struct {
	// The reward to change; a new one when absent.
	ID *scalar.ID
	// The revision that was read; another one is STALE_OBJECT. Required with an id.
	Revision *int
	// What it is; fixed once stored.
	Kind RewardKind
	// The programme whose points it costs; the default one when absent.
	ProgramID *scalar.ID
	// Points for one; positive.
	Cost int64
	// Its texts, one a language.
	Texts []*scalar.Translation
	// A picture.
	ImageURL *string
	// The product; of goods, who need it.
	Sku *string
	// The promotion; of coupons, who need it.
	PromotionID *scalar.ID
	// How many there are; null: not counted. Not for gifts.
	Stock *int64
	// So many for one customer, ever.
	PerOwner *int
	// So many for one customer in periodDays.
	PeriodLimit *int
	// The days that periodLimit counts in.
	PeriodDays *int
	// Who may have it; everyone when absent.
	Audience *audience.Input
	// Whether those who may not have it see it too.
	Teaser *bool
	// When it begins.
	StartsAt *time.Time
	// When it is over.
	EndsAt *time.Time
	// Days for which an exchanged one can be used.
	ValidDays *int
	// What becomes of the points of one that nobody used.
	OnExpiry *RewardExpiry
	// Whether the owner may give an unused one back.
	Cancellable *bool
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// SetRewardStatusInput is the input of setRewardStatus.
type SetRewardStatusInput struct {
	// The reward.
	ID scalar.ID
	// Where it shall stand: ACTIVE, PAUSED or ENDED.
	Status RewardStatus
}

// RewardFilter narrows a list of rewards.
type RewardFilter struct {
	// One of these kinds.
	Kind []RewardKind
	// Costs no more than this.
	MaxCost *int64
	// In one of these states; for staff, customers see what is offered.
	Status []RewardStatus
}

// RewardRedemptionFilter narrows a list of exchanged rewards.
type RewardRedemptionFilter struct {
	// In one of these states.
	Status []RewardRedemptionStatus
	// One of these kinds.
	Kind []RewardKind
	// Of this reward.
	RewardID *scalar.ID
	// Of this customer; for staff.
	CustomerID *scalar.ID
}

// RewardSettings is what staff set of a reward.
type RewardSettings struct {
	// Its texts in each language.
	Translations []*scalar.Translation
	// Who may have it.
	Audience *audience.View
	// The promotion under which a coupon is issued.
	PromotionID *scalar.ID
	// Whether those who may not have it see it too.
	Teaser bool
	// What becomes of the points of one that nobody used.
	OnExpiry RewardExpiry
	// Whether the owner may give an unused one back.
	Cancellable bool
	// How many were exchanged and not given back.
	Taken int64
	// Codes left in the stock of a gift.
	CodesLeft *int64
}
