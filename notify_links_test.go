package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

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
		for _, link := range []string{stop, all} {
			if token := link[strings.LastIndexByte(link, '/')+1:]; strings.Contains(w.log.String(), token) {
				t.Errorf("the log has %s", token)
			}
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
