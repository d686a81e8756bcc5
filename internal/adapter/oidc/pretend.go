package oidc

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Pretend is a provider for demonstrations: whoever comes picks one of three
// people, and no password is asked. It keeps to the protocol, so that what is
// built against it works against a real one. It is served in the process that
// is its client, and never outside a demonstration.
type Pretend struct {
	Issuer   string // where its pages are, without a slash at the end
	ClientID string
	redirect string
	now      func() time.Time
	key      *ecdsa.PrivateKey

	mu    sync.Mutex
	codes map[string]pretended
}

type pretended struct {
	who              int
	nonce, challenge string
	until            time.Time
}

// pretendPeople are those one can be.
var pretendPeople = []struct {
	Subject, Name, GivenName, FamilyName, Email string
	Verified                                    bool
}{
	{"1001", "Vera Orlova", "Vera", "Orlova", "vera@demo.example", true},
	{"1002", "Ivan (address not verified)", "Ivan", "Petrov", "ivan@demo.example", false},
	{"1003", "Customer of the demonstration", "", "", "customer@example.com", true},
}

// mostPretended is how many codes wait at a time.
const mostPretended = 1000

// NewPretend makes one that sends browsers back to one address.
func NewPretend(issuer, redirect string, now func() time.Time) (*Pretend, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	return &Pretend{Issuer: issuer, ClientID: "demo", redirect: redirect, now: now, key: key, codes: map[string]pretended{}}, nil
}

// RoundTrip lets its client reach it without a network.
func (p *Pretend) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &recorded{header: http.Header{}, status: http.StatusOK}
	p.ServeHTTP(w, r)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// recorded keeps what a handler of this process says.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorded) Header() http.Header         { return w.header }
func (w *recorded) WriteHeader(status int)      { w.status = status }
func (w *recorded) Write(b []byte) (int, error) { return w.body.Write(b) }

// ServeHTTP answers whatever is under Issuer.
func (p *Pretend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, _ := url.Parse(p.Issuer)
	switch path := strings.TrimPrefix(r.URL.Path, at.Path); {
	case path == "/.well-known/openid-configuration" && r.Method == http.MethodGet:
		p.say(w, map[string]any{
			"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/authorize", "token_endpoint": p.Issuer + "/token", "jwks_uri": p.Issuer + "/keys",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
			"code_challenge_methods_supported": []string{"S256"}, "authorization_response_iss_parameter_supported": true,
		})
	case path == "/keys" && r.Method == http.MethodGet:
		point, _ := p.key.PublicKey.Bytes() // 4, then both coordinates
		p.say(w, map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256", "x": base64url(point[1:33]), "y": base64url(point[33:])}}})
	case path == "/authorize" && r.Method == http.MethodGet:
		p.page(w, r)
	case path == "/authorize" && r.Method == http.MethodPost:
		p.press(w, r)
	case path == "/token" && r.Method == http.MethodPost:
		p.exchange(w, r)
	default:
		http.NotFound(w, r)
	}
}

var pretendPage = template.Must(template.New("page").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Demo ID</title>
<h1>Demo ID</h1><p>Who are you? No password is asked: this page is part of the demonstration.</p>
<form method="post">{{range $i, $p := .}}<p><button name="who" value="{{$i}}">{{$p.Name}}, {{$p.Email}}</button></p>{{end}}<p><button name="who" value="no">Nobody: go back</button></p></form></html>
`))

// asked says whether a request is one of its only client.
func (p *Pretend) asked(r *http.Request) (q url.Values, ok bool) {
	q = r.URL.Query()
	return q, q.Get("client_id") == p.ClientID && q.Get("redirect_uri") == p.redirect && q.Get("response_type") == "code" &&
		q.Get("code_challenge_method") == "S256" && q.Get("code_challenge") != ""
}

func (p *Pretend) page(w http.ResponseWriter, r *http.Request) {
	if _, ok := p.asked(r); !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'") // the form leads home again, by a redirect
	_ = pretendPage.Execute(w, pretendPeople)
}

// press sends the browser back with a code of the person who was picked.
func (p *Pretend) press(w http.ResponseWriter, r *http.Request) {
	q, ok := p.asked(r)
	if !ok || r.ParseForm() != nil {
		http.NotFound(w, r)
		return
	}
	back := url.Values{"state": {q.Get("state")}, "iss": {p.Issuer}}
	var who int
	if _, err := fmt.Sscan(r.PostForm.Get("who"), &who); err != nil || who < 0 || who >= len(pretendPeople) {
		back.Set("error", "access_denied")
	} else {
		back.Set("code", p.keep(pretended{who: who, nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), until: p.now().Add(time.Minute)}))
	}
	w.Header().Set("Location", p.redirect+"?"+back.Encode())
	w.WriteHeader(http.StatusSeeOther)
}

func (p *Pretend) keep(c pretended) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for code, old := range p.codes {
		if len(p.codes) >= mostPretended || old.until.Before(p.now()) {
			delete(p.codes, code)
		}
	}
	code := rand.Text()
	p.codes[code] = c
	return code
}

func (p *Pretend) exchange(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(nil, r.Body, 1<<14)
	code := r.PostFormValue("code")
	p.mu.Lock()
	c, ok := p.codes[code]
	delete(p.codes, code)
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || c.until.Before(p.now()) || !same(base64url(sum[:]), c.challenge) || r.PostFormValue("redirect_uri") != p.redirect {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
		return
	}
	who, now := pretendPeople[c.who], p.now().Unix()
	token := p.sign(map[string]any{
		"iss": p.Issuer, "aud": p.ClientID, "sub": who.Subject, "iat": now, "exp": now + 300, "nonce": c.nonce,
		"email": who.Email, "email_verified": who.Verified, "name": who.Name, "given_name": who.GivenName, "family_name": who.FamilyName,
	})
	p.say(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 300, "id_token": token})
}

func (p *Pretend) sign(claims map[string]any) string {
	b, _ := json.Marshal(claims)
	text := base64url([]byte(`{"alg":"ES256","kid":"1","typ":"JWT"}`)) + "." + base64url(b)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		return "" // a key of P-256 always signs
	}
	return text + "." + base64url(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func (p *Pretend) say(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
