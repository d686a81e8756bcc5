package send

import (
	"time"

	"kabinet/ent/generated/reminder"
)

// wallLayout is how a wall clock is written.
const wallLayout = "2006-01-02T15:04"

// lookHour is when reminders of points and offers come, by the person's clock.
const lookHour = 9

// instant is when a wall clock of a zone shows a time. Of a time that comes
// twice it is the first; one that the clocks skip comes as much later as they
// skip.
func instant(wall time.Time, zone *time.Location) time.Time {
	as := func(offsetAt time.Time) time.Time {
		_, offset := offsetAt.In(zone).Zone()
		return wall.Add(-time.Duration(offset) * time.Second)
	}
	before, after := as(wall.Add(-36*time.Hour)), as(wall.Add(36*time.Hour))
	shows := func(t time.Time) bool { return t.In(zone).Format(wallLayout) == wall.Format(wallLayout) }
	switch {
	case shows(before) && shows(after):
		if after.Before(before) {
			return after
		}
		return before
	case shows(after):
		return after
	}
	return before
}

// nth is the wall clock of the nth time, from 0, of what began at first.
func nth(first time.Time, repeats reminder.Repeats, n int) time.Time {
	y, m, d := first.Date()
	switch repeats {
	case reminder.RepeatsDAILY:
		return first.AddDate(0, 0, n)
	case reminder.RepeatsWEEKLY:
		return first.AddDate(0, 0, 7*n)
	case reminder.RepeatsMONTHLY:
		m += time.Month(n)
	case reminder.RepeatsYEARLY:
		y += n
	default:
		return first
	}
	last := time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(y, m, min(d, last), first.Hour(), first.Minute(), 0, 0, time.UTC)
}

// nextTime is the first time after a moment; ok is false where there is none.
func nextTime(first time.Time, repeats reminder.Repeats, zone *time.Location, after time.Time) (at time.Time, ok bool) {
	n := 0
	// All before that are past. Of seconds: a time.Duration ends after 292 years.
	if days := int((after.Unix()-first.Unix())/86_400) - 2; days > 0 {
		switch repeats {
		case reminder.RepeatsDAILY:
			n = days
		case reminder.RepeatsWEEKLY:
			n = days / 7
		case reminder.RepeatsMONTHLY:
			n = days / 31
		case reminder.RepeatsYEARLY:
			n = days / 366
		}
	}
	for ; ; n++ {
		at := instant(nth(first, repeats, n), zone)
		if at.After(after) {
			return at, true
		}
		if repeats == reminder.RepeatsNEVER {
			return at, false
		}
	}
}

// nextLook is the next 09:00 of a zone.
func nextLook(zone *time.Location, after time.Time) time.Time {
	y, m, d := after.In(zone).Date()
	for ; ; d++ {
		if at := instant(time.Date(y, m, d, lookHour, 0, 0, 0, time.UTC), zone); at.After(after) {
			return at
		}
	}
}

// dayOf is the day that a moment falls on, by a zone's calendar.
func dayOf(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }

// upTo is the end of the day that is so many days after today.
func upTo(now time.Time, zone *time.Location, days int) time.Time {
	y, m, d := now.In(zone).Date()
	return instant(time.Date(y, m, d+days+1, 0, 0, 0, 0, time.UTC), zone)
}

// zoneOf is a time zone by its name; UTC where there is none of it.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return time.UTC
	}
	return zone
}
