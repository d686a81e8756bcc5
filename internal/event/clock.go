package event

import (
	"time"

	"github.com/google/uuid"
)

// TicketOverdue is told to the staff's side of a ticket when a promise of its
// service level is close to being missed, and when it is.
type TicketOverdue struct {
	TicketID   uuid.UUID  `json:"ticketId"`
	Number     string     `json:"number"`
	Target     string     `json:"target"` // FIRST_REPLY, NEXT_REPLY, RESOLUTION
	Round      int        `json:"round"`
	Warning    bool       `json:"warning,omitempty"`
	At         time.Time  `json:"at"` // when it was due
	AssigneeID *uuid.UUID `json:"assigneeId,omitempty"`
	TeamID     *uuid.UUID `json:"teamId,omitempty"`
}

// Kind implements Fact.
func (TicketOverdue) Kind() string { return "ticket.overdue" }

// Subject implements Fact.
func (f TicketOverdue) Subject() (string, uuid.UUID) { return "tkt", f.TicketID }
