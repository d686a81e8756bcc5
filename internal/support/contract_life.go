package support

import (
	"io"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketlink"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/scalar"
)

// MergeTicketsInput is the input of mergeTickets.
type MergeTicketsInput struct {
	// The ticket that goes.
	TicketID scalar.ID
	// The ticket in which its talk goes on.
	IntoID scalar.ID
	// The revision of the first that was read; another one is STALE_OBJECT.
	Revision *int
}

// SplitTicketInput is the input of splitTicket.
type SplitTicketInput struct {
	// The ticket.
	TicketID scalar.ID
	// Its messages and notes that are copied, 1 to 100; one at least that the customer sees.
	MessageIDs []scalar.ID
	// What the new ticket is about, 1 to 200 characters.
	Subject string
	// The revision that was read; another one is STALE_OBJECT, so that a retry splits once.
	Revision *int
}

// LinkTicketsInput is the input of linkTickets.
type LinkTicketsInput struct {
	// The ticket.
	TicketID scalar.ID
	// The other one; of any owner: customers see their own alone.
	OtherID scalar.ID
}

// UnlinkTicketsInput is the input of unlinkTickets.
type UnlinkTicketsInput struct {
	// The ticket.
	TicketID scalar.ID
	// The other one.
	OtherID scalar.ID
}

// AddTicketParticipantInput is the input of addTicketParticipant.
type AddTicketParticipantInput struct {
	// The ticket.
	TicketID scalar.ID
	// The colleague.
	UserID scalar.ID
}

// RemoveTicketParticipantInput is the input of removeTicketParticipant.
type RemoveTicketParticipantInput struct {
	// The ticket.
	TicketID scalar.ID
	// The colleague.
	UserID scalar.ID
}

// LeaveTicketInput is the input of leaveTicket.
type LeaveTicketInput struct {
	// The ticket.
	TicketID scalar.ID
}

// About is what a ticket is about.
type About struct {
	Kind       AboutKind
	ID         *scalar.ID
	BookingKey *string
}

// Link is another ticket that has to do with one.
type Link struct {
	Kind      ticketlink.Kind
	Ticket    *ent.Ticket
	CreatedAt time.Time
}

// Participant is a person of the customer's side in a ticket.
type Participant struct {
	ID       scalar.ID
	UserID   scalar.ID
	Name     string
	Role     ticketparticipant.Role
	IsMe     bool
	JoinedAt time.Time
	ReadUpTo int64 // the number of the last message of staff that he has read
}

// AboutKind is what kind of thing a ticket is about.
type AboutKind string

// The values of AboutKind.
const (
	AboutKindReturn     AboutKind = "RETURN"      // a return
	AboutKindOrderLine  AboutKind = "ORDER_LINE"  // a line of an order
	AboutKindDocument   AboutKind = "DOCUMENT"    // a paper
	AboutKindBonusEntry AboutKind = "BONUS_ENTRY" // a bonus entry
	AboutKindBooking    AboutKind = "BOOKING"     // a booking
	AboutKindOrder      AboutKind = "ORDER"       // an order
)

// MarshalGQL writes the value.
func (e AboutKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *AboutKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, AboutKindReturn, AboutKindOrderLine, AboutKindDocument, AboutKindBonusEntry, AboutKindBooking, AboutKindOrder)
	return err
}

// TicketAction is what may be done with a ticket.
type TicketAction string

// The values of TicketAction.
const (
	TicketActionReply  TicketAction = "REPLY"  // replyToTicket would work
	TicketActionClose  TicketAction = "CLOSE"  // closeTicket would work
	TicketActionReopen TicketAction = "REOPEN" // reopenTicket would work
)

// MarshalGQL writes the value.
func (e TicketAction) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TicketAction) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, TicketActionReply, TicketActionClose, TicketActionReopen)
	return err
}
