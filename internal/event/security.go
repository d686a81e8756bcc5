package event

import "github.com/google/uuid"

// SecurityChanged is told of every act that bears on who can get into an
// account. Device and Place are where it was done from.
type SecurityChanged struct {
	UserID uuid.UUID `json:"userId"`
	Change string    `json:"change"` // such as change_password: account.Change
	Device string    `json:"device,omitempty"`
	Place  string    `json:"place,omitempty"`
	Reason string    `json:"reason,omitempty"` // one of the change's list: security.<change>.reason.<reason>
}

// Kind implements Fact.
func (SecurityChanged) Kind() string { return "account.security_changed" }

// Subject implements Fact.
func (f SecurityChanged) Subject() (string, uuid.UUID) { return "usr", f.UserID }
