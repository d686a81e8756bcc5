package event

import "github.com/google/uuid"

// TicketOpened is told when a ticket is opened.
type TicketOpened struct {
	TicketID  uuid.UUID  `json:"ticketId"`
	OwnerID   uuid.UUID  `json:"ownerId"`
	UserID    *uuid.UUID `json:"userId,omitempty"`
	Number    string     `json:"number"`
	MessageID uuid.UUID  `json:"messageId"`
}

// TicketReplied is told when a message (or, to staff, a note) is written.
type TicketReplied struct {
	TicketID   uuid.UUID  `json:"ticketId"`
	OwnerID    uuid.UUID  `json:"ownerId"`
	UserID     *uuid.UUID `json:"userId,omitempty"` // who opened the ticket
	Number     string     `json:"number"`
	MessageID  uuid.UUID  `json:"messageId"`
	AuthorKind string     `json:"authorKind"` // CUSTOMER, STAFF, SYSTEM
	Note       bool       `json:"note,omitempty"`
	Status     string     `json:"status,omitempty"` // of the ticket after it
	Reason     string     `json:"reason,omitempty"`
}

// TicketChanged is told when state, reason, priority, assignee or who takes
// part change, or a side reads.
type TicketChanged struct {
	TicketID   uuid.UUID  `json:"ticketId"`
	OwnerID    uuid.UUID  `json:"ownerId"`
	UserID     *uuid.UUID `json:"userId,omitempty"`
	Number     string     `json:"number"`
	Changed    []string   `json:"changed"` // status, statusReason, priority, assignee, read, participants, links, mergedInto …
	Status     string     `json:"status"`
	Reason     string     `json:"reason"`
	ByStaff    bool       `json:"byStaff,omitempty"`
	JoinedID   *uuid.UUID `json:"joinedId,omitempty"`   // who was asked to take part
	AssigneeID *uuid.UUID `json:"assigneeId,omitempty"` // who was given it; it does not leave the house
}

// TicketQueueChanged is told to the staff's queue by the hearer of the facts
// above, never in the customer's transaction.
type TicketQueueChanged struct {
	TicketID uuid.UUID `json:"ticketId"`
	Number   string    `json:"number"`
	Cause    string    `json:"cause"` // the kind of the fact behind it
	Status   string    `json:"status,omitempty"`
	Reason   string    `json:"reason,omitempty"`
}

// Kind implements Fact.
func (TicketOpened) Kind() string { return "ticket.opened" }

// Subject implements Fact.
func (f TicketOpened) Subject() (string, uuid.UUID) { return "tkt", f.TicketID }

// Kind implements Fact.
func (TicketReplied) Kind() string { return "ticket.replied" }

// Subject implements Fact.
func (f TicketReplied) Subject() (string, uuid.UUID) { return "tkt", f.TicketID }

// Kind implements Fact.
func (TicketChanged) Kind() string { return "ticket.changed" }

// Subject implements Fact.
func (f TicketChanged) Subject() (string, uuid.UUID) { return "tkt", f.TicketID }

// Kind implements Fact.
func (TicketQueueChanged) Kind() string { return "ticket_queue.changed" }

// Subject implements Fact.
func (f TicketQueueChanged) Subject() (string, uuid.UUID) { return "tkt", f.TicketID }

// TicketMerged is told when the talk of a ticket goes on in another one.
type TicketMerged struct {
	TicketID   uuid.UUID  `json:"ticketId"`
	IntoID     uuid.UUID  `json:"intoId"`
	OwnerID    uuid.UUID  `json:"ownerId"`
	UserID     *uuid.UUID `json:"userId,omitempty"`
	Number     string     `json:"number"`
	IntoNumber string     `json:"intoNumber"`
}

// Kind implements Fact.
func (TicketMerged) Kind() string { return "ticket.merged" }

// Subject implements Fact.
func (f TicketMerged) Subject() (string, uuid.UUID) { return "tkt", f.TicketID }
