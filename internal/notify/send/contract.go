package send

import (
	"time"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/reminder"
	"kabinet/internal/notify"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL that this room takes and gives; field by
// field they are described in schema/notify_send.graphqls.

// Page is the place and size of a page.
type Page struct {
	After, Before *entgql.Cursor[uuid.UUID]
	First, Last   *int
}

// NotificationWords is how a notification reads in a language.
type NotificationWords struct{ Locale, Title, Body string }

// NotificationWordsInput is how a notification reads in a language.
type NotificationWordsInput struct{ Locale, Title, Body string }

// NotificationRuleFilter narrows a list of rules.
type NotificationRuleFilter struct {
	Events []string
	Types  []string
	Active *bool
}

// NotificationRuleEvent is a kind of facts that rules may hear.
type NotificationRuleEvent struct {
	Kind      string
	Variables []*NotificationRuleVariable
	Texts     []string
}

// NotificationRuleVariable is what a condition may name.
type NotificationRuleVariable struct{ Name, Type, Description string }

// SaveNotificationRuleInput is the input of saveNotificationRule.
type SaveNotificationRuleInput struct {
	ID           *scalar.ID
	Version      *int
	Name         string
	Event        string
	Condition    *string
	Type         string
	Severity     *entnotification.Severity
	Texts        []*NotificationWordsInput
	URL          *string
	GroupKey     *string
	DelaySeconds *int
	Active       *bool
}

// DeleteNotificationRuleInput is the input of deleteNotificationRule.
type DeleteNotificationRuleInput struct{ ID scalar.ID }

// TestNotificationRuleInput is the input of testNotificationRule.
type TestNotificationRuleInput struct {
	RuleID     *scalar.ID
	Rule       *SaveNotificationRuleInput
	CustomerID scalar.ID
	EventID    *string
	Facts      map[string]any
}

// NotificationDraft is a notification that would be made.
type NotificationDraft struct {
	CustomerID scalar.ID
	Locale     string
	Title      string
	Body       string
	URL        *string
	GroupKey   *string
}

// SendNotificationInput is the input of sendNotification.
type SendNotificationInput struct {
	CustomerIds    []scalar.ID
	Externals      []*scalar.ExternalKey
	Type           string
	Severity       *entnotification.Severity
	Texts          []*NotificationWordsInput
	Params         map[string]any
	URL            *string
	Actions        []*notify.NotificationActionInput
	GroupKey       *string
	SubjectID      *scalar.ID
	IdempotencyKey string
	DryRun         *bool
}

// SaveReminderInput is the input of saveReminder. With an id, an absent field
// is unchanged.
type SaveReminderInput struct {
	ID         *scalar.ID
	Revision   *int
	Kind       *reminder.Kind
	Title      *string
	Note       graphql.Omittable[*string]
	SubjectID  *scalar.ID
	At         *string
	TimeZone   *string
	DaysBefore *int
	Repeats    *reminder.Repeats
}

// DeleteReminderInput is the input of deleteReminder.
type DeleteReminderInput struct{ ID scalar.ID }

// SentTo is what became of one customer.
type SentTo struct {
	CustomerID     *scalar.ID
	NotificationID *scalar.ID
	Err            error
}

// Sent is what sendNotification gives.
type Sent struct {
	Results  []SentTo
	Sent     *int
	Replayed *bool
}

// Tried is what testNotificationRule gives.
type Tried struct {
	Holds        *bool
	EventID      *string
	Notification *NotificationDraft
	Failure      *string
}

// moment is when something is, in UTC and microseconds as the database keeps it.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
