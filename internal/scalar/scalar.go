// Package scalar owns the Go types of the SDL's scalars and their text forms.
// It is a leaf: it knows no table and no rule.
package scalar

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/bojanz/currency"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// MaxPoints is the largest Points value: what a JavaScript number holds exactly.
const MaxPoints = 1<<53 - 1

func refuse(code, format string, args ...any) error {
	return &gqlerror.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
}

// quoted writes JSON: Go's own quoting knows escapes that JSON does not.
func quoted(s string) graphql.Marshaler { return graphql.MarshalString(s) }

func text(scalar string, v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", refuse("INVALID_REQUEST", "%s must be a string, got %T", scalar, v)
	}
	return s, nil
}

// MarshalJSON writes an object.
func MarshalJSON(v map[string]any) graphql.Marshaler { return graphql.MarshalMap(v) }

// UnmarshalJSON reads an object; a list, a number or a text is none.
func UnmarshalJSON(v any) (map[string]any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, refuse("INVALID_REQUEST", "JSON must be an object, got %s", kindOf(v))
	}
	return m, nil
}

// kindOf names a value of JSON.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case []any:
		return "a list"
	}
	return "a number"
}

// MarshalDateTime writes RFC 3339 in UTC.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return quoted(t.UTC().Format(time.RFC3339Nano))
}

// UnmarshalDateTime reads RFC 3339 and cuts to microseconds, as both databases store.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, err := text("DateTime", v)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, refuse("INVALID_REQUEST", "DateTime must be RFC 3339, such as 2026-11-21T09:30:00Z")
	}
	return t.UTC().Truncate(time.Microsecond), nil
}

// MarshalDate writes YYYY-MM-DD.
func MarshalDate(s string) graphql.Marshaler { return quoted(s) }

// UnmarshalDate reads YYYY-MM-DD.
func UnmarshalDate(v any) (string, error) {
	s, err := text("Date", v)
	if err != nil {
		return "", err
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", refuse("INVALID_REQUEST", "Date must be YYYY-MM-DD, such as 1990-05-17")
	}
	return s, nil
}

// MarshalPoints writes an integer.
func MarshalPoints(n int64) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.FormatInt(n, 10)) })
}

// UnmarshalPoints reads an integer within 53 bits; never a float, never a text.
func UnmarshalPoints(v any) (int64, error) {
	var n int64
	var err error
	switch v := v.(type) {
	case json.Number:
		n, err = strconv.ParseInt(string(v), 10, 64)
	case int64:
		n = v
	case int:
		n = int64(v)
	default:
		err = fmt.Errorf("%T", v)
	}
	if err != nil || n > MaxPoints || n < -MaxPoints {
		return 0, refuse("INVALID_REQUEST", "Points must be a whole number between -%d and %d", int64(MaxPoints), int64(MaxPoints))
	}
	return n, nil
}

// MarshalDecimal writes a decimal as text, so that no client rounds it.
func MarshalDecimal(s string) graphql.Marshaler { return quoted(s) }

var decimal = regexp.MustCompile(`^-?[0-9]{1,16}(\.[0-9]{1,6})?$`)

// UnmarshalDecimal reads plain digits with an optional point.
func UnmarshalDecimal(v any) (string, error) {
	s, err := text("Decimal", v)
	if err != nil {
		return "", err
	}
	if !decimal.MatchString(s) {
		return "", refuse("INVALID_REQUEST", `Decimal must be digits with an optional point, as a string, such as "19.90"`)
	}
	return s, nil
}

// MarshalCurrencyCode writes an ISO 4217 code.
func MarshalCurrencyCode(s string) graphql.Marshaler { return quoted(s) }

// UnmarshalCurrencyCode reads a known ISO 4217 code.
func UnmarshalCurrencyCode(v any) (string, error) {
	s, err := text("CurrencyCode", v)
	if err != nil {
		return "", err
	}
	if s == "" || !currency.IsValid(s) {
		return "", refuse("INVALID_REQUEST", "CurrencyCode must be an ISO 4217 code, such as EUR")
	}
	return s, nil
}

// MarshalEmailAddress writes an address as the person wrote it.
func MarshalEmailAddress(s string) graphql.Marshaler { return quoted(s) }

// UnmarshalEmailAddress bounds the text; the account domain judges the address.
func UnmarshalEmailAddress(v any) (string, error) {
	s, err := text("EmailAddress", v)
	if err != nil {
		return "", err
	}
	if len(s) > 254 || strings.ContainsAny(s, "\r\n\x00") {
		return "", refuse("INVALID_REQUEST", "EmailAddress must be one line of at most 254 bytes")
	}
	return s, nil
}

// MarshalURL writes an address of the web.
func MarshalURL(s string) graphql.Marshaler { return quoted(s) }

// UnmarshalURL reads http and https addresses only.
func UnmarshalURL(v any) (string, error) {
	s, err := text("URL", v)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(s) // refuses control characters too
	if err != nil || len(s) > 2048 || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || strings.Contains(s, " ") {
		return "", refuse("INVALID_REQUEST", "URL must begin with https:// or http:// and be at most 2048 bytes")
	}
	return s, nil
}

// MarshalTimeZone writes an IANA name.
func MarshalTimeZone(s string) graphql.Marshaler { return quoted(s) }

// UnmarshalTimeZone reads a name of the IANA database.
func UnmarshalTimeZone(v any) (string, error) {
	s, err := text("TimeZone", v)
	if err != nil {
		return "", err
	}
	if _, err := time.LoadLocation(s); err != nil || s == "" || s == "Local" {
		return "", refuse("INVALID_REQUEST", "TimeZone must be an IANA name, such as Europe/Berlin")
	}
	return s, nil
}

// MarshalLocale writes a BCP 47 tag.
func MarshalLocale(s string) graphql.Marshaler { return quoted(s) }

var locale = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// UnmarshalLocale reads a BCP 47 tag.
func UnmarshalLocale(v any) (string, error) {
	s, err := text("Locale", v)
	if err != nil {
		return "", err
	}
	if !locale.MatchString(s) {
		return "", refuse("INVALID_REQUEST", "Locale must be a BCP 47 tag, such as en or ru-RU")
	}
	return s, nil
}

// MarshalStreamCursor writes a place in a stream.
func MarshalStreamCursor(s string) graphql.Marshaler { return quoted(s) }

// UnmarshalStreamCursor bounds the text; internal/live reads it.
func UnmarshalStreamCursor(v any) (string, error) {
	s, err := text("StreamCursor", v)
	if err != nil {
		return "", err
	}
	if len(s) > 2048 {
		return "", refuse("INVALID_CURSOR", "the stream cursor is not one that Kabinet gave")
	}
	return s, nil
}
