package desk

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/ent/generated/supportteam"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this room takes; field by field they are
// described in schema/.

// Page is the arguments of a connection.
type Page struct {
	After  *scalar.Cursor
	First  *int
	Before *scalar.Cursor
	Last   *int
}

// TicketQueueFilter narrows the staff's queue.
type TicketQueueFilter struct {
	// In one of these states.
	Status []ticket.Status
	// For one of these reasons.
	Reason []ticket.StatusReason
	// Of one of these kinds.
	Kind []ticket.Kind
	// So urgent.
	Priority []ticket.Priority
	// Come by one of these ways.
	Channel []ticket.Channel
	// In one of these languages.
	Locale []string
	// Whose service level stands so.
	LevelStatus []ticket.LevelStatus
	// Of this team.
	TeamID *scalar.ID
	// Of no team.
	WithoutTeam *bool
	// Given to this staff member.
	AssigneeID *scalar.ID
	// Given to the caller.
	Mine *bool
	// Given to nobody.
	Unassigned *bool
	// Of this customer himself.
	CustomerID *scalar.ID
	// Of this company.
	CompanyID *scalar.ID
	// About this order.
	OrderID *scalar.ID
	// With this number, in whatever case.
	Number *string
	// The beginning of its number, or a part of its subject.
	Text *string
	// Opened then or later.
	CreatedFrom *time.Time
	// Opened before.
	CreatedBefore *time.Time
	// With messages that staff has not read.
	Unread *bool
	// True: those alone that the bot is answering; false: those alone that it is not.
	WithBot *bool
}

// AssignTicketInput is the input of assignTicket.
type AssignTicketInput struct {
	// The ticket.
	TicketID scalar.ID
	// The staff member; nobody when null; when absent unchanged beside a team or
	// a skill, else nobody.
	AssigneeID graphql.Omittable[*scalar.ID]
	// The team; none when null, unchanged when absent.
	TeamID graphql.Omittable[*scalar.ID]
	// What an operator must know to answer it; nothing when null, unchanged when absent.
	Skill graphql.Omittable[*string]
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
}

// UpdateTicketsInput is the input of updateTickets.
type UpdateTicketsInput struct {
	// The tickets, 1 to 100; one that is named twice is changed once.
	TicketIds []scalar.ID
	// Where they shall stand.
	Status *ticket.Status
	// Why; one that fits the state.
	Reason *ticket.StatusReason
	// With SNOOZED: until when; in the future.
	SnoozedUntilAt *time.Time
	// How urgent they are.
	Priority *ticket.Priority
	// The staff member; nobody when null, unchanged when absent.
	AssigneeID graphql.Omittable[*scalar.ID]
	// The team; none when null, unchanged when absent.
	TeamID graphql.Omittable[*scalar.ID]
}

// Updated is what became of one ticket of updateTickets.
type Updated struct {
	TicketID scalar.ID
	Changed  bool
	Err      error // a refusal
}

// SaveTicketViewInput is the input of saveTicketView.
type SaveTicketViewInput struct {
	// The view to change; a new one without it.
	ID *scalar.ID
	// With an id: the revision that was read.
	Revision *int
	// What it is called.
	Name string
	// Whether colleagues see it.
	Shared *bool
	// The filter; mine means whoever looks.
	Filter TicketQueueFilter
	// The order.
	Sort *TicketSort
	// Where it stands among others.
	Position *int
}

// DeleteTicketViewInput is the input of deleteTicketView.
type DeleteTicketViewInput struct {
	// The view.
	ID scalar.ID
}

// SaveSupportTeamInput is the input of saveSupportTeam.
type SaveSupportTeamInput struct {
	// The team to change; a new one without it.
	ID *scalar.ID
	// With an id: the revision that was read.
	Revision *int
	// What it is called.
	Name string
	// How its tickets are given out.
	Assignment *supportteam.Assignment
	// The kinds of tickets it takes; none: all.
	Kinds []ticket.Kind
	// The languages it takes; none: all.
	Locales []string
	// Where it stands: the first that fits takes a ticket.
	Position *int
}

// DeleteSupportTeamInput is the input of deleteSupportTeam.
type DeleteSupportTeamInput struct {
	// The team.
	ID scalar.ID
}

// SaveOperatorInput is the input of saveOperator.
type SaveOperatorInput struct {
	// The staff member.
	UserID scalar.ID
	// The team; none when null, unchanged when absent.
	TeamID graphql.Omittable[*scalar.ID]
	// How many open tickets at once are given to him by turn.
	Capacity *int
	// What he knows.
	Skills []string
	// The languages he answers in; none: all.
	Locales []string
	// Whether he is away.
	Away *bool
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
}

// DeleteOperatorInput is the input of deleteOperator.
type DeleteOperatorInput struct {
	// The staff member.
	UserID scalar.ID
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
}

// SetMyAvailabilityInput is the input of setMyAvailability.
type SetMyAvailabilityInput struct {
	// Whether the caller is away.
	Away bool
}
