package event

import "github.com/google/uuid"

// AnnouncementChanged is told on the stream of announcements when one begins,
// changes, or is over.
type AnnouncementChanged struct {
	AnnouncementID uuid.UUID `json:"announcementId"`
	Change         string    `json:"change"`   // ADDED, CHANGED or REMOVED
	Audience       string    `json:"audience"` // EVERYBODY, CUSTOMERS, PARTNERS or STAFF
}

// AnnouncementMarked is told to a person when he has read an announcement or put
// it away, so that all his devices are in step.
type AnnouncementMarked struct {
	AnnouncementID uuid.UUID `json:"announcementId"`
	Change         string    `json:"change"` // read or dismissed
}

// Kind implements Fact.
func (AnnouncementChanged) Kind() string { return "announcement.changed" }

// Subject implements Fact.
func (f AnnouncementChanged) Subject() (string, uuid.UUID) { return "ann", f.AnnouncementID }

// Kind implements Fact.
func (AnnouncementMarked) Kind() string { return "announcement.marked" }

// Subject implements Fact.
func (f AnnouncementMarked) Subject() (string, uuid.UUID) { return "ann", f.AnnouncementID }
