package invoice_test

import (
	"context"
	"testing"

	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/paymentnotice"
	"kabinet/internal/order/after"
	"kabinet/internal/order/invoice"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// The clock ends the payment of an invoice of no order as that of an order;
// money that comes later counts all the same.
func TestLinkOfAnInvoiceEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		b := w.invoiced(5000)
		asked := w.link(b, 0)
		db.Clock.Add(after.PaymentLife)
		for _, want := range []int{1, 0} {
			if n, err := w.after.ExpireDue(storetest.System(), 10); err != nil || n != want {
				t.Errorf("%d ended, %v, want %d", n, err, want)
			}
		}
		id, err := scalar.ParseID(asked.Reference)
		w.must(err)
		p, err := db.Client.Payment.Query().Where(payment.ID(id.UUID)).Only(storetest.System())
		w.must(err)
		if p.Status != payment.StatusVOID || p.URL != nil {
			t.Errorf("%+v", p)
		}
		if got := w.tells("payment.succeeded", asked, "late"); got != paymentnotice.OutcomeAPPLIED {
			t.Error(got)
		}
		w.stands("paid late", b.ID(), invoice.Paid, 5000)
	})
}

// What was paid twice through the provider goes back through it, once, as that
// of an order does; what it cannot give back stays owed, for staff.
func TestSurplusOfAnInvoiceGoesBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var asked []after.Repayment
		w.after.Payments.Refund = func(_ context.Context, r after.Repayment) (string, error) {
			asked = append(asked, r)
			return "p-" + r.Reference, nil
		}
		for i, says := range []string{"refund.succeeded", "refund.failed"} {
			b := w.invoiced(5000)
			for _, link := range []after.Intent{w.link(b, 0), w.link(b, 0)} {
				w.tells("payment.succeeded", link, link.Reference)
			}
			for _, want := range []int{1, 0} {
				if n, err := w.after.RefundDue(storetest.System(), 10); err != nil || n != want {
					t.Errorf("%d asked for, %v, want %d", n, err, want)
				}
			}
			if len(asked) != i+1 || asked[i].Amount.Minor != 5000 || asked[i].Payment == "" {
				t.Fatalf("%+v", asked)
			}
			said := after.Intent{Reference: asked[i].Reference, Amount: scalar.Money{Minor: 4999, Currency: "GBP"}}
			if got := w.tells("refund.succeeded", said, "less"+said.Reference); got != paymentnotice.OutcomeMISMATCH {
				t.Error(got)
			}
			said.Amount.Minor = 5000
			for _, want := range []paymentnotice.Outcome{paymentnotice.OutcomeAPPLIED, paymentnotice.OutcomeSTALE} {
				if got := w.tells(says, said, string(want)+said.Reference); got != want {
					t.Errorf("%s: %s, want %s", says, got, want)
				}
			}
			id, err := scalar.ParseID(said.Reference)
			w.must(err)
			r, err := db.Client.Payment.Query().Where(payment.ID(id.UUID)).Only(storetest.System())
			w.must(err)
			if went := says == "refund.succeeded"; went != (r.Status == payment.StatusSUCCEEDED) || went != (r.Failure == nil) {
				t.Errorf("%s: %+v", says, r)
			}
			w.stands("paid once", b.ID(), invoice.Paid, 5000)
		}
	})
}
