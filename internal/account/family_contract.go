package account

import (
	"io"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/scalar"
)

// The inputs and views of families; field by field they are described in
// schema/.

// FamilyRole is what a member of a family may do.
type FamilyRole string

// The values of FamilyRole.
const (
	FamilyRoleHolder  FamilyRole = "HOLDER"  // everything
	FamilyRoleSpender FamilyRole = "SPENDER" // sees and spends
	FamilyRoleMember  FamilyRole = "MEMBER"  // sees
)

// MarshalGQL writes the value.
func (e FamilyRole) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *FamilyRole) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, FamilyRoleHolder, FamilyRoleSpender, FamilyRoleMember)
	return err
}

// Family is a family as one of its members sees it.
type Family struct {
	// The id, com_…
	ID scalar.ID
	// Its name.
	Name string
	// The caller's role.
	Role FamilyRole
	// Whether the caller's own orders earn into the shared card.
	EarnToFamily bool
	// Who belongs to it, first come first.
	Members []*FamilyMember
}

// FamilyMember is a person in a family, as the others see him.
type FamilyMember struct {
	// The id of the membership, mbr_…
	ID scalar.ID
	// How the person is addressed.
	DisplayName string
	// What he may do.
	Role FamilyRole
	// Whether it is the caller.
	IsMe bool
	// Since when.
	JoinedAt time.Time

	user uuid.UUID
}

// FamilyCard is the balance of a family's card in one programme.
type FamilyCard struct {
	// The account's id, acc_…
	AccountID scalar.ID
	// The programme's id, prog_…
	ProgramID scalar.ID
	// The programme's name, in the caller's language.
	ProgramName string
	// Points owned.
	Balance int64
	// Points that can be spent now.
	Available int64
	// Points on their way.
	Pending int64
}

// FamilyInvitation is an invitation as whoever may see it does.
type FamilyInvitation struct {
	// The id, inv_…
	ID scalar.ID
	// The family's id, com_…
	FamilyID scalar.ID
	// The family's name.
	FamilyName string
	// The role offered.
	Role FamilyRole
	// Who invites, as he is addressed.
	InviterName string
	// The address invited; shown to holders.
	Email *string
	// When it was made.
	CreatedAt time.Time
	// When it can no longer be accepted.
	ExpiresAt time.Time

	email *string
}

// CreateFamilyInput is the input of createFamily.
type CreateFamilyInput struct {
	// Its name.
	Name string
}

// InviteToFamilyInput is the input of inviteToFamily.
type InviteToFamilyInput struct {
	// The family.
	FamilyID scalar.ID
	// Whoever proves this address may accept.
	Email *string
	// This person may accept.
	UserID *scalar.ID
	// The role offered.
	Role *FamilyRole
}

// WithdrawFamilyInvitationInput is the input of withdrawFamilyInvitation.
type WithdrawFamilyInvitationInput struct {
	// The invitation.
	InvitationID scalar.ID
}

// AcceptFamilyInvitationInput is the input of acceptFamilyInvitation.
type AcceptFamilyInvitationInput struct {
	// The invitation.
	InvitationID scalar.ID
	// Whether the caller's own orders earn into the shared card.
	EarnToFamily *bool
}

// DeclineFamilyInvitationInput is the input of declineFamilyInvitation.
type DeclineFamilyInvitationInput struct {
	// The invitation.
	InvitationID scalar.ID
}

// ChangeFamilyRoleInput is the input of changeFamilyRole.
type ChangeFamilyRoleInput struct {
	// The member.
	MemberID scalar.ID
	// The new role.
	Role FamilyRole
}

// RemoveFamilyMemberInput is the input of removeFamilyMember.
type RemoveFamilyMemberInput struct {
	// The member.
	MemberID scalar.ID
}

// LeaveFamilyInput is the input of leaveFamily.
type LeaveFamilyInput struct {
	// The family.
	FamilyID scalar.ID
}

// UpdateFamilySettingsInput is the input of updateFamilySettings.
type UpdateFamilySettingsInput struct {
	// The family.
	FamilyID scalar.ID
	// The family's name.
	Name *string
	// Whether the caller's own orders earn into the shared card.
	EarnToFamily *bool
}
