package contact

import (
	"kabinet/internal/account"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this domain takes; field by field they are
// described in schema/.

// AddContactPointInput is the input of addContactPoint: exactly one of email and phone.
type AddContactPointInput struct {
	// An e-mail address.
	Email *string
	// A phone number.
	Phone *string
}

// RemoveContactPointInput is the input of removeContactPoint.
type RemoveContactPointInput struct {
	// The address or number.
	ContactPointID scalar.ID
}

// SetPrimaryContactPointInput is the input of setPrimaryContactPoint.
type SetPrimaryContactPointInput struct {
	// The address or number.
	ContactPointID scalar.ID
}

// RequestLoginChangeInput is the input of requestLoginChange: exactly one of email and phone.
type RequestLoginChangeInput struct {
	// The new address.
	Email *string
	// The new number.
	Phone *string
	// The one it takes the place of.
	Replaces *scalar.ID
}

// ConfirmLoginChangeInput is the input of confirmLoginChange.
type ConfirmLoginChangeInput struct {
	// The challenge of requestLoginChange.
	ChallengeID scalar.ID
	// The code, six digits.
	Code string
}

// UndoLoginChangeInput is the input of undoLoginChange.
type UndoLoginChangeInput struct {
	// What stands after challenge= in the link.
	ChallengeID scalar.ID
	// What stands after code= in the link.
	Code string
}

// RequestPasswordResetInput is the input of requestPasswordReset.
type RequestPasswordResetInput struct {
	// An e-mail address, a phone number or a login name.
	Login string
	// The page that the link leads to; the configured one when absent.
	ReturnTo *string
}

// ResetPasswordInput is the input of resetPassword.
type ResetPasswordInput struct {
	// The challenge: of requestPasswordReset, or of the link.
	ChallengeID scalar.ID
	// The code, or what stands after code= in the link.
	Code string
	// 8 characters to 1,024 bytes, any characters.
	NewPassword string
	// How the session should travel.
	Mode *account.SessionMode
}
