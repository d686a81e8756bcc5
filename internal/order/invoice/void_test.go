package invoice_test

import (
	"context"
	"testing"
	"time"

	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/order/invoice"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/wallet"
)

// owed is what goes back of an invoice, or went.
func owed(b *invoice.Invoice) (minor int64) {
	for _, p := range b.Payments {
		if p.Kind == "REFUND" && p.Status != "FAILED" {
			minor += p.Amount.Minor
		}
	}
	return minor
}

// Whatever an invoice was paid by, all of it goes back when it becomes void: what
// came from a wallet at once, the rest by refunds; and only once.
func TestVoidGivesBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		purse := w.purse(w.alice, "GBP", 9000)
		p, other := w.paper("alice", 5000), w.paper("bob", 700)
		made := w.upsert(p, other)
		b := made[0].Invoice
		_, err := w.wallets.PayInvoice(storetest.As(w.alice), wallet.PayInvoiceInput{QuoteID: w.quote(b, purse, 1000).ID, IdempotencyKey: w.key()})
		w.must(err)
		w.tells("payment.succeeded", w.link(b, 2500), "m1")
		id := b.ID()
		_, err = w.RecordPayment(w.asClerk(), invoice.RecordPaymentInput{InvoiceID: &id, Amount: money(1600, "GBP"), Means: invoice.ByCash, Surplus: ptr(invoice.SurplusOweBack),
			External: scalar.ExternalKey{Source: "till", ID: "1"}, IdempotencyKey: w.key()})
		w.must(err)
		w.stands("paid by three ways", id, invoice.Paid, 5000)
		w.holds("paid", purse, 8000)
		w.db.Clock.Add(time.Minute)
		for _, one := range []*invoice.UpsertDocumentInput{p, other} {
			one.Void, one.SourceUpdatedAt = ptr(true), w.db.Clock.Now()
		}
		dry, err := w.Upsert(w.asClerk(), invoice.UpsertDocumentsInput{Documents: []*invoice.UpsertDocumentInput{p}, DryRun: ptr(true)})
		w.must(err)
		w.must(dry[0].Err)
		w.stands("a dry run keeps nothing", id, invoice.Paid, 5000)
		for range 2 {
			for _, d := range w.upsert(p, other) {
				w.must(d.Err)
			}
		}
		b = w.stands("void", id, invoice.Void, 0)
		w.stands("nothing was paid of it", made[1].Invoice.ID(), invoice.Void, 0)
		w.holds("what came from it is in it", purse, 9000)
		if got := owed(b); got != 5100 || b.Open().Minor != 0 || b.PaidAt != nil {
			t.Errorf("%d goes back, %d open, paid at %v; want 5100, 0, never", got, b.Open().Minor, b.PaidAt)
		}
		w.after.Payments.Refund = func(_ context.Context, r after.Repayment) (string, error) { return "p-" + r.Reference, nil }
		if n, err := w.after.RefundDue(storetest.System(), 10); err != nil || n != 1 { // its provider is asked
			t.Errorf("%d refunds were asked for, %v", n, err)
		}
	})
}

// The money of an order stays with it when one of its invoices becomes void: its
// others have it. What was paid of an invoice of a cancelled order goes back, and
// nothing is asked for by it any more.
func TestVoidOfAnOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o, _ := w.ordered(50)
		row := w.order(o.GlobalID())
		late, soon := w.paper("alice", 5000), w.paper("alice", 2000)
		for _, p := range []*invoice.UpsertDocumentInput{late, soon} {
			p.Customer, p.Order = nil, &scalar.ExternalKey{Source: *row.Source, ID: *row.ExternalID}
		}
		late.DueAt, soon.DueAt = ptr(w.db.Clock.Now().AddDate(1, 0, 0)), ptr(w.db.Clock.Now().AddDate(0, 0, 1))
		made := w.upsert(soon, late)
		id := o.GlobalID()
		_, err := w.RecordPayment(w.asClerk(), invoice.RecordPaymentInput{OrderID: &id, Amount: money(3000, "GBP"), Means: invoice.ByCash,
			External: scalar.ExternalKey{Source: "till", ID: "1"}, IdempotencyKey: w.key()})
		w.must(err)
		w.stands("due first", made[0].Invoice.ID(), invoice.Paid, 2000)
		w.stands("then", made[1].Invoice.ID(), invoice.Issued, 1000)
		w.db.Clock.Add(time.Minute)
		soon.Void, soon.SourceUpdatedAt = ptr(true), w.db.Clock.Now()
		w.must(w.upsert(soon)[0].Err)
		w.stands("void", made[0].Invoice.ID(), invoice.Void, 0)
		w.stands("what it had", made[1].Invoice.ID(), invoice.Issued, 3000)
		if got := w.order(id); got.PaidMinor != 3000 || got.RefundedMinor != 0 {
			t.Errorf("its order: %d paid, %d given back", got.PaidMinor, got.RefundedMinor)
		}
		_, err = w.orders.Cancel(w.asClerk(), order.CancelOrderInput{OrderID: id, Reason: "CHANGED_MIND", IdempotencyKey: w.key()})
		w.must(err)
		_, err = w.db.Hear(storetest.System(), 100, w.Hearers(), nil)
		w.must(err)
		b := w.stands("of a cancelled order", made[1].Invoice.ID(), invoice.Void, 0)
		if got := w.order(id); got.RefundedMinor != 3000 || b.Open().Minor != 0 {
			t.Errorf("%d goes back, %d open", got.RefundedMinor, b.Open().Minor)
		}
	})
}
