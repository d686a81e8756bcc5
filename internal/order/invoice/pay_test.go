package invoice_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"kabinet/ent/generated/paymentnotice"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/order/invoice"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/wallet"
)

// The provider's message pays an invoice once, whatever comes again, and money
// that is too much is owed back by a refund that everybody sees.
func TestPaidThroughTheProvider(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		b := w.invoiced(5000)
		first, second, part := w.link(b, 0), w.link(b, 0), w.link(b, 2000)
		if first.Amount.Minor != 5000 || part.Amount.Minor != 2000 || first.Description == "" {
			t.Fatalf("asked for %+v and %+v", first, part)
		}
		for range 2 { // the same message twice
			if got := w.tells("payment.succeeded", part, "m1"); got != paymentnotice.OutcomeAPPLIED {
				t.Errorf("a part: %s", got)
			}
		}
		w.stands("a part was paid", b.ID(), invoice.Issued, 2000)
		if got := w.tells("payment.succeeded", first, "m2"); got != paymentnotice.OutcomeAPPLIED {
			t.Errorf("all of it: %s", got)
		}
		if got := w.tells("payment.succeeded", first, "m3"); got != paymentnotice.OutcomeSTALE {
			t.Errorf("once more by another message: %s", got)
		}
		if got := w.tells("payment.expired", second, "m4"); got != paymentnotice.OutcomeAPPLIED {
			t.Errorf("its end: %s", got)
		}
		if got := w.tells("payment.succeeded", second, "m5"); got != paymentnotice.OutcomeAPPLIED {
			t.Errorf("money after its end: %s", got)
		}
		b = w.stands("paid", b.ID(), invoice.Paid, 5000)
		var owed int64
		for _, p := range b.Payments {
			if p.Kind == "REFUND" {
				owed += p.Amount.Minor
			}
		}
		if owed != 7000 || b.Open().Minor != 0 {
			t.Errorf("%d is owed back and %d open, want 7000 and nothing: %d payments", owed, b.Open().Minor, len(b.Payments))
		}
		wrong := part
		wrong.Amount.Minor++
		if got := w.tells("payment.succeeded", wrong, "m6"); got != paymentnotice.OutcomeMISMATCH {
			t.Errorf("another amount: %s", got)
		}
	})
}

// One message 50 times at once, amid others that came late or are wrong, pays
// once. security I6
func TestMessageManyTimes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		b := w.invoiced(5000)
		in := w.link(b, 0)
		wrong := in
		wrong.Amount.Minor = 4999
		together(50, func(i int) {
			switch i % 10 {
			case 0:
				w.tells("payment.failed", in, "late-"+string(rune('a'+i/10)))
			case 1:
				w.tells("payment.succeeded", wrong, "wrong-"+string(rune('a'+i/10)))
			default:
				w.tells("payment.succeeded", in, "one")
			}
		})
		b = w.stands("once", b.ID(), invoice.Paid, 5000)
		if len(b.Payments) != 1 || b.Payments[0].Status != "SUCCEEDED" {
			t.Errorf("%d payments", len(b.Payments))
		}
	})
}

// An answer of the provider that was lost is asked for again under the same key.
func TestLinkWhileTheProviderIsDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		b := w.invoiced(5000)
		in := invoice.CreateInvoicePaymentLinkInput{InvoiceID: b.ID(), IdempotencyKey: w.key()}
		w.down = true
		_, err := w.CreateLink(storetest.As(w.alice), in)
		if fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("while it is down: %v", err)
		}
		w.down = false
		done, err := w.CreateLink(storetest.As(w.alice), in)
		w.must(err)
		if !*done.Replayed || done.Payment.URL == nil || w.asked[0].Reference != w.asked[1].Reference || done.Invoice.ID() != b.ID() {
			t.Errorf("the same payment again: %+v, asked %v", done, w.asked)
		}
		in.Amount = ptr(money(100, "GBP"))
		_, err = w.CreateLink(storetest.As(w.alice), in)
		refused(t, "the key with another amount", err, "IDEMPOTENCY_KEY_REUSED")
		dry, err := w.CreateLink(storetest.As(w.alice), invoice.CreateInvoicePaymentLinkInput{InvoiceID: b.ID(), IdempotencyKey: w.key(), DryRun: ptr(true)})
		w.must(err)
		if len(w.asked) != 2 || dry.Payment == nil || dry.Invoice == nil {
			t.Errorf("a dry run asks nobody and shows all: %+v, asked %d times", dry, len(w.asked))
		}
		w.after.Payments = nil
		_, err = w.CreateLink(storetest.As(w.alice), in)
		refused(t, "without a provider", err, "PAYMENTS_NOT_CONFIGURED")
	})
}

