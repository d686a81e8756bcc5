package event

import "github.com/google/uuid"

// ProductPriceDropped is told to the House when a product gets cheaper.
type ProductPriceDropped struct {
	ProductID uuid.UUID `json:"productId"`
	WasMinor  int64     `json:"wasMinor"`
	NowMinor  int64     `json:"nowMinor"`
	Currency  string    `json:"currency"`
}

// ProductBackInStock is told to the House when a product that was out is on hand again.
type ProductBackInStock struct {
	ProductID uuid.UUID `json:"productId"`
}

// WishPriceDropped is told to a person when what he put aside is cheaper than
// he saw or was told.
type WishPriceDropped struct {
	WishID    uuid.UUID `json:"wishId"`
	UserID    uuid.UUID `json:"userId"`
	ProductID uuid.UUID `json:"productId"`
	Title     string    `json:"title"` // of the product
	WasMinor  int64     `json:"wasMinor"`
	NowMinor  int64     `json:"nowMinor"`
	Currency  string    `json:"currency"`
}

// WishBackInStock is told to a person when what he put aside is on hand again.
type WishBackInStock struct {
	WishID    uuid.UUID `json:"wishId"`
	UserID    uuid.UUID `json:"userId"`
	ProductID uuid.UUID `json:"productId"`
	Title     string    `json:"title"` // of the product
}

// ReviewModerated is told to the author when a review is published or rejected.
type ReviewModerated struct {
	ReviewID  uuid.UUID `json:"reviewId"`
	UserID    uuid.UUID `json:"userId"`
	ProductID uuid.UUID `json:"productId"`
	Title     string    `json:"title"`  // of the product
	Status    string    `json:"status"` // PUBLISHED or REJECTED
}

// Kind implements Fact.
func (ProductPriceDropped) Kind() string { return "product.price_dropped" }

// Subject implements Fact.
func (f ProductPriceDropped) Subject() (string, uuid.UUID) { return "prd", f.ProductID }

// Kind implements Fact.
func (ProductBackInStock) Kind() string { return "product.back_in_stock" }

// Subject implements Fact.
func (f ProductBackInStock) Subject() (string, uuid.UUID) { return "prd", f.ProductID }

// Kind implements Fact.
func (WishPriceDropped) Kind() string { return "wish.price_dropped" }

// Subject implements Fact.
func (f WishPriceDropped) Subject() (string, uuid.UUID) { return "wish", f.WishID }

// Kind implements Fact.
func (WishBackInStock) Kind() string { return "wish.back_in_stock" }

// Subject implements Fact.
func (f WishBackInStock) Subject() (string, uuid.UUID) { return "wish", f.WishID }

// Kind implements Fact.
func (ReviewModerated) Kind() string { return "review.moderated" }

// Subject implements Fact.
func (f ReviewModerated) Subject() (string, uuid.UUID) { return "rev", f.ReviewID }
