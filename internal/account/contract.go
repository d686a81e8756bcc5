package account

import (
	"io"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/scalar"
)

// The inputs and enums of the SDL that this domain takes; field by field they
// are described in schema/.

// AuditEntryFilter narrows the audit log.
type AuditEntryFilter struct {
	// Done by this person.
	ActorID *scalar.ID
	// Done to this object.
	SubjectID *scalar.ID
}

// Challenge is something to prove before going on.
type Challenge struct {
	// The id to answer with, chl_…
	ID scalar.ID
	// What is asked for first.
	Kind ChallengeKind
	// All that it may be answered with, Kind among them.
	Methods []ChallengeKind
	// Where the code went, mostly hidden: a…@example.com, +7…12; null for none.
	SentTo *string
	// What navigator.credentials.get takes, where a passkey may answer.
	PasskeyOptions map[string]any
	// When it can no longer be answered.
	ExpiresAt time.Time
}

// ChangePasswordInput is the input of changePassword.
type ChangePasswordInput struct {
	// The password in force.
	CurrentPassword string
	// 8 characters to 1,024 bytes, any characters.
	NewPassword string
}

// ConfirmContactInput is the input of confirmContact.
type ConfirmContactInput struct {
	// The challenge.
	ChallengeID scalar.ID
	// The code sent, six digits.
	Code string
	// How the session should travel.
	Mode *SessionMode
}

// IssuedSession is a session just made: the one time its token is shown.
type IssuedSession struct {
	// The bearer token; null in cookie mode.
	Token *string
	// The session.
	Session *ent.Session
	// When it ends whatever happens.
	ExpiresAt time.Time
	// What refreshSession takes; of the mode REFRESHABLE alone.
	RefreshToken *string
	// Until when the token is good, of the mode REFRESHABLE alone.
	AccessExpiresAt *time.Time
}

// PasskeyAnswer is what a passkey has signed.
type PasskeyAnswer struct {
	// The challenge that startPasskeySignIn gave.
	ChallengeID scalar.ID
	// What navigator.credentials.get gave, as JSON.
	Credential map[string]any
}

// ProofInput is a fresh proof of who one is: one of password, passkey and code.
type ProofInput struct {
	// The password.
	Password *string
	// A passkey.
	Passkey *PasskeyAnswer
	// The code sent, of those who have neither; ask for it by sendCode.
	Code *CodeAnswer
	// Sends a code to the person's first contact, of those who have neither password nor passkey.
	SendCode *bool
}

// CodeAnswer is a code that was sent.
type CodeAnswer struct {
	// The challenge it was sent for.
	ChallengeID scalar.ID
	// The code, six digits.
	Code string
}

// RefreshSessionInput is the input of refreshSession.
type RefreshSessionInput struct {
	// The refresh token, the last one given.
	RefreshToken string
}

// ChangeLoginInput is the input of changeLogin.
type ChangeLoginInput struct {
	// The new login name; null takes it away, where another login is left.
	Login *string
}

// ActingStaff is somebody of the business who acts for a customer.
type ActingStaff struct {
	// Who.
	DisplayName string
	// What for.
	Reason string
	// Until when.
	EndsAt time.Time
}

// RegisterInput is the input of register; registrationForm says which fields are asked for.
type RegisterInput struct {
	// The address; it becomes the login. Exactly one of email and phone.
	Email *string
	// The number; it becomes the login.
	Phone *string
	// 8 characters to 1,024 bytes, any characters.
	Password string
	// How the person is addressed; the given name, or what stands before @, when absent.
	DisplayName *string
	// The given name.
	GivenName *string
	// The family name.
	FamilyName *string
	// The middle name or patronymic.
	MiddleName *string
	// The day of birth; in the past.
	BirthOn *string
	// The language of messages; from Accept-Language when absent.
	Locale *string
	// The time zone of dates.
	TimeZone *string
	// The code of a friend's link; one that is not known is a warning, not a refusal.
	ReferralCode *string
	// What must be known to the business before an account is made.
	Precondition *RegistrationPreconditionInput
	// Consents the person has given in the form.
	Consents []*RegistrationConsentInput
	// Where to lead the person after confirmContact.
	ReturnTo *string
	// How the session should travel.
	Mode *SessionMode
}

// RegistrationPreconditionInput is what the business checks before an account is made.
type RegistrationPreconditionInput struct {
	// The number of a loyalty card, up to 64 characters.
	CardNumber *string
	// The number of a contract, up to 64 characters.
	ContractNumber *string
}