// Whatever pays at once, an invoice never gets more than it asks for, and no
// minor unit is lost: what is not the invoice's is owed back or stays.
func TestPaymentsAtOnceNeverOverpay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for name, make := range map[string]func() *invoice.Invoice{
			"of no order": func() *invoice.Invoice { return w.invoiced(5000) },
			"of an order": func() *invoice.Invoice { _, b := w.ordered(50); return b },
		} {
			b := make()
			purse := w.purse(w.alice, "GBP", 100_000)
			const each = 4
			var quotes [each]*wallet.InvoicePaymentQuote
			var links [each]after.Intent
			for i := range each {
				quotes[i], links[i] = w.quote(b, purse, 3000), w.link(b, 3000)
			}
			var mu sync.Mutex
			var errs []error
			note := func(err error) {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
			together(3*each, func(i int) {
				switch n := i / 3; i % 3 {
				case 0:
					_, err := w.wallets.PayInvoice(storetest.As(w.alice), wallet.PayInvoiceInput{QuoteID: quotes[n].ID, IdempotencyKey: w.key()})
					note(err)
				case 1:
					w.tells("payment.succeeded", links[n], name+links[n].Reference)
				case 2:
					id := b.ID()
					_, err := w.RecordPayment(w.asClerk(), invoice.RecordPaymentInput{InvoiceID: &id, Amount: money(3000, "GBP"), Means: invoice.ByBank,
						External: scalar.ExternalKey{Source: "bank", ID: w.key()}, IdempotencyKey: w.key()})
					note(err)
				}
			})
			for _, err := range errs {
				f, known := fault.As(err)
				if err != nil && (!known || !slices.Contains([]string{"QUOTE_CHANGED", "INVOICE_ALREADY_PAID", "OUT_OF_RANGE"}, f.Code)) {
					t.Errorf("%s: %v", name, err)
				}
			}
			b = w.stands(name, b.ID(), invoice.Paid, 5000)
			var in, back int64
			for _, p := range b.Payments {
				switch {
				case p.Kind == "REFUND":
					back += p.Amount.Minor
				case p.Status == "SUCCEEDED":
					in += p.Amount.Minor
				}
			}
			if in-back != 5000 {
				t.Errorf("%s: %d came and %d goes back", name, in, back)
			}
		}
	})
}

// Two who confirm one quote at once, and one key twice at once, pay once.
func TestOneQuoteManyTimes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		b, purse := w.invoiced(5000), w.purse(w.alice, "GBP", 9000)
		q := w.quote(b, purse, 0)
		same := w.key()
		var mu sync.Mutex
		paid := 0
		together(10, func(i int) {
			key := same
			if i%2 == 0 {
				key = w.key()
			}
			done, err := w.wallets.PayInvoice(storetest.As(w.alice), wallet.PayInvoiceInput{QuoteID: q.ID, IdempotencyKey: key})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && !*done.Replayed:
				paid++
			case err != nil && !slices.Contains([]string{"ILLEGAL_TRANSITION"}, codeOf(err)):
				t.Errorf("%v", err)
			}
		})
		w.stands("by many at once", b.ID(), invoice.Paid, 5000)
		w.holds("by many at once", purse, 4000)
		if paid != 1 {
			t.Errorf("%d paid", paid)
		}
	})
}

