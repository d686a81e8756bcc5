package order

import (
	"strings"
	"unicode/utf8"

	"kabinet/internal/fault"
)

// The bounds of texts and lists; the SDL says the same.
const (
	maxLines    = 2_000
	maxItems    = 100 // values of a filter
	maxNote     = 1_000
	maxTitle    = 300
	maxKey      = 100 // sku, external id
	maxSource   = 50
	maxNumber   = 64
	maxCarrier  = 100
	maxQuantity = 1_000_000
	maxJSON     = 16 << 10 // bytes of metadata
)

// checkText holds a text to its length in characters. A NUL is refused, since
// PostgreSQL cannot keep one. Faults: TOO_LONG, INVALID_VALUE.
func checkText(s string, most int, path ...string) error {
	if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
		return fault.ErrInvalidValue.At(path...)
	}
	if utf8.RuneCountInString(s) > most {
		return fault.ErrTooLong.With("limit", most).At(path...)
	}
	return nil
}

// checkKey is checkText of what must not be empty. Faults: REQUIRED too.
func checkKey(s string, most int, path ...string) error {
	if strings.TrimSpace(s) == "" {
		return fault.ErrRequired.At(path...)
	}
	return checkText(s, most, path...)
}

func checkOptional(s *string, most int, path ...string) error {
	if s == nil {
		return nil
	}
	return checkText(*s, most, path...)
}

// firstError gives the first that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// lookable says whether a text may be looked for at all: what cannot be stored
// is not there.
func lookable(texts ...string) bool {
	for _, s := range texts {
		if s == "" || len(s) > 1_000 || strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
			return false
		}
	}
	return true
}
