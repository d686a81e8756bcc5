package event

import "github.com/google/uuid"

// NotificationAdded is told when an item enters a person's feed.
type NotificationAdded struct {
	NotificationID uuid.UUID `json:"notificationId"`
	Topic          string    `json:"topic"`
	Type           string    `json:"type"`
	UnreadCount    int64     `json:"unreadCount"`
}

// NotificationsChanged is told when items are seen, read, unread or archived,
// so that all devices are in step.
type NotificationsChanged struct {
	NotificationID uuid.UUID `json:"notificationId"` // the one, or the last of those up to it
	Change         string    `json:"change"`         // seen, read, unread, archived, all_read
	UnreadCount    int64     `json:"unreadCount"`
}

// Kind implements Fact.
func (NotificationAdded) Kind() string { return "notification.added" }

// Subject implements Fact.
func (f NotificationAdded) Subject() (string, uuid.UUID) { return "ntf", f.NotificationID }

// WithUnread fills in the counter after it.
func (f NotificationAdded) WithUnread(n int64) Fact {
	f.UnreadCount = n
	return f
}

// Kind implements Fact.
func (NotificationsChanged) Kind() string { return "notification.changed" }

// Subject implements Fact.
func (f NotificationsChanged) Subject() (string, uuid.UUID) { return "ntf", f.NotificationID }

// WithUnread fills in the counter after it.
func (f NotificationsChanged) WithUnread(n int64) Fact {
	f.UnreadCount = n
	return f
}
