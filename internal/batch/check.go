package batch

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// The lengths of keys and free data, in characters and bytes.
const (
	MaxSource   = 50
	MaxKey      = 100
	maxMetadata = 16 << 10
)

// Key checks the key of an outside system. Faults: REQUIRED, TOO_LONG,
// INVALID_VALUE.
func Key(k *scalar.ExternalKey, path ...string) error {
	if k == nil {
		return fault.ErrRequired.At(path...)
	}
	if err := Said(k.Source, MaxSource, append(path[:len(path):len(path)], "source")...); err != nil {
		return err
	}
	return Said(k.ID, MaxKey, append(path[:len(path):len(path)], "id")...)
}

// Said checks a text that must say something. Faults: REQUIRED, TOO_LONG,
// INVALID_VALUE.
func Said(s string, most int, path ...string) error {
	if strings.TrimSpace(s) == "" {
		return fault.ErrRequired.At(path...)
	}
	return Text(&s, most, path...)
}

// Text holds a text to its length in characters; nil is none. A NUL is refused,
// since PostgreSQL cannot keep one, and so is what is no UTF-8. Faults:
// TOO_LONG, INVALID_VALUE.
func Text(s *string, most int, path ...string) error {
	switch {
	case s == nil:
		return nil
	case strings.ContainsRune(*s, 0) || !utf8.ValidString(*s):
		return fault.ErrInvalidValue.At(path...)
	case utf8.RuneCountInString(*s) > most:
		return fault.ErrTooLong.With("limit", most).At(path...)
	}
	return nil
}

// NotAhead refuses times that lie ahead of now by more than a clock may be
// wrong, and those before any system counted them. Fault: OUT_OF_RANGE.
func NotAhead(t, now time.Time, path ...string) error {
	if earliest := time.Unix(0, 0).UTC(); t.Before(earliest) {
		return fault.ErrOutOfRange.With("min", earliest.Format(time.RFC3339Nano)).At(path...)
	}
	if latest := now.Add(Skew); t.After(latest) {
		return fault.ErrOutOfRange.With("max", latest.Format(time.RFC3339Nano)).At(path...)
	}
	return nil
}

// Metadata holds free data to 16 KB. Faults: TOO_LONG, INVALID_VALUE.
func Metadata(m map[string]any, path ...string) error {
	if m == nil {
		return nil
	}
	b, err := json.Marshal(m)
	switch {
	case err != nil || strings.Contains(string(b), `\u0000`):
		return fault.ErrInvalidValue.At(path...)
	case len(b) > maxMetadata:
		return fault.ErrTooLong.With("limit", maxMetadata).At(path...)
	}
	return nil
}

// Stale says that what is stored is newer than what an item says. Fault:
// OUTDATED.
func Stale(stored *time.Time, said time.Time, path ...string) error {
	if stored == nil || !said.Before(*stored) {
		return nil
	}
	return ErrOutdated.With("sourceUpdatedAt", stored.UTC().Format(time.RFC3339Nano)).At(path...)
}
