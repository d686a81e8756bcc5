package wallet_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/wallet"
)

// theIssue puts the rule of the issue in force: 50,000 free a month, then 1 %
// of the excess, at most 1,000.
func (w *world) theIssue() {
	w.t.Helper()
	most := money(100_000, "RUB")
	_, err := w.wallets.SaveFeeRule(w.staff(), wallet.SaveFeeRuleInput{
		Operation: wallet.OperationTransfer, Free: money(5_000_000, "RUB"), Period: wallet.CalendarMonth, BasisPoints: 100, Cap: &most})
	w.must(err)
}

func (w *world) quote(from *wallet.WalletAccount, to wallet.TransferRecipientInput, minor int64) *wallet.TransferQuote {
	w.t.Helper()
	q, err := w.wallets.Quote(as(from.OwnerID), wallet.QuoteTransferInput{FromWalletID: from.GlobalID(), To: to, Amount: money(minor, from.Unit)})
	w.must(err)
	return q
}

func TestTransferToAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		w.theIssue()
		a := w.open(w.alice, "RUB", 9_000_000)
		q := w.quote(a, wallet.TransferRecipientInput{UserID: usr(w.bob)}, 6_000_000)
		if q.Fee.Minor != 10_000 || q.Total.Minor != 6_010_000 || q.FreeLeft.Minor != 0 || q.RecipientName != "Bob B." || q.Own {
			t.Errorf("%+v", q)
		}
		in := wallet.ConfirmTransferInput{QuoteID: q.ID, IdempotencyKey: "k"}
		dry := true
		tried, err := w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: q.ID, IdempotencyKey: "k", DryRun: &dry})
		w.must(err)
		if tried.Wallet.Balance().Minor != 2_990_000 || tried.Transfer == nil {
			t.Errorf("dry run: %+v", tried)
		}
		w.holds("after a dry run", a, 9_000_000)
		done, err := w.wallets.Confirm(as(w.alice), in)
		w.must(err)
		again, err := w.wallets.Confirm(as(w.alice), in) // security K4
		w.must(err)
		if *done.Replayed || !*again.Replayed || again.Entry.ID != done.Entry.ID || again.Transfer.ID != done.Transfer.ID || done.Wallet.Balance().Minor != 2_990_000 {
			t.Errorf("%+v then %+v", done, again)
		}
		theirs, err := w.wallets.Of(as(w.bob), w.bob, nil)
		w.must(err)
		if len(theirs) != 1 || theirs[0].Balance().Minor != 6_000_000 || theirs[0].Number == nil {
			t.Fatalf("%+v", theirs)
		}
		page, err := w.wallets.Entries(as(w.alice), a, nil, wallet.Page{})
		w.must(err)
		var kinds string
		for _, e := range page.Nodes() {
			kinds += string(e.Kind()) + " "
		}
		name, err := w.wallets.Counterparty(as(w.alice), page.Nodes()[1])
		w.must(err)
		if kinds != "FEE TRANSFER TOPUP " || name == nil || *name != "Bob B." {
			t.Errorf("%s %v", kinds, name)
		}
		st, err := w.wallets.Statement(as(w.alice), a, storetest.Start.Add(-time.Hour), storetest.Start.Add(time.Hour))
		w.must(err)
		if st.Opening.Minor != 0 || st.Incoming.Minor != 9_000_000 || st.Outgoing.Minor != 6_010_000 || st.Fees.Minor != 10_000 || st.Closing.Minor != 2_990_000 || st.Count != 3 {
			t.Errorf("%+v", st)
		}
		_, err = w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: q.ID, IdempotencyKey: "other"})
		refused(t, "the same quote under another key", err, "ILLEGAL_TRANSITION")
		_, err = w.wallets.Confirm(as(w.bob), wallet.ConfirmTransferInput{QuoteID: q.ID, IdempotencyKey: "k"})
		refused(t, "somebody else's quote", err, "NOT_FOUND") // security K5: a key is its actor's
		q2 := w.quote(a, wallet.TransferRecipientInput{UserID: usr(w.bob)}, 100)
		_, err = w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: q2.ID, IdempotencyKey: "k"})
		refused(t, "the same key for another quote", err, "IDEMPOTENCY_KEY_REUSED") // security K5
	})
}

