package support

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/scalar"
)

// The inputs and enums of the SDL that this domain takes; field by field they
// are described in schema/.

// CloseTicketInput is the input of closeTicket.
type CloseTicketInput struct {
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
	// The line of an order it is about.
	LineID *scalar.ID
	// The return it is about.
	ReturnID *scalar.ID
	// The paper it is about.
	DocumentID *scalar.ID
	// The booking it is about, by its key in the business's own system, 1 to 100 characters.
	BookingKey *string
	// How it comes: by the account, a chat or a messenger.
	Channel *entticket.Channel
	// Files of the first message, of the caller's own uploads, at most 10.
	AttachmentIDs []scalar.ID
	// The client's own id of the first message, up to 100 characters: for 48 hours the same one gives the same ticket again; after that it opens another.
	ClientMessageID *string
}

// ReopenTicketInput is the input of reopenTicket.
type ReopenTicketInput struct {
	// The ticket.
	TicketID scalar.ID
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

// UpdateTicketInput is the input of updateTicket. An absent field is unchanged; of what the ticket is about null takes away.
type UpdateTicketInput struct {
	// The ticket.
	TicketID scalar.ID
	// The revision that was read; another one is STALE_OBJECT.
	Revision int
	// What kind of request it is.
	Kind *entticket.Kind
	// What it is about in words, 1 to 200 characters.
	Subject *string
	// In which language its events are told.
	Locale *string
	// The order it is about; of a line and a return it is theirs.
	OrderID graphql.Omittable[*scalar.ID]
	// The bonus entry it is about.
	EntryID graphql.Omittable[*scalar.ID]
	// The line of an order it is about.
	LineID graphql.Omittable[*scalar.ID]
	// The return it is about.
	ReturnID graphql.Omittable[*scalar.ID]
	// The paper it is about.
	DocumentID graphql.Omittable[*scalar.ID]
	// The booking it is about, by its key in the business's own system, 1 to 100 characters.
	BookingKey graphql.Omittable[*string]
}

// TicketFilter narrows a list of tickets.
type TicketFilter struct {
	// In one of these states.
	Status []entticket.Status
	// Of one of these kinds.
	Kind []entticket.Kind
	// About this order.
	OrderID *scalar.ID
	// About this order, line of an order, return, bonus entry or paper.
	AboutID *scalar.ID
	// About the booking with this key.
	BookingKey *string
	// Opened at or after.
	OpenedFrom *time.Time
	// Opened before.
	OpenedBefore *time.Time
	// The beginning of its number, or a part of its subject, up to 200 characters; as written, in small letters, in capitals or begun with one.
	Text *string
	// With messages that the caller's side has not read (true), or without (false).
	Unread *bool
	// True: those of any owner in which the person takes part, his own and those to which he was added or in which he wrote, instead of all his own; of a company's list those in which the caller does. False is as null.
	TakesPart *bool
}
