package event

import "github.com/google/uuid"

// SurveyAsked is told when a person is asked about a closed ticket, and when
// he is asked again.
type SurveyAsked struct {
	TicketID  uuid.UUID `json:"ticketId"`
	UserID    uuid.UUID `json:"userId"`
	RequestID uuid.UUID `json:"requestId"`
	Number    string    `json:"number"` // of the ticket
	Reminder  bool      `json:"reminder,omitempty"`
}

// TicketRated is told when a person answered what he was asked about a ticket.
type TicketRated struct {
	TicketID  uuid.UUID `json:"ticketId"`
	OwnerID   uuid.UUID `json:"ownerId"`
	UserID    uuid.UUID `json:"userId"`
	RequestID uuid.UUID `json:"requestId"`
	Number    string    `json:"number"`
	Score     *int      `json:"score,omitempty"`
}

// Kind implements Fact.
func (SurveyAsked) Kind() string { return "ticket.survey_asked" }

// Subject implements Fact.
func (f SurveyAsked) Subject() (string, uuid.UUID) { return "tkt", f.TicketID }

// Kind implements Fact.
func (TicketRated) Kind() string { return "ticket.rated" }

// Subject implements Fact.
func (f TicketRated) Subject() (string, uuid.UUID) { return "tkt", f.TicketID }
