package card

import (
	"context"
	"sort"
	"time"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

const (
	mostDays = 366
	dayForm  = "2006-01-02"

	firstYear, lastYear = 1970, 9998 // their ends are moments that both databases and clients can write
)

// span is a stretch of time with the day it begins with.
type span struct {
	from, to time.Time
	day      string
}

// zoneOf is the time zone that days are of. Faults: INVALID_VALUE.
func zoneOf(ctx context.Context, name *string) (*time.Location, error) {
	asked := viewer.From(ctx).TimeZone
	if name != nil {
		asked = *name
	}
	if asked == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(asked)
	if err != nil || asked == "Local" {
		return nil, fault.ErrInvalidValue.At("timeZone")
	}
	return zone, nil
}

// spansOf divides a period: by days, weeks from Monday or months, those at its
// ends cut; else it is one. Faults: INVALID_VALUE of a day, OUT_OF_RANGE of too
// many or none.
func spansOf(p SupportPeriod, by SupportGroup, zone *time.Location) (all []span, err error) {
	first, err := time.Parse(dayForm, p.From)
	if err != nil {
		return nil, fault.ErrInvalidValue.At("period", "from")
	}
	last, err := time.Parse(dayForm, p.To)
	if err != nil {
		return nil, fault.ErrInvalidValue.At("period", "to")
	}
	if first.Year() < firstYear || last.Year() > lastYear {
		return nil, fault.ErrInvalidValue.At("period")
	}
	days := int(last.Sub(first).Hours()/24) + 1
	if days < 1 || days > mostDays {
		return nil, fault.ErrOutOfRange.At("period", "to").With("min", 1).With("max", mostDays)
	}
	end := begins(last.AddDate(0, 0, 1), zone)
	for day := first; !day.After(last); {
		next := last.AddDate(0, 0, 1)
		switch by {
		case ByDay:
			next = day.AddDate(0, 0, 1)
		case ByWeek:
			next = day.AddDate(0, 0, 7-(int(day.Weekday())+6)%7)
		case ByMonth:
			next = time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		}
		s := span{from: begins(day, zone), to: begins(next, zone), day: day.Format(dayForm)}
		if s.to.After(end) {
			s.to = end
		}
		all = append(all, s)
		day = next
	}
	return all, nil
}

// begins is when a day of the calendar begins in a zone: its first moment, also
// where clocks are put forward at midnight, or back past it, or the day is left
// out. Clocks are put by whole minutes, and days begin within 15 hours of UTC's.
func begins(day time.Time, zone *time.Location) time.Time {
	const apart = 15 * 60
	at := func(i int) time.Time { return day.Add(time.Duration(i-apart) * time.Minute) }
	return at(sort.Search(2*apart, func(i int) bool {
		y, m, d := at(i).In(zone).Date()
		return !time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Before(day)
	}))
}
