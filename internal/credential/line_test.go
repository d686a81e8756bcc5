package credential

import (
	"errors"
	"testing"
	"time"

	"kabinet/internal/fault"
)

func TestLine(t *testing.T) {
	for given, want := range map[string]struct {
		line string
		err  *fault.Fault
	}{
		" Anna ":   {line: "Anna"},
		"   ":      {},
		"яяя":      {line: "яяя"},
		"яяяя я":   {err: fault.ErrTooLong},
		"a\nb":     {err: fault.ErrInvalidValue},
		"a\x00":    {err: fault.ErrInvalidValue},
		"a\xff":    {err: fault.ErrInvalidValue},
		"\n ab \n": {line: "ab"},
		"a\u202eb": {err: fault.ErrInvalidValue},
		"\u200b":   {err: fault.ErrInvalidValue},
		"\ufeffa":  {err: fault.ErrInvalidValue},
		"a\u200db": {line: "a\u200db"},
		"\u200d":   {},
	} {
		got, err := Line(&given, 5, "input", "name")
		if want.err != nil {
			if !errors.Is(err, want.err) {
				t.Errorf("%q: %v", given, err)
			}
			continue
		}
		if err != nil || (got == nil) != (want.line == "") || got != nil && *got != want.line {
			t.Errorf("%q: %v %v", given, got, err)
		}
	}
	two := "a\nb"
	if got, err := Text(&two, 5, true); err != nil || *got != two {
		t.Error(got, err)
	}
}

func TestCheckBirth(t *testing.T) {
	now := time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
	for day, good := range map[string]bool{"1899-12-31": false, "1900-01-01": true, "2026-11-22": true, "2026-11-23": false} {
		if err := CheckBirth(&day, now); (err == nil) != good || err != nil && !errors.Is(err, fault.ErrOutOfRange) {
			t.Errorf("%s: %v", day, err)
		}
	}
	today := "2026-11-22"
	if err := CheckBirth(&today, now.Add(-10*time.Hour)); err != nil {
		t.Errorf("early in the day: %v", err)
	}
	if err := CheckBirth(nil, now); err != nil {
		t.Error(err)
	}
}
