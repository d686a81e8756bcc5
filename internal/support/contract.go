package support

import (
	"time"

	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/scalar"
)

// The inputs and enums of the SDL that this domain takes; field by field they
// are described in schema/.

// AddInternalNoteInput is the input of addInternalNote.
type AddInternalNoteInput struct {
	// The ticket.
	TicketID scalar.ID
	// The text, 1 to 10,000 characters.
	Body string
	// The client's own id of the note, up to 100 characters.
	ClientMessageID *string
}

// AssignTicketInput is the input of assignTicket.
type AssignTicketInput struct {
	// The ticket.
	TicketID scalar.ID
	// The staff member; nobody when null.
	AssigneeID *scalar.ID
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
}

// CloseTicketInput is the input of closeTicket.
type CloseTicketInput struct {
	// The ticket.
	TicketID scalar.ID
}

// MarkTicketReadInput is the input of markTicketRead.
type MarkTicketReadInput struct {
	// The ticket.
	TicketID scalar.ID
}

// OpenTicketInput is the input of openTicket.
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

// ReopenTicketInput is the input of reopenTicket.
type ReopenTicketInput struct {
	// The ticket.
	TicketID scalar.ID
}

// ReplyToTicketInput is the input of replyToTicket.
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

// SetTicketStatusInput is the input of setTicketStatus. An absent field is unchanged.
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

// TicketFilter narrows a list of tickets.
type TicketFilter struct {
	// In one of these states.
	Status []entticket.Status
	// About this order.
	OrderID *scalar.ID
}

// TicketQueueFilter narrows the staff's queue.
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
