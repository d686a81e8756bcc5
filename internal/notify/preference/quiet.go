package preference

import (
	"cmp"
	"slices"
	"time"

	"kabinet/ent/schema"
)

// longestQuiet is how long quiet hours hold anything: rules that leave nothing
// open for so long hold nothing at all.
const longestQuiet = 7 * 24 * time.Hour

// QuietUntil says whether quiet hours hold a message at a moment, and until
// when: to the end of all ranges that adjoin or overlap. zone is the person's,
// for quiet hours that name none. q may be nil.
//
// A range goes by the clock on the wall. It begins at the first moment at which
// the clock shows From or later on that day, and ends after the last one at
// which it shows less than To. So where clocks are put forward, an edge in the
// hour that is not there is moved to the end of the gap; where they are put
// back, the whole stretch of both passes is quiet. A To that is not after From
// is on the next day.
func QuietUntil(q *schema.QuietHours, zone string, at time.Time) (until time.Time, quiet bool) {
	if q == nil {
		return time.Time{}, false
	}
	until = at
	for _, s := range stretches(q.Ranges, location(cmp.Or(q.TimeZone, zone)), at) {
		if s.from.After(until) {
			break
		}
		if s.to.After(until) {
			until = s.to
		}
	}
	if held := until.Sub(at); held <= 0 || held > longestQuiet {
		return time.Time{}, false
	}
	return until.UTC(), true
}

// stretch is a range on one day, as moments.
type stretch struct{ from, to time.Time }

// stretches are those that may hold something within a week of a moment, by
// their beginning.
func stretches(ranges []schema.QuietRange, loc *time.Location, at time.Time) []stretch {
	var all []stretch
	y, m, d := at.In(loc).Date()
	for n := -2; n <= 9; n++ {
		day := time.Date(y, m, d+n, 0, 0, 0, 0, time.UTC)
		for _, r := range ranges {
			if len(r.Days) > 0 && !slices.Contains(r.Days, dayNames[day.Weekday()]) {
				continue
			}
			from, _ := clock(r.From)
			to, _ := clock(r.To)
			if to <= from {
				to += minutesOfDay
			}
			begins, _ := edges(loc, day.Add(time.Duration(from)*time.Minute))
			_, ends := edges(loc, day.Add(time.Duration(to)*time.Minute))
			if begins.Before(ends) {
				all = append(all, stretch{begins, ends})
			}
		}
	}
	slices.SortFunc(all, func(a, b stretch) int { return a.from.Compare(b.from) })
	return all
}

// edges are the moments of one time of the wall clock, which wall says as if it
// were UTC: the first at which the clock shows it or later, and the one before
// which it last showed less. They differ where the time comes twice.
func edges(loc *time.Location, wall time.Time) (first, last time.Time) {
	const around = 48 * time.Hour // no zone is further from UTC
	for t := wall.Add(-around); ; {
		in := t.In(loc)
		start, end := in.ZoneBounds() // in here one offset holds; zero: it always did, always will
		_, offset := in.Zone()
		shows := wall.Add(-time.Duration(offset) * time.Second)
		if begins := later(shows, start); first.IsZero() && (end.IsZero() || begins.Before(end)) {
			first = begins
		}
		if start.IsZero() || shows.After(start) {
			if last = shows; !end.IsZero() && end.Before(shows) {
				last = end
			}
		}
		if end.IsZero() || end.After(wall.Add(around)) {
			return first, last
		}
		t = end
	}
}

func later(a, b time.Time) time.Time {
	if b.IsZero() || a.After(b) {
		return a
	}
	return b
}

// location is a zone of the IANA, UTC for one that is not known (any more).
func location(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return time.UTC
	}
	return loc
}

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)

// dayNames are the days of the week as they are stored, Sunday first as Go has it.
var dayNames = [...]string{"SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"}

// clock is HH:MM in minutes since midnight.
func clock(text string) (minutes int, ok bool) {
	if len(text) != len("00:00") || text[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
	}
	h, m := int(text[0]-'0')*10+int(text[1]-'0'), int(text[3]-'0')*10+int(text[4]-'0')
	return h*60 + m, h < 24 && m < 60
}

// longestOpen is the longest stretch of the week, in minutes, that ranges leave
// open, whatever clocks do.
func longestOpen(ranges []schema.QuietRange) int {
	var quiet [minutesOfWeek]bool
	for _, r := range ranges {
		from, _ := clock(r.From)
		to, _ := clock(r.To)
		if to <= from {
			to += minutesOfDay
		}
		for d, name := range dayNames {
			if len(r.Days) > 0 && !slices.Contains(r.Days, name) {
				continue
			}
			for m := from; m < to; m++ {
				quiet[(d*minutesOfDay+m)%minutesOfWeek] = true
			}
		}
	}
	longest, run := 0, 0
	for i := range 2 * minutesOfWeek { // twice round: a stretch may go over the end of the week
		if run++; quiet[i%minutesOfWeek] {
			run = 0
		}
		longest = max(longest, run)
	}
	return min(longest, minutesOfWeek)
}
