package support

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"time"

	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/scalar"
)

// The inputs and enums of the SDL that this domain takes; field by field they
// are described in schema/.

// AddInternalNoteInput: input of addInternalNote.
type AddInternalNoteInput struct {
	// The ticket.
	TicketID scalar.ID
	// The text, 1 to 10,000 characters.
	Body string
	// The client's own id of the note, up to 100 characters.
	ClientMessageID *string
}

// AssignTicketInput: input of assignTicket.
type AssignTicketInput struct {
	// The ticket.
	TicketID scalar.ID
	// The staff member; nobody when null.
	AssigneeID *scalar.ID
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
}

// CloseTicketInput: input of closeTicket.
type CloseTicketInput struct {
	// The ticket.
	TicketID scalar.ID
}

// MarkTicketReadInput: input of markTicketRead.
type MarkTicketReadInput struct {
	// The ticket.
	TicketID scalar.ID
}

// OpenTicketInput: input of openTicket.
type OpenTicketInput struct {
	// What it is about, 1 to 200 characters.
	Subject string
	// The first message, 1 to 10,000 characters.
	Body string
	// What kind of request it is.
	Kind *entticket.Kind
	// The order it is about.
	OrderID *scalar.ID
	// The bonus entry it is about.
	EntryID *scalar.ID
	// The client's own id of the first message, up to 100 characters: the same one gives the same ticket again.
	ClientMessageID *string
}

// ReopenTicketInput: input of reopenTicket.
type ReopenTicketInput struct {
	// The ticket.
	TicketID scalar.ID
}

// ReplyToTicketInput: input of replyToTicket.
type ReplyToTicketInput struct {
	// The ticket.
	TicketID scalar.ID
	// The text, 1 to 10,000 characters.
	Body string
	// The client's own id of the message, up to 100 characters: the same one gives the same message again.
	ClientMessageID *string
	// By staff: the revision that was read; another one is STALE_OBJECT, so that two do not answer at once.
	Revision *int
}

// SetTicketStatusInput: input of setTicketStatus. An absent field is unchanged.
type SetTicketStatusInput struct {
	// The ticket.
	TicketID scalar.ID
	// Where it shall stand.
	Status *entticket.Status
	// Why; one that fits the state.
	Reason *entticket.StatusReason
	// How urgent it is.
	Priority *entticket.Priority
	// With SNOOZED: until when; in the future.
	SnoozedUntilAt *time.Time
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
}

// TicketAction: what may be done with a ticket.
type TicketAction string

const (
	// replyToTicket would work.
	TicketActionReply TicketAction = "REPLY"
	// closeTicket would work.
	TicketActionClose TicketAction = "CLOSE"
	// reopenTicket would work.
	TicketActionReopen TicketAction = "REOPEN"
)

// AllTicketAction lists them.
var AllTicketAction = []TicketAction{
	TicketActionReply,
	TicketActionClose,
	TicketActionReopen,
}

func (e TicketAction) IsValid() bool {
	switch e {
	case TicketActionReply, TicketActionClose, TicketActionReopen:
		return true
	}
	return false
}

func (e TicketAction) String() string {
	return string(e)
}

func (e *TicketAction) UnmarshalGQL(v any) error {
	str, ok := v.(string)
	if !ok {
		return fmt.Errorf("enums must be strings")
	}

	*e = TicketAction(str)
	if !e.IsValid() {
		return fmt.Errorf("%s is not a valid TicketAction", str)
	}
	return nil
}

func (e TicketAction) MarshalGQL(w io.Writer) {
	_, _ = fmt.Fprint(w, strconv.Quote(e.String()))
}

func (e *TicketAction) UnmarshalJSON(b []byte) error {
	s, err := strconv.Unquote(string(b))
	if err != nil {
		return err
	}
	return e.UnmarshalGQL(s)
}

func (e TicketAction) MarshalJSON() ([]byte, error) {
	var buf bytes.Buffer
	e.MarshalGQL(&buf)
	return buf.Bytes(), nil
}

// TicketFilter: narrows a list of tickets.
type TicketFilter struct {
	// In one of these states.
	Status []entticket.Status
	// About this order.
	OrderID *scalar.ID
}

// TicketQueueFilter: narrows the staff's queue.
type TicketQueueFilter struct {
	// In one of these states.
	Status []entticket.Status
	// Given to this staff member.
	AssigneeID *scalar.ID
	// Given to nobody.
	Unassigned *bool
	// Of this customer.
	CustomerID *scalar.ID
}

// TicketSort: the order of the staff's queue.
type TicketSort string

const (
	// Last active first.
	TicketSortLastActive TicketSort = "LAST_ACTIVE"
	// Waiting longest first.
	TicketSortOldestActive TicketSort = "OLDEST_ACTIVE"
)

// AllTicketSort lists them.
var AllTicketSort = []TicketSort{
	TicketSortLastActive,
	TicketSortOldestActive,
}

func (e TicketSort) IsValid() bool {
	switch e {
	case TicketSortLastActive, TicketSortOldestActive:
		return true
	}
	return false
}

func (e TicketSort) String() string {
	return string(e)
}

func (e *TicketSort) UnmarshalGQL(v any) error {
	str, ok := v.(string)
	if !ok {
		return fmt.Errorf("enums must be strings")
	}

	*e = TicketSort(str)
	if !e.IsValid() {
		return fmt.Errorf("%s is not a valid TicketSort", str)
	}
	return nil
}

func (e TicketSort) MarshalGQL(w io.Writer) {
	_, _ = fmt.Fprint(w, strconv.Quote(e.String()))
}

func (e *TicketSort) UnmarshalJSON(b []byte) error {
	s, err := strconv.Unquote(string(b))
	if err != nil {
		return err
	}
	return e.UnmarshalGQL(s)
}

func (e TicketSort) MarshalJSON() ([]byte, error) {
	var buf bytes.Buffer
	e.MarshalGQL(&buf)
	return buf.Bytes(), nil
}
