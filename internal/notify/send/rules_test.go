package send

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/reminder"
	"kabinet/internal/event"
	"kabinet/internal/notify"
)

func wall(t *testing.T, s string) time.Time {
	t.Helper()
	w, err := time.Parse(wallLayout, s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestInstant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, at, want string }{
		{"UTC", "2026-11-22T09:00", "2026-11-22T09:00:00Z"},
		{"Europe/Moscow", "2026-11-22T09:00", "2026-11-22T06:00:00Z"},
		{"Europe/London", "2026-03-29T00:59", "2026-03-29T00:59:00Z"},
		{"Europe/London", "2026-03-29T01:30", "2026-03-29T01:30:00Z"}, // skipped: an hour later by the clock
		{"Europe/London", "2026-03-29T02:00", "2026-03-29T01:00:00Z"},
		{"Europe/London", "2026-10-25T01:30", "2026-10-25T00:30:00Z"}, // twice: the first
		{"Europe/London", "2026-10-25T02:00", "2026-10-25T02:00:00Z"},
		{"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45:00Z"}, // half an hour is skipped
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z"},
		{"Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00:00Z"}, // a day that there was not
	} {
		if got := instant(wall(t, c.at), zoneOf(c.zone)).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s: got %s, want %s", c.at, c.zone, got, c.want)
		}
	}
}

func TestNextTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first   string
		repeats reminder.Repeats
		zone    string
		after   string
		want    string // empty: never
	}{
		{"2026-11-22T09:00", reminder.RepeatsNEVER, "UTC", "2026-11-22T08:59:59Z", "2026-11-22T09:00:00Z"},
		{"2026-11-22T09:00", reminder.RepeatsNEVER, "UTC", "2026-11-22T09:00:00Z", ""},
		{"2026-03-27T09:00", reminder.RepeatsDAILY, "Europe/London", "2026-03-28T09:00:00Z", "2026-03-29T08:00:00Z"}, // 09:00 stays 09:00
		{"0001-01-01T09:00", reminder.RepeatsDAILY, "UTC", "2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z"},
		{"2020-01-01T09:00", reminder.RepeatsDAILY, "UTC", "2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z"},
		{"2026-11-20T09:00", reminder.RepeatsWEEKLY, "UTC", "2026-11-20T09:00:00Z", "2026-11-27T09:00:00Z"},
		{"2026-01-31T09:00", reminder.RepeatsMONTHLY, "UTC", "2026-01-31T09:00:00Z", "2026-02-28T09:00:00Z"},
		{"2026-01-31T09:00", reminder.RepeatsMONTHLY, "UTC", "2026-02-28T09:00:00Z", "2026-03-31T09:00:00Z"},
		{"2024-02-29T09:00", reminder.RepeatsYEARLY, "UTC", "2024-02-29T09:00:00Z", "2025-02-28T09:00:00Z"},
		{"2024-02-29T09:00", reminder.RepeatsYEARLY, "UTC", "2027-02-28T09:00:00Z", "2028-02-29T09:00:00Z"},
		{"1990-06-01T09:00", reminder.RepeatsMONTHLY, "UTC", "2026-06-01T09:00:00Z", "2026-07-01T09:00:00Z"},
	} {
		after, err := time.Parse(time.RFC3339, c.after)
		if err != nil {
			t.Fatal(err)
		}
		at, ok := nextTime(wall(t, c.first), c.repeats, zoneOf(c.zone), after)
		got := ""
		if ok {
			got = at.UTC().Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s %s after %s: got %q, want %q", c.first, c.repeats, c.after, got, c.want)
		}
	}
	look := nextLook(zoneOf("Europe/Moscow"), time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC))
	if got := look.UTC().Format(time.RFC3339); got != "2026-11-23T06:00:00Z" {
		t.Errorf("looks next at %s", got)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	known := []string{"event.number"}
	for text, good := range map[string]bool{
		"https://shop.example/a?b={{ event.number }}": true, "/orders/{{ event.number }}": true, "/": true, "https://shop.example": true,
		"https://{{ event.number }}/": false, "https://shop.example{{ event.number }}": false, "{{ event.number }}": false, "//evil.example": false,
		"javascript:alert(1)": false, "http://shop.example": false, "https://a@evil.example/": false, "orders/1": false, "/a b": false, "/\\evil.example": false, "": false,
	} {
		if err := checkLink(text, known, "url"); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
	out, err := link("/orders/{{ event.number }}?x=1", "en", "UTC", map[string]any{"event.number": "../../evil?a=b#c"})
	if err != nil || !notify.Leads(out) || out != "/orders/..%2F..%2Fevil%3Fa%3Db%23c?x=1" {
		t.Errorf("got %q, %v", out, err)
	}
	// A moment is words with spaces, and a name may be anything.
	out, err = link("/orders?at={{ event.at }}&name={{ customer.name }}", "en", "UTC",
		map[string]any{"event.at": time.Date(2027, 1, 2, 12, 0, 0, 0, time.UTC), "customer.name": "a&to=b+c"})
	if err != nil || !notify.Leads(out) || out != "/orders?at=2%20January%202027%2C%2012%3A00%20UTC&name=a%26to%3Db%2Bc" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestFactsAreRead(t *testing.T) {
	t.Parallel()
	owner, order := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	payload, err := json.Marshal(event.OrderPlaced{OrderID: order, OwnerID: owner, UserID: &owner, Number: "7", TotalMinor: 1250, Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	k := kindOf("order.placed")
	f, err := k.read(payload, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if f.owner != owner || f.user != owner || f.vars["event.totalMinor"] != int64(1250) || f.vars["event.orderId"] != idOf("order", order).String() {
		t.Errorf("got %+v", f)
	}
	if _, there := f.vars["event.ownerId"]; there {
		t.Error("whose it is can be named")
	}
	r := &ent.NotificationRule{Texts: map[string]map[string]string{"en": {"title": "{{ event.number }} of {{ event.total | money }}", "body": "x"}}}
	d, err := worded(r, f.values, "ru", "UTC")
	if err != nil || d.title != "7 of €12.50" || d.lang != "en" || d.params["number"] != "7" || d.params["total"] != "€12.50" {
		t.Errorf("got %+v, %v", d, err)
	}
	for _, k := range kinds() {
		if _, err := k.env(); err != nil {
			t.Errorf("%s: %v", k.kind, err)
		}
		if len(k.texts()) < 3 {
			t.Errorf("%s says nothing", k.kind)
		}
		if f, err := k.read(json.RawMessage(`{}`), time.Now()); err != nil || len(f.vars) != len(k.fields) {
			t.Errorf("%s of nothing: %v", k.kind, err)
		}
	}
	for _, raw := range []string{`{"note":true}`, `{"quiet":true}`} {
		if f, err := kindOf("ticket.replied").read(json.RawMessage(raw), time.Now()); err != nil || !f.silent {
			t.Errorf("%s is told to customers", raw)
		}
	}
}
