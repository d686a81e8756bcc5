package notify

import (
	"io"

	"kabinet/internal/scalar"
)

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
