package credential

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A password may hold any characters and is never cut. It is compared in
// Unicode's composed form, so that the same letters typed on another system
// are the same password.
const (
	ShortestPassword = 8    // characters
	LongestPassword  = 1024 // bytes
)

// The warnings of a password, values of the SDL's WarningCode.
const (
	WarnCyrillic = "PASSWORD_CONTAINS_CYRILLIC"
	WarnWeak     = "PASSWORD_WEAK"
)

// composed is the form that is hashed.
func composed(password string) string { return norm.NFC.String(password) }

// CheckPassword is the rule for a new password (security A8).
//
// Faults: PASSWORD_TOO_LONG, PASSWORD_TOO_SHORT, PASSWORD_TOO_COMMON.
func CheckPassword(password string, of Email) error {
	if len(password) > LongestPassword { // before anything costs time
		return ErrPasswordTooLong.With("max", LongestPassword)
	}
	password = composed(password)
	if utf8.RuneCountInString(password) < ShortestPassword {
		return ErrPasswordTooShort.With("min", ShortestPassword)
	}
	if tooCommon(password, of) {
		return ErrPasswordTooCommon
	}
	return nil
}

// common.txt holds the 10,000 most frequent passwords of 8 characters or more
// of Mark Burnett's list of ten million, as the zxcvbn project counted them.
//
//go:embed common.txt
var commonText string

var commonPasswords = sync.OnceValue(func() map[string]struct{} {
	m := make(map[string]struct{}, 10_000)
	for word := range strings.Lines(commonText) {
		m[strings.TrimSpace(word)] = struct{}{}
	}
	return m
})

// productWords are what people here think of first.
var productWords = []string{"kabinet", "кабинет", "kabinet-demo"}

// tooCommon looks for the password as typed and as it would be typed with the
// other keyboard layout on: зфыыцщкв is password.
func tooCommon(password string, of Email) bool {
	folded := strings.ToLower(password)
	local, _, _ := strings.Cut(of.Key, "@")
	for _, p := range []string{folded, relaid(folded, toLatin), relaid(folded, toCyrillic)} {
		if _, listed := commonPasswords()[p]; listed {
			return true
		}
		bare := strings.TrimFunc(p, func(r rune) bool { return !unicode.IsLetter(r) })
		for _, word := range productWords {
			if p == word || bare == word {
				return true
			}
		}
		if of.Key != "" && (p == of.Key || p == strings.ToLower(of.Value) || p == local || bare != "" && bare == local) {
			return true
		}
	}
	return oneRune(folded)
}

// oneRune says that it is one character over and over.
func oneRune(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.Trim(s, string(first)) == ""
}

const (
	latinKeys    = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
	cyrillicKeys = "йцукенгшщзхъфывапролджэячсмитьбюё"
)

var toLatin, toCyrillic = layouts()

func layouts() (latin, cyrillic map[rune]rune) {
	latin, cyrillic = map[rune]rune{}, map[rune]rune{}
	c := []rune(cyrillicKeys)
	for i, l := range latinKeys {
		latin[c[i]], cyrillic[l] = l, c[i]
	}
	return latin, cyrillic
}

// relaid is what the same keys give in the other layout.
func relaid(s string, keys map[rune]rune) string {
	return strings.Map(func(r rune) rune {
		if other, ok := keys[r]; ok {
			return other
		}
		return r
	}, s)
}

// scored is how much of a password is judged: the estimate grows with the
// square of the length, and nothing longer is weak.
const scored = 64

// Warnings say what is allowed but should be known.
func Warnings(password string, of Email) []string {
	codes := []string{}
	if strings.ContainsFunc(password, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
		codes = append(codes, WarnCyrillic)
	}
	own, twin := scores(password, of)
	if min(own, twin) < strong {
		codes = append(codes, WarnWeak)
	}
	return codes
}
