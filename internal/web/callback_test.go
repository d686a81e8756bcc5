package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kabinet/internal/web"
)

func TestCallback(t *testing.T) {
	t.Parallel()
	const page = "https://shop.example.com/signed-in?a=b"
	var asked []string
	mux := http.NewServeMux()
	mux.Handle(web.CallbackPattern, web.Callback(func(provider, state string) (string, bool) {
		asked = append(asked, provider+" "+state)
		return page, state == "good"
	}))
	get := func(method, address string) *http.Response {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest(method, address, nil))
		return rec.Result()
	}
	r := get("GET", "/auth/callback/google?code=a%2Bb%23c&state=good&iss=https%3A%2F%2Faccounts.google.com&evil=https://evil.example&session_state=x")
	to := r.Header.Get("Location")
	rest, ok := strings.CutPrefix(to, page+"#")
	on, err := url.ParseQuery(rest)
	if r.StatusCode != http.StatusSeeOther || !ok || err != nil || on.Get("code") != "a+b#c" || on.Get("state") != "good" || on.Get("iss") != "https://accounts.google.com" || len(on) != 3 {
		t.Errorf("%d %s", r.StatusCode, to)
	}
	if len(r.Cookies()) != 0 { // security D6: nothing happens here
		t.Error("the door sets a cookie")
	}
	if r := get("GET", "/auth/callback/google?error=access_denied&state=good"); r.Header.Get("Location") != page+"#error=access_denied&state=good" {
		t.Errorf("declined: %s", r.Header.Get("Location"))
	}
	if asked[0] != "google good" {
		t.Errorf("asked %q", asked)
	}
	for name, address := range map[string]string{ // security D3, E4
		"no state":      "/auth/callback/google?code=a",
		"another state": "/auth/callback/google?code=a&state=bad",
		"two states":    "/auth/callback/google?code=a&state=good&state=good",
		"two codes":     "/auth/callback/google?code=a&code=b&state=good",
		"a long one":    "/auth/callback/google?state=good&code=" + strings.Repeat("a", 9000),
		"half escaped":  "/auth/callback/google?state=good&code=%zz",
		"semicolons":    "/auth/callback/google?state=good;code=a",
	} {
		if r := get("GET", address); r.StatusCode != http.StatusBadRequest || r.Header.Get("Location") != "" {
			t.Errorf("%s: %d, to %q", name, r.StatusCode, r.Header.Get("Location"))
		}
	}
	if r := get("POST", "/auth/callback/google?code=a&state=good"); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", r.StatusCode)
	}
	if r := get("GET", "/auth/callback/?code=a&state=good"); r.StatusCode != http.StatusNotFound {
		t.Errorf("no provider: %d", r.StatusCode)
	}
}