// RegistrationConsentInput is a consent given in the form of registration.
type RegistrationConsentInput struct {
	// The handle of the consent document.
	Handle string
	// The version that was shown.
	Version int
}

// RegistrationForm is what register asks for here.
type RegistrationForm struct {
	// The fields, in the order in which to show them.
	Fields []*RegistrationField
	// By which of e-mail and phone one can register.
	Contacts []contactpoint.Kind
	// Whether a card or contract number is checked before an account is made.
	Checked bool
	// How many digits a code has.
	CodeLength int
	// The country whose numbers may be typed without +.
	PhoneCountry *string
}

// RegistrationField is one field of the form of registration.
type RegistrationField struct {
	// The name in RegisterInput.
	Name string
	// What is typed there.
	Kind RegistrationFieldKind
	// Whether it must be given.
	Required bool
	// The least number of characters.
	MinLength *int
	// The most: characters, bytes of a password.
	MaxLength *int
	// What to write beside it.
	Label string
	// More to say about it.
	Hint *string
	// The token of HTML's autocomplete.
	Autocomplete *string
}

// ResendCodeInput is the input of resendCode.
type ResendCodeInput struct {
	// The challenge.
	ChallengeID scalar.ID
}

// RevokeSessionInput is the input of revokeSession.
type RevokeSessionInput struct {
	// The session.
	SessionID scalar.ID
}

// SignInInput is the input of signIn.
type SignInInput struct {
	// The e-mail address.
	Login string
	// The password.
	Password string
	// How the session should travel.
	Mode *SessionMode
}

// SignOutEverywhereInput is the input of signOutEverywhere.
type SignOutEverywhereInput struct {
	// Keeps the session of this call.
	KeepCurrent *bool
}

// ChallengeKind is what a challenge asks for.
type ChallengeKind string

// The values of ChallengeKind.
const (
	ChallengeKindEmailCode    ChallengeKind = "EMAIL_CODE"    // a code sent by e-mail
	ChallengeKindTotp         ChallengeKind = "TOTP"          // a code of an authenticator app
	ChallengeKindPasskey      ChallengeKind = "PASSKEY"       // a passkey
	ChallengeKindRecoveryCode ChallengeKind = "RECOVERY_CODE" // a recovery code
	ChallengeKindSmsCode      ChallengeKind = "SMS_CODE"      // a code sent by SMS
	ChallengeKindLinkIdentity ChallengeKind = "LINK_IDENTITY" // the password, a passkey or a code of the account that has the address
)

// MarshalGQL writes the value.
func (e ChallengeKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ChallengeKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ChallengeKindEmailCode, ChallengeKindTotp, ChallengeKindPasskey, ChallengeKindRecoveryCode, ChallengeKindSmsCode, ChallengeKindLinkIdentity)
	return err
}

// SessionMode is how the session should travel.
type SessionMode string

// The values of SessionMode.
const (
	SessionModeToken       SessionMode = "TOKEN"       // the token is in the answer; send it as Authorization: Bearer
	SessionModeCookie      SessionMode = "COOKIE"      // the token is set as the cookie __Host-kabinet, out of reach of scripts
	SessionModeRefreshable SessionMode = "REFRESHABLE" // a token for 15 minutes and another one to renew it by, for apps
)

// MarshalGQL writes the value.
func (e SessionMode) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *SessionMode) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, SessionModeToken, SessionModeCookie, SessionModeRefreshable)
	return err
}

// RegistrationFieldKind is what is typed into a field of a form.
type RegistrationFieldKind string

// The values of RegistrationFieldKind.
const (
	RegistrationFieldKindText     RegistrationFieldKind = "TEXT"     // one line of text
	RegistrationFieldKindEmail    RegistrationFieldKind = "EMAIL"    // an e-mail address
	RegistrationFieldKindPhone    RegistrationFieldKind = "PHONE"    // a phone number
	RegistrationFieldKindPassword RegistrationFieldKind = "PASSWORD" // a new password
	RegistrationFieldKindDate     RegistrationFieldKind = "DATE"     // a day
	RegistrationFieldKindNumber   RegistrationFieldKind = "NUMBER"   // the number of a card or contract
)

// MarshalGQL writes the value.
func (e RegistrationFieldKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RegistrationFieldKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RegistrationFieldKindText, RegistrationFieldKindEmail, RegistrationFieldKindPhone,
		RegistrationFieldKindPassword, RegistrationFieldKindDate, RegistrationFieldKindNumber)
	return err
}
