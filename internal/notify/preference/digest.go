package preference

import (
	"strconv"
	"time"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/schema"
)

// The schedules of a digest.
const (
	AtOnce = "AT_ONCE"
	Hourly = "HOURLY"
	Daily  = "DAILY"
	Weekly = "WEEKLY"
)

// When a digest goes whose time or day is not said.
const (
	usualTime = "09:00"
	usualDay  = "MONDAY"
)

// DigestDue says whether a message of a type waits to go with others in one,
// until when, and by which key those are found: the same person, channel and
// key. What the person chose counts, the most exact first; else the batch of the
// House, for which due is where its window closes when nothing more comes: see
// WindowEnds. What is required or critical, and the feed, never wait. zone is
// the person's. p may be nil.
func DigestDue(p *schema.NotifyPreferences, s Setting, channel, zone string, at time.Time) (due time.Time, key string, held bool) {
	if channel == InApp || s.RequiredOn(channel) || s.Severity == entnotification.SeverityCRITICAL {
		return time.Time{}, "", false
	}
	if d, of := digestOf(p, s, channel); d != nil {
		if due = nextDigest(d, location(zone), at); due.IsZero() {
			return time.Time{}, "", false
		}
		return due, d.Schedule + "/" + of + "/" + strconv.FormatInt(due.Unix(), 10), true
	}
	if s.Batch == nil || s.Batch.Seconds <= 0 {
		return time.Time{}, "", false
	}
	return at.Add(time.Duration(s.Batch.Seconds) * time.Second).UTC(), "BATCH/" + s.Type, true
}

// WindowEnds is when a batch of the House is sent of which the first message
// came at first, the last at last, and that holds so many: FIXED windows are
// counted from the first, SLIDING ones from the last but never longer than
// LimitSeconds from the first; a full one goes at once.
func WindowEnds(b *schema.NotificationBatch, first, last time.Time, items int) time.Time {
	most := b.MaxItems
	if most == 0 {
		most = usualItems
	}
	seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
	switch {
	case items >= most:
		return last
	case b.Kind != Sliding:
		return first.Add(seconds(b.Seconds))
	}
	ends := last.Add(seconds(b.Seconds))
	if limit := first.Add(seconds(b.LimitSeconds)); b.LimitSeconds > 0 && ends.After(limit) {
		return limit
	}
	return ends
}

// usualItems is how many a batch holds whose MaxItems is not said.
const usualItems = 50

// The kinds of a batch.
const (
	Fixed   = "FIXED"
	Sliding = "SLIDING"
)

// digestOf is the most exact digest that a person chose for a type on a
// channel, and what it is of; nil for none.
func digestOf(p *schema.NotifyPreferences, s Setting, channel string) (found *schema.NotifyDigest, of string) {
	if p == nil {
		return nil, ""
	}
	for i := range p.Digests {
		d := &p.Digests[i]
		switch {
		case d.Channel != channel:
		case d.Type != "":
			if d.Type == s.Type {
				return d, d.Type
			}
		case d.Topic != "":
			if d.Topic == string(s.Topic) {
				found, of = d, d.Topic
			}
		case found == nil:
			found, of = d, "ALL"
		}
	}
	return found, of
}

// nextDigest is the first moment after at when a digest goes; zero for one that
// gathers nothing. A time that the clocks leave out is when they have been put
// forward; of one that comes twice it is the first.
func nextDigest(d *schema.NotifyDigest, loc *time.Location, at time.Time) time.Time {
	at = at.In(loc)
	switch d.Schedule {
	case Hourly:
		_, offset := at.Zone()
		shift := time.Duration(offset) * time.Second
		return at.Add(shift).UTC().Truncate(time.Hour).Add(time.Hour - shift)
	case Daily, Weekly:
	default:
		return time.Time{}
	}
	minutes, ok := clock(d.At)
	if !ok {
		minutes, _ = clock(usualTime)
	}
	weekday := d.Day
	if weekday == "" {
		weekday = usualDay
	}
	y, m, date := at.Date()
	for n := range 9 {
		day := time.Date(y, m, date+n, 0, 0, 0, 0, time.UTC)
		if d.Schedule == Weekly && dayNames[day.Weekday()] != weekday {
			continue
		}
		if due, _ := edges(loc, day.Add(time.Duration(minutes)*time.Minute)); due.After(at) {
			return due.UTC()
		}
	}
	return time.Time{}
}
