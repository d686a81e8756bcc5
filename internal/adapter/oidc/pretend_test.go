package oidc_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kabinet/internal/adapter/oidc"
)

func TestPretend(t *testing.T) {
	t.Parallel()
	c := &clock{}
	const issuer, redirect = "http://127.0.0.1:8080/demo/provider", "http://127.0.0.1:8080/auth/callback/demo"
	pretend, err := oidc.NewPretend(issuer, redirect, c.now)
	if err != nil {
		t.Fatal(err)
	}
	p, err := oidc.New(oidc.Options{Issuer: issuer, ClientID: pretend.ClientID, RedirectURL: redirect, Now: c.now, Transport: pretend})
	if err != nil {
		t.Fatal(err)
	}
	press := func(who string) (oidc.Answer, url.Values) {
		a := oidc.Answer{Verifier: oidc.Verifier(), Nonce: "n"}
		to, err := p.Start(context.Background(), "s", a.Nonce, a.Verifier)
		if err != nil {
			t.Fatal(err)
		}
		page := httptest.NewRecorder()
		pretend.ServeHTTP(page, httptest.NewRequest("GET", to, nil))
		if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), "vera@demo.example") {
			t.Fatalf("the page: %d %s", page.Code, page.Body)
		}
		back := httptest.NewRecorder()
		r := httptest.NewRequest("POST", to, strings.NewReader("who="+who))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		pretend.ServeHTTP(back, r)
		u, err := url.Parse(back.Header().Get("Location"))
		if err != nil || !strings.HasPrefix(u.String(), redirect+"?") {
			t.Fatalf("back to %s", u)
		}
		a.Code, a.Issuer = u.Query().Get("code"), u.Query().Get("iss")
		return a, u.Query()
	}
	a, q := press("0")
	if got, err := p.Finish(context.Background(), a); err != nil || got.Subject != "1001" || !got.EmailVerified || q.Get("state") != "s" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := p.Finish(context.Background(), a); !errors.Is(err, oidc.ErrForged) {
		t.Errorf("a code twice: %v", err)
	}
	a, _ = press("1")
	a.Verifier = oidc.Verifier()
	if _, err := p.Finish(context.Background(), a); !errors.Is(err, oidc.ErrForged) {
		t.Errorf("another verifier: %v", err)
	}
	if _, q := press("no"); q.Get("error") != "access_denied" || q.Get("code") != "" {
		t.Errorf("declined: %v", q)
	}
	rec := httptest.NewRecorder()
	pretend.ServeHTTP(rec, httptest.NewRequest("GET", issuer+"/authorize?client_id=demo&redirect_uri=https://evil.example&response_type=code&code_challenge=x&code_challenge_method=S256", nil))
	if rec.Code != http.StatusNotFound {
		t.Errorf("another redirect: %d", rec.Code)
	}
}
