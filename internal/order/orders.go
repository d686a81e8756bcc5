// Package order owns products and orders: their history, status axes, payments,
// shipments and returns. It writes products, orders, order_lines, order_events,
// payments, shipments and return_requests, and never touches points.
package order

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/store"
)

// Orders is the service of this domain. The funcs are what must happen in the
// same transaction in another domain; server.go fills them in.
type Orders struct {
	Store   *store.Store
	Streams *live.Streams
	// NoCancel takes cancelOrder from customers; staff cancels all the same.
	NoCancel bool

	// Earn gives points for an order that was placed or delivered (moment);
	// once per order for ever. It says how many.
	Earn func(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, moment Moment) (points int64, err error)
	// Unearn takes the points back that an order earned and returns those that
	// were spent on it, when it is cancelled.
	Unearn func(ctx context.Context, tx *store.Tx, o *ent.Order) error
	// Reduce says what promotions and the codes entered take off an order that
	// is about to be placed, and counts the codes as used by it.
	Reduce func(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, codes []string) (Reduced, error)
	// TryCodes runs what enters codes, and slows down who guesses them; outside
	// of any transaction.
	TryCodes func(ctx context.Context, enter func() error) error
	// Unreduce gives back the uses of codes by an order that is cancelled.
	Unreduce func(ctx context.Context, tx *store.Tx, o *ent.Order) error
	// Return brings the points of an order to what it still earns when goods of
	// it came back; lines say what remains. It gives what the order earned and
	// what was spent on it from now on.
	Return func(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine) (earned, spent int64, err error)
	// Known finds the people that an outside system means, an id for each
	// reference; uuid.Nil: nobody.
	Known func(ctx context.Context, tx *store.Tx, refs []CustomerRef) ([]uuid.UUID, error)
	// Customers makes the people of an import who are not there yet, by their
	// external ids, and says who each is.
	Customers func(ctx context.Context, tx *store.Tx, source string, externalIDs []string) (map[string]uuid.UUID, error)
	// Repay gives back, into the wallet that paid it, so many minor units of what
	// an entry of the ledger paid; refund is the refund's own id.
	Repay func(ctx context.Context, tx *store.Tx, entry uuid.UUID, minor int64, refund uuid.UUID) error
	// Papers lets the invoices of orders follow what was paid, and all their
	// papers whose they are; the orders are held. nil: there are none.
	Papers func(ctx context.Context, tx *store.Tx, orders ...uuid.UUID) error
	// Index keeps the words of orders for Find: of new ones, and of those whose
	// owner is new; their lines are in Edges.Lines.
	Index func(ctx context.Context, tx *store.Tx, orders ...*ent.Order) error
	// Find is the condition that an order has all words of a text; owner names
	// whose orders are listed, nil all; of near, nil all, others may be left out.
	Find func(ctx context.Context, owner *uuid.UUID, text string, near *Near) (predicate.Order, error)
	// Number makes what people read out of an order placed at now; nil: the
	// date and six random letters. A number that is taken is asked for anew.
	Number func(now time.Time) string
}

// Moment is when an order may earn points.
type Moment string

// The moments.
const (
	Placed    Moment = "PLACED"
	Delivered Moment = "DELIVERED"
)

// The refusals of this domain.
var (
	ErrOrderEmpty            = fault.New(fault.Invalid, "ORDER_EMPTY")
	ErrProductUnavailable    = fault.New(fault.Refused, "PRODUCT_UNAVAILABLE")
	ErrOutOfStock            = fault.New(fault.Refused, "OUT_OF_STOCK")
	ErrCurrencyMismatch      = fault.New(fault.Refused, "CURRENCY_MISMATCH")
	ErrIllegalTransition     = fault.New(fault.Refused, "ILLEGAL_TRANSITION")
	ErrOrderAlreadyShipped   = fault.New(fault.Refused, "ORDER_ALREADY_SHIPPED")
	ErrOrderAlreadyCancelled = fault.New(fault.Refused, "ORDER_ALREADY_CANCELLED")
	ErrCancellingOff         = fault.New(fault.Refused, "CANCELLING_OFF")
	ErrOutdated              = batch.ErrOutdated
	ErrDuplicateKey          = batch.ErrDuplicateKey
)
