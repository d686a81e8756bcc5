package preference

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kabinet/ent/schema"
)

func TestQuietUntil(t *testing.T) {
	t.Parallel()
	night := []schema.QuietRange{{From: "22:00", To: "08:00"}}
	work := []schema.QuietRange{{Days: []string{"MONDAY", "FRIDAY"}, From: "09:00", To: "12:00"}, {Days: []string{"MONDAY"}, From: "12:00", To: "13:00"}, {From: "12:30", To: "14:00"}}
	never := []schema.QuietRange{{From: "00:00", To: "00:00"}}
	gap, twice := []schema.QuietRange{{From: "01:30", To: "02:30"}, {From: "02:45", To: "04:00"}}, []schema.QuietRange{{From: "02:15", To: "02:30"}}
	for name, one := range map[string]struct {
		ranges    []schema.QuietRange
		zone      string
		at, until string // empty: not quiet
	}{
		"before":                      {night, "Europe/Berlin", "2026-06-01T19:59:59Z", ""},
		"from the first moment":       {night, "Europe/Berlin", "2026-06-01T20:00:00Z", "2026-06-02T06:00:00Z"},
		"after midnight":              {night, "Europe/Berlin", "2026-06-02T05:59:59Z", "2026-06-02T06:00:00Z"},
		"the end is open":             {night, "Europe/Berlin", "2026-06-02T06:00:00Z", ""},
		"another zone":                {night, "America/New_York", "2026-06-02T05:59:59Z", "2026-06-02T12:00:00Z"},
		"no zone is UTC":              {night, "", "2026-06-01T22:30:00Z", "2026-06-02T08:00:00Z"},
		"a zone that is gone":         {night, "Mars/Olympus", "2026-06-01T22:30:00Z", "2026-06-02T08:00:00Z"},
		"adjoining and overlapping":   {work, "UTC", "2026-06-01T09:30:00Z", "2026-06-01T14:00:00Z"},
		"two of them":                 {work, "UTC", "2026-06-05T11:00:00Z", "2026-06-05T12:00:00Z"},
		"a day that is not named":     {work, "UTC", "2026-06-02T09:30:00Z", ""},
		"nothing is ever open":        {never, "UTC", "2026-06-02T09:30:00Z", ""},
		"no ranges":                   {nil, "UTC", "2026-06-02T09:30:00Z", ""},
		"the edge in the gap":         {gap, "Europe/Berlin", "2026-03-29T00:45:00Z", "2026-03-29T02:00:00Z"}, // both edges are 03:00, which adjoin
		"the edge on another day":     {gap, "Europe/Berlin", "2026-03-30T00:15:00Z", "2026-03-30T00:30:00Z"},
		"a night with a gap":          {night, "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T06:00:00Z"},
		"the first of the hour twice": {twice, "Europe/Berlin", "2026-10-25T00:15:00Z", "2026-10-25T01:30:00Z"},
		"between the passes":          {twice, "Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"},
		"before the first pass":       {twice, "Europe/Berlin", "2026-10-25T00:14:59Z", ""},
		"after the second pass":       {twice, "Europe/Berlin", "2026-10-25T01:30:00Z", ""},
		"clocks by half an hour":      {[]schema.QuietRange{{From: "01:45", To: "02:15"}}, "Australia/Lord_Howe", "2026-10-03T15:20:00Z", "2026-10-03T15:30:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, one.at)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []*schema.QuietHours{{Ranges: one.ranges, TimeZone: one.zone}, {Ranges: one.ranges}} {
			zone := one.zone
			if q.TimeZone != "" {
				zone = "Asia/Tokyo" // the person's, which does not count then
			}
			got := ""
			if until, quiet := QuietUntil(q, zone, at); quiet {
				got = until.Format(time.RFC3339)
			}
			if got != one.until {
				t.Errorf("%s: %q, want %q", name, got, one.until)
			}
		}
	}
	if _, quiet := QuietUntil(nil, "UTC", time.Now()); quiet {
		t.Error("no quiet hours are quiet")
	}
}

// slow is QuietUntil by looking at every minute of two weeks on the clock on the
// wall: a range begins with the first minute that shows From or later, and ends
// after the last that shows less than To.
func slow(ranges []schema.QuietRange, loc *time.Location, at time.Time) (until time.Time, quiet bool) {
	const days = 14
	start := at.Add(-3 * 24 * time.Hour).Truncate(time.Minute)
	shows := make([]time.Time, days*minutesOfDay) // as if it were UTC
	for i := range shows {
		in := start.Add(time.Duration(i) * time.Minute).In(loc)
		shows[i] = time.Date(in.Year(), in.Month(), in.Day(), in.Hour(), in.Minute(), 0, 0, time.UTC)
	}
	held := make([]bool, len(shows))
	today := at.In(loc)
	for n := -2; n <= 9; n++ {
		day := time.Date(today.Year(), today.Month(), today.Day()+n, 0, 0, 0, 0, time.UTC)
		for _, r := range ranges {
			if len(r.Days) > 0 && !slices.Contains(r.Days, dayNames[day.Weekday()]) {
				continue
			}
			from, to := wallTime(day, r.From), wallTime(day, r.To)
			if !to.After(from) {
				to = to.Add(24 * time.Hour)
			}
			first := slices.IndexFunc(shows, func(w time.Time) bool { return !w.Before(from) })
			last := -1
			for i, w := range shows {
				if w.Before(to) {
					last = i
				}
			}
			for i := max(first, 0); first >= 0 && i <= last; i++ {
				held[i] = true
			}
		}
	}
	i := int(at.Sub(start) / time.Minute)
	if !held[i] {
		return time.Time{}, false
	}
	for i < len(held) && held[i] {
		i++
	}
	until = start.Add(time.Duration(i) * time.Minute)
	return until, until.Sub(at) <= longestQuiet
}

