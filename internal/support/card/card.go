// Package card owns what staff knows of a customer when he writes: the customer
// card with its notes, the cards that the business's own addresses tell, who
// looks after whom, and the figures of support. It writes customer_notes,
// card_sources, outside_cards, and of users manager_id and manager_contacts. It
// never calls an address itself (Guard and Ask, of internal/adapter/hook, do),
// never keeps a transaction open while it waits for one, and shows nothing
// whose permission the caller's role lacks. Customers see none of it but their
// manager.
package card

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Cards is the service of this room.
type Cards struct {
	Store  *store.Store
	Sealer *store.Sealer

	// Guard says why an address may not be called, in a word; empty: it may.
	Guard func(ctx context.Context, address string) string
	// Ask asks once. It sends nothing that Guard would refuse by then.
	Ask func(ctx context.Context, q Question) Answer
	// Reassign gives open tickets to somebody else, or to nobody, in the caller's
	// transaction, and says how many: one on whose customer's side the caller or
	// the new one stands stays where it is. Nil: nothing.
	Reassign func(ctx context.Context, tx *store.Tx, tickets []uuid.UUID, to *uuid.UUID) (int, error)

	managers gather.Loader[uuid.UUID, *PersonalManager]
}

// Question is what an address of the business is asked.
type Question struct {
	URL    string
	ID     string // webhook-id
	Secret []byte
	Body   []byte
	Most   int64 // bytes of an answer; one more is too many
}

// Answer is what it said.
type Answer struct {
	Status  int
	Failure string // a word, as OutsideCardError of the SDL; empty where it answered
	Body    []byte
}

// The bounds of this room.
const (
	mostNotes    = 100
	mostSources  = 20
	mostShared   = 10
	longestNote  = 4000 // characters
	longestName  = 100
	longestTTL   = 24 * 60 * 60 // seconds
	leastPatient = 100          // milliseconds
	mostPatient  = 3500         // of a query's 5 seconds
	mostMoved    = 200          // tickets that go to a new manager in one transaction
)

var (
	// ErrNotOnOneself refuses what nobody does to himself.
	ErrNotOnOneself = fault.New(fault.Refused, "NOT_ON_ONESELF")
	// ErrTooManyItems refuses one more; limit.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrAddressRefused refuses an address that may not be called; reason.
	ErrAddressRefused = fault.New(fault.Invalid, "WEBHOOK_ADDRESS_REFUSED")
	// ErrNameTaken refuses a name that another source has.
	ErrNameTaken = fault.New(fault.Refused, "ALREADY_TAKEN")
)

// may says whether the viewer's role reaches all of a resource.
func may(v viewer.Viewer, resource, operation string) bool {
	return v.IsSystem() || v.Staff && v.ActingStaff == uuid.Nil && v.Reach(resource, operation) == viewer.ReachAll
}

// need is nil for members of staff whose role has the permission.
func need(ctx context.Context, resource, operation string) error {
	v := viewer.From(ctx)
	switch {
	case may(v, resource, operation):
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// asSystem is for what no role of support reaches: the names of people and the
// row of a customer's manager. Each verb has asked for the caller's permission.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "card") }

// customer finds whom a card or a note is about. Nobody does it about himself.
// Faults: INVALID_ID, NOT_FOUND, NOT_ON_ONESELF.
func (c *Cards) customer(ctx context.Context, client *ent.Client, id scalar.ID, path ...string) (*ent.User, error) {
	key, err := id.As("usr")
	if err != nil {
		return nil, fault.ErrInvalidID.At(path...)
	}
	if key == viewer.From(ctx).UserID {
		return nil, ErrNotOnOneself.At(path...)
	}
	u, err := client.User.Query().Where(entuser.ID(key), entuser.StatusNEQ(entuser.StatusERASED)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return u, err
}

// text wants 1 to limit characters; controls are those it may hold.
func text(s string, limit int, controls string, path ...string) (string, error) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return "", fault.ErrRequired.At(path...)
	case n > limit:
		return "", fault.ErrTooLong.At(path...).With("limit", limit)
	}
	odd := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(controls, r) })
	if odd || !utf8.ValidString(s) {
		return "", fault.ErrInvalidValue.At(path...)
	}
	return s, nil
}

func within(n, least, most int, field string) error {
	if n < least || n > most {
		return fault.ErrOutOfRange.At("input", field).With("min", least).With("max", most)
	}
	return nil
}

func idOf(prefix string, id uuid.UUID) scalar.ID { return scalar.ID{Prefix: prefix, UUID: id} }

func later(t time.Time, d time.Duration) *time.Time {
	t = t.Add(d)
	return &t
}