// What cannot be paid says why; somebody else's is not there.
func TestWhatCannotBePaid(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		b, purse, euros := w.invoiced(5000), w.purse(w.alice, "GBP", 9000), w.purse(w.alice, "EUR", 9000)
		ask := func(as context.Context, b *invoice.Invoice, purse scalar.ID, amount *scalar.MoneyInput) error {
			_, err := w.wallets.QuoteInvoice(as, wallet.QuoteInvoicePaymentInput{InvoiceID: b.ID(), WalletID: purse, Amount: amount})
			return err
		}
		link := func(as context.Context, b *invoice.Invoice, amount *scalar.MoneyInput) error {
			_, err := w.CreateLink(as, invoice.CreateInvoicePaymentLinkInput{InvoiceID: b.ID(), Amount: amount, IdempotencyKey: w.key()})
			return err
		}
		alice := storetest.As(w.alice)
		for name, c := range map[string]struct {
			amount scalar.MoneyInput
			code   string
		}{
			"nothing":          {money(0, "GBP"), "OUT_OF_RANGE"},
			"less than that":   {money(-1, "GBP"), "OUT_OF_RANGE"},
			"more than open":   {money(5001, "GBP"), "OUT_OF_RANGE"},
			"huge":             {money(1<<53-1, "GBP"), "OUT_OF_RANGE"},
			"too huge":         {scalar.MoneyInput{Amount: "90071992547409.92", Currency: "GBP"}, "INVALID_VALUE"},
			"no amount":        {scalar.MoneyInput{Amount: "1.001", Currency: "GBP"}, "INVALID_VALUE"},
			"another currency": {money(100, "EUR"), "WRONG_CURRENCY"},
		} {
			refused(t, "quote of "+name, ask(alice, b, purse, &c.amount), c.code)
			refused(t, "link of "+name, link(alice, b, &c.amount), c.code)
		}
		refused(t, "from another currency", ask(alice, b, euros, nil), "WRONG_CURRENCY")
		refused(t, "somebody else's invoice", ask(storetest.As(w.bob), b, w.purse(w.bob, "GBP", 9000), nil), "NOT_FOUND")
		refused(t, "a link of somebody else's", link(storetest.As(w.bob), b, nil), "NOT_FOUND")
		refused(t, "staff pays for nobody", link(w.asClerk(), b, nil), "NOT_FOUND")
		_, err := w.Invoice(storetest.As(w.bob), b.ID())
		refused(t, "somebody else's to read", err, "NOT_FOUND")

		void := w.paper("alice", 700)
		made := w.upsert(void)[0].Invoice
		open := w.link(made, 0)
		void.Void, void.SourceUpdatedAt = ptr(true), void.SourceUpdatedAt.Add(1)
		w.db.Clock.Add(1e9)
		void.SourceUpdatedAt = w.db.Clock.Now()
		w.must(w.upsert(void)[0].Err)
		f := refusal(t, "a void one", ask(alice, made, purse, nil), "ILLEGAL_TRANSITION")
		if f.Params["fromState"] != "VOID" || f.Params["toState"] != "PAID" {
			t.Errorf("a void one: %v", f.Params)
		}
		refused(t, "a link of a void one", link(alice, made, nil), "ILLEGAL_TRANSITION")
		if got := w.tells("payment.succeeded", open, "late"); got != paymentnotice.OutcomeAPPLIED { // the money came all the same
			t.Errorf("late: %s", got)
		}
		made = w.stands("void", made.ID(), invoice.Void, 0)
		if len(made.Payments) != 2 || made.Payments[0].Kind != "REFUND" && made.Payments[1].Kind != "REFUND" {
			t.Errorf("what came late is not owed back: %+v", made.Payments)
		}
		refund := made.Payments[0]
		if refund.Kind != "REFUND" {
			refund = made.Payments[1]
		}
		close := after.RecordRefundInput{RefundID: refund.ID, Outcome: after.RefundOutcomeSucceeded, Reference: ptr("bank-1"), IdempotencyKey: w.key()}
		done, err := w.after.RecordRefund(w.asClerk(), close)
		w.must(err)
		if done.Order != nil || *done.Replayed {
			t.Errorf("closing it: %+v", done)
		}
		close.IdempotencyKey = w.key()
		_, err = w.after.RecordRefund(w.asClerk(), close)
		refused(t, "closing it twice", err, "ILLEGAL_TRANSITION")

		q := w.quote(b, purse, 0)
		_, err = w.wallets.PayInvoice(storetest.As(w.bob), wallet.PayInvoiceInput{QuoteID: q.ID, IdempotencyKey: w.key()})
		refused(t, "somebody else's quote", err, "NOT_FOUND")
		dear := w.invoiced(900_000)
		q = w.quote(dear, purse, 0)
		_, err = w.wallets.PayInvoice(alice, wallet.PayInvoiceInput{QuoteID: q.ID, IdempotencyKey: w.key()})
		refused(t, "more than the wallet holds", err, "INSUFFICIENT_FUNDS")
		w.holds("nothing moved", purse, 9000)
	})
}

