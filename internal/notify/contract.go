package notify

import (
	"time"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/scalar"
)

// The inputs and enums of the SDL that this domain takes; field by field they
// are described in schema/.

// AccountEvent is a message of accountEvents.
type AccountEvent struct {
	// The place to resume after.
	Cursor string
	// What happened, such as order.placed; null in progress messages.
	Kind *string
	// The object it happened to.
	SubjectID *scalar.ID
	// When it happened.
	OccurredAt *time.Time
	// The facts: ids, changed fields, counters after.
	Payload map[string]any
	// How many notifications are unread after it, where it changed that.
	UnreadCount *int
}

// ArchiveNotificationInput is the input of archiveNotification.
type ArchiveNotificationInput struct {
	// The notification.
	ID scalar.ID
}

// MarkAllNotificationsReadInput is the input of markAllNotificationsRead.
type MarkAllNotificationsReadInput struct {
	// Up to and with this one; all when absent.
	UpTo *scalar.ID
}

// MarkNotificationReadInput is the input of markNotificationRead.
type MarkNotificationReadInput struct {
	// The notification.
	ID scalar.ID
}

// MarkNotificationUnreadInput is the input of markNotificationUnread.
type MarkNotificationUnreadInput struct {
	// The notification.
	ID scalar.ID
}

// MarkNotificationsSeenInput is the input of markNotificationsSeen.
type MarkNotificationsSeenInput struct {
	// Up to and with this one.
	UpTo scalar.ID
}

// NotificationAdded is a message of notificationAdded.
type NotificationAdded struct {
	// The place to resume after.
	Cursor string
	// How many are unread after it.
	UnreadCount int
	// The notification; null only in progress messages, which are asked for.
	Notification *ent.Notification
}

// NotificationFilter narrows a feed.
type NotificationFilter struct {
	// About one of these.
	Topics []entnotification.Topic
	// Unread ones only.
	Unread *bool
	// Archived ones in place of the rest.
	Archived *bool
}
