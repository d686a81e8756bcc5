package payment_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kabinet/internal/adapter/payment"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func secret(t *testing.T) []byte {
	t.Helper()
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return b
}

// provider is a payment provider of its own: it checks what it is sent and
// keeps one payment for each idempotency key.
type provider struct {
	*httptest.Server
	secret []byte
	broken atomic.Int32 // how many answers are cut off after the payment was made

	mu       sync.Mutex
	payments map[string]payment.Request
}

func serve(t *testing.T, key []byte) *provider {
	t.Helper()
	p := &provider{secret: key, payments: map[string]payment.Request{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.create))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) create(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var req payment.Request
	_, err := payment.Verify(r.Header, [][]byte{p.secret}, now, body)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/payments" || json.Unmarshal(body, &req) != nil || r.Header.Get("Idempotency-Key") != req.Reference {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	p.mu.Lock()
	p.payments[req.Reference] = req
	p.mu.Unlock()
	if p.broken.Add(-1) >= 0 {
		panic(http.ErrAbortHandler)
	}
	_ = json.NewEncoder(w).Encode(payment.Created{ID: "p-" + req.Reference, URL: p.URL + "/pay/" + req.Reference})
}

func client(t *testing.T, url string, secrets ...[]byte) *payment.Provider {
	t.Helper()
	p, err := payment.New(payment.Options{URL: url, Secrets: secrets, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var ask = payment.Request{Reference: "topup_1", Amount: "19.90", Currency: "EUR", ExpiresAt: now.Add(time.Hour)}

// An answer that was lost is found again: the same reference is the same payment.
func TestCreate(t *testing.T) {
	t.Parallel()
	key := secret(t)
	srv := serve(t, key)
	p := client(t, srv.URL+"/v1/", key)
	srv.broken.Store(1)
	if _, err := p.Create(context.Background(), ask); err == nil {
		t.Fatal("an answer that is cut off is none")
	}
	c, err := p.Create(context.Background(), ask)
	if err != nil || c.ID != "p-topup_1" || !strings.HasSuffix(c.URL, "/pay/topup_1") || len(srv.payments) != 1 {
		t.Fatalf("%+v %v, %d payments", c, err, len(srv.payments))
	}
	if _, err := client(t, srv.URL+"/v1", secret(t)).Create(context.Background(), ask); err == nil {
		t.Error("the provider took another secret")
	}
	srv.Close()
	if _, err := p.Create(context.Background(), ask); err == nil {
		t.Error("a provider that is down answered")
	}
}

// What is no answer, or one that leads elsewhere, begins nothing.
func TestCreateBadAnswers(t *testing.T) {
	t.Parallel()
	key := secret(t)
	for name, answer := range map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) },
		"redirected": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://example.com", http.StatusFound)
		},
		"html": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"no id": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"url": "https://example.com/"}`)
		},
		"script": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"id": "1", "url": "javascript:alert(1)"}`)
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"id": "1", "url": "https://example.com/", "x": "`+strings.Repeat("x", 70<<10)+`"}`)
		},
	} {
		srv := httptest.NewServer(answer)
		if c, err := client(t, srv.URL, key).Create(context.Background(), ask); err == nil {
			t.Errorf("%s: took %+v", name, c)
		}
		srv.Close()
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "ftp://example.com", "https://", "example.com", "https://example.com/?a=b"} {
		if _, err := payment.New(payment.Options{URL: bad, Secrets: [][]byte{make([]byte, 32)}}); err == nil {
			t.Errorf("took %q", bad)
		}
	}
	if _, err := payment.New(payment.Options{URL: "https://example.com"}); err == nil {
		t.Error("took no secret")
	}
	for _, bad := range []string{"", "whsec_", "whsec_AAAA", "whsec_?", strings.Repeat("A", 100)} {
		if _, err := payment.ParseSecret(bad); err == nil {
			t.Errorf("took the secret %q", bad)
		}
	}
}

const told = `{"type":"payment.succeeded","data":{"id":"p-1","reference":"topup_1","amount":"19.90","currency":"EUR"}}`

func TestOpen(t *testing.T) {
	t.Parallel()
	key, old, other := secret(t), secret(t), secret(t)
	p := client(t, "https://example.com", key, old)
	header := func(change func(http.Header)) http.Header {
		h := http.Header{}
		payment.Sign(h, key, "msg_1", now, []byte(told))
		if change != nil {
			change(h)
		}
		return h
	}
	by := func(secret []byte, at time.Time) func(http.Header) {
		return func(h http.Header) { payment.Sign(h, secret, "msg_1", at, []byte(told)) }
	}
	for name, c := range map[string]struct {
		h    http.Header
		body string
		want error
	}{
		"as sent":        {header(nil), told, nil},
		"older secret":   {header(by(old, now)), told, nil},
		"late":           {header(by(key, now.Add(-payment.Tolerance))), told, nil},
		"two signatures": {header(func(h http.Header) { h.Set("webhook-signature", "v1,AAAA v2,BBBB "+h.Get("webhook-signature")) }), told, nil},
		"another secret": {header(by(other, now)), told, payment.ErrUnsigned},
		"body changed":   {header(nil), strings.Replace(told, "19.90", "99.90", 1), payment.ErrUnsigned},
		"id changed":     {header(func(h http.Header) { h.Set("webhook-id", "msg_2") }), told, payment.ErrUnsigned},
		"time changed":   {header(func(h http.Header) { h.Set("webhook-timestamp", "1795262401") }), told, payment.ErrUnsigned},
		"no signature":   {header(func(h http.Header) { h.Del("webhook-signature") }), told, payment.ErrUnsigned},
		"no id":          {header(func(h http.Header) { h.Del("webhook-id") }), told, payment.ErrUnsigned},
		"two ids":        {header(func(h http.Header) { h.Add("webhook-id", "msg_2") }), told, payment.ErrUnsigned},
		"other version": {header(func(h http.Header) {
			h.Set("webhook-signature", strings.Replace(h.Get("webhook-signature"), "v1", "v1a", 1))
		}), told, payment.ErrUnsigned},
		"too old":          {header(by(key, now.Add(-payment.Tolerance-time.Second))), told, payment.ErrStale},
		"of the future":    {header(by(key, now.Add(payment.Tolerance+time.Second))), told, payment.ErrStale},
		"not JSON":         {signed(key, "hello"), "hello", payment.ErrMalformed},
		"no text":          {signed(key, `{"type":"a\u0000b"}`), `{"type":"a\u0000b"}`, payment.ErrMalformed},
		"no type":          {signed(key, "{}"), "{}", payment.ErrMalformed},
		"a long reference": {signed(key, `{"type":"x","data":{"reference":"`+strings.Repeat("x", 256)+`"}}`), `{"type":"x","data":{"reference":"` + strings.Repeat("x", 256) + `"}}`, payment.ErrMalformed},
	} {
		m, err := p.Open(c.h, []byte(c.body))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && (m.ID != "msg_1" || m.Type != "payment.succeeded" || m.Data.Amount != "19.90") {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func signed(key []byte, body string) http.Header {
	h := http.Header{}
	payment.Sign(h, key, "msg_1", now, []byte(body))
	return h
}

// The example of the Standard Webhooks specification's own libraries.
func TestVerifyKnownSignature(t *testing.T) {
	t.Parallel()
	key, err := payment.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	body := []byte(`{"test": 2432232314}`)
	payment.Sign(h, key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), body)
	if got := h.Get("webhook-signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("%s", got)
	}
	if _, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h.Get("webhook-signature"), "v1,")); err != nil {
		t.Error(err)
	}
}
