package preference

import (
	"cmp"
	"slices"
	"strconv"

	"kabinet/ent/schema"
	"kabinet/internal/fault"
)

// read checks quiet hours and gives them as they are kept.
//
// Faults: REQUIRED, TOO_LONG, INVALID_VALUE, QUIET_HOURS_ENDLESS.
func (in *QuietHoursInput) read() (*schema.QuietHours, error) {
	at := []string{"input", "quietHours", "ranges"}
	switch {
	case len(in.Ranges) == 0:
		return nil, fault.ErrRequired.At(at...)
	case len(in.Ranges) > mostRanges:
		return nil, fault.ErrTooLong.At(at...).With("limit", mostRanges)
	}
	q := &schema.QuietHours{}
	if in.TimeZone != nil {
		q.TimeZone = *in.TimeZone
	}
	for i, r := range in.Ranges {
		at := append(slices.Clone(at), strconv.Itoa(i))
		one := schema.QuietRange{From: r.From, To: r.To}
		if _, ok := clock(r.From); !ok {
			return nil, fault.ErrInvalidValue.At(append(at, "from")...)
		}
		if _, ok := clock(r.To); !ok {
			return nil, fault.ErrInvalidValue.At(append(at, "to")...)
		}
		if r.Days != nil && len(r.Days) == 0 {
			return nil, fault.ErrRequired.At(append(at, "days")...)
		}
		for _, day := range weekdays(nil) {
			if slices.Contains(r.Days, day) {
				one.Days = append(one.Days, string(day))
			}
		}
		q.Ranges = append(q.Ranges, one)
	}
	if longestOpen(q.Ranges) < leastOpen {
		return nil, ErrQuietHoursEndless.At(at...).With("limit", leastOpen)
	}
	return q, nil
}

// put checks a digest and puts it in the place of the one for exactly that, or
// takes that one back.
func (in SetNotificationDigestInput) put(all []Setting, chosen *schema.NotifyPreferences) error {
	topic, typ, err := about(all, in.Topic, in.Type, []string{"input"})
	if err != nil {
		return err
	}
	d := schema.NotifyDigest{Topic: topic, Type: typ, Channel: string(in.Channel)}
	i := slices.IndexFunc(chosen.Digests, func(o schema.NotifyDigest) bool {
		return o.Topic == d.Topic && o.Type == d.Type && o.Channel == d.Channel
	})
	if in.Schedule == nil {
		if i >= 0 {
			chosen.Digests = slices.Delete(chosen.Digests, i, i+1)
		}
		return nil
	}
	if err := in.read(all, &d); err != nil {
		return err
	}
	if i >= 0 {
		chosen.Digests[i] = d
		return nil
	}
	if len(chosen.Digests) == mostDigests {
		return ErrTooManyChoices.At("input").With("limit", mostDigests)
	}
	chosen.Digests = append(chosen.Digests, d)
	slices.SortFunc(chosen.Digests, func(a, b schema.NotifyDigest) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Channel, b.Channel))
	})
	return nil
}

// read puts the schedule in.
func (in SetNotificationDigestInput) read(all []Setting, d *schema.NotifyDigest) error {
	if d.Channel == InApp {
		return fault.ErrInvalidValue.At("input", "channel")
	}
	d.Schedule = string(*in.Schedule)
	if d.Schedule != AtOnce {
		if err := dispensable(all, schema.NotifyChoice{Topic: d.Topic, Type: d.Type, Channel: d.Channel}, []string{"input", "schedule"}); err != nil {
			return err
		}
	}
	timed := d.Schedule == Daily || d.Schedule == Weekly
	switch {
	case in.At != nil && !timed:
		return fault.ErrInvalidValue.At("input", "at")
	case in.Day != nil && d.Schedule != Weekly:
		return fault.ErrInvalidValue.At("input", "day")
	}
	if timed {
		if d.At = usualTime; in.At != nil {
			d.At = *in.At
		}
		if _, ok := clock(d.At); !ok {
			return fault.ErrInvalidValue.At("input", "at")
		}
	}
	if d.Schedule == Weekly {
		if d.Day = usualDay; in.Day != nil {
			d.Day = string(*in.Day)
		}
	}
	return nil
}
