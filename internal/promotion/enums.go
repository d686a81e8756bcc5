package promotion

import (
	"io"

	"kabinet/internal/scalar"
)

// PromotionKind is what a promotion is had by.
type PromotionKind string

// The kinds.
const (
	KindCode     PromotionKind = "CODE"           // by entering a code
	KindOffer    PromotionKind = "OFFER"          // by taking up an offer
	KindDiscount PromotionKind = "DISCOUNT"       // by itself
	KindPrice    PromotionKind = "PERSONAL_PRICE" // by itself, before everything else
)

// MarshalGQL writes the kind.
func (e PromotionKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a kind.
func (e *PromotionKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, KindCode, KindOffer, KindDiscount, KindPrice)
	return err
}

// PromotionStatus is where a promotion stands.
type PromotionStatus string

// The states.
const (
	StatusDraft  PromotionStatus = "DRAFT"  // being written
	StatusActive PromotionStatus = "ACTIVE" // in force
	StatusPaused PromotionStatus = "PAUSED" // stopped for a while
	StatusEnded  PromotionStatus = "ENDED"  // over
)

// MarshalGQL writes the state.
func (e PromotionStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a state.
func (e *PromotionStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, StatusDraft, StatusActive, StatusPaused, StatusEnded)
	return err
}

// PromoCodeStatus is where a code stands.
type PromoCodeStatus string

// The states of a code.
const (
	CodeIssued  PromoCodeStatus = "ISSUED"  // it can be used
	CodeActive  PromoCodeStatus = "ACTIVE"  // an offer that was activated
	CodeUsed    PromoCodeStatus = "USED"    // no use is left
	CodeExpired PromoCodeStatus = "EXPIRED" // its time is over
	CodeVoid    PromoCodeStatus = "VOID"    // taken out
)

// MarshalGQL writes the state.
func (e PromoCodeStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a state.
func (e *PromoCodeStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, CodeIssued, CodeActive, CodeUsed, CodeExpired, CodeVoid)
	return err
}

// PromoCodeBatchStatus is where a batch of codes stands.
type PromoCodeBatchStatus string

// The states of a batch.
const (
	BatchRunning PromoCodeBatchStatus = "RUNNING" // codes are being made
	BatchDone    PromoCodeBatchStatus = "DONE"    // all are made
	BatchFailed  PromoCodeBatchStatus = "FAILED"  // it stopped, and will be carried on
)

// MarshalGQL writes the state.
func (e PromoCodeBatchStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a state.
func (e *PromoCodeBatchStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, BatchRunning, BatchDone, BatchFailed)
	return err
}

// OfferStatus is where an offer stands for a customer.
type OfferStatus string

// The states of an offer.
const (
	OfferAvailable OfferStatus = "AVAILABLE" // it can be taken up
	OfferActivated OfferStatus = "ACTIVATED" // it waits for an order
	OfferUsed      OfferStatus = "USED"      // it was used
	OfferExpired   OfferStatus = "EXPIRED"   // its time is over
)

// MarshalGQL writes the state.
func (e OfferStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a state.
func (e *OfferStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, OfferAvailable, OfferActivated, OfferUsed, OfferExpired)
	return err
}

// OfferAction is what may be done with an offer.
type OfferAction string

// OfferActivate says that activateOffer would work.
const OfferActivate OfferAction = "ACTIVATE"

// MarshalGQL writes the action.
func (e OfferAction) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads an action.
func (e *OfferAction) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, OfferActivate)
	return err
}

// ReductionSource is where a reduction comes from.
type ReductionSource string

// The sources.
const (
	FromCode       ReductionSource = "CODE"           // a code
	FromOffer      ReductionSource = "OFFER"          // an offer taken up
	FromDiscount   ReductionSource = "DISCOUNT"       // a discount of the customer
	FromCumulative ReductionSource = "CUMULATIVE"     // one that grows with the sum spent
	FromPrice      ReductionSource = "PERSONAL_PRICE" // a price of the customer
	FromClub       ReductionSource = "CLUB"           // a club he is in
	FromTier       ReductionSource = "TIER"           // his tier
)

// MarshalGQL writes the source.
func (e ReductionSource) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a source.
func (e *ReductionSource) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, FromCode, FromOffer, FromDiscount, FromCumulative, FromPrice, FromClub, FromTier)
	return err
}

// BenefitKind is what kind of benefit one is.
type BenefitKind string

// The kinds of benefits.
const (
	BenefitDiscount BenefitKind = "DISCOUNT"       // a discount
	BenefitPrice    BenefitKind = "PERSONAL_PRICE" // a price of the customer
	BenefitPoints   BenefitKind = "POINTS"         // points
	BenefitOffer    BenefitKind = "OFFER"          // an offer
	BenefitCode     BenefitKind = "CODE"           // a code of the customer
	BenefitClub     BenefitKind = "CLUB"           // what a club gives
	BenefitTier     BenefitKind = "TIER"           // what a tier gives
)

// MarshalGQL writes the kind.
func (e BenefitKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a kind.
func (e *BenefitKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, BenefitDiscount, BenefitPrice, BenefitPoints, BenefitOffer, BenefitCode, BenefitClub, BenefitTier)
	return err
}

// ClubStatus is where a club stands.
type ClubStatus string

// The states of a club.
const (
	ClubDraft  ClubStatus = "DRAFT"  // only staff sees it
	ClubActive ClubStatus = "ACTIVE" // it can be joined
	ClubClosed ClubStatus = "CLOSED" // nobody can join any more
)

// MarshalGQL writes the state.
func (e ClubStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a state.
func (e *ClubStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ClubDraft, ClubActive, ClubClosed)
	return err
}

// ClubPerkKind is what kind of perk one is.
type ClubPerkKind string

// The kinds of perks.
const (
	PerkDiscount     ClubPerkKind = "DISCOUNT"      // a share off every order
	PerkFreeDelivery ClubPerkKind = "FREE_DELIVERY" // free delivery
	PerkOther        ClubPerkKind = "OTHER"         // something else
)

// MarshalGQL writes the kind.
func (e ClubPerkKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a kind.
func (e *ClubPerkKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, PerkDiscount, PerkFreeDelivery, PerkOther)
	return err
}
