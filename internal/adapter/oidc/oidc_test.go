package oidc_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kabinet/internal/adapter/oidc"
	"kabinet/internal/adapter/oidc/oidctest"
)

const redirect = "https://account.example.com/auth/callback/x"

// clock is one that a test moves.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).Add(time.Duration(c.offset.Load()))
}
func (c *clock) add(d time.Duration) { c.offset.Add(int64(d)) }

// pair is a provider that does what it is told, and the client of it.
func pair(t *testing.T, change func(*oidctest.Hostile)) (*oidctest.Hostile, *oidc.Provider, *clock) {
	t.Helper()
	c := &clock{}
	h := oidctest.NewHostile(t, c.now)
	if change != nil {
		change(h)
	}
	p, err := oidc.New(oidc.Options{Issuer: h.URL, ClientID: h.ClientID, ClientSecret: h.Secret, Scopes: []string{"email"}, RedirectURL: redirect, Now: c.now, Timeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return h, p, c
}

// way is one walk to the provider and back.
func way(t *testing.T, h *oidctest.Hostile, p *oidc.Provider, claims map[string]any) (oidc.Claims, error) {
	t.Helper()
	a, err := approved(t, h, p, claims)
	if err != nil {
		return oidc.Claims{}, err
	}
	return p.Finish(context.Background(), a)
}

func approved(t *testing.T, h *oidctest.Hostile, p *oidc.Provider, claims map[string]any) (oidc.Answer, error) {
	t.Helper()
	a := oidc.Answer{Verifier: oidc.Verifier(), Nonce: "nonce-of-this-way"}
	to, err := p.Start(context.Background(), "state", a.Nonce, a.Verifier)
	if err != nil {
		return a, err
	}
	a.Code, _ = h.Approve(t, to, claims)
	return a, nil
}

func TestRealProvider(t *testing.T) {
	t.Parallel()
	const home = "http://127.0.0.1:1/auth/callback/real"
	real := oidctest.NewReal(t, home)
	real.Person("vera", "vera@example.com", true)
	p, err := oidc.New(oidc.Options{Issuer: real.Issuer, ClientID: oidctest.RealClient, ClientSecret: oidctest.RealSecret, Scopes: []string{"openid", "email", "profile"}, RedirectURL: home})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	verifier := oidc.Verifier()
	to, err := p.Start(ctx, "the state", "the nonce", verifier)
	if err != nil {
		t.Fatal(err)
	}
	back := real.Approve(t, to, "vera").Query()
	if back.Get("state") != "the state" {
		t.Fatalf("came back with %v", back)
	}
	a := oidc.Answer{Code: back.Get("code"), Verifier: verifier, Nonce: "the nonce", Issuer: back.Get("iss")}
	wrong := a
	wrong.Verifier = oidc.Verifier()
	if _, err := p.Finish(ctx, wrong); err == nil { // security E4
		t.Fatal("a real provider took another verifier")
	}
	to, _ = p.Start(ctx, "the state", "the nonce", verifier)
	a.Code = real.Approve(t, to, "vera").Query().Get("code")
	c, err := p.Finish(ctx, a)
	if err != nil || c.Subject != "vera" || c.Email != "vera@example.com" || !c.EmailVerified || c.GivenName != "Vera" || c.Issuer != real.Issuer {
		t.Fatalf("claims %+v, %v", c, err)
	}
	if _, err := p.Finish(ctx, a); err == nil { // security E4: a code is used once
		t.Error("a real provider took a code twice")
	}
}

func TestBelieved(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"RS256", "ES256"} {
		h, p, _ := pair(t, func(h *oidctest.Hostile) { h.Alg = alg })
		c, err := way(t, h, p, map[string]any{"sub": "7", "email": "a@example.com", "email_verified": true, "name": "Anna", "azp": h.ClientID})
		if err != nil || c.Subject != "7" || !c.EmailVerified || c.Name != "Anna" || c.Issuer != h.URL {
			t.Errorf("%s: %+v, %v", alg, c, err)
		}
	}
	for _, verified := range []any{false, "true", "false", 1, nil, []bool{true}, map[string]any{}} { // security E1
		h, p, _ := pair(t, nil)
		c, err := way(t, h, p, map[string]any{"email": "a@example.com", "email_verified": verified})
		if err != nil || c.EmailVerified || c.Email != "a@example.com" {
			t.Errorf("email_verified %#v: %+v, %v", verified, c, err)
		}
	}
}

func TestUserinfo(t *testing.T) {
	t.Parallel()
	h, p, _ := pair(t, func(h *oidctest.Hostile) {
		h.Userinfo = map[string]any{"sub": "1", "email": "a@example.com", "email_verified": true, "name": "Anna"}
	})
	if c, err := way(t, h, p, nil); err != nil || !c.EmailVerified || c.Name != "Anna" {
		t.Errorf("%+v, %v", c, err)
	}
	h.Userinfo["email_verified"] = "true" // security E1
	if c, err := way(t, h, p, nil); err != nil || c.EmailVerified {
		t.Errorf("the text true counts: %+v, %v", c, err)
	}
	h.Userinfo["sub"] = "2" // somebody else's
	if _, err := way(t, h, p, nil); !errors.Is(err, oidc.ErrForged) {
		t.Errorf("userinfo of another: %v", err)
	}
}

func TestForged(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).Unix()
	foreign, private := oidctest.Foreign()
	for name, change := range map[string]func(*oidctest.Hostile){ // security E5, B7
		"alg none":                  func(h *oidctest.Hostile) { h.Alg = "none" },
		"alg none, no signature":    func(h *oidctest.Hostile) { h.Token = func(s string) string { return unsigned(s, `{"alg":"none"}`) } },
		"alg nOnE":                  func(h *oidctest.Hostile) { h.Token = func(s string) string { return unsigned(s, `{"alg":"nOnE"}`) } },
		"HS256 with the public key": func(h *oidctest.Hostile) { h.Alg = "HS256" },
		"RS512 announced":           func(h *oidctest.Hostile) { h.Alg = "RS512" },
		"RS512 in name":             func(h *oidctest.Hostile) { h.Header = map[string]any{"alg": "RS512"} },
		"a jwk of its own": func(h *oidctest.Hostile) {
			h.SignBy(private)
			h.Header = map[string]any{"jwk": foreign, "kid": "foreign"}
		},
		"a jku of its own": func(h *oidctest.Hostile) {
			h.SignBy(private)
			h.Header = map[string]any{"jku": h.URL + "/evil", "kid": "foreign"}
		},
		"kid as a path":         func(h *oidctest.Hostile) { h.Header = map[string]any{"kid": "../../../../dev/null"} },
		"crit not understood":   func(h *oidctest.Hostile) { h.Header = map[string]any{"crit": []string{"x"}, "x": 1} },
		"an access token":       func(h *oidctest.Hostile) { h.Header = map[string]any{"typ": "at+jwt"} },
		"a logout token":        func(h *oidctest.Hostile) { h.Header = map[string]any{"typ": "logout+jwt"} },
		"another audience":      func(h *oidctest.Hostile) { h.Claims = map[string]any{"aud": "somebody else"} },
		"no audience":           func(h *oidctest.Hostile) { h.Claims = map[string]any{"aud": nil} },
		"two audiences, no azp": func(h *oidctest.Hostile) { h.Claims = map[string]any{"aud": []string{h.ClientID, "other"}} },
		"two audiences, another's azp": func(h *oidctest.Hostile) {
			h.Claims = map[string]any{"aud": []string{h.ClientID, "other"}, "azp": "other"}
		},
		"another's azp":        func(h *oidctest.Hostile) { h.Claims = map[string]any{"azp": "other"} },
		"another issuer":       func(h *oidctest.Hostile) { h.Claims = map[string]any{"iss": "https://other.example"} },
		"issuer with a slash":  func(h *oidctest.Hostile) { h.Claims = map[string]any{"iss": h.URL + "/"} },
		"expired":              func(h *oidctest.Hostile) { h.Claims = map[string]any{"exp": at - 1} },
		"no expiry":            func(h *oidctest.Hostile) { h.Claims = map[string]any{"exp": nil} },
		"not yet":              func(h *oidctest.Hostile) { h.Claims = map[string]any{"nbf": at + 3600} },
		"issued in an hour":    func(h *oidctest.Hostile) { h.Claims = map[string]any{"iat": at + 3600} },
		"never issued":         func(h *oidctest.Hostile) { h.Claims = map[string]any{"iat": nil} },
		"another nonce":        func(h *oidctest.Hostile) { h.Claims = map[string]any{"nonce": "another"} },
		"no nonce":             func(h *oidctest.Hostile) { h.Claims = map[string]any{"nonce": nil} },
		"no subject":           func(h *oidctest.Hostile) { h.Claims = map[string]any{"sub": ""} },
		"a long subject":       func(h *oidctest.Hostile) { h.Claims = map[string]any{"sub": strings.Repeat("1", 256)} },
		"another access token": func(h *oidctest.Hostile) { h.Claims = map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"} },
		"a changed claim":      func(h *oidctest.Hostile) { h.Token = rewritten },
		"no token at all":      func(h *oidctest.Hostile) { h.Token = func(string) string { return "a.b.c" } },
		"encrypted":            func(h *oidctest.Hostile) { h.Token = func(s string) string { return s + ".x.y" } },
	} {
		h, p, _ := pair(t, change)
		if c, err := way(t, h, p, map[string]any{"sub": "1"}); !errors.Is(err, oidc.ErrForged) {
			t.Errorf("%s: %+v, %v; want ErrForged", name, c, err)
		}
		if n := h.Asked("/evil"); n != 0 {
			t.Errorf("%s: the token led the client to an address", name)
		}
	}
}

func unsigned(token, header string) string {
	parts := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + "."
}

func rewritten(token string) string {
	parts := strings.Split(token, ".")
	b, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(b), `"sub":"1"`, `"sub":"2"`, 1)))
	return strings.Join(parts, ".")
}

