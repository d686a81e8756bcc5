package wallet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kabinet/ent/generated/paymentnotice"
	"kabinet/ent/generated/topup"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/wallet"
)

// provider begins payments until it is told to be down; asked counts.
type provider struct {
	down, lost atomic.Bool
	asked      atomic.Int64
}

func (p *provider) create(_ context.Context, in wallet.Intent) (wallet.Created, error) {
	p.asked.Add(1)
	switch {
	case p.down.Load():
		return wallet.Created{}, errors.New("down")
	case p.lost.Load():
		return wallet.Created{}, errors.New("the answer was lost")
	}
	return wallet.Created{Ref: "p-" + in.Reference, URL: "https://pay.example.com/" + in.Reference}, nil
}

func (w *world) provider() *provider {
	p := &provider{}
	w.wallets.Payments = &wallet.Payments{Name: "test", Create: p.create}
	return p
}

func told(reference, typ, amount, currency string) wallet.Notice {
	return wallet.Notice{Provider: "test", ID: "msg-" + typ + reference, SentAt: storetest.Start, Type: typ, Ref: "p-" + reference, Reference: reference,
		Amount: amount, Currency: currency, Body: []byte(`{"type":"` + typ + `"}`)}
}

func (w *world) hear(n wallet.Notice, want paymentnotice.Outcome) {
	w.t.Helper()
	got, err := w.wallets.Hear(context.Background(), n)
	if err != nil || got != want {
		w.t.Errorf("%s of %s: %s %v, want %s", n.Type, n.ID, got, err, want)
	}
}

func TestTopUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		a := w.open(w.alice, "EUR", 0)
		in := wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(1_990, "EUR"), IdempotencyKey: "k"}
		_, err := w.wallets.TopUp(as(w.alice), in)
		refused(t, "without a provider", err, "TOP_UP_NOT_CONFIGURED")
		p := w.provider()
		p.down.Store(true)
		_, err = w.wallets.TopUp(as(w.alice), in)
		refused(t, "a provider that is down", err, "UNAVAILABLE")
		p.down.Store(false)
		done, err := w.wallets.TopUp(as(w.alice), in) // the same key goes on where it stopped
		w.must(err)
		again, err := w.wallets.TopUp(as(w.alice), in)
		w.must(err)
		reference := done.TopUp.GlobalID().String()
		if !*again.Replayed || again.TopUp.ID != done.TopUp.ID || *again.TopUp.URL != "https://pay.example.com/"+reference || p.asked.Load() != 2 {
			t.Errorf("%+v, asked %d times", again.TopUp, p.asked.Load())
		}
		w.hear(told(reference, "payment.succeeded", "19.90", "EUR"), paymentnotice.OutcomeAPPLIED)
		w.hear(told(reference, "payment.succeeded", "19.90", "EUR"), paymentnotice.OutcomeAPPLIED) // the same message again
		w.holds("paid once", a, 1_990)
		page, err := w.wallets.TopUps(as(w.alice), w.alice, wallet.Page{})
		w.must(err)
		if len(page.Edges) != 1 || page.Edges[0].Node.Status != topup.StatusSUCCEEDED || page.Edges[0].Node.URL != nil {
			t.Errorf("%+v", page.Edges)
		}
		for name, c := range map[string]struct {
			in   wallet.TopUpWalletInput
			code string
		}{
			"another currency":  {wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(1, "GBP"), IdempotencyKey: "x"}, "WRONG_CURRENCY"}, // security K8
			"nothing":           {wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(0, "EUR"), IdempotencyKey: "x"}, "OUT_OF_RANGE"},   // security K7
			"the same key":      {wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(1, "EUR"), IdempotencyKey: "k"}, "IDEMPOTENCY_KEY_REUSED"},
			"a script to go to": {wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(1, "EUR"), IdempotencyKey: "x", ReturnURL: ptr("javascript:alert(1)")}, "INVALID_VALUE"},
			"no key":            {wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(1, "EUR")}, "REQUIRED"},                                           // security K6
			"a key of 256":      {wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(1, "EUR"), IdempotencyKey: strings.Repeat("x", 256)}, "TOO_LONG"}, // security K6
		} {
			_, err := w.wallets.TopUp(as(w.alice), c.in)
			refused(t, name, err, c.code)
		}
		_, err = w.wallets.TopUp(as(w.bob), in)
		refused(t, "into somebody else's", err, "NOT_FOUND")
		dry := true
		in.IdempotencyKey, in.DryRun = "dry", &dry
		_, err = w.wallets.TopUp(as(w.alice), in)
		w.must(err)
		if p.asked.Load() != 2 {
			t.Error("a dry run asked the provider")
		}
	})
}

