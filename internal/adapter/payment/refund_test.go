package payment_test

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

	"kabinet/internal/adapter/payment"
)

var back = payment.RefundRequest{Reference: "rfd_1", Payment: "p-1", Amount: "12.00", Currency: "EUR"}

// What a provider says to giving money back: an id, never, or nothing.
func TestRefund(t *testing.T) {
	t.Parallel()
	key := secret(t)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		never  bool
		id     string
	}{
		"taken": {func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var got payment.RefundRequest
			if _, err := payment.Verify(r.Header, [][]byte{key}, now, body); err != nil || r.URL.Path != "/refunds" || json.Unmarshal(body, &got) != nil || got != back || r.Header.Get("Idempotency-Key") != "rfd_1" {
				t.Errorf("%s %s", r.URL, body)
			}
			_, _ = io.WriteString(w, `{"id": "r-1"}`)
		}, false, "r-1"},
		"not known":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, true, ""},
		"no refunds": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) }, true, ""},
		"too much":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnprocessableEntity) }, true, ""},
		"busy":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, false, ""},
		"broken":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, false, ""},
		"unsigned":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, false, ""},
		"no id":      {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }, false, ""},
		"long id": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"id": "`+strings.Repeat("x", 256)+`"}`)
		}, false, ""},
	} {
		srv := httptest.NewServer(c.answer)
		got, err := client(t, srv.URL, key).Refund(context.Background(), back)
		if got.ID != c.id || (err == nil) != (c.id != "") || errors.Is(err, payment.ErrRefused) != c.never {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		srv.Close()
	}
}

// The provider of demonstrations gives back what it pretended to take, and tells
// so as one from outside.
func TestPretendRefund(t *testing.T) {
	t.Parallel()
	pretend := payment.NewPretend("http://127.0.0.1/demo", func() time.Time { return now })
	p, err := payment.New(payment.Options{URL: pretend.Base, Secrets: [][]byte{pretend.Secret}, Client: pretend.Client(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan payment.Message, 1)
	pretend.Tell = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m, err := p.Open(r.Header, body)
		if err != nil {
			t.Error(err)
		}
		told <- m
	})
	if _, err := p.Refund(context.Background(), back); !errors.Is(err, payment.ErrRefused) {
		t.Errorf("a payment that it has not made: %v", err)
	}
	mine := back
	mine.Payment = "pretend_pay_1"
	got, err := p.Refund(context.Background(), mine)
	if err != nil || got.ID != "pretend_rfd_1" {
		t.Fatalf("%+v %v", got, err)
	}
	select {
	case m := <-told:
		if m.Type != "refund.succeeded" || m.Data.Reference != "rfd_1" || m.Data.ID != got.ID || m.Data.Amount != "12.00" || m.Data.Currency != "EUR" {
			t.Errorf("%+v", m)
		}
	case <-time.After(10 * time.Second):
		t.Error("it told nobody")
	}
}
