package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/internal/adapter/payment"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// payWorld has a provider that pretends, its pages under the address.
func payWorld(t *testing.T, db *storetest.DB) (w *world, pages string) {
	t.Helper()
	w = newWorld(t, db)
	w.app.cfg.Demo = true
	routes, err := w.app.payments()
	check(t, err)
	mux := http.NewServeMux()
	for pattern, h := range routes {
		mux.Handle(pattern, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return w, srv.URL
}

// press answers the provider's page behind a value that say has kept.
func (w *world) press(t *testing.T, pages, path, button, want string) {
	t.Helper()
	u, err := url.Parse(w.vars[path])
	check(t, err)
	if status, body := fetch(t, http.MethodPost, pages+u.Path+"?"+u.RawQuery, url.Values{"press": {button}}); status != 200 || !strings.Contains(body, want) {
		t.Fatalf("%d %s", status, body)
	}
}

func (w *world) order1(t *testing.T, key, sku string) (id string) {
	t.Helper()
	w.say(t, "alice", fmt.Sprintf(`mutation { placeOrder(input: {lines: [{sku: %q, quantity: 1}], idempotencyKey: %q}) { order { id } userErrors { code } } }`, sku, key), "placeOrder.order.id")
	return w.vars["placeOrder.order.id"]
}

func (w *world) payLink(t *testing.T, order, key string) {
	t.Helper()
	ask := fmt.Sprintf(`mutation { createPaymentLink(input: {orderId: %q, idempotencyKey: %q}) { payment { id url status } userErrors { path code } } }`, order, key)
	w.say(t, "alice", ask, "createPaymentLink.payment.id")
	w.say(t, "alice", ask, "createPaymentLink.payment.url")
}

const money = `{ order(by: {id: %q}) { paymentStatus paid { amount } refunded { amount } payments { status url } refunds { status amount { amount } failure } } }`

// From GraphQL to the page, the button, the signed message and the order; what
// comes twice goes back the same way, and staff sees each step.
//
// security I6
func TestOrderPaidThroughTheProvider(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, pages := payWorld(t, db)
		id := w.order1(t, "o", "CUP")
		w.payLink(t, id, "l1")
		first := w.vars["createPaymentLink.payment.url"]
		w.payLink(t, id, "l2")
		w.press(t, pages, "createPaymentLink.payment.url", "decline", "Declined.")
		if got, want := w.say(t, "alice", fmt.Sprintf(money, id), ""), `"status":"FAILED","url":null`; !strings.Contains(got, want) {
			t.Errorf("%s", got)
		}
		for range 2 { // pressed twice
			w.press(t, pages, "createPaymentLink.payment.url", "pay", "Paid.")
		}
		want := `{"order":{"paid":{"amount":"12.00"},"paymentStatus":"PAID","payments":[{"status":"PENDING","url":"` + first + `"},{"status":"SUCCEEDED","url":null}],"refunded":{"amount":"0.00"},"refunds":[]}}`
		if got := strings.ReplaceAll(w.say(t, "alice", fmt.Sprintf(money, id), ""), `\u0026`, "&"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got := w.say(t, "alice", fmt.Sprintf(`mutation { createPaymentLink(input: {orderId: %q, idempotencyKey: "l3"}) { payment { id } userErrors { code } } }`, id), ""); !strings.Contains(got, "ORDER_ALREADY_PAID") {
			t.Errorf("%s", got)
		}
		w.vars["first"] = first
		w.press(t, pages, "first", "pay", "Paid.") // the other link too: it is owed back
		want = `{"order":{"paid":{"amount":"24.00"},"paymentStatus":"PAID","payments":[{"status":"SUCCEEDED","url":null},{"status":"SUCCEEDED","url":null}],"refunded":{"amount":"12.00"},"refunds":[{"amount":{"amount":"12.00"},"failure":null,"status":"%s"}]}}`
		if got := w.say(t, "staff", fmt.Sprintf(money, id), ""); got != fmt.Sprintf(want, "PENDING") {
			t.Errorf("%s", got)
		}
		clock := viewer.AsSystem(context.Background(), "clock")
		if n, err := w.app.after.RefundDue(clock, 10); err != nil || n != 1 {
			t.Fatalf("%d, %v", n, err)
		}
		w.waitFor(t, func() bool { return w.say(t, "staff", fmt.Sprintf(money, id), "") == fmt.Sprintf(want, "SUCCEEDED") })
		if n, err := w.app.after.RefundDue(clock, 10); err != nil || n != 0 {
			t.Errorf("%d, %v", n, err)
		}
		if n := w.count(t, `SELECT count(*) FROM payment_notices WHERE payment_id IS NOT NULL AND outcome = 'APPLIED'`); n != 4 {
			t.Errorf("%d messages were applied", n)
		}
	})
}

// What the provider has told already, an ERP that tells it too does not count
// again; of what is nobody's it is a new payment.
func TestOwnPaymentToldByAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, pages := payWorld(t, db)
		id := w.order1(t, "o", "CUP")
		w.payLink(t, id, "l1")
		w.press(t, pages, "createPaymentLink.payment.url", "pay", "Paid.")
		for i, ref := range []string{w.vars["createPaymentLink.payment.id"], "nobody-knows-it"} {
			ask := fmt.Sprintf(`mutation { upsertPayments(input: {payments: [{external: {source: "erp", id: "%d"}, sourceUpdatedAt: "2026-11-21T11:00:00Z", order: {id: %q}, amount: {amount: "12.00", currency: "GBP"}, occurredAt: "2026-11-21T11:00:00Z", method: "CARD", providerRef: %q}]}) { results { payment { id } userErrors { path code } } userErrors { path code } } }`, i, id, ref)
			w.say(t, "staff", ask, "upsertPayments.results.0.payment.id")
			if own := w.vars["upsertPayments.results.0.payment.id"] == w.vars["createPaymentLink.payment.id"]; own != (i == 0) {
				t.Errorf("of %s it is our own: %v", ref, own)
			}
			if got, want := w.say(t, "alice", fmt.Sprintf(money, id), ""), fmt.Sprintf(`"paid":{"amount":"%d.00"}`, 12*(i+1)); !strings.Contains(got, want) {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}

func (w *world) waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

// One call orders to the default address and charges the default card.
func TestOneClickThroughTheProvider(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, pages := payWorld(t, db)
		const ask = `mutation { placeOneClickOrder(input: {sku: "CUP", idempotencyKey: "one"}) { order { id number delivery } payment { id status } nextActionUrl replayed userErrors { code params } } }`
		if got := w.say(t, "alice", ask, ""); !strings.Contains(got, `"missing":["address","paymentMethod"]`) {
			t.Errorf("%s", got)
		}
		w.say(t, "alice", `mutation { saveAddress(input: {lines: ["1 Main Street"], city: "Oxford", isDefault: true}) { address { id } userErrors { code } } }`, "")
		if got := w.say(t, "alice", ask, ""); !strings.Contains(got, `"missing":["paymentMethod"]`) {
			t.Errorf("%s", got)
		}
		w.say(t, "alice", `mutation { addPaymentMethod(input: {idempotencyKey: "card"}) { nextActionUrl userErrors { code } } }`, "addPaymentMethod.nextActionUrl")
		w.press(t, pages, "addPaymentMethod.nextActionUrl", "visa", "Saved.")
		got := w.say(t, "alice", ask, "placeOneClickOrder.order.id")
		if !strings.Contains(got, `"nextActionUrl":null`) || !strings.Contains(got, `"city":"Oxford"`) || !strings.Contains(got, `"replayed":false`) {
			t.Fatalf("%s", got)
		}
		id := w.vars["placeOneClickOrder.order.id"]
		paid := `{"order":{"paid":{"amount":"12.00"},"paymentStatus":"PAID","payments":[{"status":"SUCCEEDED","url":null}],"refunded":{"amount":"0.00"},"refunds":[]}}`
		w.waitFor(t, func() bool { return w.say(t, "alice", fmt.Sprintf(money, id), "") == paid })
		again := w.say(t, "alice", ask, "placeOneClickOrder.order.id")
		if w.vars["placeOneClickOrder.order.id"] != id || !strings.Contains(again, `"replayed":true`) {
			t.Errorf("%s", again)
		}
		if got := w.say(t, "alice", strings.Replace(ask, "CUP", "TEA", 1), ""); !strings.Contains(got, "IDEMPOTENCY_KEY_REUSED") {
			t.Errorf("%s", got)
		}
		if n := w.count(t, `SELECT count(*) FROM payments WHERE method_id IS NOT NULL`); n != 1 {
			t.Errorf("%d payments", n)
		}
	})
}

