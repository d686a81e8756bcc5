package factor

import (
	"time"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/account"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL; field by field they are described in schema/.

// CompleteSecondFactorInput is the input of completeSecondFactor: one answer.
type CompleteSecondFactorInput struct {
	// The challenge.
	ChallengeID scalar.ID
	// The digits of the authenticator app.
	Totp *string
	// The code sent.
	Code *string
	// A recovery code.
	RecoveryCode *string
	// What navigator.credentials.get gave.
	Passkey map[string]any
}

// SendSecondFactorCodeInput is the input of sendSecondFactorCode.
type SendSecondFactorCodeInput struct {
	// The challenge of the sign-in.
	ChallengeID scalar.ID
	// Where to.
	Kind contactpoint.Kind
}

// FinishPasskeySignInInput is the input of finishPasskeySignIn.
type FinishPasskeySignInInput struct {
	// The challenge of startPasskeySignIn.
	ChallengeID scalar.ID
	// What navigator.credentials.get gave.
	Credential map[string]any
	// How the session should travel.
	Mode *account.SessionMode
}

// ConfirmTotpInput is the input of confirmTotp.
type ConfirmTotpInput struct {
	// The challenge of enrollTotp.
	ChallengeID scalar.ID
	// The digits that the app shows.
	Code string
}

// CodeFactorInput is the input of enableCodeFactor and disableCodeFactor.
type CodeFactorInput struct {
	// By e-mail or by SMS.
	Kind contactpoint.Kind
}

// FinishPasskeyEnrollmentInput is the input of finishPasskeyEnrollment.
type FinishPasskeyEnrollmentInput struct {
	// The challenge of startPasskeyEnrollment.
	ChallengeID scalar.ID
	// What navigator.credentials.create gave.
	Credential map[string]any
	// The person's name for it.
	Label *string
	// Makes it a second factor too.
	SecondFactor *bool
}

// RemovePasskeyInput is the input of removePasskey.
type RemovePasskeyInput struct {
	// The passkey.
	ID scalar.ID
}

// TwoFactor is how the second factor of a person stands.
type TwoFactor struct {
	// Whether one is asked for.
	Enabled bool
	// What may be answered then.
	Methods []account.ChallengeKind
	// How many recovery codes are not used yet.
	RecoveryCodesLeft int
}

// Passkey is a key in a device or password manager.
type Passkey struct {
	// The id, idn_…
	ID scalar.ID
	// The person's name for it.
	Label string
	// Whether a copy is kept elsewhere.
	BackedUp bool
	// Whether it is a second factor too.
	SecondFactor bool
	// When it was added.
	CreatedAt time.Time
	// When it was last used.
	LastUsedAt *time.Time
}

// Enrolment is something begun, to be finished by another call.
type Enrolment struct {
	Challenge *account.Challenge
	Options   map[string]any // of a passkey
	Secret    *string        // of an authenticator app, shown once
	URI       *string        // the same
}

// Change is what a change of the factors gives.
type Change struct {
	Session       *account.IssuedSession // with its new token; nil where it keeps the old one
	Passkey       *Passkey
	RecoveryCodes []string // shown once; empty where none were made
	TwoFactor     *TwoFactor
}
