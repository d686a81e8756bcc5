package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/notify/preference"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// The links in letters, over HTTP: a GET changes nothing, one click does, the
// answers carry the headers of a page, and no log has the link.
//
// security H1, H7, J5, J9
func TestNotifyLinks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, err := scalar.ParseID(w.vars["alice"])
		check(t, err)
		public := strings.TrimSuffix(w.app.cfg.PublicURL.String(), "/")
		stop := w.url + strings.TrimPrefix(w.app.preferences.UnsubscribeURL(alice.UUID, "order.delivered"), public)
		all := w.url + strings.TrimPrefix(w.app.preferences.PreferencesURL(alice.UUID), public)
		choices := func() int { return w.choices(t, alice.UUID) }

		page := w.follow(t, "GET", stop, "", "", http.StatusOK)
		if !strings.Contains(page, "Order delivered") || !strings.Contains(page, `value="One-Click"`) || strings.Contains(page, "Alice") || strings.Contains(page, "@example") {
			t.Errorf("%s", page)
		}
		w.follow(t, "HEAD", stop, "", "", http.StatusOK)
		w.follow(t, "GET", all, "", "", http.StatusOK)
		w.follow(t, "GET", stop+"?List-Unsubscribe=One-Click", "", "", http.StatusOK)
		for _, bad := range []struct{ kind, body string }{
			{"application/x-www-form-urlencoded", ""}, {"application/x-www-form-urlencoded", "List-Unsubscribe=Two-Clicks"}, {"text/plain", "List-Unsubscribe=One-Click"},
			{"application/x-www-form-urlencoded", "List-Unsubscribe=%zz"}, {"application/x-www-form-urlencoded", "a=" + strings.Repeat("b", 300<<10)}, {"multipart/form-data; boundary=x", "--x"},
		} {
			w.follow(t, "POST", stop, bad.kind, bad.body, http.StatusBadRequest)
		}
		w.follow(t, "POST", stop+"?List-Unsubscribe=One-Click", "application/x-www-form-urlencoded", "", http.StatusBadRequest)
		if n := choices(); n != 0 {
			t.Fatalf("%d choices, and nobody has clicked", n)
		}
		page = w.follow(t, "POST", stop, "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click", http.StatusOK)
		if n := choices(); n != 1 || !strings.Contains(page, preference.PreferencesPath) {
			t.Errorf("%d choices: %s", n, page)
		}
		form := "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
		w.follow(t, "POST", stop, "multipart/form-data; boundary=x", form, http.StatusOK)
		w.follow(t, "POST", all, "application/x-www-form-urlencoded", url.Values{"was:order.paid/EMAIL": {"1"}}.Encode(), http.StatusOK)
		if n := choices(); n != 2 {
			t.Errorf("%d choices", n)
		}
		for _, gone := range []string{stop[:len(stop)-4], all + "A", w.url + preference.UnsubscribePath + "x", strings.Replace(all, "preferences", "unsubscribe", 1)} {
			w.follow(t, "GET", gone, "", "", http.StatusNotFound)
			w.follow(t, "POST", gone, "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click", http.StatusNotFound)
		}
		if page := w.follow(t, "GET", stop, "", "", http.StatusOK); !strings.Contains(page, "Stop all letters about: Orders") {
			t.Errorf("the page does not offer the topic: %s", page)
		}
		w.do(t, "alice", `mutation { updateNotificationPreferences(input: {choices: [{type: "order.shipped", channel: EMAIL, wanted: true}]}) { userErrors { code } } }`)
		page = w.follow(t, "POST", stop, "application/x-www-form-urlencoded", "stop=topic", http.StatusOK)
		if !strings.Contains(page, "“Orders” does not come by this way any more") {
			t.Errorf("%s", page)
		}
		if s := w.say(t, "alice", `{ me { notificationPreferences { topics { topic types { type preferences { channel wanted source } } } } } }`, ""); !strings.Contains(s, `{"preferences":[{"channel":"IN_APP","source":"HOUSE","wanted":true},{"channel":"EMAIL","source":"TOPIC","wanted":false}`) ||
			strings.Contains(s, `{"channel":"EMAIL","source":"TYPE","wanted":true}`) {
			t.Errorf("letters of orders still come: %s", s)
		}
		for _, link := range []string{stop, all} {
			if token := link[strings.LastIndexByte(link, '/')+1:]; strings.Contains(w.log.String(), token) {
				t.Errorf("the log has %s", token)
			}
		}
	})
}

