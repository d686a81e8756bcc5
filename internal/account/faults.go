package account

import (
	"math"
	"time"

	"kabinet/internal/fault"
)

// What this domain refuses; the texts lie in locale/messages/<language>/fault.json.
var (
	ErrInvalidCredentials     = fault.New(fault.Refused, "INVALID_CREDENTIALS")
	ErrTooManyAttempts        = fault.New(fault.Refused, "TOO_MANY_ATTEMPTS")
	ErrAccountBlocked         = fault.New(fault.Refused, "ACCOUNT_BLOCKED")
	ErrInitialPasswordExpired = fault.New(fault.Refused, "INITIAL_PASSWORD_EXPIRED")
	ErrInvalidLogin           = fault.New(fault.Invalid, "INVALID_LOGIN")
	ErrLoginTaken             = fault.New(fault.Refused, "ALREADY_TAKEN")
	ErrLastLogin              = fault.New(fault.Refused, "LAST_LOGIN")
	ErrInvalidEmail           = fault.New(fault.Invalid, "INVALID_EMAIL")
	ErrInvalidPhone           = fault.New(fault.Invalid, "INVALID_PHONE")
	ErrRegistrationRefused    = fault.New(fault.Refused, "REGISTRATION_REFUSED")
	ErrCheckUnavailable       = fault.New(fault.Refused, "REGISTRATION_CHECK_UNAVAILABLE")
	ErrLastSignInMethod       = fault.New(fault.Refused, "LAST_SIGN_IN_METHOD")
	ErrLastContactPoint       = fault.New(fault.Refused, "LAST_CONTACT_POINT")
	ErrInvalidCode            = fault.New(fault.Refused, "INVALID_CODE")
	ErrCodeSentRecently       = fault.New(fault.Refused, "CODE_SENT_RECENTLY")
	ErrTooManyItems           = fault.New(fault.Refused, "TOO_MANY_ITEMS")
)

// retryAfter puts the whole seconds to wait into a refusal.
func retryAfter(f *fault.Fault, wait time.Duration) *fault.Fault {
	return f.With("retryAfter", int(math.Ceil(wait.Seconds())))
}
