package event

import "github.com/google/uuid"

// NotificationAdded is told when an item enters a person's feed.
type NotificationAdded struct {
	NotificationID uuid.UUID `json:"notificationId"`
	Topic          string    `json:"topic"`
	Type           string    `json:"type"`
	Silent         bool      `json:"silent,omitempty"` // archived from the start: not wanted in the feed
	UnreadCount    int64     `json:"unreadCount"`
}

// NotificationsChanged is told of each change of items, so that all devices
// are in step. Of seen, all_read, read_archived and withdrawn it is about all
// up to and with the one that is named; of the others about that one.
type NotificationsChanged struct {
	NotificationID uuid.UUID `json:"notificationId"`
	Change         string    `json:"change"`           // seen, read, unread, all_read, archived, unarchived, read_archived, snoozed, returned, interacted, completed, reverted, withdrawn
	Topics         []string  `json:"topics,omitempty"` // of all_read and read_archived: those alone
	Action         string    `json:"action,omitempty"` // of completed and reverted: its key
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
