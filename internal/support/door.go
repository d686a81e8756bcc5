package support

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// What the rooms beside (clock, desk, card, bot, survey, post) may do to
// tickets. The verbs of this room go the same ways.

// Act is what happened to a ticket that its clock may care about.
type Act string

// The acts.
const (
	ActOpened        Act = "OPENED"
	ActCustomerWrote Act = "CUSTOMER_WROTE"
	ActStaffWrote    Act = "STAFF_WROTE"
	ActMoved         Act = "MOVED"
	ActMerged        Act = "MERGED"
	ActPriority      Act = "PRIORITY" // or the kind or language: its level is chosen anew
)

// Moment is an act that matters to time, told in its transaction.
type Moment struct {
	Ticket    *ent.Ticket // after the act
	Was       entticket.Status
	WasReason entticket.StatusReason
	Act       Act
}

// Attachment is a file that a message shall carry, as the document domain
// knows it.
type Attachment struct {
	DocumentID uuid.UUID
	Title      string
	Mime       string
	Size       int64
}

// Said is a message to be written by a room beside. Empty kind, visibility and
// channel are MESSAGE, ALL (of a NOTE STAFF) and ACCOUNT; an empty author is
// the caller.
type Said struct {
	Kind               ticketmessage.Kind
	Visibility         ticketmessage.Visibility
	Author             ticketmessage.AuthorKind
	AuthorID           *uuid.UUID
	AuthorName, Body   string
	Channel            ticketmessage.Channel
	Data               map[string]any
	ClientID           *string
	Source, ExternalID string
	DocumentIDs        []uuid.UUID
}

// Opening is a ticket to be opened. Without a user it is of somebody who has
// no account; its owner is the House then. What it refers to was checked.
type Opening struct {
	OwnerID       uuid.UUID
	UserID        *uuid.UUID
	Kind          entticket.Kind
	Subject       string
	Locale        string
	Channel       entticket.Channel
	Priority      entticket.Priority
	ContactEmail  *string
	CallbackPhone *string
	CallbackAt    *time.Time
	OrderID       *uuid.UUID
	LineID        *uuid.UUID
	ReturnID      *uuid.UUID
	EntryID       *uuid.UUID
	DocumentID    *uuid.UUID
	BookingKey    *string
	First         Said
}

// LockIn locks the ticket's row for this transaction, through the fence, and
// gives it as it is under the lock. Faults: NOT_FOUND; FORBIDDEN to who may
// read it but not write, and to staff whose own ticket it is; TICKET_MERGED
// with ticketId and number of where to go.
func (s *Tickets) LockIn(ctx context.Context, tx *store.Tx, id uuid.UUID, path ...string) (*ent.Ticket, error) {
	t, err := s.lockKey(ctx, tx, id, path...)
	if err != nil {
		return nil, err
	}
	if v := viewer.From(ctx); v.Staff && v.Reach(resource, "write") == viewer.ReachAll && !onStaffSide(v, t) {
		return nil, fault.ErrForbidden
	}
	return t, nil
}

// LockMineIn is LockIn for what only the customer's side may do; staff may do
// it to what they opened themselves. Faults: as LockIn, FORBIDDEN to the
// staff's side.
func (s *Tickets) LockMineIn(ctx context.Context, tx *store.Tx, id uuid.UUID, path ...string) (*ent.Ticket, error) {
	t, err := s.lockKey(ctx, tx, id, path...)
	if err == nil && onStaffSide(viewer.From(ctx), t) {
		return nil, fault.ErrForbidden
	}
	return t, err
}

// SayIn writes a message under the ticket's lock and moves the ticket as a
// message of that author does: a customer's opens it, an answer of staff
// leaves it waiting. BOT and SYSTEM do not move the state; notes, events and
// what is for staff move nothing. A client id or an external one that is there
// already gives the message of then. Faults: IDEMPOTENCY_KEY_REUSED;
// TICKET_CLOSED for an answer of staff; those of Attach.
func (s *Tickets) SayIn(ctx context.Context, tx *store.Tx, t *ent.Ticket, said Said) (*ent.TicketMessage, error) {
	i, err := itemOf(ctx, tx, t, said)
	if err != nil {
		return nil, err
	}
	m, err := saidAlready(ctx, tx, t, i)
	if err != nil || m != nil {
		return m, err
	}
	return s.say(ctx, tx, t, i)
}

// MoveIn sets where the ticket stands, writes the EVENT of the timeline and
// tells. What is the same already changes nothing. Faults: INVALID_VALUE for a
// reason that does not fit.
func (s *Tickets) MoveIn(ctx context.Context, tx *store.Tx, t *ent.Ticket, status entticket.Status, reason entticket.StatusReason, until *time.Time) error {
	if !fits(status, reason) {
		return fault.ErrInvalidValue.At("input", "reason").With("status", string(status))
	}
	return s.change(ctx, tx, t, "ticket.move", stand{status: status, reason: reason, until: until}, t.Priority)
}

// OpenIn opens a ticket with its first message and who opened it as its first
// participant.
func (s *Tickets) OpenIn(ctx context.Context, tx *store.Tx, o Opening) (*ent.Ticket, *ent.TicketMessage, error) {
	return s.openIn(ctx, tx, o)
}

// ChangedIn raises the revision and tells the streams that something of a
// ticket changed (assignee, level, rating …); toCustomer false: staff alone.
func (s *Tickets) ChangedIn(ctx context.Context, tx *store.Tx, t *ent.Ticket, toCustomer bool, changed ...string) error {
	if err := keep(tx, t).AddRevision(1).Exec(ctx); err != nil {
		return err
	}
	t.Revision++
	to := []store.Stream{store.ToTicket(t.ID, event.ToStaff)}
	if toCustomer {
		to = toCustomers(t)
	}
	tellChange(ctx, tx, t, changed, to...)
	return nil
}

// ByKey re-reads a ticket for a payload's field `ticket`.
func (s *Tickets) ByKey(ctx context.Context, key uuid.UUID) (*ent.Ticket, error) {
	return s.byKey(ctx, key)
}

// moment tells the clock, where there is one.
func (s *Tickets) moment(ctx context.Context, tx *store.Tx, t *ent.Ticket, was stand, act Act) error {
	if s.Clock == nil {
		return nil
	}
	return s.Clock(ctx, tx, Moment{Ticket: t, Was: was.status, WasReason: was.reason, Act: act})
}
