package scalar

import (
	"io"
	"slices"
	"strconv"
)

// WriteEnum writes a value of an enum that a domain declares.
func WriteEnum[T ~string](w io.Writer, e T) { _, _ = io.WriteString(w, strconv.Quote(string(e))) }

// ReadEnum reads one of the known values of an enum.
func ReadEnum[T ~string](v any, known ...T) (T, error) {
	s, _ := v.(string)
	if !slices.Contains(known, T(s)) {
		return "", refuse("INVALID_REQUEST", "%v is not one of %v", v, known)
	}
	return T(s), nil
}