// teller is a provider of the test's own: what it tells is signed as said.
type teller struct {
	*world
	key     []byte
	handler http.Handler
}

func hookWorld(t *testing.T, db *storetest.DB) *teller {
	t.Helper()
	w := newWorld(t, db)
	h := &teller{world: w, key: bytes.Repeat([]byte("k"), 32)}
	provider := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var req payment.Request
		_ = json.NewDecoder(r.Body).Decode(&req)
		_ = json.NewEncoder(rw).Encode(payment.Created{ID: "p-" + req.Reference, URL: "https://pay.example.com/" + req.Reference})
	}))
	t.Cleanup(provider.Close)
	at, err := url.Parse(provider.URL)
	check(t, err)
	w.app.cfg.Payment.URL, w.app.cfg.Payment.Secrets = at, [][]byte{h.key}
	routes, err := w.app.payments()
	check(t, err)
	h.handler = routes["POST "+paymentWebhook]
	return h
}

// tell is a message with the id, signed by the key unless it is another's.
func (h *teller) tell(key []byte, id, typ, pay, amount, currency string) int {
	body := fmt.Appendf(nil, `{"type":%q,"data":{"id":%q,"reference":%q,"amount":%q,"currency":%q}}`, typ, "p-"+pay, pay, amount, currency)
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, paymentWebhook, bytes.NewReader(body))
	payment.Sign(r.Header, key, id, h.db.Clock.Now(), body)
	rec := httptest.NewRecorder()
	h.handler.ServeHTTP(rec, r)
	return rec.Code
}

