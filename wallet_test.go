package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kabinet/internal/adapter/payment"
	"kabinet/internal/store/storetest"
)

// A person pays at the provider, whose webhook brings the money: from GraphQL
// to the page, the button, the signed message and the balance.
func TestTopUpThroughTheProvider(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.app.cfg.Demo = true // the provider pretends
		routes, err := w.app.payments()
		check(t, err)
		mux := http.NewServeMux()
		for pattern, h := range routes {
			mux.Handle(pattern, h)
		}
		srv := httptest.NewServer(mux)
		t.Cleanup(srv.Close)
		w.say(t, "alice", `mutation { openWallet(input: {currency: "GBP", idempotencyKey: "o"}) { wallet { id } } }`, "openWallet.wallet.id")
		id := w.vars["openWallet.wallet.id"]
		ask := fmt.Sprintf(`mutation { topUpWallet(input: {walletId: "%s", amount: {amount: "19.90", currency: "GBP"}, returnUrl: "https://shop.example.com/", idempotencyKey: "t"}) { topUp { url status } userErrors { code } } }`, id)
		w.say(t, "alice", ask, "topUpWallet.topUp.url")
		page, err := url.Parse(w.vars["topUpWallet.topUp.url"])
		check(t, err)
		here := srv.URL + page.Path + "?" + page.RawQuery
		if status, body := fetch(t, http.MethodGet, here, nil); status != 200 || !strings.Contains(body, "19.90 GBP") {
			t.Fatalf("%d %s", status, body)
		}
		if status, _ := fetch(t, http.MethodGet, here+"x", nil); status != 404 {
			t.Errorf("a page of nobody's making answers %d", status)
		}
		for range 2 { // pressed twice
			if status, body := fetch(t, http.MethodPost, here, url.Values{"press": {"pay"}}); status != 200 || !strings.Contains(body, "Paid.") {
				t.Fatalf("%d %s", status, body)
			}
		}
		balance := w.say(t, "alice", fmt.Sprintf(`{ wallet(id: "%s") { balance { amount } } me { topUps { nodes { status url } } } }`, id), "")
		if want := `{"me":{"topUps":{"nodes":[{"status":"SUCCEEDED","url":null}]}},"wallet":{"balance":{"amount":"19.90"}}}`; balance != want {
			t.Errorf("%s, want %s", balance, want)
		}
	})
}

// What comes to the webhook and is not the provider's changes nothing.
func TestPaymentWebhook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		key := bytes.Repeat([]byte("k"), 32)
		provider := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			var req payment.Request
			_ = json.NewDecoder(r.Body).Decode(&req)
			_ = json.NewEncoder(rw).Encode(payment.Created{ID: "p-1", URL: "https://pay.example.com/" + req.Reference})
		}))
		t.Cleanup(provider.Close)
		at, err := url.Parse(provider.URL)
		check(t, err)
		w.app.cfg.Payment.URL, w.app.cfg.Payment.Secrets = at, [][]byte{key}
		routes, err := w.app.payments()
		check(t, err)
		hook := routes["POST "+paymentWebhook]
		w.say(t, "alice", `mutation { openWallet(input: {currency: "GBP", idempotencyKey: "o"}) { wallet { id } } }`, "openWallet.wallet.id")
		w.say(t, "alice", fmt.Sprintf(`mutation { topUpWallet(input: {walletId: "%s", amount: {amount: "5.00", currency: "GBP"}, idempotencyKey: "t"}) { topUp { id } userErrors { code } } }`,
			w.vars["openWallet.wallet.id"]), "topUpWallet.topUp.id")
		tell := func(id, amount string, change func(*http.Request)) int {
			body := fmt.Appendf(nil, `{"type":"payment.succeeded","data":{"id":"p-1","reference":%q,"amount":%q,"currency":"GBP"}}`, w.vars["topUpWallet.topUp.id"], amount)
			r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, paymentWebhook, bytes.NewReader(body))
			payment.Sign(r.Header, key, id, db.Clock.Now(), body)
			if change != nil {
				change(r)
			}
			rec := httptest.NewRecorder()
			hook.ServeHTTP(rec, r)
			return rec.Code
		}
		for name, c := range map[string]struct {
			got, want int
		}{
			"not signed":       {tell("m1", "5.00", func(r *http.Request) { r.Header.Del("webhook-signature") }), 401},
			"by somebody else": {tell("m1", "5.00", func(r *http.Request) { payment.Sign(r.Header, make([]byte, 32), "m1", db.Clock.Now(), nil) }), 401},
			"recorded": {tell("m1", "5.00", func(r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				payment.Sign(r.Header, key, "m1", db.Clock.Now().Add(-6*time.Minute), body)
			}), 401},
			"too long":     {tell("m1", strings.Repeat("5", 30<<10), nil), 413},
			"another sum":  {tell("m2", "5.01", nil), 422},
			"the same one": {tell("m2", "5.01", nil), 422},
			"paid":         {tell("m3", "5.00", nil), 204},
			"again":        {tell("m3", "5.00", nil), 204},
			"once more":    {tell("m4", "5.00", nil), 204},
		} {
			if c.got != c.want {
				t.Errorf("%s: %d, want %d", name, c.got, c.want)
			}
		}
		if got := w.count(t, `SELECT count(*) FROM ledger_entries WHERE kind = 'TOPUP'`); got != 1 {
			t.Errorf("booked %d times", got)
		}
		if got := w.count(t, `SELECT count(*) FROM payment_notices`); got != 3 {
			t.Errorf("%d messages kept", got)
		}
	})
}

func fetch(t testing.TB, method, to string, form url.Values) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, to, strings.NewReader(form.Encode()))
	check(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	check(t, err)
	return resp.StatusCode, string(b)
}

// say sends an operation and gives its data; it keeps what stands at a path.
func (w *world) say(t testing.TB, who, query, path string) string {
	t.Helper()
	answer := w.send(t, step{name: "say", as: who}, query)
	if answer["errors"] != nil {
		t.Fatalf("%s: %v", query, answer["errors"])
	}
	if path != "" {
		v, _ := dig(answer["data"], path)
		w.vars[path], _ = v.(string)
	}
	b, err := json.Marshal(answer["data"])
	check(t, err)
	return string(b)
}
