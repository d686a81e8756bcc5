package desk

import (
	"strings"
	"testing"
	"time"

	"kabinet/internal/credential"
)

// A birthday begins with the day where the person lives.
func TestBirthday(t *testing.T) {
	day := func(s string) *string { return &s }
	for _, c := range []struct {
		born, zone string
		years      int
		want       string
	}{
		{"2012-11-21", "UTC", 14, "2026-11-21T00:00:00Z"},
		{"2012-11-21", "Europe/Moscow", 14, "2026-11-20T21:00:00Z"},
		{"2012-11-21", "America/New_York", 14, "2026-11-21T05:00:00Z"},
		{"2012-02-29", "UTC", 14, "2026-03-01T00:00:00Z"},
		{"2012-02-29", "UTC", 16, "2028-02-29T00:00:00Z"},
		{"2012-11-21", "Nowhere/At_all", 14, "2026-11-21T00:00:00Z"},
		{"2012-11-21", "Local", 14, "2026-11-21T00:00:00Z"},
	} {
		got, ok := birthday(day(c.born), c.zone, c.years)
		if !ok || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s in %s at %d: %s, want %s", c.born, c.zone, c.years, got, c.want)
		}
	}
	for _, none := range []*string{nil, day(""), day("2012-13-01"), day("yesterday")} {
		if _, ok := birthday(none, "UTC", 14); ok {
			t.Errorf("%v has a birthday", none)
		}
	}
}

// What is drawn can be read off paper, is a login name and a password by the
// rules, and is never the same twice.
func TestDraw(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		login, password := drawLogin(), drawPassword()
		if _, ok := credential.ParseLogin(login); !ok {
			t.Fatalf("login %q is none", login)
		}
		if err := credential.CheckPassword(password, credential.Email{}); err != nil {
			t.Fatalf("password %q: %v", password, err)
		}
		if strings.ContainsAny(login+password, "ilo01ILO") || len(password) != 19 || len(login) != 9 {
			t.Fatalf("%q %q can be misread", login, password)
		}
		if seen[login] || seen[password] {
			t.Fatalf("%q %q was drawn before", login, password)
		}
		seen[login], seen[password] = true, true
	}
}

// The slip is in the person's language, holds what is typed and escapes what
// people wrote. // security J10
func TestSlip(t *testing.T) {
	s := slipFor{name: `<script>alert("x")</script> & Co`, locale: "ru", timeZone: "Europe/Moscow", login: "kmt7-3xqd", password: "abcd-efgh-jkmn-pqrs",
		site: "https://account.example.com/?a=1&b=2", until: time.Date(2026, 12, 21, 22, 0, 0, 0, time.UTC)}
	page, err := s.page()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<html lang="ru">`, "Временный пароль", "kmt7-3xqd", "abcd-efgh-jkmn-pqrs", "22\u00a0декабря 2026", "&lt;script&gt;", "&amp; Co", "a=1&amp;b=2", "default-src &#39;none&#39;"} {
		if !strings.Contains(page, want) && !strings.Contains(page, strings.ReplaceAll(want, "&#39;", "'")) {
			t.Errorf("the slip lacks %q", want)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "src=") || strings.Contains(page, "href=") {
		t.Error("the slip runs or loads something")
	}
	s.locale = "en"
	if page, err = s.page(); err != nil || !strings.Contains(page, "Temporary password") {
		t.Errorf("the English slip: %v", err)
	}
}
