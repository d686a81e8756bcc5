package broadcast

import (
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	ent "kabinet/ent/generated"
	entannouncement "kabinet/ent/generated/announcement"
	"kabinet/internal/scalar"
)

// SaveAnnouncementInput is the input of saveAnnouncement. With an id, an absent field is unchanged.
type SaveAnnouncementInput struct {
	ID          *scalar.ID
	Revision    *int
	Severity    *entannouncement.Severity
	Audience    *entannouncement.Audience
	Texts       []BroadcastText
	URL         graphql.Omittable[*string]
	Dismissible *bool
	StartsAt    *time.Time
	EndsAt      graphql.Omittable[*time.Time]
}

// WithdrawAnnouncementInput is the input of withdrawAnnouncement.
type WithdrawAnnouncementInput struct{ ID scalar.ID }

// MarkAnnouncementReadInput is the input of markAnnouncementRead.
type MarkAnnouncementReadInput struct{ ID scalar.ID }

// DismissAnnouncementInput is the input of dismissAnnouncement.
type DismissAnnouncementInput struct{ ID scalar.ID }

// AnnouncementFilter narrows a list of announcements.
type AnnouncementFilter struct {
	Status   []AnnouncementStatus
	Audience []entannouncement.Audience
}

// AnnouncementStatus is how an announcement stands: worked out of its times.
type AnnouncementStatus string

// The values of AnnouncementStatus.
const (
	AnnouncementScheduled AnnouncementStatus = "SCHEDULED"
	AnnouncementCurrent   AnnouncementStatus = "CURRENT"
	AnnouncementEnded     AnnouncementStatus = "ENDED"
	AnnouncementWithdrawn AnnouncementStatus = "WITHDRAWN"
)

// MarshalGQL writes the value.
func (e AnnouncementStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *AnnouncementStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, AnnouncementScheduled, AnnouncementCurrent, AnnouncementEnded, AnnouncementWithdrawn)
	return err
}

// AnnouncementChange is what happened to an announcement.
type AnnouncementChange string

// The values of AnnouncementChange.
const (
	ChangeAdded   AnnouncementChange = "ADDED"
	ChangeChanged AnnouncementChange = "CHANGED"
	ChangeRemoved AnnouncementChange = "REMOVED"
)

// MarshalGQL writes the value.
func (e AnnouncementChange) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *AnnouncementChange) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ChangeAdded, ChangeChanged, ChangeRemoved)
	return err
}

// AnnouncementAdded is a message of announcementAdded.
type AnnouncementAdded struct {
	Cursor         string
	Change         *AnnouncementChange
	AnnouncementID *scalar.ID
	Announcement   *ent.Announcement
	news           *news // what others hear too; nil in progress messages
}

// Marked is what a mark on an announcement gives.
type Marked struct {
	Announcement *ent.Announcement
	Unread       *int
}
