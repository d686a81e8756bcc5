package hook_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/payment"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var secret = []byte("0123456789abcdef0123456789abcdef")

// serve is the other side: it believes what is signed, and answers.
func serve(t *testing.T, answer http.HandlerFunc) (*hook.Endpoint, *[]map[string]any) {
	t.Helper()
	var got []map[string]any
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m map[string]any
		if _, err := payment.Verify(r.Header, [][]byte{secret}, now, body); err != nil || r.Method != http.MethodPost || json.Unmarshal(body, &m) != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		m["webhook-id"], m["key"] = r.Header.Get("webhook-id"), r.Header.Get("Idempotency-Key")
		got = append(got, m)
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	e, err := hook.New(hook.Options{URL: srv.URL, Secret: secret, Sign: payment.Sign, Patience: 300 * time.Millisecond, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return e, &got
}

func say(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

func TestSMS(t *testing.T) {
	t.Parallel()
	e, got := serve(t, say(202, ""))
	if err := e.SMS(context.Background(), "+442079460018", "123456 is your code", "chl-1"); err != nil {
		t.Fatal(err)
	}
	m := (*got)[0]
	data, _ := m["data"].(map[string]any)
	if m["type"] != "sms.send" || m["webhook-id"] != "sms_chl-1" || m["key"] != "sms_chl-1" || data["to"] != "+442079460018" || data["text"] != "123456 is your code" || data["id"] != "chl-1" {
		t.Errorf("%v", m)
	}
	for status, refused := range map[int]bool{400: true, 422: true, 429: false, 500: false, 301: false, 404: false} {
		e, _ := serve(t, say(status, "no"))
		err := e.SMS(context.Background(), "+442079460018", "secret 123456", "1")
		if err == nil || errors.Is(err, hook.ErrRefused) != refused {
			t.Errorf("%d: %v", status, err)
		}
		if strings.Contains(err.Error(), "123456") || strings.Contains(err.Error(), "+44") {
			t.Errorf("%d: the error tells: %v", status, err) // security J9
		}
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]hook.Verdict{
		`{"allowed": true}`:                                     {Allowed: true},
		`{"allowed": false}`:                                    {},
		`{"allowed": false, "reason": "CARD_UNKNOWN"}`:          {Reason: "CARD_UNKNOWN"},
		`{"allowed": false, "reason": "<b>call 0900-1</b>"}`:    {},
		`{"allowed": false, "reason": "` + long("A", 65) + `"}`: {},
	} {
		e, got := serve(t, say(200, text))
		v, err := e.Register(context.Background(), hook.Registration{Reference: "r1", CardNumber: "42"})
		if err != nil || v != want {
			t.Errorf("%s: %+v %v", text, v, err)
		}
		if data, _ := (*got)[0]["data"].(map[string]any); (*got)[0]["type"] != "registration.check" || data["cardNumber"] != "42" || data["reference"] != "r1" {
			t.Errorf("%v", *got)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"nothing":  say(200, ""),
		"not said": say(200, `{}`),
		"html":     say(200, "<html>"),
		"endless":  say(200, `{"allowed": true, "x": "`+long("x", 20<<10)+`"}`),
		"down":     say(503, `{"allowed": true}`),
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://example.com", http.StatusFound)
		},
		"too slow":   func(_ http.ResponseWriter, r *http.Request) { time.Sleep(time.Second) },
		"cut short":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a refusal":  say(422, `{"allowed": true}`),
		"other type": say(200, `{"allowed": "true"}`),
	} {
		e, _ := serve(t, answer)
		if v, err := e.Register(context.Background(), hook.Registration{Reference: "r1"}); err == nil {
			t.Errorf("%s: took %+v", name, v)
		}
	}
}

func long(s string, n int) string { return strings.Repeat(s, n) }

func TestNew(t *testing.T) {
	t.Parallel()
	for _, bad := range []hook.Options{
		{URL: "ftp://example.com", Secret: secret, Sign: payment.Sign}, {URL: "", Secret: secret, Sign: payment.Sign},
		{URL: "https://example.com", Sign: payment.Sign}, {URL: "https://example.com", Secret: secret},
	} {
		if _, err := hook.New(bad); err == nil {
			t.Errorf("took %q", bad.URL)
		}
	}
}
