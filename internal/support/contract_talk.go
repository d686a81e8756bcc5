package support

import (
	"io"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/scalar"
)

// The inputs, views and enums of schema/support_talk.graphqls.

// ReplyToTicketInput is the input of replyToTicket.
type ReplyToTicketInput struct {
	// The ticket.
	TicketID scalar.ID
	// The text, 1 to 10,000 characters.
	Body string
	// The client's own id of the message, up to 100 characters: the same one gives the same message again.
	ClientMessageID *string
	// Files that the caller uploaded, at most 10.
	AttachmentIDs []scalar.ID
	// By staff: the revision that was read; another one is STALE_OBJECT, so that two do not answer at once.
	Revision *int
}

// AddInternalNoteInput is the input of addInternalNote.
type AddInternalNoteInput struct {
	// The ticket.
	TicketID scalar.ID
	// The text, 1 to 10,000 characters.
	Body string
	// The client's own id of the note, up to 100 characters.
	ClientMessageID *string
	// Files that the caller uploaded, at most 10.
	AttachmentIDs []scalar.ID
}

// EditTicketMessageInput is the input of editTicketMessage.
type EditTicketMessageInput struct {
	// The message.
	MessageID scalar.ID
	// The text, 1 to 10,000 characters.
	Body string
}

// RemoveTicketMessageInput is the input of removeTicketMessage.
type RemoveTicketMessageInput struct {
	// The message.
	MessageID scalar.ID
}

// SetTicketMessageVisibilityInput is the input of setTicketMessageVisibility.
type SetTicketMessageVisibilityInput struct {
	// The message.
	MessageID scalar.ID
	// Who shall see it.
	Visibility ticketmessage.Visibility
}

// MarkTicketReadInput is the input of markTicketRead.
type MarkTicketReadInput struct {
	// The ticket.
	TicketID scalar.ID
	// The number of the last message that was read; all of them when null.
	UpTo *int
}

// StartTypingInput is the input of startTyping.
type StartTypingInput struct {
	// The ticket.
	TicketID scalar.ID
	// What to say.
	Kind *TicketSignalKind
	// Whether an answer is begun.
	Editing *bool
	// By staff: it is a note that is typed.
	Note *bool
}

// Update is a message of ticketUpdated.
type Update struct {
	Cursor    string
	Kind      string
	Ticket    *ent.Ticket
	Change    *TicketChange
	MessageID *scalar.ID
	Message   *ent.TicketMessage
	Signal    *TicketSignal
}

// QueueUpdate is a message of ticketQueueChanged.
type QueueUpdate struct {
	Cursor   string
	Cause    string
	Change   TicketChange
	TicketID scalar.ID
	Ticket   *ent.Ticket
}

// TicketSignal is that somebody types or is there.
type TicketSignal struct {
	Kind    TicketSignalKind
	Side    ticketmessage.AuthorKind
	Name    string
	UserID  *scalar.ID
	Editing bool
	Until   time.Time
}

// TicketChange is what became of something that one follows.
type TicketChange string

// The values of TicketChange.
const (
	TicketChangeAdded   TicketChange = "ADDED"
	TicketChangeUpdated TicketChange = "UPDATED"
	TicketChangeRemoved TicketChange = "REMOVED"
)

// MarshalGQL writes the value.
func (e TicketChange) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TicketChange) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, TicketChangeAdded, TicketChangeUpdated, TicketChangeRemoved)
	return err
}

// TicketSignalKind is what a signal says.
type TicketSignalKind string

// The values of TicketSignalKind.
const (
	TicketSignalTyping  TicketSignalKind = "TYPING"
	TicketSignalPresent TicketSignalKind = "PRESENT"
)

// MarshalGQL writes the value.
func (e TicketSignalKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TicketSignalKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, TicketSignalTyping, TicketSignalPresent)
	return err
}
