package invoice_test

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"kabinet/internal/order/invoice"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/wallet"
)

// terms are a fee rule in minor units, as the oracle reads them.
type terms struct {
	free, basisPoints, minimum int64
	cap                        int64 // below zero: none
	perPeriod, rolling         bool
	rounding                   wallet.FeeRounding
}

func (w *world) rule(t terms) {
	w.t.Helper()
	in := wallet.SaveFeeRuleInput{Operation: wallet.OperationInvoicePayment, Free: money(t.free, "GBP"), Period: wallet.CalendarMonth, BasisPoints: int(t.basisPoints),
		Minimum: ptr(money(t.minimum, "GBP")), Rounding: &t.rounding}
	if t.rolling {
		in.Period = wallet.Rolling30Days
	}
	if t.cap >= 0 {
		in.Cap = ptr(money(t.cap, "GBP"))
	}
	if t.perPeriod {
		in.CapPer = ptr(wallet.CapPerPeriod)
	}
	_, err := w.wallets.SaveFeeRule(w.asClerk(), in)
	w.must(err)
}

// share is what is taken of all that a period comes to, by exact fractions.
func (t terms) share(sent int64) int64 {
	over := max(sent-t.free, 0)
	exact := big.NewRat(over*t.basisPoints, 10_000)
	whole := new(big.Int).Quo(exact.Num(), exact.Denom())
	rest := new(big.Rat).Sub(exact, new(big.Rat).SetInt(whole))
	up := false
	switch half := rest.Cmp(big.NewRat(1, 2)); t.rounding {
	case wallet.RoundUp:
		up = rest.Sign() > 0
	case wallet.RoundHalfUp:
		up = half >= 0
	case wallet.RoundHalfEven:
		up = half > 0 || half == 0 && whole.Bit(0) == 1
	}
	if up {
		whole.Add(whole, big.NewInt(1))
	}
	return whole.Int64()
}

// fee is the oracle: what one more payment costs after others of the period.
func (t terms) fee(sent, charged, amount int64) int64 {
	if sent+amount <= t.free {
		return 0
	}
	fee := max(t.share(sent+amount)-t.share(sent), t.minimum)
	switch {
	case t.cap < 0:
	case t.perPeriod:
		fee = min(fee, max(t.cap-charged, 0))
	default:
		fee = min(fee, t.cap)
	}
	return fee
}

// counts says whether a payment at a time is of the period that runs now.
func (t terms) counts(at, now time.Time) bool {
	if t.rolling {
		return !at.Before(now.AddDate(0, 0, -30))
	}
	return at.Year() == now.Year() && at.Month() == now.Month()
}

// What a quote says is charged to the minor unit, whatever the rule, whatever
// was paid before, in whichever period: the quote, the entry of the book, the
// balance and an oracle of exact fractions agree.
func TestQuotedFeeIsCharged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		for seed := range uint64(6) {
			quotedIsCharged(t, newWorld(t, db), rand.New(rand.NewPCG(seed, 7)))
		}
	})
}

func quotedIsCharged(t *testing.T, w *world, r *rand.Rand) {
	rules := terms{free: r.Int64N(20_000), basisPoints: r.Int64N(1_000), cap: -1, perPeriod: r.IntN(2) == 0, rolling: r.IntN(2) == 0,
		rounding: []wallet.FeeRounding{wallet.RoundDown, wallet.RoundHalfUp, wallet.RoundHalfEven, wallet.RoundUp}[r.IntN(4)]}
	if r.IntN(2) == 0 {
		rules.minimum = r.Int64N(50)
	}
	if r.IntN(2) == 0 {
		rules.cap = rules.minimum + r.Int64N(300)
	}
	w.rule(rules)
	purses := []scalar.ID{w.purse(w.alice, "GBP", 2_000_000), w.purse(w.alice, "GBP", 2_000_000)}
	left := []int64{2_000_000, 2_000_000}
	type done struct {
		at          time.Time
		amount, fee int64
	}
	var past []done
	for range 25 {
		w.db.Clock.Add(time.Duration(r.Int64N(int64(6 * 24 * time.Hour))))
		now, amount := w.db.Clock.Now(), 1+r.Int64N(9_000)
		var sent, charged int64
		for _, p := range past {
			if rules.counts(p.at, now) {
				sent, charged = sent+p.amount, charged+p.fee
			}
		}
		want, i := rules.fee(sent, charged, amount), r.IntN(2)
		b := w.invoiced(amount)
		q := w.quote(b, purses[i], 0)
		if q.Amount.Minor != amount || q.Fee.Minor != want || q.Total.Minor != amount+want {
			t.Fatalf("%+v after %d (%d): %d costs %d of %d, want %d", rules, sent, charged, amount, q.Fee.Minor, q.Total.Minor, want)
		}
		if free := max(rules.free-sent-amount, 0); q.FreeLeft == nil || q.FreeLeft.Minor != free {
			t.Fatalf("%+v: %v is free after it, want %d", rules, q.FreeLeft, free)
		}
		paid, err := w.wallets.PayInvoice(storetest.As(w.alice), wallet.PayInvoiceInput{QuoteID: q.ID, IdempotencyKey: w.key()})
		w.must(err)
		left[i] -= amount + want
		if got := paid.Wallet.Balance().Minor; got != left[i] || paid.Entry.Amount().Minor != -amount {
			t.Fatalf("%+v: %d are left and the entry is of %d, want %d and %d", rules, got, paid.Entry.Amount().Minor, left[i], -amount)
		}
		w.stands("paid", b.ID(), invoice.Paid, amount)
		past = append(past, done{now, amount, want})
	}
}

