package event

import "github.com/google/uuid"

// MessageChange is what became of a message of a ticket after it was written.
type MessageChange string

// What becomes of messages. Staff see all of them as changes of the message;
// to customers a hidden one is gone, and a shown one is new.
const (
	MessageEdited  MessageChange = "EDITED"
	MessageRemoved MessageChange = "REMOVED"
	MessageHidden  MessageChange = "HIDDEN"
	MessageShown   MessageChange = "SHOWN"
)

// TicketMessageChanged is told when a message is edited, removed, hidden or
// shown again; of a note to staff alone.
type TicketMessageChanged struct {
	TicketID  uuid.UUID     `json:"ticketId"`
	OwnerID   uuid.UUID     `json:"ownerId"`
	UserID    *uuid.UUID    `json:"userId,omitempty"` // who opened the ticket
	Number    string        `json:"number"`
	MessageID uuid.UUID     `json:"messageId"`
	Change    MessageChange `json:"change"`
	Status    string        `json:"status,omitempty"` // of the ticket
	Reason    string        `json:"reason,omitempty"`
}

// Kind implements Fact.
func (TicketMessageChanged) Kind() string { return "ticket.message_changed" }

// Subject implements Fact.
func (f TicketMessageChanged) Subject() (string, uuid.UUID) { return "tkt", f.TicketID }
