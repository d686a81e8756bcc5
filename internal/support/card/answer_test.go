package card

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kabinet/ent/generated/contactpoint"
)

// security I4, I7: what an address of the business tells is bounded text.
func TestReadAnswer(t *testing.T) {
	t.Parallel()
	rows := strings.TrimSuffix(strings.Repeat(`{"label":"l","value":"v"},`, 60), ",")
	for name, c := range map[string]struct {
		answer  Answer
		failure string
		title   string
		rows    int
	}{
		"failure":     {Answer{Failure: "TLS"}, "TLS", "", 0},
		"nothing":     {Answer{Status: 204}, "", "", 0},
		"empty":       {Answer{Status: 200}, errorInvalid, "", 0},
		"html":        {Answer{Status: 200, Body: []byte(`<html>`)}, errorInvalid, "", 0},
		"no title":    {Answer{Status: 200, Body: []byte(`{"rows":[]}`)}, errorInvalid, "", 0},
		"number":      {Answer{Status: 200, Body: []byte(`{"title":1}`)}, errorInvalid, "", 0},
		"list":        {Answer{Status: 200, Body: []byte(`[]`)}, errorInvalid, "", 0},
		"null":        {Answer{Status: 200, Body: []byte(`null`)}, errorInvalid, "", 0},
		"followed":    {Answer{Status: 200, Body: []byte(`{"title":"a"} {"title":"b"}`)}, errorInvalid, "", 0},
		"no value":    {Answer{Status: 200, Body: []byte(`{"title":"a","rows":[{"label":"l"}]}`)}, errorInvalid, "", 0},
		"deep":        {Answer{Status: 200, Body: []byte(strings.Repeat(`{"a":`, 10_001))}, errorInvalid, "", 0},
		"too many":    {Answer{Status: 200, Body: []byte(`{"title":"a","rows":[` + rows + `]}`)}, "", "a", 50},
		"controls":    {Answer{Status: 200, Body: []byte("{\"title\":\"a\\u0000b\\nc\\u202ed\"}")}, "", "ab cd", 0},
		"bad letters": {Answer{Status: 200, Body: []byte("{\"title\":\"a\xff\"}")}, "", "a\ufffd", 0},
		"long":        {Answer{Status: 200, Body: []byte(`{"title":"` + strings.Repeat("я", 300) + `"}`)}, "", strings.Repeat("я", 200), 0},
		"too large":   {Answer{Status: 200, Body: []byte(`{"title":"` + strings.Repeat("x", 64<<10) + `"}`)}, errorTooLarge, "", 0},
	} {
		got, failure := readAnswer(c.answer)
		if failure != c.failure || got.title != c.title || len(got.rows) != c.rows || !utf8.ValidString(got.title) {
			t.Errorf("%s: %q %q %d", name, failure, got.title, len(got.rows))
		}
		if failure == "" && got.rows == nil {
			t.Errorf("%s: no list", name)
		}
	}
}

