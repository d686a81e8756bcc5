package profile

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kabinet/internal/fault"
)

func TestLooksLikeCard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"4242424242424242": true, "4242 4242 4242 4242": true, "4242-4242-4242-4242": true, "4242.4242.4242.4242": true,
		"my card 4242 4242 4242 4242 till 12/27": true, "4242 4242 4242 4242 12 27": true, "378282246310005": true, "2200 0000 0000 0004": true,
		"٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢": true, strings.Repeat("\uff14\uff12", 8): true, "a4242424242424242b": true, "4242\u00a04242\u00a04242\u00a04242": true,
		"4242424242424241": false, "Visa 4242": false, "": false, "the blue one": false, "0000000000000000": false, "424242424242": false,
		"+7 912 345-67-89": false, "40817810099910004312": false, "12345678901234567890123456789012345678901234567890": false,
	} {
		if LooksLikeCard(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestMethodLabel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"the blue one": nil, "": nil, strings.Repeat("я", 60): nil, strings.Repeat("я", 61): fault.ErrTooLong,
		"a\nb": fault.ErrInvalidValue, "a\xff": fault.ErrInvalidValue, "4242 4242 4242 4242": ErrCardNumberRefused,
	} {
		if _, err := methodLabel(&text); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		month, year int
		today       string
		over, soon  bool
	}{
		{2, 2028, "2028-02-29", false, true}, {2, 2028, "2028-03-01", true, false}, {12, 2026, "2026-11-30", false, false},
		{12, 2026, "2026-12-01", false, true}, {12, 2026, "2027-01-01", true, false}, {0, 0, "2026-01-01", false, false}, {13, 2026, "2026-01-01", false, false},
	} {
		today, err := time.Parse(time.DateOnly, c.today)
		if err != nil {
			t.Fatal(err)
		}
		day := lastDay(c.month, c.year)
		if over(day, today) != c.over || soon(day, today) != c.soon {
			t.Errorf("%d/%d on %s: over %v, soon %v", c.month, c.year, c.today, over(day, today), soon(day, today))
		}
	}
}
