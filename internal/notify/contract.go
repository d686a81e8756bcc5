package notify

import (
	"io"
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

// ArchiveNotificationsInput is the input of archiveNotifications.
type ArchiveNotificationsInput struct {
	// The notifications.
	Ids []scalar.ID
}

// ArchiveReadNotificationsInput is the input of archiveReadNotifications.
type ArchiveReadNotificationsInput struct {
	// Up to and with this one; all when absent.
	UpTo *scalar.ID
	// About one of these alone; all when absent.
	Topics []entnotification.Topic
}

// UnarchiveNotificationInput is the input of unarchiveNotification.
type UnarchiveNotificationInput struct {
	// The notification.
	ID scalar.ID
}

// SnoozeNotificationInput is the input of snoozeNotification.
type SnoozeNotificationInput struct {
	// The notification.
	ID scalar.ID
	// When it comes back.
	Until time.Time
}

// UnsnoozeNotificationInput is the input of unsnoozeNotification.
type UnsnoozeNotificationInput struct {
	// The notification.
	ID scalar.ID
}

// MarkNotificationInteractedInput is the input of markNotificationInteracted.
type MarkNotificationInteractedInput struct {
	// The notification.
	ID scalar.ID
}

// CompleteNotificationActionInput is the input of completeNotificationAction.
type CompleteNotificationActionInput struct {
	// The notification.
	ID scalar.ID
	// The key of one of its actions.
	Action string
}

// RevertNotificationActionInput is the input of revertNotificationAction.
type RevertNotificationActionInput struct {
	// The notification.
	ID scalar.ID
}

// MarkAllNotificationsReadInput is the input of markAllNotificationsRead.
type MarkAllNotificationsReadInput struct {
	// Up to and with this one; all when absent.
	UpTo *scalar.ID
	// About one of these alone; all when absent.
	Topics []entnotification.Topic
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
	// Of one of these types.
	Types []string
	// Of one of these.
	Severities []entnotification.Severity
	// Unread ones only; false: read ones only.
	Unread *bool
	// Seen ones only; false: those that were not shown yet.
	Seen *bool
	// Archived ones in place of the rest.
	Archived *bool
	// The same with a third choice; it goes before archived.
	Archive *Inclusion
	// Whether those that are snoozed are among them.
	Snoozed *Inclusion
	// Those of one group.
	GroupKey *string
	// About this object.
	SubjectID *scalar.ID
	// Made at this time or later.
	CreatedFrom *time.Time
	// Made before this time.
	CreatedTo *time.Time
}

// NamedNotificationFilter is a filter whose count is given back by a name.
type NamedNotificationFilter struct {
	// What the caller calls it.
	Name string
	// Which of the unread ones are counted; all when absent.
	Filter *NotificationFilter
}

// NotificationCount is how many notifications a filter lets through.
type NotificationCount struct {
	// What the caller called the filter.
	Name string
	// How many, 100 at most.
	Count int
	// Whether there are more than that.
	HasMore bool
}

// NotificationGroup is what stands under one heading in the feed.
type NotificationGroup struct {
	// What its items have in common; null for one that stands alone.
	Key *string
	// How many there are.
	Count int
	// How many of them are unread.
	UnreadCount int
	// The latest of them.
	Latest *ent.Notification
}

// NotificationGroupEdge is a group and its place.
type NotificationGroupEdge struct {
	// The group.
	Node *NotificationGroup
	// Its place.
	Cursor scalar.Cursor
}

// NotificationGroupConnection is a page of groups.
type NotificationGroupConnection struct {
	// The groups with their cursors.
	Edges []*NotificationGroupEdge
	// The groups.
	Nodes []*NotificationGroup
	// Where the page stands.
	PageInfo ent.PageInfo
	// How many there are in all.
	TotalCount int
}

// NotificationAction is something to choose in a notification.
type NotificationAction struct {
	// What it is known by.
	Key string
	// What it says, in the caller's language.
	Label string
	// Where it leads.
	URL *string
	// How it is drawn.
	Style NotificationActionStyle
	// Whether it was chosen.
	IsCompleted bool
}

// NotificationChanged is a message of notificationChanged.
type NotificationChanged struct {
	// The place to resume after.
	Cursor string
	// How many are unread after it.
	UnreadCount int
	// What happened; null in progress messages.
	Change *NotificationChange
	// The one it happened to.
	NotificationID *scalar.ID
	// It happened to all up to and with this one.
	UpToID *scalar.ID
	// To those about these alone; to all when empty.
	Topics []entnotification.Topic
	// The key of the action that was chosen or taken back.
	Action *string
	// The notification as it is now.
	Notification *ent.Notification
}

// Inclusion says whether a kind of items is among the rest.
type Inclusion string

// The values of Inclusion.
const (
	Exclude Inclusion = "EXCLUDE"
	Only    Inclusion = "ONLY"
	Include Inclusion = "INCLUDE"
)

// MarshalGQL writes the value.
func (e Inclusion) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *Inclusion) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, Exclude, Only, Include)
	return err
}

// NotificationActionStyle is how an action is drawn.
type NotificationActionStyle string

// The values of NotificationActionStyle.
const (
	StylePrimary   NotificationActionStyle = "PRIMARY"
	StyleSecondary NotificationActionStyle = "SECONDARY"
	StyleDanger    NotificationActionStyle = "DANGER"
)

// MarshalGQL writes the value.
func (e NotificationActionStyle) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *NotificationActionStyle) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, StylePrimary, StyleSecondary, StyleDanger)
	return err
}

// NotificationChange is what happened to notifications.
type NotificationChange string

// The values of NotificationChange.
const (
	ChangeSeen         NotificationChange = "SEEN"
	ChangeRead         NotificationChange = "READ"
	ChangeUnread       NotificationChange = "UNREAD"
	ChangeAllRead      NotificationChange = "ALL_READ"
	ChangeArchived     NotificationChange = "ARCHIVED"
	ChangeUnarchived   NotificationChange = "UNARCHIVED"
	ChangeReadArchived NotificationChange = "READ_ARCHIVED"
	ChangeSnoozed      NotificationChange = "SNOOZED"
	ChangeReturned     NotificationChange = "RETURNED"
	ChangeInteracted   NotificationChange = "INTERACTED"
	ChangeCompleted    NotificationChange = "COMPLETED"
	ChangeReverted     NotificationChange = "REVERTED"
	ChangeWithdrawn    NotificationChange = "WITHDRAWN"
)

// MarshalGQL writes the value.
func (e NotificationChange) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *NotificationChange) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ChangeSeen, ChangeRead, ChangeUnread, ChangeAllRead, ChangeArchived, ChangeUnarchived, ChangeReadArchived,
		ChangeSnoozed, ChangeReturned, ChangeInteracted, ChangeCompleted, ChangeReverted, ChangeWithdrawn)
	return err
}
