package notify_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// A customer hears that he is asked for money, that it came, and that it is
// late, in his language; a company's invoice that was made for nobody tells
// nobody.
func TestInvoices(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		bill := uuid.Must(uuid.NewV7())
		due := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
		for _, to := range []uuid.UUID{w.alice, w.boris} {
			w.tell(t, event.InvoiceIssued{InvoiceID: bill, OwnerID: to, UserID: &to, Number: "S-7", AmountMinor: 500000, Currency: "GBP", DueAt: &due}, store.ToUser(to))
			w.tell(t, event.InvoiceIssued{InvoiceID: bill, OwnerID: to, UserID: &to, AmountMinor: 100, Currency: "GBP"}, store.ToUser(to))
			w.tell(t, event.InvoiceOverdue{InvoiceID: bill, OwnerID: to, UserID: &to, Number: "S-7", OpenMinor: 1, Currency: "GBP", DueAt: due}, store.ToUser(to))
			w.tell(t, event.InvoicePaid{InvoiceID: bill, OwnerID: to, UserID: &to, Number: "S-7", AmountMinor: 500000, Currency: "GBP"}, store.ToUser(to))
			w.tell(t, event.InvoiceIssued{InvoiceID: bill, OwnerID: to, Number: "S-8", AmountMinor: 1, Currency: "GBP"}, store.ToUser(to))
		}
		w.hear(t)
		for to, want := range map[uuid.UUID][]string{
			w.alice: {"Invoice S-7 for £5,000.00", "Please pay it by 1 December 2026.", "Invoice for £1.00", "You can pay it in your account.",
				"Invoice S-7 is overdue", "It was due on 1 December 2026. £0.01 is still to be paid.", "Invoice S-7 is paid", "We have received £5,000.00. Thank you."},
			w.boris: {"Счёт S-7 на 5\u00a0000,00\u00a0£", "Срок оплаты: 1\u00a0декабря 2026\u00a0г.", "Счёт на 1,00\u00a0£", "Его можно оплатить в личном кабинете.",
				"Счёт S-7 просрочен", "Осталось оплатить 0,01\u00a0£. Срок оплаты был 1\u00a0декабря 2026\u00a0г.", "Счёт S-7 оплачен", "Мы получили 5\u00a0000,00\u00a0£. Спасибо!"},
		} {
			feed := w.feed(t, to)
			if len(feed) != len(want)/2 {
				t.Fatalf("%d notifications, want %d", len(feed), len(want)/2)
			}
			for i, n := range feed {
				if n.Title != want[2*i] || n.Body != want[2*i+1] {
					t.Errorf("%q %q, want %q %q", n.Title, n.Body, want[2*i], want[2*i+1])
				}
			}
			about := scalar.ID{Prefix: "bill", UUID: bill}
			if got := w.inbox.SubjectID(feed[0]); got == nil || *got != about || feed[0].Data["invoiceId"] != about.String() {
				t.Errorf("about %v, data %v", got, feed[0].Data)
			}
		}
	})
}
