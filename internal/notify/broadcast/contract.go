package broadcast

import (
	"io"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	entbroadcast "kabinet/ent/generated/broadcast"
	"kabinet/internal/fault"
	"kabinet/internal/notify"
	"kabinet/internal/scalar"
)

// The inputs, enums and views of the SDL that this room takes and gives; field
// by field they are described in schema/notify_broadcast.graphqls.

// SegmentFilter says who is in a segment, in inputs and in answers.
type SegmentFilter struct {
	Locales      []string
	Regions      []string
	Interests    []string
	Tiers        []string
	Clubs        []string
	UserIDs      []scalar.ID
	Spent        *SegmentSpending
	Orders       *SegmentOrders
	Bought       *SegmentProducts
	Viewed       *SegmentProducts
	Wishes       *SegmentProducts
	Searched     []string
	ActiveDays   *int
	InactiveDays *int
	JoinedDays   *SegmentDays
	BirthdayDays *int
	NotIn        []scalar.ID
}

// SegmentSpending bounds what was spent.
type SegmentSpending struct {
	Currency string
	Min      *string
	Max      *string
	Days     *int
}

// SegmentOrders bounds a number of orders.
type SegmentOrders struct {
	Min  *int
	Max  *int
	Days *int
}

// SegmentDays bounds a number of days.
type SegmentDays struct {
	Min *int
	Max *int
}

// SegmentProducts names products and categories.
type SegmentProducts struct {
	ProductIDs []scalar.ID
	Categories []string
	Days       *int
}

// SaveSegmentInput is the input of saveSegment. With an id, an absent field is unchanged.
type SaveSegmentInput struct {
	ID          *scalar.ID
	Revision    *int
	Name        *string
	Description graphql.Omittable[*string]
	Filter      *SegmentFilter
}

// DeleteSegmentInput is the input of deleteSegment.
type DeleteSegmentInput struct{ ID scalar.ID }

// BroadcastText is a text in one language, in inputs and in answers.
type BroadcastText struct {
	Locale string
	Title  string
	Body   string
}

// SaveBroadcastInput is the input of saveBroadcast. With an id, an absent field is unchanged.
type SaveBroadcastInput struct {
	ID        *scalar.ID
	Revision  *int
	Name      *string
	Type      *string
	SegmentID graphql.Omittable[*scalar.ID]
	Filter    graphql.Omittable[*SegmentFilter]
	Severity  *entbroadcast.Severity
	Texts     []BroadcastText
	URL       graphql.Omittable[*string]
	Actions   []*notify.NotificationActionInput
	Channels  []Channel
}

// BroadcastAction is something to choose in a broadcast.
type BroadcastAction struct {
	Key    string
	Labels []*BroadcastActionLabel
	URL    *string
	Style  notify.NotificationActionStyle
}

// BroadcastActionLabel is what an action is called in a language.
type BroadcastActionLabel struct{ Locale, Text string }

// StartBroadcastInput is the input of startBroadcast.
type StartBroadcastInput struct {
	ID            scalar.ID
	Revision      int
	ExpectedTotal int
	Tolerance     *int
	StartsAt      *time.Time
}

// PauseBroadcastInput is the input of pauseBroadcast.
type PauseBroadcastInput struct{ ID scalar.ID }

// ResumeBroadcastInput is the input of resumeBroadcast.
type ResumeBroadcastInput struct{ ID scalar.ID }

// CancelBroadcastInput is the input of cancelBroadcast.
type CancelBroadcastInput struct{ ID scalar.ID }

// BroadcastFilter narrows a list of broadcasts.
type BroadcastFilter struct {
	Status    []entbroadcast.Status
	Type      *string
	SegmentID *scalar.ID
}

// SegmentSize is how many customers a choice has.
type SegmentSize struct {
	Total    int
	Channels []*SegmentReach
}

// SegmentReach is how many of them a channel reaches.
type SegmentReach struct {
	Channel   Channel
	Reached   int
	NotWanted int
	NoConsent int
	NoAddress int
}

// BroadcastProgress is how far a broadcast is.
type BroadcastProgress struct {
	Total, Done, Skipped, Percent, PerMinute int
}

// BroadcastResult is what became of a broadcast on one channel.
type BroadcastResult struct {
	Channel                                                             Channel
	Planned, Sent, Delivered, Opened, Clicked, Waiting, Skipped, Failed int
}

// Page is the place and size of a page.
type Page struct {
	After, Before *entgql.Cursor[uuid.UUID]
	First, Last   *int
}

// Channel is where notifications come to people.
type Channel string

// MarshalGQL writes the value.
func (c Channel) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, c) }

// UnmarshalGQL reads a value.
func (c *Channel) UnmarshalGQL(v any) (err error) {
	*c, err = scalar.ReadEnum[Channel](v, "IN_APP", "EMAIL", "SMS", "TELEGRAM", "WHATSAPP", "WEB_PUSH", "MOBILE_PUSH")
	return err
}

// What this room says no with, beside the faults of package fault.
var (
	// ErrAudienceChanged: params.expected, params.actual.
	ErrAudienceChanged = fault.New(fault.Refused, "AUDIENCE_CHANGED")
	// ErrSegmentInUse: params.segments and params.broadcasts are the ids.
	ErrSegmentInUse = fault.New(fault.Refused, "SEGMENT_IN_USE")
	// ErrSegmentCycle: the segment would leave out itself, or params.limit is passed.
	ErrSegmentCycle = fault.New(fault.Refused, "SEGMENT_CYCLE")
	// ErrIllegalTransition: params.fromState, params.toState.
	ErrIllegalTransition = fault.New(fault.Refused, "ILLEGAL_TRANSITION")
	// ErrNotDismissible: the announcement stays in sight.
	ErrNotDismissible = fault.New(fault.Refused, "ANNOUNCEMENT_STAYS")
	// ErrTooManyItems: params.limit are there already.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrAlreadyTaken: another one has the name.
	ErrAlreadyTaken = fault.New(fault.Refused, "ALREADY_TAKEN")
)