// Money that came is booked once, whatever else was told and in whatever order;
// what does not agree is kept and books nothing.
func TestPaymentNotices(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		p := w.provider()
		a := w.open(w.alice, "EUR", 0)
		begin := func() string {
			done, err := w.wallets.TopUp(as(w.alice), wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(100, "EUR"), IdempotencyKey: w.key()})
			w.must(err)
			return done.TopUp.GlobalID().String()
		}
		bad := begin()
		for i, n := range []wallet.Notice{
			told(bad, "payment.succeeded", "1.01", "EUR"), told(bad, "payment.succeeded", "1.00", "GBP"), told(bad, "payment.succeeded", "1.000", "JPY"),
			told(bad, "payment.succeeded", "", ""), told(bad, "payment.succeeded", "1e2", "EUR"), told(bad, "payment.succeeded", "-1.00", "EUR"),
		} {
			n.ID = fmt.Sprint("bad", i)
			w.hear(n, paymentnotice.OutcomeMISMATCH)
		}
		n := told(bad, "payment.succeeded", "1.00", "EUR")
		n.Ref = "p-other"
		w.hear(n, paymentnotice.OutcomeMISMATCH)
		for i, reference := range []string{"", "x", "order_01h455vb4pex5vsknk084sn02q", scalar.ID{Prefix: "topup", UUID: a.ID}.String()} {
			n := told(reference, "payment.succeeded", "1.00", "EUR")
			n.ID = fmt.Sprint("unknown", i)
			w.hear(n, paymentnotice.OutcomeUNKNOWN)
		}
		other := told(bad, "payment.succeeded", "1.00", "EUR")
		other.ID, other.Provider = "other", "other"
		w.hear(other, paymentnotice.OutcomeUNKNOWN)
		w.hear(told(bad, "payment.disputed", "1.00", "EUR"), paymentnotice.OutcomeIGNORED)
		w.holds("nothing agreed", a, 0)

		late := begin() // failed, then paid all the same
		w.hear(told(late, "payment.failed", "", ""), paymentnotice.OutcomeAPPLIED)
		w.hear(told(late, "payment.succeeded", "1.00", "EUR"), paymentnotice.OutcomeAPPLIED)
		w.hear(told(late, "payment.expired", "", ""), paymentnotice.OutcomeSTALE)
		w.holds("late", a, 100)

		p.lost.Store(true) // the answer was lost, and the person paid
		_, err := w.wallets.TopUp(as(w.alice), wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(100, "EUR"), IdempotencyKey: "lost"})
		refused(t, "lost", err, "UNAVAILABLE")
		row, err := db.Client.TopUp.Query().Where(topup.ProviderRefIsNil()).Only(storetest.System())
		w.must(err)
		taken := told(row.GlobalID().String(), "payment.succeeded", "1.00", "EUR")
		taken.Ref, taken.ID = "p-"+late, "taken" // the id of another payment
		w.hear(taken, paymentnotice.OutcomeMISMATCH)
		w.hear(told(row.GlobalID().String(), "payment.succeeded", "1.00", "EUR"), paymentnotice.OutcomeAPPLIED)
		p.lost.Store(false)
		found, err := w.wallets.TopUp(as(w.alice), wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(100, "EUR"), IdempotencyKey: "lost"})
		w.must(err)
		if found.TopUp.ID != row.ID || found.TopUp.Status != topup.StatusSUCCEEDED {
			t.Errorf("%+v", found.TopUp)
		}
		w.holds("found again", a, 200)

		slow := begin()
		db.Clock.Add(wallet.TopUpLife)
		_, err = w.wallets.TidyDue(storetest.System(), 100)
		w.must(err)
		expired, err := db.Client.TopUp.Query().Where(topup.StatusEQ(topup.StatusEXPIRED)).Count(storetest.System())
		w.must(err)
		if expired != 2 { // this one, and the one nothing agreed with
			t.Errorf("%d expired", expired)
		}
		w.hear(told(slow, "payment.succeeded", "1.00", "EUR"), paymentnotice.OutcomeAPPLIED)
		w.holds("after its time", a, 300)
		last, err := w.wallets.Entries(as(w.alice), a, nil, wallet.Page{})
		w.must(err)
		if at := last.Nodes()[0].CreatedAt; !at.Equal(db.Now()) { // security K15: our clock, whatever the provider's says
			t.Errorf("booked at %s", at)
		}
		page, err := w.wallets.Notices(w.staff(), &wallet.PaymentNoticeFilter{Outcome: []wallet.PaymentNoticeOutcome{"MISMATCH"}}, wallet.Page{})
		w.must(err)
		if len(page.Edges) != 8 {
			t.Errorf("%d mismatches on record", len(page.Edges))
		}
		_, err = w.wallets.Notices(as(w.alice), nil, wallet.Page{})
		refused(t, "read by a customer", err, "FORBIDDEN")
	})
}

