package list

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	ent "kabinet/ent/generated"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL, bound by name; field by field they are
// described in schema/list.graphqls.

// Page is a part of a list.
type Page struct {
	After, Before *scalar.Cursor
	First, Last   *int
}

// ListItemInput is a product to put on a list.
type ListItemInput struct {
	ProductID scalar.ID
	Quantity  int
}

// SaveCartInput is the input of saveCart.
type SaveCartInput struct {
	Items    []*ListItemInput
	Merge    *bool
	Revision *int
}

// SaveShoppingListInput is the input of saveShoppingList. With an id, what is nil is unchanged.
type SaveShoppingListInput struct {
	ID       *scalar.ID
	Revision *int
	Name     *string
	Shared   *bool
	Items    []*ListItemInput // nil: unchanged; empty: none
}

// DeleteShoppingListInput is the input of deleteShoppingList.
type DeleteShoppingListInput struct{ ID scalar.ID }

// CreateShoppingListFromOrderInput is the input of createShoppingListFromOrder.
type CreateShoppingListFromOrderInput struct {
	OrderID scalar.ID
	Name    *string
	LineIDs []scalar.ID // nil: all
	Shared  *bool
}

// OrderShoppingListInput is the input of orderShoppingList.
type OrderShoppingListInput struct {
	ID             scalar.ID
	ItemIDs        []scalar.ID // nil: all
	AcceptGaps     *bool
	AddressID      *scalar.ID
	Note           *string
	PromoCodes     []string
	IdempotencyKey string
	DryRun         *bool
}

// AddToWishlistInput is the input of addToWishlist.
type AddToWishlistInput struct {
	ProductID   scalar.ID
	PriceDrop   *bool
	BackInStock *bool
}

// RemoveFromWishlistInput is the input of removeFromWishlist.
type RemoveFromWishlistInput struct{ ProductID scalar.ID }

// RecordViewInput is the input of recordView.
type RecordViewInput struct{ ProductID scalar.ID }

// SaveReviewInput is the input of saveReview.
type SaveReviewInput struct {
	ProductID scalar.ID
	Revision  *int
	Rating    *int
	Title     graphql.Omittable[*string]
	Body      graphql.Omittable[*string]
}

// DeleteReviewInput is the input of deleteReview.
type DeleteReviewInput struct{ ID scalar.ID }

// ModerateReviewInput is the input of moderateReview.
type ModerateReviewInput struct {
	ID       scalar.ID
	Revision int
	Status   ReviewStatus
	Reason   *string
}

// ReviewFilter narrows a list of reviews.
type ReviewFilter struct {
	Status    []ReviewStatus
	ProductID *scalar.ID
	AuthorID  *scalar.ID
}

// ProductAudienceInput is for whom an exclusive product is.
type ProductAudienceInput struct {
	EveryoneSignedIn *bool
	CustomerIDs      []scalar.ID
	Clubs            []string
	Tiers            []string
}

// SetProductAudienceInput is the input of setProductAudience.
type SetProductAudienceInput struct {
	ProductIDs []scalar.ID
	Audience   *ProductAudienceInput
	ReleasedAt *time.Time
}

// ProductAudience is for whom an exclusive product is.
type ProductAudience struct {
	EveryoneSignedIn bool
	CustomerIDs      []scalar.ID
	Clubs            []string // handles
	Tiers            []string // handles
}

// ListGap is something in the way of ordering an item of a list as it stands.
type ListGap struct {
	ItemID    scalar.ID
	Product   *ent.Product // nil where it is not for the caller any more
	Kind      ListGapKind
	Wanted    int64
	Available int64 // how many would be ordered now
	PriceSeen scalar.Money
	PriceNow  *scalar.Money // nil where it is no longer sold
}
