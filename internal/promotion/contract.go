package promotion

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/audience"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this domain takes; field by field they are
// described in schema/. Its enums are in enums.go, what it shows in view.go.

// PromotionTerms is what savePromotion and saveOffer have in common.
type PromotionTerms struct {
	Texts      []*scalar.Translation
	Audience   graphql.Omittable[*audience.Input]
	Condition  graphql.Omittable[*string]
	Effect     *PromotionEffectInput
	Stackable  *bool
	StackGroup graphql.Omittable[*string]
	Priority   *int
	MaxUses    graphql.Omittable[*int]
	PerOwner   graphql.Omittable[*int]
	ValidDays  graphql.Omittable[*int]
	StartsAt   graphql.Omittable[*time.Time]
	EndsAt     graphql.Omittable[*time.Time]
}

// SavePromotionInput is the input of savePromotion.
type SavePromotionInput struct {
	ID       *scalar.ID
	Revision *int
	Kind     *PromotionKind
	Handle   *string
	PromotionTerms
}

// SaveOfferInput is the input of saveOffer.
type SaveOfferInput struct {
	ID       *scalar.ID
	Revision *int
	Handle   *string
	Start    *bool
	PromotionTerms
}

// PromotionEffectInput is what a promotion does.
type PromotionEffectInput struct {
	DiscountBasisPoints   *int
	AmountOff             *scalar.MoneyInput
	FixedPrice            *scalar.MoneyInput
	Steps                 []*DiscountStepInput
	FreeDelivery          *bool
	GiftSku               *string
	Points                *int64
	MultiplierBasisPoints *int
	Skus                  []string
	Categories            []string
	Minimum               *scalar.MoneyInput
	MaximumReduction      *scalar.MoneyInput
}

// DiscountStepInput is a step of a discount that grows with the sum spent.
type DiscountStepInput struct {
	Spent               scalar.MoneyInput
	DiscountBasisPoints int
}

// PromotionFilter narrows a list of promotions.
type PromotionFilter struct {
	Kind   []PromotionKind
	Status []PromotionStatus
}

// SetPromotionStatusInput is the input of setPromotionStatus.
type SetPromotionStatusInput struct {
	ID     scalar.ID
	Status PromotionStatus
}

// PromoCodeFilter says which codes.
type PromoCodeFilter struct {
	PromotionID scalar.ID
	BatchID     *scalar.ID
	Status      []PromoCodeStatus
}

// SavePromoCodesInput is the input of savePromoCodes.
type SavePromoCodesInput struct {
	PromotionID    scalar.ID
	Codes          []string
	Count          *int
	Prefix         *string
	Length         *int
	Alphabet       *string
	Checksum       *bool
	MaxUses        *int
	UserID         *scalar.ID
	EndsAt         *time.Time
	IdempotencyKey string
	DryRun         *bool
}

// BasketLineInput is one line of a basket. The price is the server's.
type BasketLineInput struct {
	Sku      string
	Quantity int
}

// CheckPromoCodeInput is the input of checkPromoCode.
type CheckPromoCodeInput struct {
	Code    string
	Lines   []*BasketLineInput
	OrderID *scalar.ID
	With    []string
}

// ApplyPromoCodeInput is the input of applyPromoCode.
type ApplyPromoCodeInput struct {
	Code           string
	Reference      string
	Lines          []*BasketLineInput
	With           []string
	IdempotencyKey string
	DryRun         *bool
}

// ReleasePromoCodeInput is the input of releasePromoCode.
type ReleasePromoCodeInput struct {
	Code           string
	Reference      string
	IdempotencyKey string
	DryRun         *bool
}

// OfferFilter narrows a list of offers.
type OfferFilter struct{ Status []OfferStatus }

// ActivateOfferInput is the input of activateOffer.
type ActivateOfferInput struct {
	OfferID        scalar.ID
	IdempotencyKey string
	DryRun         *bool
}

// PriceForInput is the input of priceFor.
type PriceForInput struct {
	Skus     []string
	Quantity *int
}

// JoinClubInput is the input of joinClub.
type JoinClubInput struct{ ClubID scalar.ID }

// LeaveClubInput is the input of leaveClub.
type LeaveClubInput struct{ ClubID scalar.ID }

// SaveClubInput is the input of saveClub.
type SaveClubInput struct {
	ID       *scalar.ID
	Revision *int
	Handle   *string
	Texts    []*scalar.Translation
	Audience graphql.Omittable[*audience.Input]
	Perks    []*ClubPerkInput
	Status   *ClubStatus
}

// ClubPerkInput is one thing that a club gives.
type ClubPerkInput struct {
	Kind                ClubPerkKind
	DiscountBasisPoints *int
	Texts               []*scalar.Translation
}