func wallTime(day time.Time, text string) time.Time {
	t, err := time.Parse("15:04", text)
	if err != nil {
		panic(err)
	}
	return day.Add(time.Duration(t.Hour()*60+t.Minute()) * time.Minute)
}

// Random ranges in zones with all kinds of changes of the clocks.
func TestQuietUntilAsTheClockGoes(t *testing.T) { // security L9
	t.Parallel()
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu", "Africa/Cairo",
		"America/St_Johns", "Pacific/Apia", "Asia/Beirut", "Africa/Casablanca", "Pacific/Chatham", "America/Havana", "Europe/Moscow", "Antarctica/Troll"}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 8))
	quietOnes, changed := 0, 0
	for n := range 240 {
		loc, err := time.LoadLocation(zones[n%len(zones)])
		if err != nil {
			t.Fatal(err)
		}
		ranges := randomRanges(r)
		at := randomTime(r, loc)
		until, quiet := QuietUntil(&schema.QuietHours{Ranges: ranges, TimeZone: loc.String()}, "", at)
		want, wantQuiet := slow(ranges, loc, at)
		if quiet != wantQuiet || quiet && !until.Equal(want) {
			t.Fatalf("seed %d: %s at %s, %+v: %v %s, want %v %s", seed, loc, at.In(loc), ranges, quiet, until.In(loc), wantQuiet, want.In(loc))
		}
		if !quiet {
			continue
		}
		quietOnes++
		if _, a := at.In(loc).Zone(); offset(until, loc) != a {
			changed++
		}
		// Whoever asks at the end is told that it is over, and a second before that it is not.
		if again, still := QuietUntil(&schema.QuietHours{Ranges: ranges}, loc.String(), until); still {
			t.Fatalf("seed %d: %s: quiet until %s, and then until %s", seed, loc, until, again)
		}
		if same, still := QuietUntil(&schema.QuietHours{Ranges: ranges}, loc.String(), until.Add(-time.Second)); !still || !same.Equal(until) {
			t.Fatalf("seed %d: %s: a second before %s: %v %s", seed, loc, until, still, same)
		}
	}
	if quietOnes < 40 || changed == 0 {
		t.Errorf("seed %d: %d quiet ones, %d over a change of the clocks: the test looks at too little", seed, quietOnes, changed)
	}
}

func offset(at time.Time, loc *time.Location) int {
	_, n := at.In(loc).Zone()
	return n
}

func randomRanges(r *rand.Rand) (all []schema.QuietRange) {
	wall := func() string { // often near the hours at which clocks change
		if r.IntN(2) == 0 {
			return fmt.Sprintf("%02d:%02d", r.IntN(4), r.IntN(4)*15)
		}
		return fmt.Sprintf("%02d:%02d", r.IntN(24), r.IntN(60))
	}
	for range 1 + r.IntN(4) {
		q := schema.QuietRange{From: wall(), To: wall()}
		for _, day := range dayNames {
			if r.IntN(3) > 0 {
				q.Days = append(q.Days, day)
			}
		}
		all = append(all, q)
	}
	return all
}

// randomTime is a minute of these years, most often within hours of a change of
// the clocks.
func randomTime(r *rand.Rand, loc *time.Location) time.Time {
	at := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(20*365*minutesOfDay)) * time.Minute)
	if _, end := at.In(loc).ZoneBounds(); !end.IsZero() && r.IntN(5) > 0 {
		at = end.Add(time.Duration(r.IntN(16*60)-10*60) * time.Minute)
	}
	return at.Truncate(time.Minute)
}

func TestLongestOpen(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		ranges []schema.QuietRange
		open   int
	}{
		{nil, minutesOfWeek},
		{[]schema.QuietRange{{From: "00:00", To: "00:00"}}, 0},
		{[]schema.QuietRange{{From: "22:00", To: "08:00"}}, 14 * 60},
		{[]schema.QuietRange{{From: "10:00", To: "09:30"}}, 30},
		{[]schema.QuietRange{{Days: []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"}, From: "01:00", To: "01:00"}, {Days: []string{"SUNDAY"}, From: "01:00", To: "23:00"}}, 2 * 60},
	} {
		if got := longestOpen(one.ranges); got != one.open {
			t.Errorf("%+v: %d, want %d", one.ranges, got, one.open)
		}
	}
}
