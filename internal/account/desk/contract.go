package desk

import (
	"io"

	"kabinet/ent/generated/contactpoint"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/scalar"
)

// The inputs and enums of the SDL that this part takes; field by field they
// are described in schema/account_desk.graphqls.

// UserFilter narrows a list of people.
type UserFilter struct {
	Email       *string             // whose address is exactly this, whatever the case
	Phone       *string             // whose number is this, with its country
	Login       *string             // whose login name is exactly this, whatever the case
	Name        *string             // whose display or family name begins so
	ExternalKey *scalar.ExternalKey // whom an outside system knows by this
	Status      []entuser.Status    // in one of these states
}

// NewContactPoint is an address or number to make a person with.
type NewContactPoint struct {
	Kind     contactpoint.Kind
	Value    string
	Verified *bool // by staff
}

// CreateUserInput is the input of createUser.
type CreateUserInput struct {
	DisplayName   string
	GivenName     *string
	FamilyName    *string
	MiddleName    *string
	BirthOn       *string
	Kind          *entuser.Kind
	ContactPoints []*NewContactPoint
	ExternalKey   *scalar.ExternalKey
	Locale        *string
	TimeZone      *string
}

// IssueCredentialsInput is the input of issueCredentials.
type IssueCredentialsInput struct {
	UserID scalar.ID
	Login  *string // the one wanted
}

// BlockUserInput is the input of blockUser.
type BlockUserInput struct {
	UserID scalar.ID
	Reason BlockReason
	Note   *string // for staff alone
}

// UnblockUserInput is the input of unblockUser.
type UnblockUserInput struct {
	UserID scalar.ID
	Note   *string
}

// EndUserSessionsInput is the input of endUserSessions.
type EndUserSessionsInput struct {
	UserID scalar.ID
}

// ResetSecondFactorInput is the input of resetSecondFactor.
type ResetSecondFactorInput struct {
	UserID scalar.ID
	Reason string
}

// ActForCustomerInput is the input of actForCustomer.
type ActForCustomerInput struct {
	UserID  scalar.ID
	Reason  string
	Minutes *int
}

// SaveRepresentationInput is the input of saveRepresentation.
type SaveRepresentationInput struct {
	RepresentativeID scalar.ID
	RepresentedID    scalar.ID
	Basis            RepresentationBasis
	DocumentNote     string
}

// EndRepresentationInput is the input of endRepresentation.
type EndRepresentationInput struct {
	RepresentationID scalar.ID
	Reason           *string
}

// BlockReason is why somebody is blocked.
type BlockReason string

// The values of BlockReason.
const (
	BlockReasonAccountTakenOver BlockReason = "ACCOUNT_TAKEN_OVER" // somebody else seems to use the account
	BlockReasonFraudSuspected   BlockReason = "FRAUD_SUSPECTED"
	BlockReasonTermsViolated    BlockReason = "TERMS_VIOLATED"
	BlockReasonPaymentDispute   BlockReason = "PAYMENT_DISPUTE"
	BlockReasonDataNotTrue      BlockReason = "DATA_NOT_TRUE" // what the person said about himself
	BlockReasonPersonAsked      BlockReason = "PERSON_ASKED"
	BlockReasonDeceased         BlockReason = "DECEASED"
	BlockReasonOther            BlockReason = "OTHER" // the note says which
)

// MarshalGQL writes the value.
func (e BlockReason) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *BlockReason) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, BlockReasonAccountTakenOver, BlockReasonFraudSuspected, BlockReasonTermsViolated, BlockReasonPaymentDispute,
		BlockReasonDataNotTrue, BlockReasonPersonAsked, BlockReasonDeceased, BlockReasonOther)
	return err
}

// RepresentationBasis is by what right one represents a person under 14.
type RepresentationBasis string

// The values of RepresentationBasis.
const (
	RepresentationBasisParent         RepresentationBasis = "PARENT"
	RepresentationBasisAdoptiveParent RepresentationBasis = "ADOPTIVE_PARENT"
	RepresentationBasisGuardian       RepresentationBasis = "GUARDIAN"
)

// MarshalGQL writes the value.
func (e RepresentationBasis) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RepresentationBasis) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RepresentationBasisParent, RepresentationBasisAdoptiveParent, RepresentationBasisGuardian)
	return err
}

// ActivityActor is who did something about an account.
type ActivityActor string

// The values of ActivityActor.
const (
	ActivityActorYou    ActivityActor = "YOU"    // the person himself
	ActivityActorStaff  ActivityActor = "STAFF"  // of the business
	ActivityActorSystem ActivityActor = "SYSTEM" // Kabinet by itself
	ActivityActorNobody ActivityActor = "NOBODY" // not signed in
)

// MarshalGQL writes the value.
func (e ActivityActor) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ActivityActor) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ActivityActorYou, ActivityActorStaff, ActivityActorSystem, ActivityActorNobody)
	return err
}