// All messages of a payment at once, each sent ten times: booked once.
func TestPaymentNoticesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		w.provider()
		a := w.open(w.alice, "EUR", 0)
		done, err := w.wallets.TopUp(as(w.alice), wallet.TopUpWalletInput{WalletID: a.GlobalID(), Amount: money(100, "EUR"), IdempotencyKey: "k"})
		w.must(err)
		reference := done.TopUp.GlobalID().String()
		types := []string{"payment.succeeded", "payment.failed", "payment.expired"}
		together(40, func(int) {
			if _, err := w.wallets.Hear(context.Background(), told(reference, types[rand.IntN(3)], "1.00", "EUR")); err != nil {
				t.Error(err)
			}
		})
		if _, err := w.wallets.Hear(context.Background(), told(reference, "payment.succeeded", "1.00", "EUR")); err != nil {
			t.Error(err)
		}
		w.holds("booked once", a, 100)
	})
}

func TestReceiveCash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		in := wallet.ReceiveCashInput{UserID: usr(w.bob), Amount: money(500, "GBP"), ReceiptNumber: " R-1 ", IdempotencyKey: "k"}
		done, err := w.wallets.ReceiveCash(w.staff(), in)
		w.must(err)
		again, err := w.wallets.ReceiveCash(w.staff(), in)
		w.must(err)
		if !*again.Replayed || again.TopUp.ID != done.TopUp.ID || *done.TopUp.ReceiptNumber != "R-1" {
			t.Errorf("%+v", again)
		}
		in.IdempotencyKey = "other"
		_, err = w.wallets.ReceiveCash(w.staff(), in)
		refused(t, "the same receipt", err, "ALREADY_TAKEN")
		id := done.Wallet.GlobalID()
		for name, c := range map[string]struct {
			in   wallet.ReceiveCashInput
			code string
		}{
			"nobody":           {wallet.ReceiveCashInput{Amount: money(1, "GBP"), ReceiptNumber: "R", IdempotencyKey: "x"}, "REQUIRED"},
			"two":              {wallet.ReceiveCashInput{WalletID: &id, UserID: usr(w.bob), Amount: money(1, "GBP"), ReceiptNumber: "R", IdempotencyKey: "x"}, "INVALID_VALUE"},
			"no receipt":       {wallet.ReceiveCashInput{WalletID: &id, Amount: money(1, "GBP"), ReceiptNumber: "  ", IdempotencyKey: "x"}, "REQUIRED"},
			"another currency": {wallet.ReceiveCashInput{WalletID: &id, Amount: money(1, "EUR"), ReceiptNumber: "R", IdempotencyKey: "x"}, "WRONG_CURRENCY"}, // security K8
			"no currency":      {wallet.ReceiveCashInput{UserID: usr(w.bob), Amount: scalar.MoneyInput{Amount: "1", Currency: "XYZ"}, ReceiptNumber: "R", IdempotencyKey: "x"}, "INVALID_VALUE"},
			"unknown":          {wallet.ReceiveCashInput{UserID: usr(id.UUID), Amount: money(1, "GBP"), ReceiptNumber: "R", IdempotencyKey: "x"}, "NOT_FOUND"},
		} {
			_, err := w.wallets.ReceiveCash(w.staff(), c.in)
			refused(t, name, err, c.code)
		}
		_, err = w.wallets.ReceiveCash(as(w.alice), in)
		refused(t, "a customer", err, "FORBIDDEN")
		w.holds("once", done.Wallet, 500)
		booked := atomic.Int64{}
		together(20, func(int) {
			_, err := w.wallets.ReceiveCash(w.staff(), wallet.ReceiveCashInput{WalletID: &id, Amount: money(1, "GBP"), ReceiptNumber: "same", IdempotencyKey: w.key()})
			if err == nil {
				booked.Add(1)
			} else {
				refused(t, "the same receipt at once", err, "ALREADY_TAKEN")
			}
		})
		if booked.Load() != 1 {
			t.Errorf("booked %d times", booked.Load())
		}
		acts, err := db.Client.AuditEntry.Query().Count(storetest.System())
		w.must(err)
		if acts != 2 {
			t.Errorf("%d acts on record", acts)
		}
		db.Clock.Add(time.Second)
	})
}

func ptr[T any](v T) *T { return &v }
