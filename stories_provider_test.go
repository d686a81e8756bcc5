package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kabinet/internal/adapter/oidc/oidctest"
)

// storyProviders are the outside providers of every story.
func (w *world) storyProviders(t testing.TB, env map[string]string) {
	t.Helper()
	w.providers = map[string]*oidctest.Hostile{}
	for _, name := range []string{"alpha", "beta"} {
		h := oidctest.NewHostile(t, w.db.Clock.Now)
		w.providers[name] = h
		prefix := "KABINET_OIDC_" + strings.ToUpper(name)
		env[prefix+"_ISSUER"], env[prefix+"_CLIENT_ID"], env[prefix+"_CLIENT_SECRET"] = h.URL, h.ClientID, h.Secret
	}
}

// approve is `# approve alpha 7 vera@example.com true`: somebody goes to the
// provider that the step's answer sends him to, says yes, and comes back
// through the door of Kabinet; code, state and issuer are kept for later steps.
func (w *world) approve(t testing.TB, s step, answer map[string]any) {
	t.Helper()
	said := strings.Fields(s.approve)
	address := ""
	if data, ok := answer["data"].(map[string]any); ok {
		for _, payload := range data {
			p, _ := payload.(map[string]any)
			address, _ = p["authorizationUrl"].(string)
		}
	}
	h := w.providers[said[0]]
	if h == nil || address == "" {
		t.Fatalf("%s: nothing to approve in %v", s.name, answer)
	}
	claims := map[string]any{"sub": said[1], "name": "Vera Orlova"}
	if len(said) > 2 {
		claims["email"], claims["email_verified"] = said[2], said[3] == "true"
	}
	code, state := h.Approve(t, address, claims)
	back := url.Values{"code": {code}, "state": {state}, "iss": {h.URL}}
	u, err := url.Parse(address)
	check(t, err)
	w.comeBack(t, u.Query().Get("redirect_uri")+"?"+back.Encode())
}

// comeBack is a browser that a provider sends back: it goes through the door,
// and the page that it comes to reads the fragment.
func (w *world) comeBack(t testing.TB, address string) {
	t.Helper()
	u, err := url.Parse(address)
	check(t, err)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(w.url + u.Path + "?" + u.RawQuery)
	check(t, err)
	resp.Body.Close()
	page, fragment, _ := strings.Cut(resp.Header.Get("Location"), "#")
	said, err := url.ParseQuery(fragment)
	check(t, err)
	if resp.StatusCode != http.StatusSeeOther || page != w.app.cfg.PublicURL.String() || resp.Header.Get("Referrer-Policy") != "no-referrer" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the door answers %s, to %q, %v", resp.Status, page, resp.Header)
	}
	w.vars["code"], w.vars["state"], w.vars["issuer"] = said.Get("code"), said.Get("state"), said.Get("iss")
}
