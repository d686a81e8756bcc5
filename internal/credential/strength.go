package credential

import (
	"strings"
	"unicode"

	"github.com/trustelem/zxcvbn"
)

// Strength is how good a password is.
type Strength struct {
	Score      int      // 0 to 4
	Refusal    error    // why CheckPassword does not take it; nil where it does
	Warnings   []string // as Warnings
	TwinWeaker bool     // the same keys in the other layout are easier
}

// strong is the score of a password that nobody is warned of.
const strong = 3

// Judge says how good a password is, and what is to be said of it. Nothing of
// it is kept.
func Judge(password string, of Email) Strength {
	s := Strength{Refusal: CheckPassword(password, of)}
	if len(password) > LongestPassword {
		s.Score, s.Warnings = 4, []string{}
		return s
	}
	own, twin := scores(password, of)
	s.Score, s.TwinWeaker = min(own, twin), twin < own
	if s.Refusal != nil {
		s.Score = min(s.Score, 1)
	}
	s.Warnings = Warnings(password, of)
	return s
}

// scores are those of a password as typed and as the same keys give it with
// the Latin layout on: a Russian word typed in Latin keys, or the other way
// round, is no better than itself, and the dictionaries know the Latin keys
// alone. The estimate grows with the square of the length, so nothing longer
// than scored is judged: it is not weak.
func scores(password string, of Email) (own, twin int) {
	runes := []rune(composed(password))
	if len(runes) > scored {
		return 4, 4
	}
	hints := append([]string{of.Key}, productWords...)
	typed := string(runes)
	own = zxcvbn.PasswordStrength(typed, hints).Score
	twin = zxcvbn.PasswordStrength(relaid(strings.ToLower(typed), toLatin), hints).Score
	if !strings.ContainsFunc(typed, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
		twin = min(own, twin)
	}
	return own, twin
}