// Who guesses at links is held up, with how long; who has a good one is not.
// How often one is shown is bounded too.
//
// security H7
func TestNotifyLinksFlood(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, err := scalar.ParseID(w.vars["alice"])
		check(t, err)
		public := strings.TrimSuffix(w.app.cfg.PublicURL.String(), "/")
		good := w.url + strings.TrimPrefix(w.app.preferences.UnsubscribeURL(alice.UUID, "order.delivered"), public)
		reached := func(link string, status int) (times int) {
			for ; times < 400; times++ {
				resp, err := http.Get(link)
				check(t, err)
				_ = resp.Body.Close()
				if resp.StatusCode == http.StatusTooManyRequests {
					if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || after < 1 || after > 3601 {
						t.Errorf("Retry-After: %q", resp.Header.Get("Retry-After"))
					}
					return times
				}
				if resp.StatusCode != status {
					t.Fatal(resp.Status)
				}
			}
			return times
		}
		if n := reached(w.url+preference.PreferencesPath+"AAAA", http.StatusNotFound); n != 60 {
			t.Errorf("%d guesses", n)
		}
		if page := w.follow(t, "GET", w.url+preference.UnsubscribePath+"BBBB", "", "", http.StatusTooManyRequests); !strings.Contains(page, "Please try again in an hour") {
			t.Errorf("%s", page)
		}
		if code, _ := dig(w.send(t, step{as: "nobody"}, `{ notificationPreferencesByLink(token: "CCCC") { channels { channel } } }`), "errors.0.extensions.code"); code != "RATE_LIMITED" {
			t.Errorf("by GraphQL: %v", code)
		}
		w.follow(t, "POST", good, "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click", http.StatusOK)
		if n := reached(good, http.StatusOK); n != 300 {
			t.Errorf("shown %d times", n)
		}
		db.Clock.Add(time.Hour + time.Second)
		w.follow(t, "GET", good, "", "", http.StatusOK)
		w.follow(t, "GET", w.url+preference.UnsubscribePath+"BBBB", "", "", http.StatusNotFound)
	})
}

// One click in a letter that tells of several things stops them all.
func TestNotifyDigestStopped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		out := newMailbox(t)
		w := newWorldOf(t, db, map[string]string{"KABINET_SMTP_URL": "smtp://" + out.addr, "KABINET_MAIL_FROM": "Shop <account@shop.example>"}, nil)
		out.take()
		alice, err := scalar.ParseID(w.vars["alice"])
		check(t, err)
		w.do(t, "alice", `mutation { setNotificationDigest(input: {channel: EMAIL, schedule: WEEKLY}) { userErrors { code } } }`)
		placed := w.do(t, "alice", `mutation { placeOrder(input: {lines: [{sku: "TEA", quantity: 1}], idempotencyKey: "one"}) { order { id } userErrors { code } } }`)
		w.settle(t)
		w.do(t, "alice", `mutation { cancelOrder(input: {orderId: "`+w.get(t, placed, "placeOrder.order.id")+`", reason: CHANGED_MIND, idempotencyKey: "two"}) { userErrors { code } } }`)
		w.settle(t)
		db.Clock.Add(8 * 24 * time.Hour)
		w.settle(t)
		header, l := w.caught(t, out)
		if !strings.Contains(l.Text, "Order placed") && !strings.Contains(l.Text, "cancelled") {
			t.Error(l.Text)
		}
		link, err := url.Parse(strings.Trim(header.Get("List-Unsubscribe"), "<>"))
		check(t, err)
		if page := w.follow(t, "GET", w.url+link.Path, "", "", http.StatusOK); !strings.Contains(page, "Order placed, Order cancelled") {
			t.Errorf("%s", page)
		}
		w.follow(t, "POST", w.url+link.Path, "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click", http.StatusOK)
		if n := w.choices(t, alice.UUID); n != 2 {
			t.Errorf("%d types are stopped", n)
		}
	})
}

// follow asks for a page of a link and gives it.
func (w *world) follow(t *testing.T, method, link, kind, body string, status int) string {
	t.Helper()
	r := httptest.NewRequest(method, link, strings.NewReader(body))
	r.RequestURI = ""
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	check(t, err)
	if resp.StatusCode != status {
		t.Errorf("%s %s %.60q: %d, want %d", method, kind, body, resp.StatusCode, status)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": preference.PagesPolicy, "Cache-Control": "no-store",
		"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s %d: %s: %q", method, resp.StatusCode, name, got)
		}
	}
	if len(resp.Cookies()) > 0 {
		t.Error("a cookie is set")
	}
	return string(page)
}

// choices is how many somebody has made.
func (w *world) choices(t *testing.T, user uuid.UUID) int {
	t.Helper()
	u, err := w.db.Client.User.Get(storetest.System(), user)
	check(t, err)
	if u.Notify == nil {
		return 0
	}
	return len(u.Notify.Choices)
}