func TestWays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h, p, _ := pair(t, nil)
	for name, change := range map[string]func(*oidc.Answer){ // security E4
		"another verifier": func(a *oidc.Answer) { a.Verifier = oidc.Verifier() },
		"no verifier":      func(a *oidc.Answer) { a.Verifier = "" },
		"another nonce":    func(a *oidc.Answer) { a.Nonce = "another" },
		"no nonce":         func(a *oidc.Answer) { a.Nonce = "" },
		"another code":     func(a *oidc.Answer) { a.Code = "another" },
		"no code":          func(a *oidc.Answer) { a.Code = "" },
		"another issuer":   func(a *oidc.Answer) { a.Issuer = "https://evil.example" },
	} {
		a, err := approved(t, h, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(&a)
		if _, err := p.Finish(ctx, a); !errors.Is(err, oidc.ErrForged) {
			t.Errorf("%s: %v; want ErrForged", name, err)
		}
	}
	a, _ := approved(t, h, p, nil)
	a.Issuer = h.URL
	if _, err := p.Finish(ctx, a); err != nil {
		t.Errorf("the provider's own issuer: %v", err)
	}
	if _, err := p.Finish(ctx, a); !errors.Is(err, oidc.ErrForged) {
		t.Errorf("a code twice: %v", err)
	}
}

