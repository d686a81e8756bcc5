package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"kabinet/internal/store/storetest"
)

// invoiced is an invoice of alice's of 50 pounds that no order is behind, with a
// payment of it that was begun.
func (h *teller) invoiced(t *testing.T, key string) (invoice, payment string) {
	t.Helper()
	h.say(t, "staff", fmt.Sprintf(`mutation { upsertDocuments(input: {documents: [{external: {source: "erp", id: %q}, sourceUpdatedAt: "2020-01-01T00:00:00Z", kind: INVOICE, title: "Water", customer: {id: %q}, amount: {amount: "50.00", currency: "GBP"}}]}) { results { invoice { id } userErrors { path code } } userErrors { path code } } }`, key, h.vars["alice"]), "upsertDocuments.results.0.invoice.id")
	invoice = h.vars["upsertDocuments.results.0.invoice.id"]
	return invoice, h.linkOf(t, invoice, key)
}

func (h *teller) linkOf(t *testing.T, invoice, key string) string {
	t.Helper()
	h.say(t, "alice", fmt.Sprintf(`mutation { createInvoicePaymentLink(input: {invoiceId: %q, idempotencyKey: %q}) { payment { id } userErrors { path code } } }`, invoice, key), "createInvoicePaymentLink.payment.id")
	return h.vars["createInvoicePaymentLink.payment.id"]
}

func (h *teller) invoiceIs(t *testing.T, what, id, status, paid, open string, payments ...string) {
	t.Helper()
	want := fmt.Sprintf(`{"invoice":{"open":{"amount":%q},"paid":{"amount":%q},"payments":[%s],"status":%q}}`, open, paid, strings.Join(payments, ","), status)
	if got := h.say(t, "alice", fmt.Sprintf(`{ invoice(id: %q) { status paid { amount } open { amount } payments { kind status amount { amount } } } }`, id), ""); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func recorded(kind, status, amount string) string {
	return fmt.Sprintf(`{"amount":{"amount":%q},"kind":%q,"status":%q}`, amount, kind, status)
}

// What the provider tells of an invoice over HTTP pays it once; what is forged or
// does not agree pays nothing, and what comes too late or twice is owed back.
func TestInvoicePaymentWebhook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		h := hookWorld(t, db)
		id, pay := h.invoiced(t, "i1")
		for _, c := range []struct {
			name                      string
			key                       []byte
			id, typ, amount, currency string
			want                      int
			status, now, paid, open   string
		}{
			{"forged", make([]byte, 32), "m1", "payment.succeeded", "50.00", "GBP", 401, "PENDING", "ISSUED", "0.00", "50.00"},
			{"another sum", h.key, "m2", "payment.succeeded", "500.00", "GBP", 422, "PENDING", "ISSUED", "0.00", "50.00"},
			{"less", h.key, "m3", "payment.succeeded", "49.99", "GBP", 422, "PENDING", "ISSUED", "0.00", "50.00"},
			{"another currency", h.key, "m4", "payment.succeeded", "50.00", "USD", 422, "PENDING", "ISSUED", "0.00", "50.00"},
			{"failed", h.key, "m5", "payment.failed", "50.00", "GBP", 204, "FAILED", "ISSUED", "0.00", "50.00"},
			{"came after it failed", h.key, "m6", "payment.succeeded", "50.00", "GBP", 204, "SUCCEEDED", "PAID", "50.00", "0.00"},
			{"the same message", h.key, "m6", "payment.succeeded", "50.00", "GBP", 204, "SUCCEEDED", "PAID", "50.00", "0.00"},
			{"the same in another", h.key, "m7", "payment.succeeded", "50.00", "GBP", 204, "SUCCEEDED", "PAID", "50.00", "0.00"},
			{"failed, too late", h.key, "m8", "payment.failed", "50.00", "GBP", 204, "SUCCEEDED", "PAID", "50.00", "0.00"},
			{"of another sort", h.key, "m9", "payment.disputed", "50.00", "GBP", 204, "SUCCEEDED", "PAID", "50.00", "0.00"},
		} {
			if got := h.tell(c.key, c.id, c.typ, pay, c.amount, c.currency); got != c.want {
				t.Errorf("%s: %d, want %d", c.name, got, c.want)
			}
			h.invoiceIs(t, c.name, id, c.now, c.paid, c.open, recorded("PAYMENT", c.status, "50.00"))
		}
		seen := h.say(t, "staff", `{ paymentNotices(filter: {outcome: [MISMATCH]}) { nodes { outcome } } }`, "")
		if n := strings.Count(seen, "MISMATCH"); n != 3 {
			t.Errorf("%s", seen)
		}
		// It is void by the time the money comes: it is booked, and owed back.
		id, pay = h.invoiced(t, "i2")
		h.say(t, "staff", fmt.Sprintf(`mutation { upsertDocuments(input: {documents: [{external: {source: "erp", id: "i2"}, sourceUpdatedAt: "2020-01-02T00:00:00Z", kind: INVOICE, title: "Water", customer: {id: %q}, amount: {amount: "50.00", currency: "GBP"}, void: true}]}) { results { outcome } userErrors { code } } }`, h.vars["alice"]), "")
		if got := h.tell(h.key, "m10", "payment.succeeded", pay, "50.00", "GBP"); got != 204 {
			t.Errorf("%d", got)
		}
		h.invoiceIs(t, "void", id, "VOID", "0.00", "0.00", recorded("REFUND", "PENDING", "50.00"), recorded("PAYMENT", "SUCCEEDED", "50.00"))
	})
}

// Two payments of one invoice, each told of from many connections at once: it is
// paid once, and the other goes back.
func TestInvoicePaymentWebhookAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		h := hookWorld(t, db)
		id, first := h.invoiced(t, "i1")
		pays := []string{first, h.linkOf(t, id, "again")}
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if got := h.tell(h.key, fmt.Sprint("m", i%4), "payment.succeeded", pays[i%2], "50.00", "GBP"); got != 204 {
					t.Errorf("%d", got)
				}
			})
		}
		wg.Wait()
		if n := h.count(t, `SELECT count(*) FROM payments WHERE invoice_id IS NOT NULL AND kind = 'REFUND' AND amount_minor = 5000 AND status = 'PENDING'`); n != 1 {
			t.Errorf("%d refunds", n)
		}
		if n := h.count(t, `SELECT count(*) FROM payments WHERE invoice_id IS NOT NULL AND kind = 'PAYMENT' AND status = 'SUCCEEDED'`); n != 2 {
			t.Errorf("%d payments", n)
		}
		if n := h.count(t, `SELECT count(*) FROM documents WHERE status = 'PAID' AND paid_minor = 5000`); n != 1 {
			t.Errorf("%d invoices are paid", n)
		}
		if n := h.count(t, `SELECT count(*) FROM payment_notices`); n != 4 {
			t.Errorf("%d messages are kept", n)
		}
	})
}
