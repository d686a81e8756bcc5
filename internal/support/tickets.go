package support

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entticket "kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Tickets is the service of this domain.
type Tickets struct {
	Store   *store.Store
	Streams *live.Streams

	// Clock is told in the transaction of every act that matters to time.
	Clock func(ctx context.Context, tx *store.Tx, m Moment) error
	// BotTakes says whether a new ticket is the bot's first.
	BotTakes func(ctx context.Context, o Opening) bool
	// Attach checks that files are the caller's, READY and of kind UPLOAD.
	Attach func(ctx context.Context, tx *store.Tx, documents []uuid.UUID, t *ent.Ticket) ([]Attachment, error)
	// FileURL is where an attachment can be fetched for the next minutes, by the
	// session that asks; nil where no session does.
	FileURL func(ctx context.Context, attachment uuid.UUID) *string
	// Reach is how far somebody's roles with an owner go now; nil: nowhere.
	Reach func(ctx context.Context, person, owner uuid.UUID, resource, operation string) (viewer.Reach, error)

	things  gather.Loader[scalar.ID, ent.Noder]
	links   gather.Loader[uuid.UUID, []*Link]
	parts   gather.Loader[uuid.UUID, []*Participant]
	files   gather.Loader[uuid.UUID, bool]
	marks   gather.Loader[uuid.UUID, *ent.Ticket]
	sides   gather.Loader[uuid.UUID, bool]
	typists typists
	shared  sharings
}

// The bounds of what people write, in characters.
const (
	maxSubject  = 200
	maxBody     = 10_000
	maxClientID = 100

	maxBookingKey = 100
)

// resource is the name under which permissions speak of tickets.
const resource = "ticket"

var (
	// ErrTicketClosed refuses what only an open ticket allows.
	ErrTicketClosed = fault.New(fault.Refused, "TICKET_CLOSED")
	// ErrTicketMerged refuses every act on a merged ticket; ticketId and number
	// say where to go.
	ErrTicketMerged = fault.New(fault.Refused, "TICKET_MERGED")
	// ErrOwnersDiffer refuses to merge tickets of different people.
	ErrOwnersDiffer = fault.New(fault.Refused, "TICKET_OWNERS_DIFFER")
	// ErrIllegalTransition refuses a move between states; fromState, toState.
	ErrIllegalTransition = fault.New(fault.Refused, "ILLEGAL_TRANSITION")
)

// lock takes the ticket's row for this transaction, through the fence, and
// gives the ticket as it is under the lock. Faults: INVALID_ID, NOT_FOUND,
// FORBIDDEN to who may read it but not write, TICKET_MERGED.
func (s *Tickets) lock(ctx context.Context, tx *store.Tx, id scalar.ID) (*ent.Ticket, error) {
	key, err := keyOf(id, "tkt", "input", "ticketId")
	if err != nil {
		return nil, err
	}
	return s.lockKey(ctx, tx, key, "input", "ticketId")
}

// lockKey is lock for a key; path names the input field.
func (s *Tickets) lockKey(ctx context.Context, tx *store.Tx, key uuid.UUID, path ...string) (*ent.Ticket, error) {
	t, err := lockAny(ctx, tx, key, path...)
	if err != nil {
		return nil, err
	}
	if t.MergedIntoID != nil {
		return nil, gone(ctx, tx.Ticket, t, path...)
	}
	return t, nil
}

// lockAny is lockKey that takes merged tickets too.
func lockAny(ctx context.Context, tx *store.Tx, key uuid.UUID, path ...string) (*ent.Ticket, error) {
	t, err := lockRow(ctx, tx, key, path...)
	if err != nil {
		return nil, err
	}
	if v := viewer.From(ctx); !v.IsSystem() && onStaffSide(v, t) {
		if own, err := ownSide(ctx, tx, t); err != nil || own {
			return nil, cmp.Or(err, error(fault.ErrForbidden))
		}
	}
	return t, nil
}

// gone is TICKET_MERGED with where to go, for who may see that ticket.
func gone(ctx context.Context, tickets *ent.TicketClient, t *ent.Ticket, path ...string) error {
	into, err := tickets.Query().Where(entticket.ID(*t.MergedIntoID)).Only(ctx)
	if ent.IsNotFound(err) {
		return ErrTicketMerged.At(path...)
	}
	if err != nil {
		return err
	}
	return ErrTicketMerged.At(path...).With("ticketId", into.GlobalID().String()).With("number", into.Number)
}

