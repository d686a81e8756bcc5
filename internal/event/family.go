package event

import "github.com/google/uuid"

// FamilyMove is what all facts about families carry.
type FamilyMove struct {
	FamilyID uuid.UUID `json:"familyId"`
	Name     string    `json:"name"`
}

// Subject implements Fact.
func (m FamilyMove) Subject() (string, uuid.UUID) { return "com", m.FamilyID }

// FamilyInvited is told to a person who is invited into a family.
type FamilyInvited struct {
	FamilyMove
	InvitationID uuid.UUID `json:"invitationId"`
	Inviter      string    `json:"inviter"` // as he is addressed
}

// FamilyJoined is told to a family when somebody joins it.
type FamilyJoined struct {
	FamilyMove
	UserID uuid.UUID `json:"userId"`
	Member string    `json:"member"` // as he is addressed
	Role   string    `json:"role"`
}

// FamilyRoleChanged is told to a family and to the member who gets another role.
type FamilyRoleChanged struct {
	FamilyMove
	UserID uuid.UUID `json:"userId"`
	Role   string    `json:"role"`
}

// FamilyLeft is told to a family and to the person who left or was removed.
type FamilyLeft struct {
	FamilyMove
	UserID  uuid.UUID `json:"userId"`
	Removed bool      `json:"removed,omitempty"` // by a holder
}

// Kind implements Fact.
func (FamilyInvited) Kind() string { return "family.invited" }

// Kind implements Fact.
func (FamilyJoined) Kind() string { return "family.joined" }

// Kind implements Fact.
func (FamilyRoleChanged) Kind() string { return "family.role_changed" }

// Kind implements Fact.
func (FamilyLeft) Kind() string { return "family.left" }
