package event

import "github.com/google/uuid"

// ContactConfirmed is told when a person proves an address.
type ContactConfirmed struct {
	UserID         uuid.UUID `json:"userId"`
	ContactPointID uuid.UUID `json:"contactPointId"`
	Registered     bool      `json:"registered,omitempty"` // it completed the registration
}

// SignedIn is told when a session begins.
type SignedIn struct {
	UserID    uuid.UUID `json:"userId"`
	SessionID uuid.UUID `json:"sessionId"`
	NewDevice bool      `json:"newDevice,omitempty"`
}

// SessionsEnded is told when sessions are ended before their time.
type SessionsEnded struct {
	UserID     uuid.UUID   `json:"userId"`
	SessionIDs []uuid.UUID `json:"sessionIds"`
}

// ProfileUpdated is told when profile, preferences or addresses change.
type ProfileUpdated struct {
	UserID  uuid.UUID `json:"userId"`
	Changed []string  `json:"changed"`
}

// Kind implements Fact.
func (ContactConfirmed) Kind() string { return "account.contact_confirmed" }

// Subject implements Fact.
func (f ContactConfirmed) Subject() (string, uuid.UUID) { return "usr", f.UserID }

// Kind implements Fact.
func (SignedIn) Kind() string { return "account.signed_in" }

// Subject implements Fact.
func (f SignedIn) Subject() (string, uuid.UUID) { return "usr", f.UserID }

// Kind implements Fact.
func (SessionsEnded) Kind() string { return "account.sessions_ended" }

// Subject implements Fact.
func (f SessionsEnded) Subject() (string, uuid.UUID) { return "usr", f.UserID }

// Kind implements Fact.
func (ProfileUpdated) Kind() string { return "account.profile_updated" }

// Subject implements Fact.
func (f ProfileUpdated) Subject() (string, uuid.UUID) { return "usr", f.UserID }
