package profile

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
)

// Bounds of saved payment methods.
const (
	mostMethods  = 20             // of one person, pending ones too
	longestLabel = 60             // characters
	setupLife    = time.Hour      // how long a page can be answered
	afterSetup   = 24 * time.Hour // how long one that was not is kept, for a late message
	soonDays     = 30
)

// lastDay is the last day that a card is good: of its month. Nil where the
// provider says none, or one that cannot be.
func lastDay(month, year int) *string {
	if month < 1 || month > 12 || year < 2000 || year > 9999 {
		return nil
	}
	day := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	return &day
}

// today is the day of the business.
func (s *PaymentMethods) today() time.Time {
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	return s.Store.Now().In(zone)
}

// Expired says whether the last day of a method is over.
func (s *PaymentMethods) Expired(m *ent.PaymentMethod) bool {
	return over(m.ExpiresOn, s.today())
}

// ExpiresSoon says whether the last day comes within 30 days, and is not over.
func (s *PaymentMethods) ExpiresSoon(m *ent.PaymentMethod) bool {
	return soon(m.ExpiresOn, s.today())
}

func over(day *string, today time.Time) bool {
	return day != nil && *day < today.Format(time.DateOnly)
}

func soon(day *string, today time.Time) bool {
	return day != nil && !over(day, today) && *day <= today.AddDate(0, 0, soonDays).Format(time.DateOnly)
}

// methodLabel is a person's name for a method; nil for none. Faults: TOO_LONG,
// INVALID_VALUE, CARD_NUMBER_REFUSED.
func methodLabel(given *string) (*string, error) {
	if given == nil {
		return nil, nil
	}
	s := strings.TrimSpace(*given)
	switch {
	case s == "":
		return nil, nil
	case utf8.RuneCountInString(s) > longestLabel:
		return nil, fault.ErrTooLong.At("input", "label").With("limit", longestLabel)
	case strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s):
		return nil, fault.ErrInvalidValue.At("input", "label")
	case LooksLikeCard(s):
		return nil, ErrCardNumberRefused.At("input", "label")
	}
	return &s, nil
}
