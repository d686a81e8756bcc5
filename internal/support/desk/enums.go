package desk

import (
	"io"

	"kabinet/internal/scalar"
)

// TicketSort is the order of the staff's queue.
type TicketSort string

// The values of TicketSort.
const (
	SortLastActive   TicketSort = "LAST_ACTIVE"   // last active first
	SortOldestActive TicketSort = "OLDEST_ACTIVE" // waiting longest first
	SortDue          TicketSort = "DUE"           // the target that runs out first
	SortUrgency      TicketSort = "URGENCY"       // most urgent first
	SortNewest       TicketSort = "NEWEST"        // opened last first
)

// MarshalGQL writes the value.
func (e TicketSort) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TicketSort) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, SortLastActive, SortOldestActive, SortDue, SortUrgency, SortNewest)
	return err
}

// MacroActKind is what an act of a macro does.
type MacroActKind string

// The values of MacroActKind.
const (
	ActReply       MacroActKind = "REPLY"        // answers the customer
	ActNote        MacroActKind = "NOTE"         // adds a note for staff
	ActSetStatus   MacroActKind = "SET_STATUS"   // moves the ticket
	ActSetPriority MacroActKind = "SET_PRIORITY" // says how urgent it is
	ActAssign      MacroActKind = "ASSIGN"       // gives it to somebody, or to nobody
	ActSetTeam     MacroActKind = "SET_TEAM"     // gives it to a team, or to none
)

// MarshalGQL writes the value.
func (e MacroActKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *MacroActKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ActReply, ActNote, ActSetStatus, ActSetPriority, ActAssign, ActSetTeam)
	return err
}

// MacroTarget is whom a macro gives a ticket to, where it names nobody.
type MacroTarget string

// The values of MacroTarget.
const (
	TargetMe     MacroTarget = "ME"     // who applies it
	TargetNobody MacroTarget = "NOBODY" // nobody
)

// MarshalGQL writes the value.
func (e MacroTarget) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *MacroTarget) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, TargetMe, TargetNobody)
	return err
}
