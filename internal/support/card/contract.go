package card

import (
	"io"
	"time"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/scalar"

	ent "kabinet/ent/generated"
	entuser "kabinet/ent/generated/user"
)

// SaveCustomerNoteInput is the input of saveCustomerNote.
type SaveCustomerNoteInput struct {
	ID       *scalar.ID
	Revision *int
	UserID   *scalar.ID
	Body     *string
	Pinned   *bool
	ClientID *string
}

// DeleteCustomerNoteInput is the input of deleteCustomerNote.
type DeleteCustomerNoteInput struct{ ID scalar.ID }

// SaveCardSourceInput is the input of saveCardSource.
type SaveCardSourceInput struct {
	ID            *scalar.ID
	Revision      *int
	Name          *string
	URL           *string
	TTLSeconds    *int
	TimeoutMillis *int
	Position      *int
	Enabled       *bool
	NewSecret     *bool
}

// DeleteCardSourceInput is the input of deleteCardSource.
type DeleteCardSourceInput struct{ ID scalar.ID }

// RefreshOutsideCardsInput is the input of refreshOutsideCards.
type RefreshOutsideCardsInput struct {
	UserID    scalar.ID
	SourceIds []scalar.ID
}

// SetPersonalManagerInput is the input of setPersonalManager.
type SetPersonalManagerInput struct {
	UserID    scalar.ID
	ManagerID *scalar.ID
}

// ShareManagerContactsInput is the input of shareManagerContacts.
type ShareManagerContactsInput struct{ ContactPointIds []scalar.ID }

// SupportPeriod are days of a calendar, both with.
type SupportPeriod struct{ From, To string }

// SupportStatisticsFilter narrows the figures.
type SupportStatisticsFilter struct {
	TeamID     *scalar.ID
	OperatorID *scalar.ID
}

// SupportGroup is by what figures are divided.
type SupportGroup string

// The values of SupportGroup.
const (
	ByDay      SupportGroup = "DAY"
	ByWeek     SupportGroup = "WEEK"
	ByMonth    SupportGroup = "MONTH"
	ByTeam     SupportGroup = "TEAM"
	ByOperator SupportGroup = "OPERATOR"
	ByKind     SupportGroup = "KIND"
	ByChannel  SupportGroup = "CHANNEL"
)

// MarshalGQL writes the value.
func (g SupportGroup) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, g) }

// UnmarshalGQL reads a value.
func (g *SupportGroup) UnmarshalGQL(v any) (err error) {
	*g, err = scalar.ReadEnum(v, ByDay, ByWeek, ByMonth, ByTeam, ByOperator, ByKind, ByChannel)
	return err
}

// PersonalManager is who looks after a customer, as the customer sees him.
type PersonalManager struct {
	ID       scalar.ID
	Name     string
	Contacts []*ManagerContact
	User     *ent.User // for his picture
}

// ManagerContact is an address or number that a manager shares.
type ManagerContact struct {
	Kind  contactpoint.Kind
	Value string
}

// CustomerCompany is a company or family that a customer is in.
type CustomerCompany struct {
	ID       scalar.ID
	Name     string
	RoleName string
	IsFamily bool
}

// CustomerSpending is what a customer spent in one currency.
type CustomerSpending struct {
	Orders int
	Amount scalar.Money
}

// CustomerTickets is how many tickets a customer has.
type CustomerTickets struct{ Total, Open, Snoozed int }

// CustomerOutsideCard is what an address of the business told of a customer.
type CustomerOutsideCard struct {
	SourceID   scalar.ID
	SourceName string
	Title      *string
	Rows       []*CustomerOutsideRow
	Link       *string
	FetchedAt  *time.Time
	ExpiresAt  *time.Time
	IsFetching bool
	Error      *string
	FailedAt   *time.Time
}

// CustomerOutsideRow is a row of an outside card.
type CustomerOutsideRow struct {
	Label, Value string
	Link         *string
}

// SupportTimes is how long something took.
type SupportTimes struct {
	Count                   int
	AverageSeconds          *int
	MedianSeconds           *int
	WithinTargetBasisPoints *int
}

// SupportBreaches is how often targets were missed.
type SupportBreaches struct{ FirstReply, NextReply, Resolution int }

// SupportSatisfaction is how content customers were.
type SupportSatisfaction struct {
	Answers         int
	Average         *string
	GoodBasisPoints *int
}

// SupportFigures are the figures of support of one group.
type SupportFigures struct {
	Opened, Closed, Reopened, Replies int
	FirstReply, Resolution            *SupportTimes
	Breaches                          *SupportBreaches
	Satisfaction                      *SupportSatisfaction
}

// SupportFiguresGroup is one group with its figures.
type SupportFiguresGroup struct {
	Key, Label string
	Figures    *SupportFigures
}

// CustomerCard is what staff should know of a customer; its parts are read as
// they are asked for. Allowed says which resources the caller's role reads.
type CustomerCard struct {
	cards *Cards
	row   *ent.User
	once  figuresOnce
}

// UserID is whose card it is.
func (c *CustomerCard) UserID() scalar.ID { return c.row.GlobalID() }

// DisplayName is how the customer is addressed.
func (c *CustomerCard) DisplayName() string { return c.row.DisplayName }

// Kind is a person or a business.
func (c *CustomerCard) Kind() entuser.Kind { return c.row.Kind }

// Status says whether the account is in use.
func (c *CustomerCard) Status() entuser.Status { return c.row.Status }

// Locale is the language the customer chose.
func (c *CustomerCard) Locale() string { return c.row.Locale }

// TimeZone is where the customer's days begin.
func (c *CustomerCard) TimeZone() string { return c.row.TimeZone }

// Since is when the account was made.
func (c *CustomerCard) Since() time.Time { return c.row.CreatedAt }