// An invoice of an order is the order's money: who pays one pays the other.
func TestInvoiceOfAnOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		purse := w.purse(w.alice, "GBP", 50_000)
		o, b := w.ordered(50)
		q := w.quote(b, purse, 0)
		dry, err := w.wallets.PayInvoice(storetest.As(w.alice), wallet.PayInvoiceInput{QuoteID: q.ID, IdempotencyKey: w.key(), DryRun: ptr(true)})
		w.must(err)
		if got := dry.Invoice.(*invoice.Invoice); got.Status() != invoice.Paid || got.Open().Minor != 0 {
			t.Errorf("a dry run shows %s", got.Status())
		}
		w.stands("a dry run keeps nothing", b.ID(), invoice.Issued, 0)
		_, err = w.wallets.PayInvoice(storetest.As(w.alice), wallet.PayInvoiceInput{QuoteID: q.ID, IdempotencyKey: w.key()})
		w.must(err)
		w.stands("paid from a wallet", b.ID(), invoice.Paid, 5000)
		w.holds("paid from a wallet", purse, 45_000)
		if got := w.order(o.GlobalID()); got.PaidMinor != 5000 || got.PaymentStatus != "PAID" {
			t.Errorf("its order: %d paid, %s", got.PaidMinor, got.PaymentStatus)
		}

		o, b = w.ordered(30) // the order is paid, and the invoice follows
		in := w.tellOrder(o)
		w.tells("payment.succeeded", in, "order-1")
		b = w.stands("its order was paid", b.ID(), invoice.Paid, 3000)
		if b.Open().Minor != 0 {
			t.Errorf("%d is open", b.Open().Minor)
		}
		_, err = w.wallets.QuoteInvoice(storetest.As(w.alice), wallet.QuoteInvoicePaymentInput{InvoiceID: b.ID(), WalletID: purse})
		refused(t, "paid already", err, "INVOICE_ALREADY_PAID")

		o, b = w.ordered(20) // the order is cancelled, and the invoice is void
		_, err = w.orders.Cancel(storetest.As(w.alice), order.CancelOrderInput{OrderID: o.GlobalID(), Reason: "CHANGED_MIND", IdempotencyKey: w.key()})
		w.must(err)
		_, err = w.wallets.QuoteInvoice(storetest.As(w.alice), wallet.QuoteInvoicePaymentInput{InvoiceID: b.ID(), WalletID: purse})
		refused(t, "of a cancelled order", err, "ORDER_ALREADY_CANCELLED")
		_, err = w.db.Hear(storetest.System(), 100, w.Hearers(), nil)
		w.must(err)
		w.stands("of a cancelled order", b.ID(), invoice.Void, 0)
	})
}

// A paper of an order that was paid already is paid when it comes; the first
// due is paid first.
func TestInvoicesOfOneOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o, first := w.ordered(50)
		key := scalar.ExternalKey{}
		w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			row, err := tx.Order.Get(ctx, o.ID)
			if err == nil {
				key = scalar.ExternalKey{Source: *row.Source, ID: *row.ExternalID}
			}
			return err
		}))
		sooner, void := w.paper("alice", 2000), w.paper("alice", 1000)
		for _, p := range []*invoice.UpsertDocumentInput{sooner, void} {
			p.Customer, p.Order, p.DueAt = nil, &key, ptr(w.db.Clock.Now().AddDate(0, 0, 3))
		}
		void.Void = ptr(true)
		made := w.upsert(sooner, void)
		id := o.GlobalID()
		_, err := w.RecordPayment(w.asClerk(), invoice.RecordPaymentInput{OrderID: &id, Amount: money(2500, "GBP"), Means: invoice.ByCash,
			External: scalar.ExternalKey{Source: "till", ID: "1"}, IdempotencyKey: w.key()})
		w.must(err)
		w.stands("due sooner", made[0].Invoice.ID(), invoice.Paid, 2000)
		w.stands("the rest", first.ID(), invoice.Issued, 500)
		w.stands("a void one gets nothing", made[1].Invoice.ID(), invoice.Void, 0)
		late := w.paper("alice", 500)
		late.Customer, late.Order = nil, &key
		got := w.upsert(late)[0]
		w.must(got.Err)
		w.stands("nothing is left for one that comes now", got.Invoice.ID(), invoice.Issued, 0)
	})
}
