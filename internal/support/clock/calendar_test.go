package clock

import (
	"fmt"
	"testing"
	"time"

	_ "time/tzdata"

	"pgregory.net/rapid"

	"kabinet/ent/schema"
)

// zones with jumps of an hour, half an hour, two hours and a day, abroad and at
// home, and some that never jump.
var zones = []string{
	"UTC", "Europe/Moscow", "Europe/London", "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe",
	"Antarctica/Troll", "Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca", "America/Havana", "Asia/Gaza", "America/Sao_Paulo",
}

// slowCalendar is the definition: the clock on the wall as text.
type slowCalendar struct {
	zone     *time.Location
	week     []schema.BusinessInterval
	holidays []schema.BusinessHoliday
}

func (c slowCalendar) works(at time.Time) bool {
	wall := at.In(c.zone)
	day, clock := wall.Format("2006-01-02"), wall.Format("15:04")
	iso := int(wall.Weekday())
	if iso == 0 {
		iso = 7
	}
	for _, h := range c.holidays {
		if h.On != day {
			continue
		}
		for _, i := range h.Intervals {
			if i.From <= clock && clock < i.To {
				return true
			}
		}
		return false
	}
	for _, i := range c.week {
		if i.Day == iso && i.From <= clock && clock < i.To {
			return true
		}
	}
	return false
}

func drawIntervals(t *rapid.T, day int, name string) (all []schema.BusinessInterval) {
	at := 0
	for n := rapid.IntRange(0, 3).Draw(t, name+" intervals"); n > 0 && at < 24*60; n-- {
		from := rapid.OneOf(rapid.IntRange(at, min(at+400, 24*60-1)), rapid.Just(at)).Draw(t, name+" from")
		to := rapid.OneOf(rapid.IntRange(from+1, 24*60), rapid.Just(24*60)).Draw(t, name+" to")
		all = append(all, schema.BusinessInterval{Day: day, From: fmt.Sprintf("%02d:%02d", from/60, from%60), To: fmt.Sprintf("%02d:%02d", to/60, to%60)})
		at = to
	}
	return all
}

// drawStart is an instant, mostly near a jump of the zone.
func drawStart(t *rapid.T, zone *time.Location) time.Time {
	at := time.Unix(rapid.Int64Range(time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC).Unix()).Draw(t, "start"), 0)
	if rapid.IntRange(0, 7).Draw(t, "near the end of a leap year") == 0 {
		at = time.Date(rapid.SampledFrom([]int{2012, 2024, 2028, 2040, 2044}).Draw(t, "leap year"), 12, 30, 0, 0, rapid.IntRange(0, 48*3600).Draw(t, "seconds of it"), 0, time.UTC)
		return at
	}
	if rapid.IntRange(0, 3).Draw(t, "near a jump") > 0 {
		if _, jump := at.In(zone).ZoneBounds(); !jump.IsZero() {
			at = jump.Add(-time.Duration(rapid.IntRange(0, 30*3600).Draw(t, "seconds before")) * time.Second)
		}
	}
	return at.UTC()
}

func drawCalendar(t *rapid.T) (*Calendar, slowCalendar, time.Time) {
	name := rapid.SampledFrom(zones).Draw(t, "zone")
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	slow := slowCalendar{zone: zone}
	for day := 1; day <= 7; day++ {
		slow.week = append(slow.week, drawIntervals(t, day, fmt.Sprint("day ", day))...)
	}
	start := drawStart(t, zone)
	for n := rapid.IntRange(0, 2).Draw(t, "holidays"); n > 0; n-- {
		on := start.In(zone).AddDate(0, 0, n).Format(time.DateOnly)
		slow.holidays = append(slow.holidays, schema.BusinessHoliday{On: on, Intervals: drawIntervals(t, 0, on)})
	}
	fast, err := NewCalendar(name, slow.week, slow.holidays)
	if err != nil {
		t.Fatal(err)
	}
	return fast, slow, start
}

// Working time and deadlines are those of a model that looks at the wall each
// second.
func TestCalendarIsTheClockOnTheWall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fast, slow, start := drawCalendar(t)
		length := rapid.IntRange(0, 50*3600).Draw(t, "length")
		wanted := rapid.Int64Range(0, 40*3600).Draw(t, "wanted")
		var n int64
		var due time.Time
		if wanted == 0 {
			due = start
		}
		for i := range length {
			at := start.Add(time.Duration(i) * time.Second)
			if slow.works(at) {
				n++
				if n == wanted {
					due = at.Add(time.Second)
				}
			}
		}
		end := start.Add(time.Duration(length) * time.Second)
		if got := fast.Working(start, end); got != n {
			t.Fatalf("working time from %s to %s is %d s, not %d", start, end, n, got)
		}
		got, ok := fast.Due(start, wanted)
		switch {
		case due.IsZero() && ok && !got.After(end):
			t.Fatalf("%d s from %s: due at %s, but there are only %d s until %s", wanted, start, got, n, end)
		case !due.IsZero() && (!ok || !got.Equal(due)):
			t.Fatalf("%d s from %s: due at %s (%v), not %s", wanted, start, got, ok, due)
		}
	})
}

