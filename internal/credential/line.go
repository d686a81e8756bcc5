package credential

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kabinet/internal/fault"
)

// Line is one line of text without blanks around it; nil for null and for
// nothing but blanks.
//
// Faults: TOO_LONG, INVALID_VALUE for control characters and for what turns
// text round or is not seen.
func Line(v *string, limit int, path ...string) (*string, error) {
	return Text(v, limit, false, path...)
}

// Text is Line; line ends are taken where lines is set.
func Text(v *string, limit int, lines bool, path ...string) (*string, error) {
	if v == nil {
		return nil, nil
	}
	s := strings.TrimSpace(*v)
	if utf8.RuneCountInString(s) > limit {
		return nil, fault.ErrTooLong.At(path...).With("limit", limit)
	}
	bad := func(r rune) bool { return unicode.IsControl(r) && (!lines || r != '\n') || isHidden(r) }
	if strings.ContainsFunc(s, bad) || !utf8.ValidString(s) {
		return nil, fault.ErrInvalidValue.At(path...)
	}
	if strings.Trim(s, joiners) == "" {
		return nil, nil
	}
	return &s, nil
}

// joiners hold letters and emoji together or apart; alone they are nothing.
const joiners = "\u200c\u200d"

// isHidden says whether a character turns text round or is not seen.
func isHidden(r rune) bool {
	return unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune("\u00ad\u200b\u2060\ufeff", r)
}

// CheckBirth takes a day, YYYY-MM-DD, that a living person was born on.
//
// Faults: OUT_OF_RANGE at input.birthOn.
func CheckBirth(day *string, now time.Time) error {
	const first = "1900-01-01"
	if last := now.UTC().Format(time.DateOnly); day != nil && (*day < first || *day > last) {
		return fault.ErrOutOfRange.At("input", "birthOn").With("min", first).With("max", last)
	}
	return nil
}
