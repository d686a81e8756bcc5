package event

import "github.com/google/uuid"

// ManagerChanged is told to a customer who is given a personal manager, another
// one, or none any more.
type ManagerChanged struct {
	UserID    uuid.UUID  `json:"userId"`
	ManagerID *uuid.UUID `json:"managerId,omitempty"`
	FormerID  *uuid.UUID `json:"formerId,omitempty"`
}

// Kind implements Fact.
func (ManagerChanged) Kind() string { return "account.manager_changed" }

// Subject implements Fact.
func (f ManagerChanged) Subject() (string, uuid.UUID) { return "usr", f.UserID }