func lockRow(ctx context.Context, tx *store.Tx, key uuid.UUID, path ...string) (*ent.Ticket, error) {
	// Adding nothing is how a row is locked on both databases.
	t, err := tx.Ticket.UpdateOneID(key).AddSeq(0).Save(ctx)
	if ent.IsNotFound(err) {
		seen, err := tx.Ticket.Query().Where(entticket.ID(key)).Exist(ctx)
		switch {
		case err != nil:
			return nil, err
		case seen:
			return nil, fault.ErrForbidden
		}
		return nil, fault.ErrNotFound.At(path...)
	}
	if err != nil {
		return nil, err
	}
	if mayWrite(viewer.From(ctx), t) {
		return t, nil
	}
	part, err := takesPart(ctx, tx.TicketParticipant, t) // his role reaches less, but he was asked to take part
	if err == nil && !part {
		err = fault.ErrForbidden
	}
	return t, err
}

// checkRevision refuses a stale write.
func checkRevision(t *ent.Ticket, read *int) error {
	if read != nil && int64(*read) != t.Revision {
		return fault.ErrStaleObject.At("input", "revision").With("revision", t.Revision)
	}
	return nil
}

// toCustomers are the streams of the customer's side: who opened it, the
// company it is of, and the ticket's own.
func toCustomers(t *ent.Ticket) []store.Stream {
	var to []store.Stream
	if t.UserID != nil {
		to = append(to, store.ToUser(*t.UserID))
	}
	if t.OwnerID != viewer.House && (t.UserID == nil || t.OwnerID != *t.UserID) {
		to = append(to, store.ToCompany(t.OwnerID))
	}
	return append(to, store.ToTicket(t.ID, event.ToAll))
}

// nameOf is the name a person goes by now; the fence lets everybody read his own.
func nameOf(ctx context.Context, tx *store.Tx, id uuid.UUID) (string, error) {
	return tx.User.Query().Where(entuser.ID(id)).Select(entuser.FieldDisplayName).String(ctx)
}

// keyOf takes the UUID out of an id of the wanted kind; else INVALID_ID.
func keyOf(id scalar.ID, prefix string, path ...string) (uuid.UUID, error) {
	if id.Prefix != prefix {
		return uuid.Nil, fault.ErrInvalidID.At(path...)
	}
	return id.UUID, nil
}

// optionalKey is keyOf for a value that may be absent.
func optionalKey(id *scalar.ID, prefix string, path ...string) (*uuid.UUID, error) {
	if id == nil {
		return nil, nil
	}
	key, err := keyOf(*id, prefix, path...)
	return &key, err
}

// keysOf is keyOf for a list without doubles, of at most so many.
func keysOf(ids []scalar.ID, prefix string, limit int, path ...string) ([]uuid.UUID, error) {
	if len(ids) > limit {
		return nil, fault.ErrTooLong.At(path...).With("limit", limit)
	}
	keys := make([]uuid.UUID, 0, len(ids))
	for _, id := range ids {
		key, err := keyOf(id, prefix, path...)
		if err != nil {
			return nil, err
		}
		if slices.Contains(keys, key) {
			return nil, fault.ErrInvalidValue.At(path...)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// checkSubject wants one line of 1 to 200 characters.
func checkSubject(s string) (string, error) {
	s = strings.TrimSpace(s)
	return s, checkText(s, maxSubject, "", "input", "subject")
}

// checkBody wants a text of 1 to 10,000 characters.
func checkBody(s string) (string, error) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	return s, checkText(s, maxBody, "\n\t", "input", "body")
}

// checkClientID wants 1 to 100 characters where there is one.
func checkClientID(s *string) error {
	if s == nil {
		return nil
	}
	return checkText(*s, maxClientID, "", "input", "clientMessageId")
}

func checkText(s string, limit int, controls string, path ...string) error {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return fault.ErrRequired.At(path...)
	case n > limit:
		return fault.ErrTooLong.At(path...).With("limit", limit)
	}
	// PostgreSQL keeps no NUL, and a person needs no other control character.
	odd := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(controls, r) })
	if odd || !utf8.ValidString(s) {
		return fault.ErrInvalidValue.At(path...)
	}
	return nil
}
