package history

import (
	"time"

	"kabinet/internal/fault"
)

const day = "2006-01-02"

// span is a month of a report, or the part of it that is asked for.
type span struct {
	Month        string    // its first day, YYYY-MM-DD
	From, Before time.Time // UTC
}

// months cuts a period into months of a time zone, oldest first; without one
// it is the running month and the 11 before it. The days are those of the
// report. Faults: INVALID_VALUE where the days are none or stand in the wrong
// order, OUT_OF_RANGE for more than 60 months.
func months(now time.Time, zone *time.Location, in *SpendingPeriod) (from, to string, spans []span, err error) {
	now = now.In(zone)
	first := time.Date(now.Year(), now.Month()-11, 1, 0, 0, 0, 0, zone)
	last := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	if in != nil {
		if first, err = time.ParseInLocation(day, in.From, zone); err != nil {
			return "", "", nil, fault.ErrInvalidValue.At("period", "from")
		}
		if last, err = time.ParseInLocation(day, in.To, zone); err != nil || last.Before(first) {
			return "", "", nil, fault.ErrInvalidValue.At("period", "to")
		}
	}
	n := (last.Year()-first.Year())*12 + int(last.Month()-first.Month()) + 1
	if n > maxMonths {
		return "", "", nil, fault.ErrOutOfRange.With("limit", maxMonths).At("period")
	}
	end := time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, zone)
	for i := range n {
		s := span{From: time.Date(first.Year(), first.Month()+time.Month(i), 1, 0, 0, 0, 0, zone)}
		s.Month = s.From.Format(day)
		s.Before = time.Date(first.Year(), first.Month()+time.Month(i+1), 1, 0, 0, 0, 0, zone).UTC()
		s.From = s.From.UTC()
		if i == 0 {
			s.From = first.UTC()
		}
		if i == n-1 {
			s.Before = end.UTC()
		}
		spans = append(spans, s)
	}
	return first.Format(day), last.Format(day), spans, nil
}
