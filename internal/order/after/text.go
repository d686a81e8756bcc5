package after

import (
	"strings"
	"unicode/utf8"

	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
)

// The bounds of texts and lists; the SDL says the same.
const (
	maxNote        = 1_000
	maxCarrier     = 100
	maxReturnLines = 100
	maxPhotos      = 10
)

// checkText holds a text to its length in characters. Faults: TOO_LONG,
// INVALID_VALUE.
func checkText(s *string, most int, path ...string) error {
	switch {
	case s == nil:
		return nil
	case strings.ContainsRune(*s, 0) || !utf8.ValidString(*s): // PostgreSQL keeps no such text
		return fault.ErrInvalidValue.At(path...)
	case utf8.RuneCountInString(*s) > most:
		return fault.ErrTooLong.With("limit", most).At(path...)
	}
	return nil
}

// texts are translations as they are stored. Faults: REQUIRED, TOO_LONG,
// INVALID_VALUE, DUPLICATE_KEY.
func texts(in []*scalar.Translation, path ...string) (map[string]map[string]string, error) {
	list := make([]scalar.Translation, len(in))
	for i, t := range in {
		list[i] = *t
	}
	all, bad := scalar.Texts(list, locale.Supported(), path...)
	if bad == nil {
		return all, nil
	}
	f := map[string]*fault.Fault{"REQUIRED": fault.ErrRequired, "TOO_LONG": fault.ErrTooLong, "INVALID_VALUE": fault.ErrInvalidValue, "DUPLICATE_KEY": order.ErrDuplicateKey}[bad.Code].At(bad.Path...)
	if bad.Limit > 0 {
		f = f.With("limit", bad.Limit)
	}
	return nil, f
}

// cutTo is a text of a stranger, no longer than most characters and without
// what cannot be kept.
func cutTo(s string, most int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most])
	}
	return s
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
