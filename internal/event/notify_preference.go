package event

import "github.com/google/uuid"

// NotificationPreferencesChanged is told when a person chose what he wants to be
// told, where and when, so that his other devices show it.
type NotificationPreferencesChanged struct {
	UserID  uuid.UUID `json:"userId"`
	Changed []string  `json:"changed"` // choices, quietHours, digests
}

// Kind implements Fact.
func (NotificationPreferencesChanged) Kind() string { return "notification.preferences_changed" }

// Subject implements Fact.
func (f NotificationPreferencesChanged) Subject() (string, uuid.UUID) { return "usr", f.UserID }
