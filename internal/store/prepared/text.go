package prepared

import "strings"

// plain are the statements that are kept. Whatever changes the session or the
// schema is not.
var plain = []string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}

// isPlain says whether a text is one statement of those kinds. A semicolon may
// stand between two statements or inside a literal; either way it is not kept.
func isPlain(text string) bool {
	if strings.Contains(text, ";") {
		return false
	}
	text = afterComments(text)
	for _, word := range plain {
		if len(text) > len(word) && strings.EqualFold(text[:len(word)], word) && isSpace(text[len(word)]) {
			return true
		}
	}
	return false
}

// afterComments leaves out what sqlc writes before a statement.
func afterComments(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if !strings.HasPrefix(text, "--") {
			return text
		}
		_, text, _ = strings.Cut(text, "\n")
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
