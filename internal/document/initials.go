package document

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// drawnSide is how many pixels a picture drawn from initials is wide and high.
const drawnSide = 96

// colors are behind white letters with a contrast of 4.5 at least.
var colors = []string{
	"#b3261e", "#a8481a", "#8a5300", "#6b6100", "#3f6b00", "#006d3b", "#006a6a", "#00639b",
	"#3b5ba9", "#5b52a8", "#7a4a9e", "#94408a", "#a33a68", "#5f6368", "#6f5b40", "#4a6267",
}

// colorOf is the same for the same person, whatever the name becomes.
func colorOf(id uuid.UUID) string {
	h := fnv.New32a()
	_, _ = h.Write(id[:])
	return colors[h.Sum32()%uint32(len(colors))]
}

// initials are one or two letters of a name, in any script: of the given and
// the family name where both are there, else of the first and the last word of
// how the person is called. A name of pictures or signs alone gives its first
// one; no name gives a question mark.
func initials(given, family *string, display string) string {
	if given != nil && family != nil {
		if g, f := letter(*given), letter(*family); g != "" && f != "" {
			return g + f
		}
	}
	words := strings.FieldsFunc(display, func(r rune) bool {
		return unicode.IsSpace(r) || r == '-' || r == '_' || r == '.' || r == '@' || r == ','
	})
	var first, last string
	for _, w := range words {
		if l := letter(w); l != "" {
			if first == "" {
				first = l
			} else {
				last = l
			}
		}
	}
	if first != "" {
		return first + last
	}
	if sign := cluster(strings.TrimSpace(display)); sign != "" {
		return sign
	}
	return "?"
}

// letter is the first letter or digit of a word with the marks upon it, large.
func letter(word string) string {
	i := strings.IndexFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	if i < 0 {
		return ""
	}
	_, size := utf8.DecodeRuneInString(word[i:])
	end := i + size
	for marks := 0; marks < 3 && end < len(word); marks++ {
		r, size := utf8.DecodeRuneInString(word[end:])
		if !unicode.IsMark(r) {
			break
		}
		end += size
	}
	l := word[i:end]
	if large := strings.ToUpper(l); utf8.RuneCountInString(large) == utf8.RuneCountInString(l) {
		return large // ß and the like would become two
	}
	return l
}

// cluster is what a reader sees as the first sign: an emoji with what is
// joined to it, or a flag of two halves.
func cluster(s string) string {
	const joiner, most = '\u200d', 8
	var out []rune
	for i, r := range []rune(s) {
		joined := i > 0 && (out[len(out)-1] == joiner || isFlag(r) && len(out) == 1 && isFlag(out[0]))
		attaches := r == joiner || unicode.IsMark(r) || r >= 0x1f3fb && r <= 0x1f3ff // skin tones
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != joiner || i > 0 && !joined && !attaches || len(out) == most {
			break
		}
		out = append(out, r)
	}
	return strings.Trim(string(out), string(rune(joiner)))
}

func isFlag(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// drawn is a picture of initials, as the address of itself. The letters stand
// apart from the direction of what is around them.
func drawn(letters, color string) string {
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[1]d" viewBox="0 0 %[1]d %[1]d" role="img" aria-label="%[2]s">`+
		`<rect width="%[1]d" height="%[1]d" fill="%[3]s"/><text x="50%%" y="50%%" dy=".36em" text-anchor="middle" font-family="system-ui,sans-serif" font-size="40" fill="#fff" direction="ltr" unicode-bidi="isolate">%[2]s</text></svg>`,
		drawnSide, html.EscapeString(letters), color)
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg))
}
