package promotion

import (
	"time"

	"kabinet/internal/scalar"
)

// Benefit is something a customer has or can have now.
type Benefit interface{ IsBenefit() }

// BenefitOf is what every benefit says.
type BenefitOf struct {
	Kind        BenefitKind
	Title       string
	Description *string
	ExpiresAt   *time.Time
}

// IsBenefit makes it one.
func (BenefitOf) IsBenefit() {}

// DiscountBenefit is a discount or a price that applies by itself.
type DiscountBenefit struct {
	BenefitOf
	DiscountBasisPoints *int
	Amount              *scalar.Money
	NextStep            *DiscountProgress
}

// DiscountProgress is how far it is to the next step of a discount that grows.
type DiscountProgress struct {
	Spent               scalar.Money
	Target              scalar.Money
	DiscountBasisPoints int
}

// PointsBenefit is points of a programme.
type PointsBenefit struct {
	BenefitOf
	Available int64
	Expiring  int64
	Pending   int64
}

// OfferBenefit is an offer that can be taken up or was.
type OfferBenefit struct {
	BenefitOf
	Offer *Offer
}

// CodeBenefit is a code of the customer.
type CodeBenefit struct {
	BenefitOf
	Code   string
	Effect *PromotionEffect
}

// ClubBenefit is what a club gives.
type ClubBenefit struct {
	BenefitOf
	Club                string
	DiscountBasisPoints *int
}

// TierBenefit is what a tier gives.
type TierBenefit struct {
	BenefitOf
	Tier                  string
	DiscountBasisPoints   *int
	MultiplierBasisPoints *int
}