// Over years, Due and Working are each other's inverse.
func TestDueIsTheInverseOfWorking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, _, start := drawCalendar(t)
		wanted := rapid.Int64Range(1, 2000*3600).Draw(t, "wanted")
		due, ok := c.Due(start, wanted)
		if !ok {
			if n := c.Working(start, start.Add(horizon*secondsOfDay*time.Second)); n >= wanted {
				t.Fatalf("%d s are there, not found", n)
			}
			return
		}
		if n := c.Working(start, due); n != wanted {
			t.Fatalf("%d s until %s, not %d", n, due, wanted)
		}
		if n := c.Working(start, due.Add(-time.Second)); n != wanted-1 {
			t.Fatalf("%d s a second before, not %d", n, wanted-1)
		}
	})
}

func TestCalendarExamples(t *testing.T) {
	week := func(days int, hours ...string) (all []schema.BusinessInterval) {
		for day := 1; day <= days; day++ {
			for i := 0; i < len(hours); i += 2 {
				all = append(all, schema.BusinessInterval{Day: day, From: hours[i], To: hours[i+1]})
			}
		}
		return all
	}
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		name, zone string
		week       []schema.BusinessInterval
		holidays   []schema.BusinessHoliday
		from, to   string
		seconds    int64
	}{
		{"a split shift", "Europe/Moscow", week(5, "09:00", "13:00", "14:00", "18:00"), nil, "2026-11-23T12:00:00+03:00", "2026-11-23T15:00:00+03:00", 2 * 3600},
		{"over the weekend", "Europe/Moscow", week(5, "09:00", "18:00"), nil, "2026-11-20T17:00:00+03:00", "2026-11-23T10:00:00+03:00", 2 * 3600},
		{"midnight is within 24:00 and 00:00", "UTC", week(7, "22:00", "24:00", "00:00", "02:00"), nil, "2026-11-23T21:00:00Z", "2026-11-24T03:00:00Z", 4 * 3600},
		{"a holiday is closed", "UTC", week(7, "00:00", "24:00"), []schema.BusinessHoliday{{On: "2026-12-25"}}, "2026-12-24T12:00:00Z", "2026-12-26T12:00:00Z", 24 * 3600},
		{"a short day", "UTC", week(7, "09:00", "18:00"), []schema.BusinessHoliday{{On: "2026-12-31", Intervals: []schema.BusinessInterval{{From: "09:00", To: "12:00"}}}}, "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z", 3 * 3600},
		{"an hour that is skipped does not exist", "Europe/London", week(7, "00:00", "04:00"), nil, "2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z", 3 * 3600},
		{"an hour that is doubled counts twice", "Europe/London", week(7, "00:00", "04:00"), nil, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", 5 * 3600},
		{"within the skipped hour there is nothing", "Europe/London", week(7, "01:00", "02:00"), nil, "2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z", 0},
		{"the end of a leap year", "Europe/London", week(7, "09:00", "18:00"), nil, "2040-12-30T12:00:00Z", "2041-01-01T10:30:00Z", 6*3600 + 9*3600 + 5400},
		{"and in summer", "Australia/Lord_Howe", week(7, "09:00", "18:00"), nil, "2044-12-31T00:00:00Z", "2045-01-01T00:00:00Z", 7*3600 + 2*3600},
		{"a day that was left out", "Pacific/Apia", week(7, "09:00", "17:00"), nil, "2011-12-29T00:00:00-10:00", "2012-01-01T00:00:00+14:00", 2 * 8 * 3600},
	} {
		cal, err := NewCalendar(c.zone, c.week, c.holidays)
		if err != nil {
			t.Fatal(err)
		}
		if got := cal.Working(at(c.from), at(c.to)); got != c.seconds {
			t.Errorf("%s: %d s, not %d", c.name, got, c.seconds)
		}
	}
	var always *Calendar
	if due, ok := always.Due(at("2026-03-29T00:30:00Z"), 3600); !ok || !due.Equal(at("2026-03-29T01:30:00Z")) {
		t.Errorf("day and night: %s", due)
	}
	never, _ := NewCalendar("UTC", nil, nil)
	if due, ok := never.Due(at("2026-03-29T00:30:00Z"), 1); ok {
		t.Errorf("nobody works, and it is due at %s", due)
	}
}
