// Package campaign owns what customers take part in for the fun of it:
// campaigns with entries and their moderation, raffles, achievements, goals and
// the view of progress. It alone writes campaigns, campaign_entries,
// campaign_photos, campaign_acts, achievements and goals. It reads orders,
// entries of the ledger, users and what hangs on them, and never writes them:
// points are given by a func field.
//
// A raffle is drawn so that anybody can draw it again (draw.go, docs/raffle.md).
package campaign

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Campaigns is the service of this domain.
type Campaigns struct {
	Store   *store.Store
	Streams *live.Streams
	Sealer  *store.Sealer // keeps the seeds of raffles and the keys of codes

	// Give gives points in the caller's transaction, once for each Cause;
	// server.go fills it in. given is false where they were given before.
	Give func(ctx context.Context, tx *store.Tx, g Gift) (given bool, err error)

	// Tier is how far a person has come towards the next tier of each of his
	// programmes; server.go fills it in. Nil: no tiers.
	Tier func(ctx context.Context, owner uuid.UUID) ([]TierStep, error)

	cache campaignCache
}

// Gift is what Give gives.
type Gift struct {
	Owner   uuid.UUID
	Program *uuid.UUID // key_id; nil: the default one
	Amount  int64
	Cause   string // once for ever
	Explain map[string]any
}

// TierStep is how far somebody has come towards a tier.
type TierStep struct {
	Label    string // in the caller's language
	Progress scalar.Progress
	Hint     string // what is missing, in the caller's language
}

// Page is the arguments of a connection.
type Page struct {
	After  *scalar.Cursor
	First  *int
	Before *scalar.Cursor
	Last   *int
}

// What the rules of campaigns say no with.
var (
	// ErrCampaignClosed: it takes no entries now; params.status, params.startsAt, params.endsAt.
	ErrCampaignClosed = fault.New(fault.Refused, "CAMPAIGN_CLOSED")
	// ErrCampaignFrozen: it was opened, so this does not change any more.
	ErrCampaignFrozen = fault.New(fault.Refused, "CAMPAIGN_FROZEN")
	// ErrCampaignNotForYou: the campaign is for others.
	ErrCampaignNotForYou = fault.New(fault.Refused, "CAMPAIGN_NOT_FOR_YOU")
	// ErrEntryDuplicate: this receipt or code was entered in the campaign.
	ErrEntryDuplicate = fault.New(fault.Refused, "ENTRY_DUPLICATE")
	// ErrEntryLimit: no more entries of this person; params.limit, params.nextAt.
	ErrEntryLimit = fault.New(fault.Refused, "ENTRY_LIMIT")
	// ErrPhotoInvalid: the bytes are no picture that is taken.
	ErrPhotoInvalid = fault.New(fault.Invalid, "PHOTO_INVALID")
	// ErrIllegalTransition: params.fromState, params.toState.
	ErrIllegalTransition = fault.New(fault.Refused, "ILLEGAL_TRANSITION")
	// ErrTooManyItems: params.limit.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrDuplicateKey: the same key stands twice.
	ErrDuplicateKey = fault.New(fault.Invalid, "DUPLICATE_KEY")
	// ErrHandleTaken: another campaign has this handle.
	ErrHandleTaken = fault.New(fault.Refused, "HANDLE_TAKEN")
	// ErrProgramNotFound: the programme has ended or is not known.
	ErrProgramNotFound = fault.New(fault.NotFound, "PROGRAM_NOT_FOUND")
	// ErrTooManyAttempts: too many wrong codes; params.retryAfter seconds.
	ErrTooManyAttempts = fault.New(fault.Refused, "TOO_MANY_ATTEMPTS")
	// ErrCurrencyMismatch: the campaign takes another currency; params.currency.
	ErrCurrencyMismatch = fault.New(fault.Refused, "CURRENCY_MISMATCH")
	// ErrInvalidCode: the code is none of the pack's.
	ErrInvalidCode = fault.New(fault.Refused, "INVALID_CODE")
)

func actorOf(ctx context.Context) *uuid.UUID { return viewer.From(ctx).Actor() }
