package article

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
)

var handles = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// checkHandle judges a word for programs. Faults: TOO_LONG, INVALID_VALUE.
func checkHandle(s string, path ...string) error {
	switch {
	case len(s) > maxHandle:
		return fault.ErrTooLong.With("limit", maxHandle).At(path...)
	case !handles.MatchString(s):
		return fault.ErrInvalidValue.At(path...)
	}
	return nil
}

func checkPosition(n *int) error {
	if n != nil && (*n < 0 || *n > maxPosition) {
		return fault.ErrOutOfRange.With("min", 0).With("max", maxPosition).At("input", "position")
	}
	return nil
}

// language is one of those that articles are written in. Fault: INVALID_VALUE.
func language(s string, path ...string) (string, error) {
	s = strings.ToLower(s)
	if !slices.Contains(locale.Supported(), s) {
		return "", fault.ErrInvalidValue.At(path...)
	}
	return s, nil
}

// languages are those of the business, the one that suits what was asked for
// first: en-GB is en, and a language that nothing is written in is the default.
func languages(asked string) []string {
	first := locale.Match(asked)
	all := []string{first}
	for _, l := range locale.Supported() {
		if l != first {
			all = append(all, l)
		}
	}
	return all
}

// clean is a text as it is kept; required ones say something. Faults:
// REQUIRED, TOO_LONG, INVALID_VALUE.
func clean(s *string, most int, required bool, path ...string) (string, error) {
	if s == nil {
		return "", nil
	}
	text, bad := scalar.CleanText(*s, most)
	switch {
	case bad != nil && bad.Code == "TOO_LONG":
		return "", fault.ErrTooLong.With("limit", bad.Limit).At(path...)
	case bad != nil:
		return "", fault.ErrInvalidValue.At(path...)
	case required && text == "":
		return "", fault.ErrRequired.At(path...)
	}
	return text, nil
}

// cleanKeywords are keywords as they are kept, each once. Faults:
// TOO_MANY_ITEMS, REQUIRED, TOO_LONG, INVALID_VALUE.
func cleanKeywords(in []string) ([]string, error) {
	if len(in) > maxKeywords {
		return nil, ErrTooManyItems.With("limit", maxKeywords).At("input", "keywords")
	}
	out := make([]string, 0, len(in))
	for i, s := range in {
		word, err := clean(&s, maxKeyword, true, "input", "keywords", strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out, nil
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
	f := map[string]*fault.Fault{"REQUIRED": fault.ErrRequired, "TOO_LONG": fault.ErrTooLong, "INVALID_VALUE": fault.ErrInvalidValue, "DUPLICATE_KEY": ErrDuplicateKey}[bad.Code].At(bad.Path...)
	if bad.Limit > 0 {
		f = f.With("limit", bad.Limit)
	}
	return nil, f
}

// private says that a text reads like something of a person: an address, or the
// number of a phone, a card, a passport or an order. Such a search is not kept.
func private(text string) bool {
	digits := 0
	for _, r := range text {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits >= 6 || strings.ContainsAny(text, "@＠")
}
