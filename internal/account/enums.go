package account

import (
	"io"

	"kabinet/internal/scalar"
)

// ChallengeKind is what a challenge asks for.
type ChallengeKind string

// The values of ChallengeKind.
const (
	ChallengeKindEmailCode    ChallengeKind = "EMAIL_CODE"    // a code sent by e-mail
	ChallengeKindTotp         ChallengeKind = "TOTP"          // a code of an authenticator app
	ChallengeKindPasskey      ChallengeKind = "PASSKEY"       // a passkey
	ChallengeKindRecoveryCode ChallengeKind = "RECOVERY_CODE" // a recovery code
	ChallengeKindSmsCode      ChallengeKind = "SMS_CODE"      // a code sent by SMS
)

// MarshalGQL writes the value.
func (e ChallengeKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ChallengeKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ChallengeKindEmailCode, ChallengeKindTotp, ChallengeKindPasskey, ChallengeKindRecoveryCode, ChallengeKindSmsCode)
	return err
}

// SessionMode is how the session should travel.
type SessionMode string

// The values of SessionMode.
const (
	SessionModeToken  SessionMode = "TOKEN"  // the token is in the answer; send it as Authorization: Bearer
	SessionModeCookie SessionMode = "COOKIE" // the token is set as the cookie __Host-kabinet, out of reach of scripts
)

// MarshalGQL writes the value.
func (e SessionMode) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *SessionMode) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, SessionModeToken, SessionModeCookie)
	return err
}
