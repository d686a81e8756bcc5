package account

import "kabinet/internal/credential"

// line is one line of text without blanks around it; nil for null and for
// nothing but blanks.
//
// Faults: TOO_LONG, INVALID_VALUE for control characters.
func line(v *string, limit int, path ...string) (*string, error) {
	return credential.Line(v, limit, path...)
}

// Text is line, where lines is set with line ends in it.
//
// Faults: as line.
func Text(v *string, limit int, lines bool, path ...string) (*string, error) {
	return credential.Text(v, limit, lines, path...)
}