// What the provider tells twice, out of order, wrong or not at all, and what
// others tell in its name.
func TestOrderPaymentWebhook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		h := hookWorld(t, db)
		id := h.order1(t, "o", "CUP")
		h.payLink(t, id, "l")
		pay := h.vars["createPaymentLink.payment.id"]
		for _, c := range []struct {
			name                      string
			key                       []byte
			id, typ, amount, currency string
			want                      int
			paid                      string
		}{
			{"forged", make([]byte, 32), "m1", "payment.succeeded", "12.00", "GBP", 401, "0.00"},
			{"another sum", h.key, "m2", "payment.succeeded", "120.00", "GBP", 422, "0.00"},
			{"less", h.key, "m3", "payment.succeeded", "1.00", "GBP", 422, "0.00"},
			{"another currency", h.key, "m4", "payment.succeeded", "12.00", "USD", 422, "0.00"},
			{"failed", h.key, "m5", "payment.failed", "12.00", "GBP", 204, "0.00"},
			{"came after it failed", h.key, "m6", "payment.succeeded", "12.00", "GBP", 204, "12.00"},
			{"the same message", h.key, "m6", "payment.succeeded", "12.00", "GBP", 204, "12.00"},
			{"the same in another", h.key, "m7", "payment.succeeded", "12.00", "GBP", 204, "12.00"},
			{"failed, too late", h.key, "m8", "payment.failed", "12.00", "GBP", 204, "12.00"},
			{"of another sort", h.key, "m9", "payment.disputed", "12.00", "GBP", 204, "12.00"},
		} {
			if got := h.tell(c.key, c.id, c.typ, pay, c.amount, c.currency); got != c.want { // security I6
				t.Errorf("%s: %d, want %d", c.name, got, c.want)
			}
			if got := h.say(t, "alice", fmt.Sprintf(`{ order(by: {id: %q}) { paid { amount } } }`, id), ""); got != fmt.Sprintf(`{"order":{"paid":{"amount":%q}}}`, c.paid) {
				t.Errorf("%s: %s", c.name, got)
			}
		}
		seen := h.say(t, "staff", `{ paymentNotices(filter: {outcome: [MISMATCH]}) { nodes { type amount currency outcome } } }`, "")
		if n := strings.Count(seen, "MISMATCH"); n != 3 {
			t.Errorf("%s", seen)
		}
		// For an order that was cancelled meanwhile it is booked, and owed back.
		id = h.order1(t, "o2", "CUP")
		h.payLink(t, id, "l2")
		h.say(t, "alice", fmt.Sprintf(`mutation { cancelOrder(input: {orderId: %q, reason: CHANGED_MIND, idempotencyKey: "c"}) { userErrors { code } } }`, id), "")
		late := h.vars["createPaymentLink.payment.id"]
		if got := h.tell(h.key, "m10", "payment.succeeded", late, "12.00", "GBP"); got != 204 {
			t.Errorf("%d", got)
		}
		want := `{"order":{"paid":{"amount":"12.00"},"paymentStatus":"REFUNDED","payments":[{"status":"SUCCEEDED","url":null}],"refunded":{"amount":"12.00"},"refunds":[{"amount":{"amount":"12.00"},"failure":null,"status":"PENDING"}]}}`
		if got := h.say(t, "alice", fmt.Sprintf(money, id), ""); got != want {
			t.Errorf("%s", got)
		}
		// Nobody paid in a day: it ends; who pays later has paid all the same.
		id = h.order1(t, "o3", "CUP")
		h.payLink(t, id, "l3")
		pay = h.vars["createPaymentLink.payment.id"]
		db.Clock.Add(25 * time.Hour)
		if n, err := h.app.after.ExpireDue(viewer.AsSystem(context.Background(), "clock"), 10); err != nil || n != 1 {
			t.Errorf("%d ended, %v", n, err)
		}
		if got := h.say(t, "alice", fmt.Sprintf(money, id), ""); !strings.Contains(got, `"payments":[{"status":"VOID","url":null}]`) {
			t.Errorf("%s", got)
		}
		if got := h.tell(h.key, "m11", "payment.succeeded", pay, "12.00", "GBP"); got != 204 {
			t.Errorf("%d", got)
		}
		if got := h.say(t, "alice", fmt.Sprintf(money, id), ""); !strings.Contains(got, `"paymentStatus":"PAID"`) {
			t.Errorf("%s", got)
		}
	})
}

