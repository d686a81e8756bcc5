package preference

import (
	"testing"
	"time"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/schema"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	type p = schema.NotifyPreferences
	type c = schema.NotifyChoice
	order := Setting{Kind: Kind{Type: "order.paid", Topic: entnotification.TopicORDER, Channels: []string{InApp, Email}}, Active: true}
	secret := Setting{Kind: Kind{Type: "security.blocked", Topic: entnotification.TopicSECURITY, Channels: []string{InApp, Email}, Required: true}, Active: true}
	offer := Setting{Kind: Kind{Type: "promotion.news", Topic: entnotification.TopicPROMOTION, Channels: []string{InApp, Email, Telegram}, Commercial: true}, Active: true}
	off := order
	off.Active = false
	choices := func(all ...c) *p { return &p{Choices: all} }
	for name, one := range map[string]struct {
		p       *p
		s       Setting
		channel string
		consent bool
		want    Decision
	}{
		"nothing chosen":                {nil, order, Email, false, Decision{true, SourceHouse}},
		"nothing chosen, not there":     {&p{}, order, SMS, false, Decision{false, SourceHouse}},
		"all":                           {choices(c{Channel: Email}), order, Email, false, Decision{false, SourceAll}},
		"all, of another channel":       {choices(c{Channel: SMS}), order, Email, false, Decision{true, SourceHouse}},
		"topic over all":                {choices(c{Channel: Email}, c{Topic: "ORDER", Channel: Email, Wanted: true}), order, Email, false, Decision{true, SourceTopic}},
		"topic over all, other order":   {choices(c{Topic: "ORDER", Channel: Email, Wanted: true}, c{Channel: Email}), order, Email, false, Decision{true, SourceTopic}},
		"another topic":                 {choices(c{Topic: "BONUS", Channel: Email}), order, Email, false, Decision{true, SourceHouse}},
		"type over topic":               {choices(c{Type: "order.paid", Channel: Email}, c{Topic: "ORDER", Channel: Email, Wanted: true}), order, Email, false, Decision{false, SourceType}},
		"another type":                  {choices(c{Type: "order.placed", Channel: Email}), order, Email, false, Decision{true, SourceHouse}},
		"wanted where the House is not": {choices(c{Channel: SMS, Wanted: true}), order, SMS, false, Decision{true, SourceAll}},
		"off in the feed":               {choices(c{Type: "order.paid", Channel: InApp}), order, InApp, false, Decision{false, SourceType}},
		"required":                      {choices(c{Channel: InApp}, c{Type: "security.blocked", Channel: InApp}), secret, InApp, false, Decision{true, SourceRequired}},
		"required elsewhere alone":      {choices(c{Channel: SMS}), secret, SMS, false, Decision{false, SourceAll}},
		"turned off by the House":       {choices(c{Channel: Email, Wanted: true}), off, Email, true, Decision{false, SourceInactive}},
		"advertising in the feed":       {nil, offer, InApp, false, Decision{true, SourceHouse}},
		"advertising unasked":           {nil, offer, Email, false, Decision{false, SourceNoConsent}},
		"advertising, agreed":           {nil, offer, Email, true, Decision{true, SourceHouse}},
		"advertising, agreed and off":   {choices(c{Topic: "PROMOTION", Channel: Email}), offer, Email, true, Decision{false, SourceTopic}},
		"chosen without consent":        {choices(c{Channel: Email, Wanted: true}), offer, Email, false, Decision{false, SourceNoConsent}},
		"a messenger, by the House":     {nil, offer, Telegram, false, Decision{false, SourceNoConsent}},
		"a messenger, by himself":       {choices(c{Channel: Telegram, Wanted: true}), offer, Telegram, false, Decision{true, SourceAll}},
		"not wanted is not no consent":  {choices(c{Channel: Email}), offer, Email, false, Decision{false, SourceAll}},
	} {
		if got := Decide(one.p, one.s, one.channel, one.consent); got != one.want {
			t.Errorf("%s: %+v, want %+v", name, got, one.want)
		}
	}
}

