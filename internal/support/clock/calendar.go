package clock

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"time"

	"kabinet/ent/schema"
)

// Calendar is when the business works. A second is working time when the clock
// on the wall of the calendar's time zone, as it stands at the beginning of
// that second, shows a time within an interval of the day that it shows.
//
// So an interval is by the clock on the wall. An hour that the zone skips in
// spring does not exist: 01:00 to 04:00 is two hours on that day. An hour that
// the zone goes through twice in autumn counts twice: it is four hours then.
// The same holds for every other jump of a zone, such as a day left out.
//
// No calendar (nil) is day and night.
type Calendar struct {
	zone *time.Location
	week [7][]span        // Monday first
	days map[int64][]span // that differ, by the number of the day since 1970-01-01
}

// span is a stretch of a day in seconds from midnight on the wall, its end not
// in it.
type span struct{ from, to int64 }

const (
	secondsOfDay = 86_400
	// horizon is how far ahead a deadline is looked for, in days. A target
	// that is not used up until then is never missed.
	horizon = 3660
)

// NewCalendar reads the columns of a calendar. What it refuses is the fault of
// whoever wrote them: save checks first.
func NewCalendar(zone string, week []schema.BusinessInterval, holidays []schema.BusinessHoliday) (*Calendar, error) {
	c := &Calendar{days: map[int64][]span{}}
	var err error
	if c.zone, err = time.LoadLocation(zone); err != nil {
		return nil, fmt.Errorf("clock: calendar: %w", err)
	}
	for _, i := range week {
		s, err := readSpan(i)
		if err != nil {
			return nil, err
		}
		if i.Day < 1 || i.Day > 7 {
			return nil, fmt.Errorf("clock: calendar: day %d", i.Day)
		}
		c.week[i.Day-1] = append(c.week[i.Day-1], s)
	}
	for i := range c.week {
		sortSpans(c.week[i])
	}
	for _, h := range holidays {
		on, err := time.Parse(time.DateOnly, h.On)
		if err != nil {
			return nil, fmt.Errorf("clock: calendar: %w", err)
		}
		hours := []span{}
		for _, i := range h.Intervals {
			s, err := readSpan(i)
			if err != nil {
				return nil, err
			}
			hours = append(hours, s)
		}
		sortSpans(hours)
		c.days[on.Unix()/secondsOfDay] = hours
	}
	return c, nil
}

func sortSpans(all []span) {
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
}

func readSpan(i schema.BusinessInterval) (span, error) {
	from, ok1 := wallTime(i.From)
	to, ok2 := wallTime(i.To)
	if !ok1 || !ok2 || from >= to {
		return span{}, fmt.Errorf("clock: calendar: interval %q to %q", i.From, i.To)
	}
	return span{from, to}, nil
}

// wallTime reads HH:MM, up to 24:00, the end of the day.
func wallTime(s string) (seconds int64, ok bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	hours, err1 := strconv.ParseUint(s[:2], 10, 8)
	minutes, err2 := strconv.ParseUint(s[3:], 10, 8)
	if err1 != nil || err2 != nil || hours > 24 || minutes > 59 || hours == 24 && minutes > 0 {
		return 0, false
	}
	return int64(hours)*3600 + int64(minutes)*60, true
}

// Working is how many seconds of working time lie from one instant (in it) to
// another (not in it). Parts of a second are left out of both.
func (c *Calendar) Working(from, to time.Time) (seconds int64) {
	for a, b := range c.stretches(from.Unix(), to.Unix()) {
		seconds += b - a
	}
	return seconds
}

// Due is the instant at which so many seconds of working time are used up that
// begins at from: the first at which Working gives as many. It is from itself
// where nothing is left to use. ok is false where the calendar does not hold so
// much within ten years.
func (c *Calendar) Due(from time.Time, seconds int64) (at time.Time, ok bool) {
	start := from.Unix()
	if seconds <= 0 {
		return time.Unix(start, 0).UTC(), true
	}
	for a, b := range c.stretches(start, start+horizon*secondsOfDay) {
		if b-a >= seconds {
			return time.Unix(a+seconds, 0).UTC(), true
		}
		seconds -= b - a
	}
	return time.Time{}, false
}

// stretches are the stretches of working time within a time, in seconds since
// 1970 and in order; their ends are not in them.
func (c *Calendar) stretches(from, to int64) iter.Seq2[int64, int64] {
	return func(yield func(a, b int64) bool) {
		if c == nil {
			if from < to {
				yield(from, to)
			}
			return
		}
		for at := from; at < to; {
			_, offset := time.Unix(at, 0).In(c.zone).Zone()
			end := min(to, c.even(at))
			if !c.steady(at, end, int64(offset), yield) {
				return
			}
			at = end
		}
	}
}

// even is until when the clock on the wall runs evenly that shows an instant:
// until the zone jumps. Where a zone goes by a rule, Go gives as the end of a
// time the 366th day of the year, so in December of a leap year one that has
// passed; there we look minute by minute.
func (c *Calendar) even(at int64) int64 {
	_, jump := time.Unix(at, 0).In(c.zone).ZoneBounds()
	switch {
	case jump.IsZero():
		return math.MaxInt64
	case jump.Unix() > at:
		return jump.Unix()
	}
	return at - at%60 + 60
}

// steady are the stretches within a time in which the wall is offset ahead of UTC.
func (c *Calendar) steady(from, to, offset int64, yield func(a, b int64) bool) bool {
	from, to = from+offset, to+offset
	for at := from; at < to; {
		day := at / secondsOfDay
		if at < 0 && at%secondsOfDay != 0 {
			day--
		}
		midnight := day * secondsOfDay
		for _, s := range c.hours(day) {
			a, b := max(at, midnight+s.from), min(to, midnight+s.to)
			if a < b && !yield(a-offset, b-offset) {
				return false
			}
		}
		at = midnight + secondsOfDay
	}
	return true
}

// hours are the working hours of a day, by its number since 1970-01-01, which
// was a Thursday.
func (c *Calendar) hours(day int64) []span {
	if hours, differs := c.days[day]; differs {
		return hours
	}
	return c.week[((day+3)%7+7)%7]
}