// A quote that does not hold any more moves nothing and brings a new one.
func TestTransferQuoteHolds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		w.theIssue()
		a := w.open(w.alice, "RUB", 20_000_000)
		to := wallet.TransferRecipientInput{UserID: usr(w.bob)}
		first, second := w.quote(a, to, 5_000_000), w.quote(a, to, 5_000_000)
		if first.Fee.Minor != 0 || second.Fee.Minor != 0 {
			t.Fatal(first, second)
		}
		_, err := w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: first.ID, IdempotencyKey: "1"})
		w.must(err)
		done, err := w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: second.ID, IdempotencyKey: "2"})
		refused(t, "the free part is spent", err, "QUOTE_CHANGED")
		if done.Quote == nil || done.Quote.Fee.Minor != 50_000 {
			t.Fatalf("%+v", done.Quote)
		}
		w.holds("after a refusal", a, 15_000_000)
		db.Clock.Add(wallet.QuoteLife)
		dry := true
		before := db.Client.Transfer.Query().CountX(storetest.System())
		tried, err := w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: done.Quote.ID, IdempotencyKey: "2", DryRun: &dry})
		refused(t, "too late, dry", err, "QUOTE_EXPIRED")
		if tried.Quote == nil || db.Client.Transfer.Query().CountX(storetest.System()) != before {
			t.Error("a dry run keeps a quote")
		}
		late, err := w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: done.Quote.ID, IdempotencyKey: "2"}) // security K6: a refusal does not use the key up
		refused(t, "too late", err, "QUOTE_EXPIRED")
		_, err = w.wallets.SaveFeeRule(w.staff(), wallet.SaveFeeRuleInput{Operation: wallet.OperationTransfer, Free: money(0, "RUB"), Period: wallet.Rolling30Days, BasisPoints: 100})
		w.must(err)
		changed, err := w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: late.Quote.ID, IdempotencyKey: "2"})
		refused(t, "another rule", err, "QUOTE_CHANGED")
		_, err = w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: changed.Quote.ID, IdempotencyKey: "2"})
		w.must(err)
		w.holds("in the end", a, 9_950_000)
		db.Clock.Add(25 * time.Hour)
		n, err := w.wallets.TidyDue(storetest.System(), 100)
		w.must(err)
		if n != 3 { // second, and the two new ones that were not confirmed
			t.Errorf("%d quotes forgotten", n)
		}
	})
}

func TestTransferRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		a, own, gbp := w.open(w.alice, "RUB", 1_000), w.open(w.alice, "RUB", 0), w.open(w.alice, "GBP", 0)
		b, bobs := w.open(w.bob, "RUB", 0), w.open(w.bob, "GBP", 0)
		gone := w.person("Gone")
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(gone).SetStatus("BLOCKED").Exec(ctx)
		}))
		id := func(a *wallet.WalletAccount) *scalar.ID { id := a.GlobalID(); return &id }
		wrong := "1234567890123"
		for name, c := range map[string]struct {
			to   wallet.TransferRecipientInput
			sum  scalar.MoneyInput
			code string
		}{
			"itself":                    {wallet.TransferRecipientInput{WalletID: id(a)}, money(1, "RUB"), "SELF_TRANSFER"},
			"itself by number":          {wallet.TransferRecipientInput{Number: a.Number}, money(1, "RUB"), "SELF_TRANSFER"},
			"oneself":                   {wallet.TransferRecipientInput{UserID: usr(w.alice)}, money(1, "RUB"), "SELF_TRANSFER"},
			"own, another currency":     {wallet.TransferRecipientInput{WalletID: id(gbp)}, money(1, "RUB"), "WRONG_CURRENCY"}, // security K8
			"amount of another":         {wallet.TransferRecipientInput{WalletID: id(own)}, money(1, "GBP"), "WRONG_CURRENCY"}, // security K8
			"Bob's wallet as one's own": {wallet.TransferRecipientInput{WalletID: id(b)}, money(1, "RUB"), "NOT_FOUND"},
			"Bob's of another currency": {wallet.TransferRecipientInput{Number: bobs.Number}, money(1, "RUB"), "RECIPIENT_UNAVAILABLE"}, // security K8
			"blocked":                   {wallet.TransferRecipientInput{UserID: usr(gone)}, money(1, "RUB"), "RECIPIENT_UNAVAILABLE"},
			"a slip of the finger":      {wallet.TransferRecipientInput{Number: &wrong}, money(1, "RUB"), "INVALID_VALUE"},
			"nobody":                    {wallet.TransferRecipientInput{}, money(1, "RUB"), "REQUIRED"},
			"nothing":                   {wallet.TransferRecipientInput{WalletID: id(own)}, money(0, "RUB"), "OUT_OF_RANGE"},
			"less than nothing":         {wallet.TransferRecipientInput{WalletID: id(own)}, money(-5, "RUB"), "OUT_OF_RANGE"},
			"a third of a kopeck":       {wallet.TransferRecipientInput{WalletID: id(own)}, scalar.MoneyInput{Amount: "1.005", Currency: "RUB"}, "INVALID_VALUE"}, // security K7
			"not a number":              {wallet.TransferRecipientInput{WalletID: id(own)}, scalar.MoneyInput{Amount: "NaN", Currency: "RUB"}, "INVALID_VALUE"},   // security K7
			"a comma":                   {wallet.TransferRecipientInput{WalletID: id(own)}, scalar.MoneyInput{Amount: "1,00", Currency: "RUB"}, "INVALID_VALUE"},  // security K7
			"too much for 53 bits":      {wallet.TransferRecipientInput{WalletID: id(own)}, scalar.MoneyInput{Amount: "92233720368547758.08", Currency: "RUB"}, "INVALID_VALUE"},
		} {
			_, err := w.wallets.Quote(as(w.alice), wallet.QuoteTransferInput{FromWalletID: a.GlobalID(), To: c.to, Amount: c.sum})
			refused(t, name, err, c.code)
		}
		_, err := w.wallets.Quote(as(w.bob), wallet.QuoteTransferInput{FromWalletID: a.GlobalID(), To: wallet.TransferRecipientInput{WalletID: id(b)}, Amount: money(1, "RUB")})
		refused(t, "from somebody else's", err, "NOT_FOUND")
		q := w.quote(a, wallet.TransferRecipientInput{Number: b.Number}, 1_001)
		_, err = w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: q.ID, IdempotencyKey: "k"})
		refused(t, "more than there is", err, "INSUFFICIENT_FUNDS")
		moved, err := w.wallets.Move(as(w.alice), wallet.MoveBetweenWalletsInput{FromWalletID: a.GlobalID(), ToWalletID: own.GlobalID(), Amount: money(400, "RUB"), IdempotencyKey: "m"})
		w.must(err)
		if moved.Wallet.Balance().Minor != 600 || moved.To.Balance().Minor != 400 {
			t.Errorf("%+v", moved)
		}
		_, err = w.wallets.Move(as(w.alice), wallet.MoveBetweenWalletsInput{FromWalletID: a.GlobalID(), ToWalletID: b.GlobalID(), Amount: money(1, "RUB"), IdempotencyKey: "n"})
		refused(t, "moved to Bob", err, "NOT_FOUND")
	})
}

// Asking for people who are not there is limited; finding one is not.
func TestTransferGuesses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		a := w.open(w.alice, "RUB", 0)
		var err error
		for range 21 {
			_, err = w.wallets.Quote(as(w.alice), wallet.QuoteTransferInput{FromWalletID: a.GlobalID(), To: wallet.TransferRecipientInput{UserID: usr(a.ID)}, Amount: money(1, "RUB")})
		}
		if fault.KindOf(err) != fault.TooMany {
			t.Errorf("%v, want RATE_LIMITED", err)
		}
		db.Clock.Add(time.Hour + time.Second)
		w.quote(a, wallet.TransferRecipientInput{UserID: usr(w.bob)}, 1)
	})
}