func TestAnswersThatMustNameTheirIssuer(t *testing.T) {
	t.Parallel()
	h, p, _ := pair(t, func(h *oidctest.Hostile) {
		h.Document = func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true }
	})
	if _, err := way(t, h, p, nil); !errors.Is(err, oidc.ErrForged) { // security E4: RFC 9207
		t.Errorf("an answer without iss: %v", err)
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(d map[string]any, h *oidctest.Hostile){ // security E5
		"another issuer":      func(d map[string]any, _ *oidctest.Hostile) { d["issuer"] = "https://accounts.google.com" },
		"issuer with a slash": func(d map[string]any, h *oidctest.Hostile) { d["issuer"] = h.URL + "/" },
		"no issuer":           func(d map[string]any, _ *oidctest.Hostile) { delete(d, "issuer") },
		"no keys":             func(d map[string]any, _ *oidctest.Hostile) { delete(d, "jwks_uri") },
		"keys in a file":      func(d map[string]any, _ *oidctest.Hostile) { d["jwks_uri"] = "file:///etc/passwd" },
		"a script":            func(d map[string]any, _ *oidctest.Hostile) { d["authorization_endpoint"] = "javascript:alert(1)" },
		"only by certificate": func(d map[string]any, _ *oidctest.Hostile) {
			d["token_endpoint_auth_methods_supported"] = []string{"tls_client_auth"}
		},
	} {
		h, p, _ := pair(t, nil)
		h.Document = func(d map[string]any) { change(d, h) }
		if to, err := p.Start(context.Background(), "s", "n", "v"); err == nil {
			t.Errorf("%s: %s; want an error", name, to)
		}
	}
}

