package promotion

import (
	"time"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	"kabinet/internal/audience"
	"kabinet/internal/scalar"
)

// What the SDL shows of this domain, worked out whole when it is read.

// Promotion is the SDL's Promotion.
type Promotion struct {
	ID           scalar.ID
	Kind         PromotionKind
	Handle       string
	Name         string
	Description  *string
	Translations []scalar.Translation
	Audience     *audience.View
	Condition    *string
	Effect       *PromotionEffect
	Stackable    bool
	StackGroup   *string
	Priority     int
	MaxUses      *int
	PerOwner     *int
	ValidDays    *int
	Status       PromotionStatus
	StartsAt     *time.Time
	EndsAt       *time.Time
	CreatedAt    time.Time
	Revision     int
	Statistics   *PromotionStatistics
}

// PromotionStatistics is what became of a promotion so far.
type PromotionStatistics struct {
	Issued   int
	Reserved int
	Used     int
	Reduced  []scalar.Money
}

// PromotionEffect is what a promotion does.
type PromotionEffect struct {
	DiscountBasisPoints   *int
	AmountOff             *scalar.Money
	FixedPrice            *scalar.Money
	Steps                 []*DiscountStep
	FreeDelivery          bool
	GiftSku               *string
	Points                *int64
	MultiplierBasisPoints *int
	Skus                  []string
	Categories            []string
	Minimum               *scalar.Money
	MaximumReduction      *scalar.Money
}

// DiscountStep is a step of a discount that grows with the sum spent.
type DiscountStep struct {
	Spent               scalar.Money
	DiscountBasisPoints int
}

// PromoCode is one code of a promotion.
type PromoCode struct {
	ID          scalar.ID
	Code        *string
	PromotionID scalar.ID
	Status      PromoCodeStatus
	Uses        int
	MaxUses     *int
	CustomerID  *scalar.ID
	BatchID     *scalar.ID
	EndsAt      *time.Time
	CreatedAt   time.Time
}

// PromoCodeBatch is codes that are made in the background.
type PromoCodeBatch struct {
	ID          scalar.ID
	PromotionID scalar.ID
	Status      PromoCodeBatchStatus
	Made        int
	Total       int
	CreatedAt   time.Time
	FinishedAt  *time.Time
}

// PromoCodeCheck is what a code does for a basket, or why it does nothing.
type PromoCodeCheck struct {
	Valid        bool
	No           error // the refusal; nil where it is valid
	Name         *string
	Subtotal     *scalar.Money
	Reduction    *scalar.Money
	Discount     *scalar.Money
	Total        *scalar.Money
	Lines        []*ReducedLine
	Reductions   []*Reduction
	FreeDelivery bool
	GiftSku      *string
	Points       *int64
}

// ReducedLine is a line of a basket with what is taken off.
type ReducedLine struct {
	Sku      string
	Quantity int
	Subtotal scalar.Money
	Discount scalar.Money
	Total    scalar.Money
}

// Reduction is one reduction and where it comes from.
type Reduction struct {
	Source              ReductionSource
	Handle              string
	Text                string
	Amount              scalar.Money
	DiscountBasisPoints *int
}

// Offer is an offer to a customer.
type Offer struct {
	ID               scalar.ID
	Name             string
	Description      *string
	Terms            *string
	Effect           *PromotionEffect
	Status           OfferStatus
	ActivatedAt      *time.Time
	ExpiresAt        *time.Time
	AvailableActions []OfferAction
}

// ProductPrice is a product's price for the caller.
type ProductPrice struct {
	Sku        string
	Quantity   int
	ListPrice  scalar.Money
	Price      scalar.Money
	Total      scalar.Money
	Reductions []*Reduction
}

// Club is what customers join.
type Club struct {
	ID           scalar.ID
	Handle       string
	Name         string
	Description  *string
	Terms        *string
	Perks        []*ClubPerk
	Status       ClubStatus
	JoinedAt     *time.Time
	No           error // why the caller cannot join; nil: he can, or is in it
	Members      *int
	Audience     *audience.View
	Translations []scalar.Translation
	Revision     int
}

// ClubPerk is one thing that a club gives.
type ClubPerk struct {
	Kind                ClubPerkKind
	DiscountBasisPoints *int
	Title               string
	Description         *string
}

// ClubMember is a customer's membership of a club.
type ClubMember struct {
	ID       scalar.ID
	Club     *Club
	JoinedAt time.Time
}

// Cursor is a place in a list of this domain.
type Cursor = scalar.Cursor

// pageInfo says where a page of a list of this domain stands.
type pageInfo = entgql.PageInfo[uuid.UUID]
