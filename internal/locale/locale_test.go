package locale

import (
	"encoding/json"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		preferred []string
		want      string
	}{
		{nil, "en"},
		{[]string{"", "", ""}, "en"},
		{[]string{"ru", "en-US,en;q=0.9", "en"}, "ru"},
		{[]string{"", "ru-RU,ru;q=0.9,en;q=0.8", "en"}, "ru"},
		{[]string{"", "en;q=0.3, ru;q=0.7"}, "ru"},
		{[]string{"", "en-GB", "ru"}, "en"},
		{[]string{"", "de-DE,de;q=0.9,ru;q=0.5", "en"}, "ru"},
		{[]string{"", "de,fr", "ru"}, "ru"},
		{[]string{"", "uk,en;q=0.5", "ru"}, "en"},
		{[]string{"", "*", "ru"}, "ru"},
		{[]string{"", "ru;q=0, en", ""}, "en"},
		{[]string{"ru_RU"}, "ru"},
		{[]string{"\x00", ";;;q=", strings.Repeat("ru-", 10_000), "ru"}, "ru"},
	} {
		if got := Match(c.preferred...); got != c.want {
			t.Errorf("Match(%.40q) = %s, want %s", c.preferred, got, c.want)
		}
	}
}

// withTexts reads other files in place of the shipped ones.
func withTexts(t *testing.T, files map[string]string) {
	t.Helper()
	m := fstest.MapFS{}
	for name, data := range files {
		m["messages/"+name] = &fstest.MapFile{Data: []byte(data)}
	}
	loadedHere, err := load(m)
	if err != nil {
		t.Fatal(err)
	}
	before := loaded
	loaded = func() *texts { return loadedHere }
	t.Cleanup(func() { loaded = before })
}

func TestText(t *testing.T) { // not parallel: it exchanges the texts
	withTexts(t, map[string]string{
		"en/bonus.json": `{
			"bonus.earned": {"one": "{{.count}} point for {{.name}}", "other": "{{.count}} points for {{.name}}"},
			"bonus.only_english": "Hello {{.name}}"}`,
		"ru/bonus.json": `{"bonus.earned": {"one": "{{.count}} балл", "few": "{{.count}} балла", "many": "{{.count}} баллов", "other": "{{.count}} балла"}}`,
	})
	for _, c := range []struct {
		lang, id string
		params   map[string]any
		want     string
	}{
		{"en", "bonus.earned", map[string]any{"count": 1, "name": "A"}, "1 point for A"},
		{"en", "bonus.earned", map[string]any{"count": 0, "name": "A"}, "0 points for A"},
		{"en", "bonus.earned", map[string]any{"count": 2, "name": "<b>{{.count}}"}, "2 points for <b>{{.count}}"},
		{"ru", "bonus.earned", map[string]any{"count": 1}, "1 балл"},
		{"ru", "bonus.earned", map[string]any{"count": 21}, "21 балл"},
		{"ru", "bonus.earned", map[string]any{"count": int64(3)}, "3 балла"},
		{"ru", "bonus.earned", map[string]any{"count": uint8(11)}, "11 баллов"},
		{"ru", "bonus.earned", map[string]any{"count": float64(5)}, "5 баллов"},
		{"ru", "bonus.earned", map[string]any{"count": json.Number("-22")}, "-22 балла"},
		{"ru", "bonus.earned", map[string]any{"count": int64(math.MinInt64)}, "-9223372036854775808 балла"},
		{"ru", "bonus.earned", map[string]any{"count": 1.5}, "1.5 балла"},
		{"ru-RU", "bonus.earned", map[string]any{"count": 1}, "1 балл"},
		{"de", "bonus.earned", map[string]any{"count": 1, "name": "A"}, "1 point for A"},
		{"en", "bonus.earned", nil, "… points for …"},
		{"ru", "bonus.only_english", map[string]any{"name": "Оля"}, "Hello Оля"}, // a missing text comes in English
		{"ru", "bonus.nowhere", nil, "bonus.nowhere"},
		{"ru", "", nil, ""},
	} {
		if got := Text(c.lang, c.id, c.params); got != c.want {
			t.Errorf("Text(%s, %s, %v) = %q, want %q", c.lang, c.id, c.params, got, c.want)
		}
	}
}

