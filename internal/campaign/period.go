package campaign

import (
	"fmt"
	"time"
)

// window is a stretch of time that something is counted in: from at or after,
// to before. Nil ends are open.
type window struct {
	key      string // ever, 2026-11, 2026-W47
	from, to *time.Time
}

// windowOf is the period that holds a time, by the days of zone. A CAMPAIGN's
// is its own window.
func windowOf(p AchievementPeriod, at time.Time, zone *time.Location, starts, ends *time.Time) window {
	if p == PeriodCampaign || p == "" {
		return window{"ever", starts, ends}
	}
	t := at.In(zone)
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone)
	first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, zone)
	switch p {
	case PeriodDay:
		return between(day.Format(time.DateOnly), day, day.AddDate(0, 0, 1))
	case PeriodWeek:
		monday := day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
		year, week := day.ISOWeek()
		return between(fmt.Sprintf("%04d-W%02d", year, week), monday, monday.AddDate(0, 0, 7))
	case PeriodQuarter:
		q := (int(t.Month()) - 1) / 3
		from := time.Date(t.Year(), time.Month(3*q+1), 1, 0, 0, 0, 0, zone)
		return between(fmt.Sprintf("%04d-Q%d", t.Year(), q+1), from, from.AddDate(0, 3, 0))
	case PeriodYear:
		from := time.Date(t.Year(), 1, 1, 0, 0, 0, 0, zone)
		return between(from.Format("2006"), from, from.AddDate(1, 0, 0))
	}
	return between(first.Format("2006-01"), first, first.AddDate(0, 1, 0))
}

func between(key string, from, to time.Time) window {
	from, to = from.UTC(), to.UTC()
	return window{key, &from, &to}
}

// zoneOf is a person's time zone; UTC where it is not known here.
func zoneOf(name string) *time.Location {
	if l, err := time.LoadLocation(name); err == nil {
		return l
	}
	return time.UTC
}

// percent is how far current is of target, 0 to 100, rounded down.
func percent(current, target int64) int {
	switch {
	case target <= 0 || current >= target:
		return 100
	case current <= 0:
		return 0
	}
	return int(current * 100 / target) // 53 bits and 7 more fit
}
