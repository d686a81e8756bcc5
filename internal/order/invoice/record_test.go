package invoice_test

import (
	"context"
	"sync/atomic"
	"testing"

	"kabinet/internal/order/after"
	"kabinet/internal/order/invoice"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Money that came another way counts once by its reference, whatever key and
// whoever is at it at the same time.
func TestRecordedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		b := w.invoiced(5000)
		id := b.ID()
		in := invoice.RecordPaymentInput{InvoiceID: &id, Amount: money(2000, "GBP"), Means: invoice.ByBank, External: scalar.ExternalKey{Source: "bank", ID: "T1"},
			OccurredAt: ptr(w.db.Clock.Now().AddDate(0, 0, -2)), IdempotencyKey: w.key()}
		var booked, replayed, taken atomic.Int64
		together(10, func(i int) {
			mine := in
			if i%2 == 0 {
				mine.IdempotencyKey = w.key()
			}
			done, err := w.RecordPayment(w.asClerk(), mine)
			switch {
			case err == nil && *done.Replayed:
				replayed.Add(1)
			case err == nil:
				booked.Add(1)
			case codeOf(err) == "ALREADY_TAKEN":
				taken.Add(1)
			default:
				t.Error(err)
			}
		})
		if booked.Load() != 1 || booked.Load()+replayed.Load()+taken.Load() != 10 {
			t.Errorf("%d booked, %d replayed, %d taken", booked.Load(), replayed.Load(), taken.Load())
		}
		b = w.stands("once", id, invoice.Issued, 2000)
		if len(b.Payments) != 1 || b.Payments[0].Method != "BANK_TRANSFER" || !b.Payments[0].OccurredAt.Equal(*in.OccurredAt) {
			t.Errorf("%+v", b.Payments)
		}
	})
}

// What is too much is refused, or booked and owed back where everybody sees it.
func TestSurplus(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		record := func(in invoice.RecordPaymentInput) (invoice.Recorded, error) {
			in.Means, in.External, in.IdempotencyKey = invoice.ByCash, scalar.ExternalKey{Source: "till", ID: w.key()}, w.key()
			return w.RecordPayment(w.asClerk(), in)
		}
		b := w.invoiced(5000)
		id := b.ID()
		_, err := record(invoice.RecordPaymentInput{InvoiceID: &id, Amount: money(5001, "GBP")})
		f := refusal(t, "too much", err, "OUT_OF_RANGE")
		if f.Params["max"] != "50.00" {
			t.Errorf("params: %v", f.Params)
		}
		dry, err := record(invoice.RecordPaymentInput{InvoiceID: &id, Amount: money(5001, "GBP"), Surplus: ptr(invoice.SurplusOweBack), DryRun: ptr(true)})
		w.must(err)
		if dry.Refund == nil || dry.Refund.AmountMinor != 1 || dry.Invoice.Status() != invoice.Paid {
			t.Errorf("a dry run: %+v", dry)
		}
		w.stands("a dry run keeps nothing", id, invoice.Issued, 0)
		done, err := record(invoice.RecordPaymentInput{InvoiceID: &id, Amount: money(5100, "GBP"), Surplus: ptr(invoice.SurplusOweBack)})
		w.must(err)
		if done.Payment.AmountMinor != 5100 || done.Refund == nil || done.Refund.AmountMinor != 100 || done.Refund.Status != "PENDING" || done.Order != nil {
			t.Errorf("owed back: %+v", done)
		}
		w.stands("paid with a surplus", id, invoice.Paid, 5000)
		_, err = record(invoice.RecordPaymentInput{InvoiceID: &id, Amount: money(1, "GBP")})
		refused(t, "paid", err, "INVOICE_ALREADY_PAID")
		_, err = w.after.RecordRefund(w.asClerk(), after.RecordRefundInput{RefundID: done.Refund.GlobalID(), Outcome: after.RefundOutcomeFailed, Failure: ptr("the account is closed"), IdempotencyKey: w.key()})
		w.must(err)
		w.stands("what did not go back changes nothing", id, invoice.Paid, 5000)

		o, b := w.ordered(50)
		order, id := o.GlobalID(), b.ID()
		done, err = record(invoice.RecordPaymentInput{OrderID: &order, Amount: money(6000, "GBP"), Surplus: ptr(invoice.SurplusOweBack)})
		w.must(err)
		if done.Refund == nil || done.Refund.AmountMinor != 1000 || done.Order.PaymentStatus != "PAID" || done.Invoice != nil {
			t.Errorf("of an order: %+v", done)
		}
		w.stands("its invoice", id, invoice.Paid, 5000)
		_, err = record(invoice.RecordPaymentInput{OrderID: &order, Amount: money(1, "GBP")})
		refused(t, "a paid order", err, "ORDER_ALREADY_PAID")
		o, b = w.ordered(30)
		id = b.ID()
		done, err = record(invoice.RecordPaymentInput{InvoiceID: &id, Amount: money(3000, "GBP")})
		w.must(err)
		if done.Order == nil || done.Order.ID != o.ID || done.Order.PaidMinor != 3000 || done.Invoice.Status() != invoice.Paid {
			t.Errorf("an invoice of an order: %+v", done)
		}
	})
}

func TestRecordRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.invoiced(5000).ID()
		order, _ := w.ordered(50)
		orderID := order.GlobalID()
		good := func() invoice.RecordPaymentInput {
			return invoice.RecordPaymentInput{InvoiceID: &id, Amount: money(100, "GBP"), Means: invoice.ByCash, External: scalar.ExternalKey{Source: "till", ID: w.key()}, IdempotencyKey: w.key()}
		}
		for name, c := range map[string]struct {
			change func(*invoice.RecordPaymentInput)
			code   string
		}{
			"of nothing": {func(in *invoice.RecordPaymentInput) { in.InvoiceID = nil }, "REQUIRED"},
			"of both":    {func(in *invoice.RecordPaymentInput) { in.OrderID = &orderID }, "INVALID_VALUE"},
			"zero":       {func(in *invoice.RecordPaymentInput) { in.Amount = money(0, "GBP") }, "OUT_OF_RANGE"},
			"negative":   {func(in *invoice.RecordPaymentInput) { in.Amount = money(-100, "GBP") }, "OUT_OF_RANGE"},
			"huge": {func(in *invoice.RecordPaymentInput) {
				in.Amount = scalar.MoneyInput{Amount: "90071992547409.92", Currency: "GBP"}
			}, "INVALID_VALUE"},
			"another currency":   {func(in *invoice.RecordPaymentInput) { in.Amount = money(100, "USD") }, "WRONG_CURRENCY"},
			"no source":          {func(in *invoice.RecordPaymentInput) { in.External.Source = " " }, "REQUIRED"},
			"in the future":      {func(in *invoice.RecordPaymentInput) { in.OccurredAt = ptr(w.db.Clock.Now().AddDate(1, 0, 0)) }, "OUT_OF_RANGE"},
			"no key":             {func(in *invoice.RecordPaymentInput) { in.IdempotencyKey = "" }, "REQUIRED"},
			"an id of another":   {func(in *invoice.RecordPaymentInput) { in.InvoiceID = &orderID }, "INVALID_ID"},
			"an unknown invoice": {func(in *invoice.RecordPaymentInput) { in.InvoiceID = &scalar.ID{Prefix: "bill", UUID: w.alice} }, "NOT_FOUND"},
			"an unknown order": {func(in *invoice.RecordPaymentInput) {
				in.InvoiceID, in.OrderID = nil, &scalar.ID{Prefix: "order", UUID: w.alice}
			}, "NOT_FOUND"},
			"a long note": {func(in *invoice.RecordPaymentInput) { in.Note = ptr(string(make([]byte, 501))) }, "INVALID_VALUE"},
		} {
			in := good()
			c.change(&in)
			_, err := w.RecordPayment(w.asClerk(), in)
			refused(t, name, err, c.code)
		}
		_, err := w.RecordPayment(storetest.As(w.alice), good())
		if codeOf(err) != "FORBIDDEN" {
			t.Errorf("a customer: %v", err)
		}
		_, err = w.RecordPayment(context.Background(), good())
		if codeOf(err) != "UNAUTHENTICATED" {
			t.Errorf("nobody: %v", err)
		}
	})
}

// An invoice that is late is told of once, though two instances look.
func TestOverdueIsToldOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		due := w.paper("alice", 700)
		due.DueAt = ptr(w.db.Clock.Now().AddDate(0, 0, 1))
		made := w.upsert(due, w.paper("alice", 800))
		tell := func() (told int64) {
			var n atomic.Int64
			together(4, func(int) {
				k, err := w.TellOverdue(context.Background(), 100)
				w.must(err)
				n.Add(int64(k))
			})
			return n.Load()
		}
		if n := tell(); n != 0 {
			t.Errorf("%d told before it is late", n)
		}
		w.db.Clock.Add(25 * 3600e9)
		if n := tell(); n != 1 {
			t.Errorf("%d told", n)
		}
		if n := tell(); n != 0 {
			t.Errorf("%d told again", n)
		}
		w.stands("late", made[0].Invoice.ID(), invoice.Overdue, 0)
		var events int
		w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.QueryRow(ctx, `SELECT count(*) FROM account_events WHERE kind = 'invoice.overdue'`).Scan(&events)
		}))
		if events != 1 {
			t.Errorf("%d facts", events)
		}
		late := ptr(true)
		page, err := w.Of(storetest.As(w.alice), w.alice, &invoice.InvoiceFilter{Overdue: late, Status: []invoice.InvoiceStatus{invoice.Overdue}}, invoice.Page{})
		w.must(err)
		if len(page.Edges) != 1 || page.Edges[0].Node.ID() != made[0].Invoice.ID() {
			t.Errorf("%d late ones", len(page.Edges))
		}
	})
}