func TestLoadRefusesForeignIDs(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"an id of another domain": `{"order.placed": "x"}`,
		"broken JSON":             `{"bonus.x": `,
	} {
		if _, err := load(fstest.MapFS{"messages/en/bonus.json": {Data: []byte(data)}}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestErrorMessage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, code, want string }{
		{"en", "NOT_FOUND", "This does not exist or is not available to you."},
		{"ru", "NOT_FOUND", "Этого нет, или у вас нет к этому доступа."},
		{"en", "NOBODY_WROTE_ME", "This cannot be done (NOBODY_WROTE_ME)."},
		{"ru", "NOBODY_WROTE_ME", "Это действие выполнить нельзя (NOBODY_WROTE_ME)."},
	} {
		if got := ErrorMessage(c.lang, c.code, nil); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.lang, c.code, got, c.want)
		}
	}
	if got := ErrorMessage("en", "TOO_LONG", map[string]any{"limit": 255}); got != "This is too long. The limit is 255." {
		t.Error(got)
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang  string
		minor int64
		code  string
		want  string
	}{
		{"en", 123450, "USD", "$1,234.50"},
		{"en", -5, "GBP", "-£0.05"},
		{"en", 1000, "JPY", "¥1,000"},
		{"ru", 123456789, "RUB", "1\u00a0234\u00a0567,89\u00a0₽"},
		{"ru", -100, "RUB", "-1,00\u00a0₽"},
		{"ru-RU", 0, "EUR", "0,00\u00a0€"},
		{"en", math.MaxInt64, "USD", "$92,233,720,368,547,758.07"},
		{"en", 5, "points", "5\u00a0points"},
	} {
		if got := Money(c.lang, c.minor, c.code); got != c.want {
			t.Errorf("Money(%s, %d, %s) = %q, want %q", c.lang, c.minor, c.code, got, c.want)
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 31, 22, 5, 0, 0, time.UTC)
	for _, c := range []struct{ lang, tz, day, minute string }{
		{"en", "UTC", "31 May 2026", "31 May 2026, 22:05 UTC"},
		{"en", "Europe/Moscow", "1 June 2026", "1 June 2026, 01:05 MSK"},
		{"ru", "Europe/Moscow", "1\u00a0июня 2026\u00a0г.", "1\u00a0июня 2026\u00a0г., 01:05 MSK"},
		{"en", "America/New_York", "31 May 2026", "31 May 2026, 18:05 EDT"},
		{"en", "", "31 May 2026", "31 May 2026, 22:05 UTC"},
		{"en", "Local", "31 May 2026", "31 May 2026, 22:05 UTC"},
		{"en", "../../etc/passwd", "31 May 2026", "31 May 2026, 22:05 UTC"}, // security G13
	} {
		if got := Date(c.lang, at, c.tz); got != c.day {
			t.Errorf("Date(%s, %s) = %q, want %q", c.lang, c.tz, got, c.day)
		}
		if got := DateTime(c.lang, at, c.tz); got != c.minute {
			t.Errorf("DateTime(%s, %s) = %q, want %q", c.lang, c.tz, got, c.minute)
		}
	}
}

func TestManyAtOnce(t *testing.T) { // worth something under -race
	t.Parallel()
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for _, lang := range Supported() {
				for _, id := range IDs(lang) {
					Text(lang, id, map[string]any{"code": "X", "limit": 1})
				}
				Money(lang, 1, "RUB")
				Date(lang, time.Now(), "Asia/Tokyo")
			}
		})
	}
	running.Wait()
}
