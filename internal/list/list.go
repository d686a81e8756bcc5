// Package list owns what people put together before they buy and say after it:
// the cart, shopping lists, the wishlist with its alerts, what was looked at,
// reviews, and for whom exclusive goods are. It writes shopping_lists,
// list_items, wishlist_items, viewed_products, reviews and product_admissions,
// and of products exclusive, released_at, rating_sum and rating_count. It never
// writes an order, a price or a notification, and no price is kept here but as
// what was seen.
//
// A cart belongs to a person, one for each owner he acts for; a list belongs to
// the person, or to the company it is shared in: so the fence of owners suffices.
package list

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/store"
)

// Lists is the service of this domain. The funcs are what other domains do in
// the same transaction; server.go fills them in.
type Lists struct {
	Store *store.Store

	// Place orders a basket for the owner acted for, as an order of the given
	// id, in the caller's transaction. Faults: those of placeOrder.
	Place func(ctx context.Context, tx *store.Tx, id uuid.UUID, b Basket) error
	// Shown reads an order in the transaction of a dry run, as the payload's
	// field order selects it; Selected does it after the commit.
	Shown    func(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Order, error)
	Selected func(ctx context.Context, id uuid.UUID) (*ent.Order, error)
	// TryCodes runs what enters promo codes, and slows down who guesses them;
	// outside of any transaction. Nil: it is just run.
	TryCodes func(ctx context.Context, enter func() error) error
	// NoteAct counts that a person wrote a review that was published, once for
	// its key, for what gives points for acts; nil: nothing counts it.
	NoteAct func(ctx context.Context, tx *store.Tx, owner uuid.UUID, handle, key string, at time.Time) error

	// What staff sees of many people at once.
	carts gather.Loader[uuid.UUID, *ent.ShoppingList]
	items gather.Loader[uuid.UUID, []*ent.ListItem]
	views gather.Loader[uuid.UUID, []*ent.ViewedProduct]
}

// Basket is what is to be ordered.
type Basket struct {
	Lines      []BasketLine
	AddressID  *uuid.UUID
	Note       *string
	PromoCodes []string
}

// BasketLine is one line of it.
type BasketLine struct {
	Sku      string
	Quantity int64
}

// ReviewAct is the handle under which a published review is noted as an act.
const ReviewAct = "review"

// The bounds of this domain.
const (
	maxLists    = 100 // of one owner, carts apart
	maxItems    = 500 // of one list or cart
	maxWishes   = 1000
	maxViewed   = 50
	maxQuantity = 1_000_000
	maxName     = 100  // characters
	maxHeadline = 100  // of a review
	maxBody     = 5000 // of a review
	maxReason   = 1000 // of its rejection
	maxNote     = 1000
	maxCodes    = 10
	maxGoods    = 100  // of one setProductAudience
	maxNamed    = 1000 // people and companies of an audience
	maxHandles  = 100  // clubs, tiers
)

// tellEvery is how often somebody is told that one product is on hand again, at most.
const tellEvery = 24 * time.Hour

// The refusals of this domain.
var (
	ErrTooManyItems    = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	ErrOrderEmpty      = fault.New(fault.Invalid, "ORDER_EMPTY")
	ErrOrderHasGaps    = fault.New(fault.Refused, "ORDER_HAS_GAPS")
	ErrReviewNotBought = fault.New(fault.Refused, "REVIEW_NOT_BOUGHT")
)