// A quote whose fee is another one by now is refused, and the new one is shown;
// so is one that was too late, and one of more than is open.
func TestQuotesThatDoNotHold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		b, purse := w.invoiced(10_000), w.purse(w.alice, "GBP", 50_000)
		pay := func(q *wallet.InvoicePaymentQuote) (wallet.PaidInvoice, error) {
			return w.wallets.PayInvoice(storetest.As(w.alice), wallet.PayInvoiceInput{QuoteID: q.ID, IdempotencyKey: w.key()})
		}
		q := w.quote(b, purse, 4_000)
		if q.Fee.Minor != 0 || q.FreeLeft != nil || q.Explanation == "" {
			t.Errorf("without a rule: %+v", q)
		}
		w.rule(terms{basisPoints: 100, cap: -1, rounding: wallet.RoundHalfUp})
		got, err := pay(q)
		refused(t, "a rule came", err, "QUOTE_CHANGED")
		if got.Quote == nil || got.Quote.Fee.Minor != 40 || got.Quote.Amount.Minor != 4_000 {
			t.Fatalf("the new quote: %+v", got.Quote)
		}
		w.rule(terms{basisPoints: 100, cap: -1, rounding: wallet.RoundHalfUp}) // the same, but a new version: who set it may have meant it
		got, err = pay(got.Quote)
		refused(t, "another version", err, "QUOTE_CHANGED")
		w.holds("nothing moved", purse, 50_000)
		w.db.Clock.Add(wallet.QuoteLife)
		got, err = pay(got.Quote)
		refused(t, "too late", err, "QUOTE_EXPIRED")
		if got.Quote == nil || got.Quote.Fee.Minor != 40 {
			t.Fatalf("the new quote: %+v", got.Quote)
		}
		whole := w.quote(b, purse, 0)
		_, err = pay(got.Quote)
		w.must(err)
		w.holds("with its fee", purse, 50_000-4_040)
		got, err = pay(whole)
		refused(t, "less is open by now", err, "QUOTE_CHANGED")
		if got.Quote == nil || got.Quote.Amount.Minor != 6_000 || got.Quote.Fee.Minor != 60 {
			t.Fatalf("of what is open: %+v", got.Quote)
		}
		_, err = pay(got.Quote)
		w.must(err)
		_, err = pay(whole)
		refused(t, "nothing is open", err, "INVOICE_ALREADY_PAID")
		w.stands("in two parts", b.ID(), invoice.Paid, 10_000)
		w.holds("in two parts", purse, 50_000-4_040-6_060)
	})
}

// What is free of payments is shared by all wallets of an owner: two payments
// at once are never both free.
func TestFreeOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.rule(terms{free: 1_000, basisPoints: 1_000, cap: -1, rounding: wallet.RoundHalfUp})
		const many = 8
		var quotes [many]*wallet.InvoicePaymentQuote
		purses := make([]scalar.ID, many)
		for i := range many {
			purses[i] = w.purse(w.alice, "GBP", 10_000)
			quotes[i] = w.quote(w.invoiced(1_000), purses[i], 0)
			if quotes[i].Fee.Minor != 0 {
				t.Fatalf("quote %d costs %d", i, quotes[i].Fee.Minor)
			}
		}
		together(many, func(i int) {
			_, err := w.wallets.PayInvoice(storetest.As(w.alice), wallet.PayInvoiceInput{QuoteID: quotes[i].ID, IdempotencyKey: w.key()})
			if err != nil && codeOf(err) != "QUOTE_CHANGED" {
				t.Error(err)
			}
		})
		var left int64
		for _, id := range purses {
			a, err := w.wallets.Wallet(w.asClerk(), id)
			w.must(err)
			left += a.Balance().Minor
		}
		if left != many*10_000-1_000 {
			t.Errorf("%d are left: not one alone was free", left)
		}
	})
}