// Fifty transfers at once out of three wallets use what is free once: all fees
// together are what one large transfer would cost.
func TestTransferFreePartOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		_, err := w.wallets.SaveFeeRule(w.staff(), wallet.SaveFeeRuleInput{
			Operation: wallet.OperationTransfer, Free: money(5_000, "RUB"), Period: wallet.CalendarMonth, BasisPoints: 333})
		w.must(err)
		from := []*wallet.WalletAccount{w.open(w.alice, "RUB", 100_000), w.open(w.alice, "RUB", 100_000), w.open(w.alice, "RUB", 100_000)}
		var fees atomic.Int64
		var refusals atomic.Int64
		together(50, func(i int) {
			q, err := w.wallets.Quote(as(w.alice), wallet.QuoteTransferInput{FromWalletID: from[i%3].GlobalID(), To: wallet.TransferRecipientInput{UserID: usr(w.bob)}, Amount: money(997, "RUB")})
			for err == nil {
				var done wallet.Confirmed
				done, err = w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: q.ID, IdempotencyKey: w.key()})
				if err == nil {
					fees.Add(done.Transfer.Fee.Minor)
					return
				}
				if isCode(err, "QUOTE_CHANGED") {
					refusals.Add(1)
					q, err = done.Quote, nil
				}
			}
			t.Error(err)
		})
		sent, fee := int64(50*997), (int64(50*997)-5_000)*333
		want := (fee + 5_000) / 10_000 // HALF_UP
		if fees.Load() != want {
			t.Errorf("fees of %d for %d, want %d (%d quotes changed)", fees.Load(), sent, want, refusals.Load())
		}
		var left int64
		for _, a := range from {
			left += w.balance(a)
		}
		if left != 300_000-sent-want {
			t.Errorf("%d left", left)
		}
	})
}

// Two people send each other money a thousand times at once: nobody waits for
// ever, and no money is made or lost. security K9
func TestTransferBothWays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		a, b := w.open(w.alice, "EUR", 500_000), w.open(w.bob, "EUR", 500_000)
		times, workers := 1_000, 8
		if testing.Short() {
			times = 100
		}
		var next atomic.Int64
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for n := next.Add(1); n <= int64(2*times); n = next.Add(1) {
					from, to := a, b
					if n%2 == 0 {
						from, to = b, a
					}
					q, err := w.wallets.Quote(as(from.OwnerID), wallet.QuoteTransferInput{FromWalletID: from.GlobalID(), To: wallet.TransferRecipientInput{Number: to.Number}, Amount: money(7, "EUR")})
					if err == nil {
						_, err = w.wallets.Confirm(as(from.OwnerID), wallet.ConfirmTransferInput{QuoteID: q.ID, IdempotencyKey: w.key()})
					}
					if err != nil {
						t.Error(n, err)
						return
					}
				}
			})
		}
		wg.Wait()
		w.holds("Alice", a, 500_000)
		w.holds("Bob", b, 500_000)
	})
}

// The same key fifty times at once moves money once. security K4
func TestTransferOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		a := w.open(w.alice, "JPY", 1_000)
		q := w.quote(a, wallet.TransferRecipientInput{UserID: usr(w.bob)}, 10)
		var first atomic.Int64
		together(50, func(int) {
			done, err := w.wallets.Confirm(as(w.alice), wallet.ConfirmTransferInput{QuoteID: q.ID, IdempotencyKey: "k"})
			if err != nil {
				t.Error(err)
				return
			}
			if !*done.Replayed {
				first.Add(1)
			}
		})
		if first.Load() != 1 {
			t.Errorf("done %d times", first.Load())
		}
		w.holds("once", a, 990)
		_, err := w.wallets.Quote(as(w.alice), wallet.QuoteTransferInput{FromWalletID: a.GlobalID(), To: wallet.TransferRecipientInput{UserID: usr(w.bob)}, Amount: scalar.MoneyInput{Amount: "1.5", Currency: "JPY"}})
		refused(t, "yen with decimals", err, "INVALID_VALUE") // security K8
	})
}
