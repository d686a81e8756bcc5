package delivery

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/schema"
	"kabinet/internal/notify/preference"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// shipped is a type that goes by mail and to browsers when nothing is said.
func shipped() preference.Setting {
	return preference.Setting{Active: true, Kind: preference.Kind{
		Type: "order.shipped", Topic: entnotification.TopicORDER, Severity: entnotification.SeverityINFO, Channels: []string{"IN_APP", "EMAIL", "WEB_PUSH"},
	}}
}

var (
	mailbox = uuid.MustParse("00000000-0000-7000-8000-000000000001")
	phone   = uuid.MustParse("00000000-0000-7000-8000-000000000002")
	browser = uuid.MustParse("00000000-0000-7000-8000-000000000003")
	other   = uuid.MustParse("00000000-0000-7000-8000-000000000004")
	thing   = uuid.MustParse("00000000-0000-7000-8000-000000000005")
)

func about(set preference.Setting) subject {
	return subject{now: noon, note: thing, typ: set.Type, severity: set.Severity, zone: "UTC", set: set, sends: func(string) bool { return true },
		addresses: map[string][]uuid.UUID{"EMAIL": {mailbox}, "SMS": {phone}, "WEB_PUSH": {browser, other}}}
}

// told writes a plan on one line.
func told(rows []planned) string {
	var all []string
	for _, r := range rows {
		s := r.channel + " " + string(r.status)
		if r.reason != "" {
			s += " " + string(r.reason)
		}
		if r.status == entdelivery.StatusHELD {
			s += " +" + r.due.Sub(noon).String()
		}
		if r.step > 0 {
			s += fmt.Sprint(" step ", r.step)
		}
		if r.key != "" {
			s += " " + r.key
		}
		all = append(all, s)
	}
	return strings.Join(all, "; ")
}

