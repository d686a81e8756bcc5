package payment_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kabinet/internal/adapter/payment"
)

// A page, what became of it, and the end of a token: each signed, each about
// the one it was asked about.
func TestMethods(t *testing.T) {
	t.Parallel()
	key := secret(t)
	var forgotten []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var in map[string]any
		if _, err := payment.Verify(r.Header, [][]byte{key}, now, body); err != nil || json.Unmarshal(body, &in) != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		switch r.URL.Path {
		case "/v1/setups":
			_ = json.NewEncoder(w).Encode(payment.Created{ID: "s-1", URL: "https://pay.example.com/s-1"})
		case "/v1/setups/describe":
			id, _ := in["id"].(string)
			ref, _ := in["reference"].(string)
			state := map[string]any{"state": "saved", "id": id, "reference": ref, "token": "tok", "last4": "4242", "expMonth": 12, "expYear": 2028}
			switch id {
			case "other":
				state["id"] = "s-2"
			case "number":
				state["last4"] = "42424242"
			case "month":
				state["expMonth"] = 13
			case "state":
				state["state"] = "?"
			}
			_ = json.NewEncoder(w).Encode(state)
		case "/v1/methods/delete":
			token, _ := in["token"].(string)
			forgotten = append(forgotten, token)
			if token == "unknown" {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(srv.Close)
	ctx, p := context.Background(), client(t, srv.URL+"/v1", key)
	c, err := p.Setup(ctx, payment.SetupRequest{Reference: "pm_1", ExpiresAt: now.Add(time.Hour)})
	if err != nil || c.ID != "s-1" {
		t.Errorf("%+v %v", c, err)
	}
	s, err := p.Describe(ctx, "s-1", "pm_1")
	if err != nil || s.State != payment.SetupSaved || s.Token != "tok" || s.ExpYear != 2028 {
		t.Errorf("%+v %v", s, err)
	}
	for _, bad := range []string{"other", "number", "month", "state"} {
		if s, err := p.Describe(ctx, bad, "pm_1"); err == nil {
			t.Errorf("%s: took %+v", bad, s)
		}
	}
	for _, token := range []string{"tok", "unknown"} {
		if err := p.DeleteMethod(ctx, token); err != nil {
			t.Errorf("%s: %v", token, err)
		}
	}
	if len(forgotten) != 2 {
		t.Errorf("%v", forgotten)
	}
	if err := client(t, srv.URL+"/v1", secret(t)).DeleteMethod(ctx, "tok"); err == nil {
		t.Error("the provider took another secret")
	}
}

// The one that pretends keeps what became of its pages.
func TestPretendMethods(t *testing.T) {
	t.Parallel()
	pretend := payment.NewPretend("https://shop.example.com/demo", func() time.Time { return now })
	p, err := payment.New(payment.Options{URL: pretend.Base, Secrets: [][]byte{pretend.Secret}, Client: pretend.Client(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	var told payment.Message
	pretend.Tell = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if told, err = p.Open(r.Header, body); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	ctx := context.Background()
	c, err := p.Setup(ctx, payment.SetupRequest{Reference: "pm_1", ExpiresAt: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := p.Describe(ctx, c.ID, "pm_1"); err != nil || s.State != payment.SetupPending {
		t.Errorf("%+v %v", s, err)
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, c.URL, strings.NewReader(url.Values{"press": {"visa"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	if pretend.ServeHTTP(rec, r); rec.Code != 200 || told.Type != "payment_method.saved" || told.Data.Last4 != "4242" || told.Data.Token == "" {
		t.Errorf("%d %+v", rec.Code, told)
	}
	if s, err := p.Describe(ctx, c.ID, "pm_1"); err != nil || s.State != payment.SetupSaved || s.Token != told.Data.Token {
		t.Errorf("%+v %v", s, err)
	}
}
