package preference

import (
	"io"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// The inputs, enums and answers of the SDL that this room takes and gives; field
// by field they are described in schema/notify_preference.graphqls.

// UpdateNotificationPreferencesInput is the input of updateNotificationPreferences.
type UpdateNotificationPreferencesInput struct{ Choices []*NotificationChoiceInput }

// UpdateNotificationPreferencesByLinkInput is the input of updateNotificationPreferencesByLink.
type UpdateNotificationPreferencesByLinkInput struct {
	Token   string
	Choices []*NotificationChoiceInput
}

// NotificationChoiceInput is one choice; Wanted nil takes it back.
type NotificationChoiceInput struct {
	Topic   *entnotification.Topic
	Type    *string
	Channel NotificationChannel
	Wanted  *bool
}

// SetQuietHoursInput is the input of setQuietHours; null takes them away.
type SetQuietHoursInput struct {
	QuietHours graphql.Omittable[*QuietHoursInput]
}

// QuietHoursInput is the whole of the quiet hours.
type QuietHoursInput struct {
	TimeZone *string
	Ranges   []*QuietRangeInput
}

// QuietRangeInput is one stretch of the wall clock.
type QuietRangeInput struct {
	Days     []Weekday
	From, To string
}

// SetNotificationDigestInput is the input of setNotificationDigest; Schedule nil
// takes the digest back.
type SetNotificationDigestInput struct {
	Topic    *entnotification.Topic
	Type     *string
	Channel  NotificationChannel
	Schedule *NotificationSchedule
	At       *string
	Day      *Weekday
}

// NotificationPreferences is what a person wants to be told, where and when.
type NotificationPreferences struct {
	Channels   []*NotificationChannelPreference
	topics     []*NotificationTopicPreferences
	QuietHours *QuietHours
	Digests    []*NotificationDigest
}

// NotificationChannelPreference is a channel as a whole.
type NotificationChannelPreference struct {
	Channel           NotificationChannel
	Chosen            *bool
	HasAddress        bool
	Consent           *bool
	ConsentDocumentID *scalar.ID
}

// NotificationTopicPreferences is a topic with its types.
type NotificationTopicPreferences struct {
	Topic   entnotification.Topic
	Name    string
	Choices []*NotificationTopicChoice
	Types   []*NotificationTypePreferences
}

// NotificationTopicChoice is what was chosen for a topic on a channel.
type NotificationTopicChoice struct {
	Channel NotificationChannel
	Chosen  *bool
}

// NotificationTypePreferences is a type over all channels.
type NotificationTypePreferences struct {
	Type, Name           string
	Commercial, Required bool
	preferences          []*NotificationPreference
}

// Topics are those named, or all.
func (p *NotificationPreferences) Topics(only []entnotification.Topic) []*NotificationTopicPreferences {
	return slices.DeleteFunc(slices.Clone(p.topics), func(t *NotificationTopicPreferences) bool { return only != nil && !slices.Contains(only, t.Topic) })
}

// Preferences are those on the channels named, or on all.
func (t *NotificationTypePreferences) Preferences(channels []NotificationChannel) []*NotificationPreference {
	return slices.DeleteFunc(slices.Clone(t.preferences), func(p *NotificationPreference) bool { return channels != nil && !slices.Contains(channels, p.Channel) })
}

// NotificationPreference is a type on a channel.
type NotificationPreference struct {
	Channel    NotificationChannel
	Wanted     bool
	Source     NotificationPreferenceSource
	Chosen     *bool
	Required   bool
	HasAddress bool
	Digest     *NotificationDigest
}

// QuietHours is when a person is left alone.
type QuietHours struct {
	TimeZone          *string
	EffectiveTimeZone string
	Ranges            []*QuietRange
	QuietUntil        *time.Time
}

// QuietRange is one stretch of the wall clock.
type QuietRange struct {
	Days     []Weekday
	From, To string
}

// NotificationDigest gathers notifications of a channel.
type NotificationDigest struct {
	Topic    *entnotification.Topic
	Type     *string
	Channel  NotificationChannel
	Schedule NotificationSchedule
	At       *string
	Day      *Weekday
	NextAt   *time.Time
}

// NotificationChannel is a channel in the SDL.
type NotificationChannel string

// MarshalGQL writes the value.
func (e NotificationChannel) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *NotificationChannel) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[NotificationChannel](v, InApp, Email, SMS, Telegram, WhatsApp, WebPush, MobilePush)
	return err
}

// NotificationSchedule is how often a digest goes.
type NotificationSchedule string

// MarshalGQL writes the value.
func (e NotificationSchedule) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *NotificationSchedule) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[NotificationSchedule](v, AtOnce, Hourly, Daily, Weekly)
	return err
}

// Weekday is a day of the week.
type Weekday string

// MarshalGQL writes the value.
func (e Weekday) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *Weekday) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[Weekday](v, "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
	return err
}

// MarshalGQL writes the value.
func (e NotificationPreferenceSource) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *NotificationPreferenceSource) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, SourceHouse, SourceAll, SourceTopic, SourceType, SourceRequired, SourceNoConsent, SourceInactive)
	return err
}

// What this room says no with, beside the faults of package fault.
var (
	// ErrNotificationRequired: params.type or params.topic, params.channel.
	ErrNotificationRequired = fault.New(fault.Refused, "NOTIFICATION_REQUIRED")
	// ErrQuietHoursEndless: params.limit minutes must be open at a stretch.
	ErrQuietHoursEndless = fault.New(fault.Refused, "QUIET_HOURS_ENDLESS")
	// ErrNotificationTypeBuiltIn: params.type is no type of the House's own.
	ErrNotificationTypeBuiltIn = fault.New(fault.Refused, "NOTIFICATION_TYPE_BUILT_IN")
	// ErrNotificationTypeInUse: params.rules, params.broadcasts.
	ErrNotificationTypeInUse = fault.New(fault.Refused, "NOTIFICATION_TYPE_IN_USE")
	// ErrTooManyChoices: params.limit are kept.
	ErrTooManyChoices = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrTypeTaken: params.value.
	ErrTypeTaken = fault.New(fault.Refused, "ALREADY_TAKEN")
	// ErrTwice says that one thing stands twice in a call.
	ErrTwice = fault.New(fault.Invalid, "DUPLICATE_KEY")
)
