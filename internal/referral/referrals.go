// Package referral owns who brought whom: the codes of people's links and the
// friends that came by them. It alone writes referral_codes and referrals, and
// the setting referral/program. It never touches the ledger or an order: points
// move by the funcs of Referrals, in the same transaction, and of orders it
// hears (react.go).
//
// A friend has one advocate at most, for ever. Both get their points once: the
// entries' causes are made of the referral's id.
package referral

import (
	"context"
	"net/url"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// Referrals is the service of this domain. The funcs are what must happen in
// the same transaction in another domain; server.go fills them in.
type Referrals struct {
	Store *store.Store
	// Public is where the shop's front end is: links are made of it.
	Public *url.URL

	// Give gives points, once for a cause; nil where they were given before.
	Give func(ctx context.Context, tx *store.Tx, g Gift) (*ent.LedgerEntry, error)
	// TakeBack takes points back that an entry gave, at most once.
	TakeBack func(ctx context.Context, tx *store.Tx, entry uuid.UUID, cause string) error
}

// Gift is points to be given.
type Gift struct {
	Owner   uuid.UUID
	Program *uuid.UUID // the programme's key_id; nil: the default one
	Amount  int64
	Cause   string // once for ever
	Explain map[string]any
	Order   *uuid.UUID
}

// The refusals of this domain.
var (
	ErrReferralCodeUnknown    = fault.New(fault.Refused, "REFERRAL_CODE_UNKNOWN")
	ErrReferralSelf           = fault.New(fault.Refused, "REFERRAL_SELF")
	ErrReferralCircular       = fault.New(fault.Refused, "REFERRAL_CIRCULAR")
	ErrReferralAlreadyClaimed = fault.New(fault.Refused, "REFERRAL_ALREADY_CLAIMED")
	ErrReferralNotNew         = fault.New(fault.Refused, "REFERRAL_NOT_NEW")
	ErrIllegalTransition      = fault.New(fault.Refused, "ILLEGAL_TRANSITION")
	// ErrProgramNotFound: the bonus programme has ended or is not known.
	ErrProgramNotFound = fault.New(fault.NotFound, "PROGRAM_NOT_FOUND")
)

// ReferralStanding is a person's side of bringing friends.
type ReferralStanding struct{ UserID uuid.UUID }
