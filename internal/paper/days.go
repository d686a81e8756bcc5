package paper

import (
	"time"

	"kabinet/internal/fault"
)

const (
	day       = "2006-01-02"
	maxMonths = 60 // of a period
)

// span is a period: from is in it, before is not. Both days are those of the
// business.
type span struct {
	From, Before time.Time // UTC
	First, Last  time.Time // in the zone
}

// periodOf reads the days of a period: no later than today, in their order, at
// most 60 months. Faults: INVALID_VALUE, OUT_OF_RANGE, REQUIRED where there is
// no first day and one is needed.
func periodOf(in DocumentPeriodInput, now time.Time, zone *time.Location, whole bool) (s span, err error) {
	if s.Last, err = time.ParseInLocation(day, in.To, zone); err != nil {
		return s, fault.ErrInvalidValue.At("input", "period", "to")
	}
	today := now.In(zone)
	if s.Last.After(today) {
		return s, fault.ErrOutOfRange.At("input", "period", "to").With("max", today.Format(day))
	}
	s.Before = nextDay(s.Last).UTC()
	switch {
	case in.From != nil:
		if s.First, err = time.ParseInLocation(day, *in.From, zone); err != nil || s.First.After(s.Last) {
			return s, fault.ErrInvalidValue.At("input", "period", "from")
		}
		if least := s.Last.AddDate(0, -maxMonths, 0); s.First.Before(least) {
			return s, fault.ErrOutOfRange.At("input", "period", "from").With("min", least.Format(day))
		}
		s.From = s.First.UTC()
	case whole:
		return s, fault.ErrRequired.At("input", "period", "from")
	}
	return s, nil
}

func nextDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
}

func text(t time.Time) *string {
	s := t.Format(day)
	return &s
}
