package credential

import (
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// longestPhone is how many bytes somebody may type as a number, blanks and
// brackets included.
const longestPhone = 40

// ParsePhone reads a phone number as people write it and gives it as E.164,
// +442079460018, which is how it is kept, found and sent to: one account a
// number, however it is written. country, ISO 3166-1 alpha-2, is where a number
// without + is dialled; empty takes numbers with + alone. False for what no
// network has given out, for numbers with an extension, and for words.
func ParsePhone(s, country string) (string, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > longestPhone || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 || r == 0x7f
	}) {
		return "", false
	}
	region := strings.ToUpper(country)
	if region == "" {
		if !strings.HasPrefix(s, "+") && !strings.HasPrefix(s, "＋") {
			return "", false
		}
		region = "ZZ"
	}
	// Letters spell a number on a keypad in some countries; a login is digits.
	if strings.ContainsFunc(s, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) {
		return "", false
	}
	n, err := phonenumbers.Parse(s, region)
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsValidNumber(n) {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}