func TestWebLink(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]bool{
		"https://erp.example/1?a=b#c": true, "http://erp.example": true,
		"javascript:alert(1)": false, "JAVASCRIPT:alert(1)": false, "data:text/html,x": false, "//erp.example/": false, "/1": false, "": false, "https://": false,
		"https:// a.example/": false, "https://erp.example/\n": false, "https://erp.example/\"x": false, "https://user:word@erp.example/": false, "ftp://erp.example/": false,
		"https://erp.example/" + strings.Repeat("x", 2000): false,
	} {
		if got := webLink(link) != nil; got != want {
			t.Errorf("%q: %v", link, got)
		}
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, from, to, zone string
		by                   SupportGroup
		days, begins         string
	}{
		{"days over DST", "2026-03-28", "2026-03-30", "Europe/Berlin", ByDay, "2026-03-28 2026-03-29 2026-03-30", "27T23:00 28T23:00 29T22:00"},
		{"weeks cut", "2026-11-18", "2026-11-30", "UTC", ByWeek, "2026-11-18 2026-11-23 2026-11-30", "18T00:00 23T00:00 30T00:00"},
		{"months cut", "2026-01-31", "2026-03-01", "Europe/Moscow", ByMonth, "2026-01-31 2026-02-01 2026-03-01", "30T21:00 31T21:00 28T21:00"},
		{"one", "2026-01-01", "2026-12-31", "UTC", ByTeam, "2026-01-01", "01T00:00"},
		{"midnight left out", "2018-11-03", "2018-11-05", "America/Sao_Paulo", ByDay, "2018-11-03 2018-11-04 2018-11-05", "03T03:00 04T03:00 05T02:00"},
	} {
		zone, err := zoneOf(t.Context(), &c.zone)
		if err != nil {
			t.Fatal(err)
		}
		all, err := spansOf(SupportPeriod{c.from, c.to}, c.by, zone)
		if err != nil {
			t.Fatal(c.name, err)
		}
		var days, begins []string
		for i, s := range all {
			days, begins = append(days, s.day), append(begins, s.from.Format("02T15:04"))
			if i > 0 && !s.from.Equal(all[i-1].to) {
				t.Errorf("%s: a gap before %s", c.name, s.day)
			}
			if !s.to.After(s.from) {
				t.Errorf("%s: %s is empty", c.name, s.day)
			}
		}
		if got := strings.Join(days, " "); got != c.days {
			t.Errorf("%s: %s", c.name, got)
		}
		if got := strings.Join(begins, " "); got != c.begins {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	for _, p := range []SupportPeriod{{"0001-01-01", "0001-01-02"}, {"9999-12-31", "9999-12-31"}, {"0001-01-01", "9999-12-31"}, {"2026-01-01", "2027-01-02"}, {"2026-01-02", "2026-01-01"}, {"x", "2026-01-01"}, {"2026-01-01", "2026-02-30"}} {
		if _, err := spansOf(p, ByDay, time.UTC); err == nil {
			t.Errorf("%v is taken", p)
		}
	}
}

// A day begins with the first minute whose date is that day or a later one.
func TestBegins(t *testing.T) {
	t.Parallel()
	for zone, days := range map[string][]string{
		"Asia/Amman":          {"2013-10-25", "2014-03-28"}, // back from 1 to 0, on past midnight
		"America/Havana":      {"2026-11-01", "2026-03-08"},
		"Atlantic/Azores":     {"2026-10-25", "2026-03-29"},
		"Asia/Beirut":         {"2026-10-25", "2026-03-29"},
		"America/Sao_Paulo":   {"2018-11-04", "2019-02-17"},
		"Pacific/Apia":        {"2011-12-29", "2011-12-30", "2011-12-31"}, // left out
		"Australia/Lord_Howe": {"2026-04-05", "2026-10-04"},
		"Asia/Kathmandu":      {"2026-01-01"},
		"Pacific/Kiritimati":  {"2026-01-01"},
		"Etc/GMT+12":          {"2026-01-01"},
	} {
		in, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range days {
			day, _ := time.Parse(dayForm, d)
			slow := day.Add(-30 * time.Hour)
			for slow.In(in).Format(dayForm) < d {
				slow = slow.Add(time.Minute)
			}
			if got := begins(day, in); !got.Equal(slow) {
				t.Errorf("%s in %s begins at %s, want %s", d, zone, got, slow)
			}
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"alice@example.com": "a…@example.com", "яна@example.com": "я…@example.com", "al@example.com": "…@example.com", "@": "…@", "": "…", "\"a@b\"@c.example": "\"…@c.example",
	} {
		if got := masked(contactpoint.KindEMAIL, value); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
	for value, want := range map[string]string{"+442079460018": "+4…18", "+12": "+1…", "12": "…", "": "…"} {
		if got := masked(contactpoint.KindPHONE, value); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}
