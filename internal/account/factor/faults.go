package factor

import (
	"math"
	"time"

	"kabinet/internal/fault"
)

// What is refused; the texts lie in locale/messages/<language>/fault.json.
var (
	ErrAlreadyOn         = fault.New(fault.Refused, "FACTOR_ALREADY_ON")
	ErrNotOn             = fault.New(fault.Refused, "FACTOR_NOT_ON")
	ErrNotAvailable      = fault.New(fault.Refused, "FACTOR_NOT_AVAILABLE")
	ErrPasskeyRefused    = fault.New(fault.Refused, "PASSKEY_REFUSED")
	ErrNotConfigured     = fault.New(fault.Refused, "PASSKEYS_NOT_CONFIGURED")
	errInvalidCode       = fault.New(fault.Refused, "INVALID_CODE")
	errInvalidPasskey    = fault.New(fault.Refused, "INVALID_CREDENTIALS")
	errTooManyItems      = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	errTooManyAttempts   = fault.New(fault.Refused, "TOO_MANY_ATTEMPTS")
	errStepUp            = fault.New(fault.Locked, "STEP_UP_REQUIRED")
	errChallengeNotFound = fault.ErrNotFound.At("input", "challengeId")
)

// retryAfter puts the whole seconds to wait into a refusal.
func retryAfter(f *fault.Fault, wait time.Duration) *fault.Fault {
	return f.With("retryAfter", int(math.Ceil(wait.Seconds())))
}