// Messages from fifty connections at once, and two payments of one order:
// the money is booked once each.
func TestOrderPaymentWebhookAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security I6
		h := hookWorld(t, db)
		id := h.order1(t, "o", "CUP")
		h.payLink(t, id, "l1")
		pays := []string{h.vars["createPaymentLink.payment.id"]}
		h.payLink(t, id, "l2")
		pays = append(pays, h.vars["createPaymentLink.payment.id"])
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if got := h.tell(h.key, fmt.Sprint("m", i%4), "payment.succeeded", pays[i%2], "12.00", "GBP"); got != 204 {
					t.Errorf("%d", got)
				}
			})
		}
		wg.Wait()
		want := `{"order":{"paid":{"amount":"24.00"},"paymentStatus":"PAID","payments":[{"status":"SUCCEEDED","url":null},{"status":"SUCCEEDED","url":null}],"refunded":{"amount":"12.00"},"refunds":[{"amount":{"amount":"12.00"},"failure":null,"status":"PENDING"}]}}`
		if got := h.say(t, "alice", fmt.Sprintf(money, id), ""); got != want {
			t.Errorf("%s", got)
		}
		if n := h.count(t, `SELECT count(*) FROM payment_notices`); n != 4 {
			t.Errorf("%d messages are kept", n)
		}
	})
}
