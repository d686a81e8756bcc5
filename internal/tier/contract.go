package tier

import (
	"time"

	ent "kabinet/ent/generated"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL that this domain has; field by field they
// are described in schema/.

// SaveTierInput is the input of saveTier.
type SaveTierInput struct {
	// The tier to change; a new one when absent.
	ID *scalar.ID
	// The programme of a new tier; the default one when absent.
	ProgramID *scalar.ID
	// How rules and audiences name it.
	Handle *string
	// The order of the tiers, the lowest first.
	Rank int
	// Its name and what it is, in each language.
	Texts []*scalar.Translation
	// What is counted to reach it.
	Basis *TierBasis
	// Points to earn in the window.
	EarnedThreshold *int64
	// Money to spend in the window.
	SpentThreshold *scalar.MoneyInput
	// Over which time is counted.
	Window *TierWindow
	// The days of a rolling window.
	WindowDays *int
	// How long it is kept once it is reached.
	Keep *TierKeep
	// The days of keep DAYS.
	KeepDays *int
	// So many days after the deadline it can still be kept.
	GraceDays *int
	// Where one falls from it.
	Downgrade *TierDowngrade
	// Whether a return takes it at once.
	FallsOnReturn *bool
	// What it gives.
	Perks []*TierPerkInput
}

// TierPerkInput is one thing that a tier gives.
type TierPerkInput struct {
	// What it is.
	Kind TierPerkKind
	// Of DISCOUNT.
	DiscountBasisPoints *int
	// Of MULTIPLIER.
	MultiplierBasisPoints *int
	// What it is called, in each language.
	Texts []*scalar.Translation
}

// RetireTierInput is the input of retireTier.
type RetireTierInput struct {
	// The tier.
	ID scalar.ID
}

// SetCustomerTierInput is the input of setCustomerTier.
type SetCustomerTierInput struct {
	// The customer.
	UserID scalar.ID
	// The programme; the default one when absent.
	ProgramID *scalar.ID
	// The tier; null leaves him to the rules again.
	TierID *scalar.ID
	// Until when it is kept.
	UntilAt *time.Time
	// Why.
	Reason string
}

// TierPerk is one thing that a tier gives, in the caller's language.
type TierPerk struct {
	// What it is.
	Kind TierPerkKind
	// Of DISCOUNT: 500 is 5 %.
	DiscountBasisPoints *int
	// Of MULTIPLIER: 15000 is one and a half times the points.
	MultiplierBasisPoints *int
	// What it is called.
	Name string
	// What it is.
	Description *string
}

// TierProgress is where an account stands among the tiers of its programme.
type TierProgress struct {
	// What is counted to reach the tier above.
	Basis *TierBasis
	// How far it has come towards the tier above: what decides.
	Progress *scalar.Progress
	// All that is counted towards the tier above.
	Goals []*scalar.Progress
	// So many are missing to the tier above.
	Missing *int64
	// Until when the present tier is kept.
	Deadline *time.Time
	// What was done to keep the present tier.
	Stay *scalar.Progress
	// So many are missing to keep the present tier.
	StayAmount *int64
	// What would be lost, and when.
	Risk *TierRisk
	// A fall that is due and waits.
	Deferred *TierDeferral

	current, next *ent.Tier
}

// TierRisk is what would be lost, and when.
type TierRisk struct {
	// When.
	Date time.Time
	// What the present tier gives and the other does not.
	Loses []*TierPerk

	tier *ent.Tier // nil: none
}

// TierDeferral is a fall that is due and waits.
type TierDeferral struct {
	// When.
	At time.Time

	tier *ent.Tier // nil: none
}
