package event

import "github.com/google/uuid"

// PromoCodesAssigned is told when staff gives codes to a customer.
type PromoCodesAssigned struct {
	PromotionID uuid.UUID `json:"promotionId"`
	OwnerID     uuid.UUID `json:"ownerId"`
	Count       int64     `json:"count"`
}

// OfferActivated is told when a customer takes up an offer.
type OfferActivated struct {
	PromotionID uuid.UUID `json:"promotionId"`
	OwnerID     uuid.UUID `json:"ownerId"`
	Points      int64     `json:"points,omitempty"` // given at once
}

// ClubJoined is told when a customer becomes a member of a club.
type ClubJoined struct {
	ClubID  uuid.UUID `json:"clubId"`
	OwnerID uuid.UUID `json:"ownerId"`
}

// ClubLeft is told when a member leaves a club.
type ClubLeft struct {
	ClubID  uuid.UUID `json:"clubId"`
	OwnerID uuid.UUID `json:"ownerId"`
}

// Kind implements Fact.
func (PromoCodesAssigned) Kind() string { return "promo_codes.assigned" }

// Subject implements Fact.
func (f PromoCodesAssigned) Subject() (string, uuid.UUID) { return "prm", f.PromotionID }

// Kind implements Fact.
func (OfferActivated) Kind() string { return "offer.activated" }

// Subject implements Fact.
func (f OfferActivated) Subject() (string, uuid.UUID) { return "prm", f.PromotionID }

// Kind implements Fact.
func (ClubJoined) Kind() string { return "club.joined" }

// Subject implements Fact.
func (f ClubJoined) Subject() (string, uuid.UUID) { return "club", f.ClubID }

// Kind implements Fact.
func (ClubLeft) Kind() string { return "club.left" }

// Subject implements Fact.
func (f ClubLeft) Subject() (string, uuid.UUID) { return "club", f.ClubID }
