package template

import (
	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/delivery"
	"kabinet/internal/notify/preference"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL that this room takes and gives; field by
// field they are described in schema/notify_template.graphqls.

// NotificationTemplateFilter narrows a list of templates.
type NotificationTemplateFilter struct {
	Types    []string
	Channels []preference.NotificationChannel
	Locales  []string
}

// SaveNotificationTemplateInput is the input of saveNotificationTemplate.
type SaveNotificationTemplateInput struct {
	Type    string
	Channel preference.NotificationChannel
	Locale  string
	Version *int
	Title   *string
	Text    string
	HTML    *string
	Note    *string
}

// RevertNotificationTemplateInput is the input of revertNotificationTemplate.
type RevertNotificationTemplateInput struct {
	ID        scalar.ID
	Version   *int
	ToVersion *int
	Note      *string
}

// PreviewNotificationTemplateInput is the input of previewNotificationTemplate.
type PreviewNotificationTemplateInput struct {
	Type     string
	Channel  preference.NotificationChannel
	Locale   string
	TimeZone *string
	Title    *string
	Text     *string
	HTML     *string
	Params   map[string]any
}

// SendTestNotificationInput is the input of sendTestNotification.
type SendTestNotificationInput struct {
	Type     string
	Channel  delivery.Channel
	Locale   string
	TimeZone *string
	Title    *string
	Text     *string
	HTML     *string
	Params   map[string]any
}

// TestSent is what a test gives.
type TestSent struct {
	Sent    *int
	Preview *NotificationText
}

// NotificationWording is how notifications of a type read on a channel in a
// language.
type NotificationWording struct {
	Template  *ent.NotificationTemplate
	Compiled  *NotificationText
	Example   *NotificationText
	Variables []*NotificationVariable
}

// NotificationText is the words of a notification on a channel.
type NotificationText struct {
	Title *string
	Text  string
	HTML  *string
}

// NotificationVariable is what a template may name.
type NotificationVariable struct {
	Name   string
	Sample string
}

// Page is the place and size of a page.
type Page struct {
	After, Before *entgql.Cursor[uuid.UUID]
	First, Last   *int
}
