package preference

import (
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/scalar"
)

// UpdateNotificationTypeInput is the input of updateNotificationType. An absent
// field is unchanged; null is as compiled in, or none.
type UpdateNotificationTypeInput struct {
	Type         string
	Revision     int
	Active       graphql.Omittable[*bool]
	Required     graphql.Omittable[*bool]
	Commercial   graphql.Omittable[*bool]
	Channels     graphql.Omittable[[]NotificationChannel]
	Throttle     graphql.Omittable[*NotificationThrottleInput]
	Batch        graphql.Omittable[*NotificationBatchInput]
	Escalation   graphql.Omittable[[]*NotificationEscalationInput]
	ExpiresIn    graphql.Omittable[*int]
	Translations graphql.Omittable[[]*scalar.Translation]
	Variables    graphql.Omittable[[]string]
}

// CreateNotificationTypeInput is the input of createNotificationType.
type CreateNotificationTypeInput struct {
	Type         string
	Topic        entnotification.Topic
	Translations []*scalar.Translation
	Commercial   *bool
	Channels     []NotificationChannel
	Variables    []string
}

// DeleteNotificationTypeInput is the input of deleteNotificationType.
type DeleteNotificationTypeInput struct{ Type string }

// NotificationThrottleInput bounds how many messages a person gets.
type NotificationThrottleInput struct{ Limit, Seconds int }

// NotificationBatchInput is how messages are gathered.
type NotificationBatchInput struct {
	Kind            NotificationWindow
	Seconds         int
	LimitSeconds    *int
	MaxItems        *int
	LeadImmediately *bool
}

// NotificationEscalationInput is a step of an escalation.
type NotificationEscalationInput struct {
	Channel NotificationChannel
	After   int
	Unless  *NotificationUse
}

// NotificationType is a type with what the House says about it.
type NotificationType struct {
	Type         string
	Topic        entnotification.Topic
	Name         string
	Translations []*scalar.Translation
	Severity     entnotification.Severity
	Own          bool
	ForStaff     bool
	LettersApart bool
	Active       bool
	Required     bool
	Commercial   bool
	Channels     []NotificationChannel
	Variables    []string
	Throttle     *NotificationThrottle
	Batch        *NotificationBatch
	Escalation   []*NotificationEscalation
	ExpiresIn    *int
	Revision     int
	UpdatedAt    *time.Time
}

// NotificationThrottle bounds how many messages a person gets.
type NotificationThrottle struct{ Limit, Seconds int }

// NotificationBatch is how messages are gathered.
type NotificationBatch struct {
	Kind            NotificationWindow
	Seconds         int
	LimitSeconds    *int
	MaxItems        int
	LeadImmediately bool
}

// NotificationEscalation is a step of an escalation.
type NotificationEscalation struct {
	Channel NotificationChannel
	After   int
	Unless  NotificationUse
}

// NotificationWindow is of which kind a window is.
type NotificationWindow string

// MarshalGQL writes the value.
func (e NotificationWindow) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *NotificationWindow) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[NotificationWindow](v, Fixed, Sliding)
	return err
}

// NotificationUse is what became of a message, for an escalation.
type NotificationUse string

// UnlessRead and UnlessDelivered are the values of NotificationUse.
const (
	UnlessRead      = "READ"
	UnlessDelivered = "DELIVERED"
)

// MarshalGQL writes the value.
func (e NotificationUse) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *NotificationUse) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[NotificationUse](v, UnlessRead, UnlessDelivered)
	return err
}
