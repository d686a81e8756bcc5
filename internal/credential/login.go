package credential

import "strings"

// Login is a login name in its two forms.
type Login struct {
	Value string // as the person wrote it, without blanks around
	Key   string // how it is found, whatever the letter case
}

// ParseLogin reads a login name: 3 to 64 Latin letters, digits, dots, dashes
// and underscores, beginning with a letter. So it is never an e-mail address
// or a phone number, which sign in beside it, and no look-alike of another
// alphabet can stand in for somebody else's.
func ParseLogin(s string) (Login, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 3 || len(s) > 64 || !latin(s[0]) {
		return Login{}, false
	}
	for i := range len(s) {
		if c := s[i]; !latin(c) && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return Login{}, false
		}
	}
	return Login{Value: s, Key: strings.ToLower(s)}, true
}

func latin(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
