// Package promotion owns what makes goods cheaper: promotions with their
// codes, offers, discounts and personal prices, and clubs. It alone writes
// promotions, promo_codes, promo_uses, clubs and club_members. It reads
// products, orders, tiers and accounts and never writes them, never moves
// points itself, and never decides whether an order may be placed: the order
// asks for its reduction in its own transaction (Reduce) and gives it back when
// it is cancelled (Unreduce).
package promotion

import (
	"context"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/store"
)

// Promotions is the service of this domain.
type Promotions struct {
	Store   *store.Store
	Streams *live.Streams

	// Give gives points that an offer or an order brought, once for ever for a
	// cause; server.go fills it in. due is when they expire, nil: as the
	// programme says. Nil: such offers give nothing.
	Give func(ctx context.Context, tx *store.Tx, owner uuid.UUID, points int64, cause string, explain map[string]any, orderID *uuid.UUID) error

	// TakeBack takes back what an entry of Give gave, at most once; server.go
	// fills it in. Nil: what was given stays.
	TakeBack func(ctx context.Context, tx *store.Tx, entry uuid.UUID, cause string) error

	// Settle makes what is shown of an owner's points true before it is read.
	Settle func(ctx context.Context, owner uuid.UUID) error

	promotions cache
}

// ReservedFor is how long a code is kept for a basket.
const ReservedFor = 15 * time.Minute

// What the rules of promotions say no with.
var (
	// ErrCodeUnknown: there is no such code, or it is not the caller's business.
	ErrCodeUnknown = fault.New(fault.Refused, "PROMO_CODE_UNKNOWN")
	// ErrCodeExpired: params.endedAt says since when.
	ErrCodeExpired = fault.New(fault.Refused, "PROMO_CODE_EXPIRED")
	// ErrCodeNotStarted: params.startsAt says when it begins.
	ErrCodeNotStarted = fault.New(fault.Refused, "PROMO_CODE_NOT_STARTED")
	// ErrCodeUsedUp: no use is left.
	ErrCodeUsedUp = fault.New(fault.Refused, "PROMO_CODE_USED_UP")
	// ErrCodeLimitPerPerson: params.limit uses of the customer are gone.
	ErrCodeLimitPerPerson = fault.New(fault.Refused, "PROMO_CODE_LIMIT_PER_PERSON")
	// ErrCodeNotForYou: params.reason says why.
	ErrCodeNotForYou = fault.New(fault.Refused, "PROMO_CODE_NOT_FOR_YOU")
	// ErrCodeMinimum: params.missing is how much more must be bought.
	ErrCodeMinimum = fault.New(fault.Refused, "PROMO_CODE_MINIMUM_NOT_REACHED")
	// ErrCodeNotStackable: params.with names what it does not go together with.
	ErrCodeNotStackable = fault.New(fault.Refused, "PROMO_CODE_NOT_STACKABLE")
	// ErrCodeNothing: nothing in the basket is what it is for.
	ErrCodeNothing = fault.New(fault.Refused, "PROMO_CODE_NOTHING_TO_REDUCE")
	// ErrCodeTaken: the code exists already; params.value.
	ErrCodeTaken = fault.New(fault.Refused, "ALREADY_TAKEN")
	// ErrHandleTaken: another one has this handle.
	ErrHandleTaken = fault.New(fault.Refused, "HANDLE_TAKEN")
	// ErrEffectEmpty: the promotion would do nothing.
	ErrEffectEmpty = fault.New(fault.Invalid, "PROMOTION_EFFECT_EMPTY")
	// ErrTransition: it cannot go from params.fromState to params.toState.
	ErrTransition = fault.New(fault.Refused, "ILLEGAL_TRANSITION")
	// ErrOfferOver: the offer was used, or its time is over.
	ErrOfferOver = fault.New(fault.Refused, "OFFER_OVER")
	// ErrClubNotForYou: params.reason says why.
	ErrClubNotForYou = fault.New(fault.Refused, "CLUB_NOT_FOR_YOU")
	// ErrClubClosed: nobody can join any more.
	ErrClubClosed = fault.New(fault.Refused, "CLUB_CLOSED")
	// ErrTooMany: at most params.limit promotions apply by themselves at once.
	ErrTooMany = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrTooManyAttempts: params.retryAfter seconds.
	ErrTooManyAttempts = fault.New(fault.Refused, "TOO_MANY_ATTEMPTS")
)
