package clock

import (
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/clockevent"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL, bound by name; field by field they are
// described in schema/support_clock.graphqls.

var (
	// ErrTooManyItems says that params.limit are there already.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrCalendarInUse refuses to delete a calendar that a service level in
	// force goes by; params.serviceLevels are their ids.
	ErrCalendarInUse = fault.New(fault.Refused, "CALENDAR_IN_USE")
)

// Page is the arguments of a connection.
type Page struct {
	After, Before *scalar.Cursor
	First, Last   *int
}

// SaveServiceLevelInput is the input of saveServiceLevel.
type SaveServiceLevelInput struct {
	ID                *scalar.ID
	Version           *int
	Name              string
	Position          *int
	Condition         *string
	FirstReplySeconds *int
	NextReplySeconds  *int
	ResolveSeconds    *int
	WarnSeconds       *int
	Pauses            []entticket.StatusReason
	CalendarID        *scalar.ID
}

// DeleteServiceLevelInput is the input of deleteServiceLevel.
type DeleteServiceLevelInput struct {
	ID scalar.ID
}

// SaveBusinessCalendarInput is the input of saveBusinessCalendar.
type SaveBusinessCalendarInput struct {
	ID        *scalar.ID
	Version   *int
	Name      string
	TimeZone  string
	Intervals []*BusinessIntervalInput
	Holidays  []*BusinessHolidayInput
}

// BusinessIntervalInput is a stretch of working time of a day of the week.
type BusinessIntervalInput struct {
	Day      int
	From, To string
}

// BusinessHolidayInput is a day that differs.
type BusinessHolidayInput struct {
	On        string
	Name      *string
	Intervals []*BusinessHoursInput
}

// BusinessHoursInput is a stretch of working time of a day that differs.
type BusinessHoursInput struct {
	From, To string
}

// DeleteBusinessCalendarInput is the input of deleteBusinessCalendar.
type DeleteBusinessCalendarInput struct {
	ID scalar.ID
}

// TicketServiceLevel is how the promises of a ticket stand.
type TicketServiceLevel struct {
	LevelID *scalar.ID
	Name    string
	Status  entticket.LevelStatus
	Targets []*TicketServiceTarget
}

// TicketServiceTarget is how the last round of one promise stands.
type TicketServiceTarget struct {
	Target       clockevent.Target
	Round        int
	Status       entticket.LevelStatus
	Seconds      *int
	SpentSeconds int
	DueAt        *time.Time
}

// standing is a ticket's clock as it is read for a list.
type standing struct {
	state State
	book  *book
	keys  map[uuid.UUID]uuid.UUID // of levels, by version
}