func TestDigestDue(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 28, 12, 34, 56, 0, time.UTC) // a Saturday; clocks go forward in Berlin at 01:00 UTC
	type p = schema.NotifyPreferences
	type d = schema.NotifyDigest
	order := Setting{Kind: Kind{Type: "order.paid", Topic: entnotification.TopicORDER, Channels: []string{InApp, Email}}, Active: true}
	batched := order
	batched.Batch = &schema.NotificationBatch{Kind: Fixed, Seconds: 600}
	grave, needed := batched, batched
	grave.Severity, needed.Required = entnotification.SeverityCRITICAL, true
	for name, one := range map[string]struct {
		p       *p
		s       Setting
		channel string
		due     string // empty: at once
		key     string
	}{
		"nothing chosen":          {nil, order, Email, "", ""},
		"the House's batch":       {nil, batched, Email, "2026-03-28T12:44:56Z", "BATCH/order.paid"},
		"critical":                {&p{Digests: []d{{Channel: Email, Schedule: Daily}}}, grave, Email, "", ""},
		"required":                {&p{Digests: []d{{Channel: Email, Schedule: Daily}}}, needed, Email, "", ""},
		"the feed":                {nil, batched, InApp, "", ""},
		"at once over the batch":  {&p{Digests: []d{{Channel: Email, Schedule: AtOnce}}}, batched, Email, "", ""},
		"another channel":         {&p{Digests: []d{{Channel: SMS, Schedule: AtOnce}}}, batched, Email, "2026-03-28T12:44:56Z", "BATCH/order.paid"},
		"hourly":                  {&p{Digests: []d{{Channel: Email, Schedule: Hourly}}}, order, Email, "2026-03-28T13:00:00Z", "HOURLY/ALL/1774702800"},
		"daily, usual time":       {&p{Digests: []d{{Channel: Email, Schedule: Daily}}}, order, Email, "2026-03-29T07:00:00Z", "DAILY/ALL/1774767600"},
		"daily, today":            {&p{Digests: []d{{Channel: Email, Schedule: Daily, At: "20:15"}}}, order, Email, "2026-03-28T19:15:00Z", "DAILY/ALL/1774725300"},
		"daily, in the gap":       {&p{Digests: []d{{Channel: Email, Schedule: Daily, At: "02:30"}}}, order, Email, "2026-03-29T01:00:00Z", "DAILY/ALL/1774746000"},
		"weekly":                  {&p{Digests: []d{{Channel: Email, Schedule: Weekly, At: "08:00", Day: "FRIDAY"}}}, order, Email, "2026-04-03T06:00:00Z", "WEEKLY/ALL/1775196000"},
		"weekly, in a week":       {&p{Digests: []d{{Channel: Email, Schedule: Weekly, At: "08:00", Day: "SATURDAY"}}}, order, Email, "2026-04-04T06:00:00Z", "WEEKLY/ALL/1775282400"},
		"topic over all":          {&p{Digests: []d{{Channel: Email, Schedule: Daily}, {Topic: "ORDER", Channel: Email, Schedule: Hourly}}}, order, Email, "2026-03-28T13:00:00Z", "HOURLY/ORDER/1774702800"},
		"type over topic":         {&p{Digests: []d{{Type: "order.paid", Channel: Email, Schedule: AtOnce}, {Topic: "ORDER", Channel: Email, Schedule: Hourly}}}, order, Email, "", ""},
		"of another topic's type": {&p{Digests: []d{{Topic: "BONUS", Channel: Email, Schedule: Hourly}, {Type: "order.placed", Channel: Email, Schedule: Hourly}}}, order, Email, "", ""},
	} {
		due, key, held := DigestDue(one.p, one.s, one.channel, "Europe/Berlin", at)
		got := ""
		if held {
			got = due.Format(time.RFC3339)
		}
		if got != one.due || key != one.key || held != (one.due != "") {
			t.Errorf("%s: %q %q, want %q %q", name, got, key, one.due, one.key)
		}
	}
	// Zones of half an hour, and clocks that go back: the first of two.
	hourly := &p{Digests: []d{{Channel: Email, Schedule: Hourly}}}
	if due, _, _ := DigestDue(hourly, order, Email, "Asia/Kolkata", at); !due.Equal(time.Date(2026, 3, 28, 13, 30, 0, 0, time.UTC)) {
		t.Errorf("on the hour of Kolkata: %s", due)
	}
	back := time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC)
	if due, _, _ := DigestDue(&p{Digests: []d{{Channel: Email, Schedule: Daily, At: "02:30"}}}, order, Email, "Europe/Berlin", back); !due.Equal(time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)) {
		t.Errorf("of two: %s", due)
	}
}

func TestWindowEnds(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	after := func(s int) time.Time { return first.Add(time.Duration(s) * time.Second) }
	fixed := &schema.NotificationBatch{Kind: Fixed, Seconds: 600, MaxItems: 3}
	sliding := &schema.NotificationBatch{Kind: Sliding, Seconds: 600, LimitSeconds: 1000}
	for _, one := range []struct {
		b           *schema.NotificationBatch
		last, items int
		want        int
	}{
		{fixed, 0, 1, 600}, {fixed, 500, 2, 600}, {fixed, 500, 3, 500},
		{sliding, 0, 1, 600}, {sliding, 300, 2, 900}, {sliding, 500, 3, 1000}, {sliding, 900, 49, 1000}, {sliding, 700, 50, 700},
	} {
		if got := WindowEnds(one.b, first, after(one.last), one.items); !got.Equal(after(one.want)) {
			t.Errorf("%+v: %s, want %d seconds", one, got, one.want)
		}
	}
}