func TestSlowAndBroken(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/.well-known/openid-configuration", "/keys", "/token"} {
		for name, before := range map[string]func(w http.ResponseWriter){ // security E7
			"500": func(w http.ResponseWriter) {
				http.Error(w, "secret words of the provider", http.StatusInternalServerError)
			},
			"slow": func(http.ResponseWriter) { time.Sleep(700 * time.Millisecond) },
			"10 MB": func(w http.ResponseWriter) { // and then what should be there
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(bytes.Repeat([]byte(" "), 10<<20))
			},
			"redirect": func(w http.ResponseWriter) { w.Header().Set("Location", "/elsewhere"); w.WriteHeader(http.StatusFound) },
			"html":     func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) },
		} {
			h, p, _ := pair(t, func(h *oidctest.Hostile) {
				h.Before = func(asked string, w http.ResponseWriter) bool {
					if asked == path {
						before(w)
					}
					return asked == path && name != "10 MB"
				}
			})
			start := time.Now()
			_, err := way(t, h, p, nil)
			if err == nil || errors.Is(err, oidc.ErrForged) || time.Since(start) > 5*time.Second {
				t.Errorf("%s %s: %v after %v; want an error that says unavailable", path, name, err, time.Since(start))
			}
			if err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) > 400) {
				t.Errorf("%s %s: the error is long: %q", path, name, err)
			}
			if h.Asked("/elsewhere") != 0 {
				t.Errorf("%s: a redirect was followed", path)
			}
		}
	}
}

func TestMetadataOutliveAFailure(t *testing.T) {
	t.Parallel()
	h, p, c := pair(t, nil)
	if _, err := way(t, h, p, nil); err != nil {
		t.Fatal(err)
	}
	h.Before = func(path string, w http.ResponseWriter) bool {
		if path != "/.well-known/openid-configuration" {
			return false
		}
		w.WriteHeader(http.StatusInternalServerError)
		return true
	}
	c.add(2 * time.Hour)
	for range 5 {
		if _, err := way(t, h, p, nil); err != nil {
			t.Fatalf("with metadata of two hours ago: %v", err)
		}
	}
	if n := h.Asked("/.well-known/openid-configuration"); n != 2 { // security E7
		t.Errorf("a provider that fails was asked %d times; want 2", n)
	}
	c.add(48 * time.Hour)
	if _, err := way(t, h, p, nil); err == nil {
		t.Error("metadata of two days ago are believed")
	}
}

func TestFloodOfUnknownKeys(t *testing.T) {
	t.Parallel()
	h, p, c := pair(t, nil)
	if _, err := way(t, h, p, nil); err != nil {
		t.Fatal(err)
	}
	h.Header = map[string]any{"kid": "unknown"}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if _, err := way(t, h, p, nil); err == nil {
					t.Error("a token of an unknown key is believed")
				}
			}
		})
	}
	wg.Wait()
	if n := h.Asked("/keys"); n > 2 { // security E7
		t.Errorf("the keys were asked for %d times; want at most 2", n)
	}
	h.Header = nil
	c.add(time.Minute)
	if _, err := way(t, h, p, nil); err != nil {
		t.Errorf("after the flood: %v", err)
	}
}
