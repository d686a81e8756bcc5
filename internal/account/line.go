package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"kabinet/internal/fault"
)

// line is one line of text without blanks around it; nil for null and for
// nothing but blanks.
//
// Faults: TOO_LONG, INVALID_VALUE for control characters.
func line(v *string, limit int, path ...string) (*string, error) {
	if v == nil {
		return nil, nil
	}
	s := strings.TrimSpace(*v)
	if utf8.RuneCountInString(s) > limit {
		return nil, fault.ErrTooLong.At(path...).With("limit", limit)
	}
	if strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s) {
		return nil, fault.ErrInvalidValue.At(path...)
	}
	if s == "" {
		return nil, nil
	}
	return &s, nil
}