func TestPlan(t *testing.T) {
	t.Parallel()
	choose := func(s *subject, c ...schema.NotifyChoice) { s.prefs = &schema.NotifyPreferences{Choices: c} }
	quiet := &schema.QuietHours{Ranges: []schema.QuietRange{{From: "11:00", To: "13:30"}}}
	for name, c := range map[string]struct {
		do   func(*subject)
		want string
	}{
		"as the House says":          {func(*subject) {}, "EMAIL QUEUED; WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
		"turned off":                 {func(s *subject) { s.set.Active = false }, ""},
		"nobody sends letters":       {func(s *subject) { s.sends = func(c string) bool { return c != "EMAIL" } }, "WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
		"letters go by themselves":   {func(s *subject) { s.set.LettersApart = true }, "WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
		"nowhere, and nobody minds":  {func(s *subject) { s.addresses = nil }, ""},
		"nowhere, though he chose":   {func(s *subject) { s.addresses = nil; choose(s, schema.NotifyChoice{Channel: "SMS", Wanted: true}) }, "SMS SKIPPED NO_ADDRESS"},
		"he does not want letters":   {func(s *subject) { choose(s, schema.NotifyChoice{Channel: "EMAIL"}) }, "WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
		"required all the same":      {func(s *subject) { s.set.Required = true; choose(s, schema.NotifyChoice{Channel: "EMAIL"}) }, "EMAIL QUEUED; WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
		"advertising without a word": {func(s *subject) { s.set.Commercial = true }, ""},
		"advertising he asked for, not agreed to": {func(s *subject) {
			s.set.Commercial = true
			choose(s, schema.NotifyChoice{Channel: "EMAIL", Type: "order.shipped", Wanted: true})
		}, "EMAIL SKIPPED NO_CONSENT"},
		"advertising agreed to": {func(s *subject) { s.set.Commercial, s.agreed = true, map[string]bool{"EMAIL": true} }, "EMAIL QUEUED"},
		"quiet hours":           {func(s *subject) { s.prefs = &schema.NotifyPreferences{Quiet: quiet} }, "EMAIL HELD QUIET_HOURS +1h30m0s; WEB_PUSH HELD QUIET_HOURS +1h30m0s; WEB_PUSH HELD QUIET_HOURS +1h30m0s"},
		"required passes quiet hours, digests and throttles": {func(s *subject) {
			s.set.Required, s.set.Throttle, s.set.Batch = true, &schema.NotificationThrottle{Limit: 1, Seconds: 60}, &schema.NotificationBatch{Kind: "FIXED", Seconds: 60}
			s.prefs = &schema.NotifyPreferences{Quiet: quiet, Digests: []schema.NotifyDigest{{Channel: "EMAIL", Schedule: "DAILY"}}}
			s.past = []past{{notification: other, channel: "EMAIL", at: noon.Add(-time.Second)}}
		}, "EMAIL QUEUED; WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
		"too many": {func(s *subject) {
			s.set.Throttle = &schema.NotificationThrottle{Limit: 2, Seconds: 60}
			s.past = []past{{notification: other, channel: "EMAIL", at: noon.Add(-time.Second)}, {notification: browser, channel: "EMAIL", at: noon.Add(-59 * time.Second)},
				{notification: phone, channel: "WEB_PUSH", at: noon.Add(-time.Second)}, {notification: phone, channel: "WEB_PUSH", at: noon.Add(-time.Second)}}
		}, "EMAIL SKIPPED THROTTLED; WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
		"the window is over": {func(s *subject) {
			s.set.Throttle = &schema.NotificationThrottle{Limit: 1, Seconds: 60}
			s.past = []past{{notification: other, channel: "EMAIL", at: noon.Add(-61 * time.Second)}}
		}, "EMAIL QUEUED; WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
		"his digest": {func(s *subject) {
			s.prefs = &schema.NotifyPreferences{Digests: []schema.NotifyDigest{{Channel: "EMAIL", Schedule: "HOURLY"}}}
		}, fmt.Sprintf("EMAIL HELD DIGEST +1h0m0s EMAIL/HOURLY/ALL/%d; WEB_PUSH QUEUED; WEB_PUSH QUEUED", noon.Add(time.Hour).Unix())},
		"what is critical waits for no digest, though its type is not": {func(s *subject) {
			s.severity = entnotification.SeverityCRITICAL
			s.set.Batch = &schema.NotificationBatch{Kind: "FIXED", Seconds: 600}
			s.prefs = &schema.NotifyPreferences{Digests: []schema.NotifyDigest{{Channel: "EMAIL", Schedule: "HOURLY"}}}
		}, "EMAIL QUEUED; WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
		"if not read, a text after ten minutes": {func(s *subject) {
			s.set.Escalation = []schema.NotificationEscalation{{Channel: "SMS", After: 600, Unless: "READ"}}
		}, "EMAIL QUEUED; WEB_PUSH QUEUED; WEB_PUSH QUEUED; SMS HELD ESCALATION +10m0s step 1"},
		"steps one after another; letters are the first": {func(s *subject) {
			s.set.Escalation = []schema.NotificationEscalation{{Channel: "EMAIL", After: 60, Unless: "READ"}, {Channel: "SMS", After: 600, Unless: "READ"}}
		}, "WEB_PUSH QUEUED; WEB_PUSH QUEUED; EMAIL HELD ESCALATION +1m0s step 1; SMS HELD ESCALATION +11m0s step 2"},
		"no step to who said no": {func(s *subject) {
			s.set.Escalation = []schema.NotificationEscalation{{Channel: "SMS", After: 600, Unless: "READ"}}
			choose(s, schema.NotifyChoice{Channel: "SMS"})
		}, "EMAIL QUEUED; WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
		"at once to who chose the channel of a step": {func(s *subject) {
			s.set.Escalation = []schema.NotificationEscalation{{Channel: "SMS", After: 600, Unless: "READ"}}
			choose(s, schema.NotifyChoice{Channel: "SMS", Topic: "ORDER", Wanted: true})
		}, "EMAIL QUEUED; SMS QUEUED; WEB_PUSH QUEUED; WEB_PUSH QUEUED"},
	} {
		s := about(shipped())
		c.do(&s)
		if got := told(plan(s)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// Windows of the House: fixed and sliding, full ones, and the first at once.
func TestWindow(t *testing.T) {
	t.Parallel()
	const key = "EMAIL/BATCH/order.shipped"
	held := func(ago, due time.Duration) past {
		return past{notification: uuid.New(), channel: "EMAIL", digestKey: key, held: true, at: noon.Add(-ago), due: noon.Add(due)}
	}
	lead := past{notification: other, channel: "EMAIL", at: noon.Add(-20 * time.Second)}
	for name, c := range map[string]struct {
		batch schema.NotificationBatch
		past  []past
		want  string
		moves bool
	}{
		"fixed, the first":          {schema.NotificationBatch{Kind: "FIXED", Seconds: 60}, nil, "EMAIL HELD DIGEST +1m0s " + key, false},
		"fixed, one more":           {schema.NotificationBatch{Kind: "FIXED", Seconds: 60}, []past{held(20*time.Second, 40*time.Second)}, "EMAIL HELD DIGEST +40s " + key, false},
		"sliding, one more":         {schema.NotificationBatch{Kind: "SLIDING", Seconds: 60}, []past{held(20*time.Second, 40*time.Second)}, "EMAIL HELD DIGEST +1m0s " + key, true},
		"sliding, up to its limit":  {schema.NotificationBatch{Kind: "SLIDING", Seconds: 60, LimitSeconds: 90}, []past{held(10*time.Second, 20*time.Second), held(70*time.Second, 20*time.Second)}, "EMAIL HELD DIGEST +20s " + key, false},
		"full":                      {schema.NotificationBatch{Kind: "FIXED", Seconds: 60, MaxItems: 2}, []past{held(20*time.Second, 40*time.Second)}, "EMAIL HELD DIGEST +0s " + key, true},
		"the first at once":         {schema.NotificationBatch{Kind: "FIXED", Seconds: 60, LeadImmediately: true}, nil, "EMAIL QUEUED", false},
		"after the first":           {schema.NotificationBatch{Kind: "FIXED", Seconds: 60, LeadImmediately: true}, []past{lead}, "EMAIL HELD DIGEST +40s " + key, false},
		"others' channels are none": {schema.NotificationBatch{Kind: "FIXED", Seconds: 60, LeadImmediately: true}, []past{{notification: other, channel: "SMS", at: noon}}, "EMAIL QUEUED", false},
	} {
		s := about(shipped())
		s.set.Channels, s.set.Batch, s.past = []string{"EMAIL"}, &c.batch, c.past
		rows := plan(s)
		if got := told(rows); got != c.want || rows[0].moves != c.moves {
			t.Errorf("%s:\n got %s, moves %v\nwant %s, %v", name, got, rows[0].moves, c.want, c.moves)
		}
	}
}

func TestUseful(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) *time.Time { v := noon.Add(d); return &v }
	sent := func(ago time.Duration, s entdelivery.Status) *ent.Delivery {
		return &ent.Delivery{Status: s, SentAt: at(-ago)}
	}
	unread, read := &ent.Notification{}, &ent.Notification{ReadAt: at(-time.Second)}
	for name, c := range map[string]struct {
		unless string
		note   *ent.Notification
		before []*ent.Delivery
		want   string
	}{
		"not read":                     {"READ", unread, []*ent.Delivery{sent(10*time.Minute, "SENT")}, ""},
		"read":                         {"READ", read, []*ent.Delivery{sent(10*time.Minute, "SENT")}, "SKIPPED READ"},
		"followed":                     {"READ", &ent.Notification{InteractedAt: at(0)}, nil, "SKIPPED READ"},
		"read is not arrived":          {"DELIVERED", read, []*ent.Delivery{sent(10*time.Minute, "SENT")}, ""},
		"arrived":                      {"DELIVERED", unread, []*ent.Delivery{sent(10*time.Minute, "DELIVERED")}, "SKIPPED ESCALATION"},
		"sent a moment ago":            {"READ", unread, []*ent.Delivery{sent(4*time.Minute, "SENT")}, "HELD ESCALATION +6m0s"},
		"the one before waits":         {"READ", unread, []*ent.Delivery{{Status: "HELD", DueAt: at(time.Hour)}}, "HELD ESCALATION +1h10m0s"},
		"the one before is dead":       {"READ", unread, []*ent.Delivery{{Status: "DEAD", SentAt: at(0)}}, ""},
		"one of two is dead":           {"READ", unread, []*ent.Delivery{{Status: "DEAD"}, sent(time.Minute, "SENT")}, "HELD ESCALATION +9m0s"},
		"nothing was of use, nor sent": {"DELIVERED", unread, nil, ""},
	} {
		got := ""
		if v := useful(c.unless, 10*time.Minute, c.note, c.before, noon); v != nil {
			got = string(v.status) + " " + string(v.reason)
			if v.status == entdelivery.StatusHELD {
				got += " +" + v.due.Sub(noon).String()
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	long, russian := strings.Repeat("word ", 200), strings.Repeat("слово ", 100)
	for _, c := range []struct {
		text     string
		segments int
		most     int // units of the alphabet
		ends     string
	}{
		{"Your order is on its way", 1, 160, "way"},
		{strings.Repeat("a", 160), 1, 160, "a"},
		{strings.Repeat("a", 161), 1, 160, "..."},
		{strings.Repeat("€", 100), 1, 160, "..."}, // two places each
		{long, 3, 459, "..."},
		{russian, 3, 201, "…"},
		{strings.Repeat("я", 70), 1, 70, "я"},
		{strings.Repeat("🙂", 200), 3, 201, "…"},
	} {
		got := Shorten(c.text, c.segments)
		if !fits(got, c.segments) || !strings.HasSuffix(got, c.ends) {
			t.Errorf("%.20q in %d: %q", c.text, c.segments, got)
		}
		if n := len([]rune(got)); n > c.most {
			t.Errorf("%.20q: %d characters", c.text, n)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"anna@example.com": "a***@example.com", "a@example.com": "a***@example.com", "@x": "***@x", "юля@почта.рф": "ю***@почта.рф",
		"+442079460018": "+44***18", "+123": "***",
	} {
		if got := mask(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// Every channel that a message goes by has addresses, and the first ones are
// asked first.
func TestChannels(t *testing.T) {
	t.Parallel()
	for _, c := range Channels {
		if !slices.Contains(preference.Channels(), c) || entdelivery.ChannelValidator(entdelivery.Channel(c)) != nil {
			t.Error(c)
		}
	}
	if len(Channels)+1 != len(preference.Channels()) {
		t.Errorf("%d channels, but the feed", len(Channels))
	}
}
