package wallet_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/giftcard"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/wallet"
)

func (w *world) issue(in wallet.IssueGiftCardsInput) []wallet.IssuedCard {
	w.t.Helper()
	in.IdempotencyKey = w.key()
	issued, err := w.wallets.Issue(w.staff(), in)
	w.must(err)
	return issued.Cards
}

func TestGiftCards(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		a := w.open(w.alice, "GBP", 0)
		in := wallet.IssueGiftCardsInput{Count: 3, Amount: money(2_500, "GBP"), IdempotencyKey: "k"}
		issued, err := w.wallets.Issue(w.staff(), in)
		w.must(err)
		again, err := w.wallets.Issue(w.staff(), in)
		w.must(err)
		if len(issued.Cards) != 3 || again.Cards != nil || !*again.Replayed || *again.Count != 3 {
			t.Fatalf("%+v then %+v", issued, again)
		}
		code := issued.Cards[0].Code
		asTyped := strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(code, "0", "O"), "-", " "))
		card, err := w.wallets.Card(as(w.bob), asTyped)
		w.must(err)
		if card.Remaining().Minor != 2_500 || card.Hint != code[len(code)-4:] || strings.Contains(card.CodeKey, code) {
			t.Errorf("%+v", card)
		}
		// A hundred at once redeem it once, whatever their keys.
		var done atomic.Int64
		together(100, func(i int) {
			_, err := w.wallets.RedeemCard(as(w.alice), wallet.RedeemGiftCardInput{Code: asTyped, WalletID: a.GlobalID(), IdempotencyKey: w.key()})
			switch {
			case err == nil:
				done.Add(1)
			case !isCode(err, "GIFT_CARD_NOT_VALID") && fault.KindOf(err) != fault.TooMany:
				t.Error(err)
			}
		})
		if done.Load() != 1 {
			t.Errorf("redeemed %d times", done.Load())
		}
		w.holds("redeemed", a, 2_500)
		db.Clock.Add(2 * time.Hour)

		// What cannot be redeemed is the same to strangers.
		idle := w.issue(wallet.IssueGiftCardsInput{Count: 1, Amount: money(100, "GBP"), Active: ptr(false)})[0]
		void := issued.Cards[1]
		_, err = w.wallets.Void(w.staff(), wallet.VoidGiftCardInput{GiftCardID: void.Card.GlobalID(), Reason: "stolen"})
		w.must(err)
		old := w.issue(wallet.IssueGiftCardsInput{Count: 1, Amount: money(100, "GBP"), ExpiresAt: ptr(db.Now().Add(time.Minute))})[0]
		db.Clock.Add(time.Hour)
		for name, code := range map[string]string{"unknown": "ABCD", "void": void.Code, "not active": idle.Code, "expired": old.Code, "redeemed": code} {
			_, err := w.wallets.Card(as(w.bob), code)
			refused(t, name, err, "NOT_FOUND")
			_, err = w.wallets.RedeemCard(as(w.alice), wallet.RedeemGiftCardInput{Code: code, WalletID: a.GlobalID(), IdempotencyKey: w.key()})
			refused(t, name, err, "GIFT_CARD_NOT_VALID")
		}
		_, err = w.wallets.TidyDue(storetest.System(), 100)
		w.must(err)
		n, err := db.Client.GiftCard.Query().Where(giftcard.StatusEQ(giftcard.StatusEXPIRED)).Count(storetest.System())
		w.must(err)
		if n != 1 {
			t.Errorf("%d expired", n)
		}
		_, err = w.wallets.Activate(w.staff(), wallet.ActivateGiftCardInput{GiftCardID: idle.Card.GlobalID()})
		w.must(err)
		_, err = w.wallets.Activate(w.staff(), wallet.ActivateGiftCardInput{GiftCardID: void.Card.GlobalID()})
		refused(t, "a void card", err, "ILLEGAL_TRANSITION")
		eur := w.open(w.alice, "EUR", 0)
		_, err = w.wallets.RedeemCard(as(w.alice), wallet.RedeemGiftCardInput{Code: idle.Code, WalletID: eur.GlobalID(), IdempotencyKey: w.key()})
		refused(t, "into another currency", err, "WRONG_CURRENCY") // security K8
		_, err = w.wallets.RedeemCard(as(w.bob), wallet.RedeemGiftCardInput{Code: idle.Code, WalletID: a.GlobalID(), IdempotencyKey: w.key()})
		refused(t, "into somebody else's wallet", err, "NOT_FOUND")
		mine, err := w.wallets.CardsOf(as(w.alice), w.alice, wallet.Page{})
		w.must(err)
		if len(mine.Edges) != 1 {
			t.Errorf("%d cards of Alice", len(mine.Edges))
		}
	})
}

func TestGiftCardGuesses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		for i := range 10 {
			_, err := w.wallets.Card(as(w.bob), strings.Repeat("A", 20+i))
			refused(t, "a guess", err, "NOT_FOUND")
		}
		_, err := w.wallets.Card(as(w.bob), "AAAA")
		if fault.KindOf(err) != fault.TooMany {
			t.Errorf("%v, want RATE_LIMITED", err)
		}
		for name, c := range map[string]struct {
			in   wallet.IssueGiftCardsInput
			code string
		}{
			"none":      {wallet.IssueGiftCardsInput{Count: 0, Amount: money(1, "GBP"), IdempotencyKey: "x"}, "OUT_OF_RANGE"},
			"too many":  {wallet.IssueGiftCardsInput{Count: 1001, Amount: money(1, "GBP"), IdempotencyKey: "x"}, "OUT_OF_RANGE"}, // security K12
			"too much":  {wallet.IssueGiftCardsInput{Count: 1, Amount: money(100_001, "GBP"), IdempotencyKey: "x"}, "OUT_OF_RANGE"},
			"together":  {wallet.IssueGiftCardsInput{Count: 5, Amount: money(20_001, "GBP"), IdempotencyKey: "x"}, "OUT_OF_RANGE"}, // security K14
			"worthless": {wallet.IssueGiftCardsInput{Count: 1, Amount: money(0, "GBP"), IdempotencyKey: "x"}, "OUT_OF_RANGE"},
			"ended":     {wallet.IssueGiftCardsInput{Count: 1, Amount: money(1, "GBP"), ExpiresAt: ptr(storetest.Start), IdempotencyKey: "x"}, "OUT_OF_RANGE"}, // security K15
			"nobody's":  {wallet.IssueGiftCardsInput{Count: 1, Amount: money(1, "GBP"), RecipientID: usr(uuid.New()), IdempotencyKey: "x"}, "NOT_FOUND"},
		} {
			_, err := w.wallets.Issue(w.staff(), c.in)
			refused(t, name, err, c.code)
		}
		n, err := db.Client.GiftCard.Query().Count(storetest.System())
		w.must(err)
		if n != 0 {
			t.Errorf("%d cards", n)
		}
		cards := w.issue(wallet.IssueGiftCardsInput{Count: 1000, Amount: money(1, "GBP"), RecipientID: usr(w.bob)})
		seen := map[string]bool{}
		for _, c := range cards {
			seen[c.Code] = true
		}
		if len(seen) != 1000 {
			t.Errorf("%d codes", len(seen))
		}
	})
}

func TestAdjust(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		a := w.open(w.alice, "GBP", 5_000)
		done, err := w.wallets.Adjust(w.staff(), wallet.AdjustWalletInput{WalletID: a.GlobalID(), Amount: money(-1_000, "GBP"), Reason: "booked twice", IdempotencyKey: "1"})
		w.must(err)
		if done.Pending != nil || done.Wallet.Balance().Minor != 4_000 || *done.Entry.Reason() != "booked twice" {
			t.Errorf("%+v", done)
		}
		_, err = w.wallets.Adjust(w.staff(), wallet.AdjustWalletInput{WalletID: a.GlobalID(), Amount: money(-4_001, "GBP"), Reason: "x", IdempotencyKey: "2"})
		refused(t, "more than there is", err, "INSUFFICIENT_FUNDS")
		_, err = w.wallets.Adjust(w.staff(), wallet.AdjustWalletInput{WalletID: a.GlobalID(), Amount: money(1, "GBP"), Reason: " ", IdempotencyKey: "2"})
		refused(t, "without a reason", err, "REQUIRED") // security K14
		_, err = w.wallets.Adjust(as(w.alice), wallet.AdjustWalletInput{WalletID: a.GlobalID(), Amount: money(1, "GBP"), Reason: "x", IdempotencyKey: "2"})
		refused(t, "by a customer", err, "FORBIDDEN")

		large := wallet.AdjustWalletInput{WalletID: a.GlobalID(), Amount: money(100_001, "GBP"), Reason: "a claim", IdempotencyKey: "3"}
		asked, err := w.wallets.Adjust(w.staff(), large)
		w.must(err)
		again, err := w.wallets.Adjust(w.staff(), large)
		w.must(err)
		if asked.Pending == nil || asked.Entry != nil || again.Pending == nil || again.Pending.ID != asked.Pending.ID {
			t.Fatalf("%+v then %+v", asked, again)
		}
		w.holds("it waits", a, 4_000)
		_, err = w.wallets.Approve(w.staff(), wallet.ApproveWalletAdjustmentInput{ID: asked.Pending.ID, IdempotencyKey: "4"})
		refused(t, "by oneself", err, "SELF_APPROVAL") // security K14
		other := staffAs(w.bob)
		booked := atomic.Int64{}
		together(10, func(int) {
			_, err := w.wallets.Approve(other, wallet.ApproveWalletAdjustmentInput{ID: asked.Pending.ID, IdempotencyKey: w.key()})
			if err == nil {
				booked.Add(1)
			} else {
				refused(t, "again", err, "ILLEGAL_TRANSITION")
			}
		})
		if booked.Load() != 1 {
			t.Errorf("booked %d times", booked.Load())
		}
		w.holds("booked", a, 104_001)
		large.IdempotencyKey = "5"
		asked, err = w.wallets.Adjust(w.staff(), large)
		w.must(err)
		page, err := w.wallets.PendingAdjustments(other, wallet.Page{})
		w.must(err)
		if len(page.Nodes()) != 1 || page.Nodes()[0].Wallet == nil {
			t.Errorf("%+v", page.Nodes())
		}
		no, err := w.wallets.Reject(w.staff(), wallet.RejectWalletAdjustmentInput{ID: asked.Pending.ID, Reason: "a mistake"})
		w.must(err)
		if no.Status != wallet.AdjustmentRejected || *no.DecisionReason != "a mistake" {
			t.Errorf("%+v", no)
		}
	})
}

// order makes an order of a person over one thing.
func (w *world) order(owner uuid.UUID, minor int64, currency string) (id uuid.UUID) {
	w.t.Helper()
	sku := w.key()
	w.must(w.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Product.Create().SetSku(sku).SetTitle("Thing").SetPriceMinor(minor).SetCurrency(currency).Exec(ctx)
	}))
	placed, err := w.orders.Place(as(owner), order.PlaceOrderInput{Lines: []*order.PlaceOrderLineInput{{Sku: sku, Quantity: 1}}, IdempotencyKey: w.key()})
	w.must(err)
	return placed.Order.ID
}

func (w *world) stored(id uuid.UUID) (paid, refunded int64, status entorder.PaymentStatus) {
	w.t.Helper()
	o, err := w.Client.Order.Query().Where(entorder.ID(id)).Only(storetest.System())
	w.must(err)
	return o.PaidMinor, o.RefundedMinor, o.PaymentStatus
}

// An order is paid in parts out of a wallet, and a cancel gives all of it back.
func TestPayOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		a, eur := w.open(w.alice, "GBP", 2_000), w.open(w.alice, "EUR", 5_000)
		id := w.order(w.alice, 1_500, "GBP")
		pay := func(who uuid.UUID, from *wallet.WalletAccount, part int64, key string) error {
			in := wallet.PayOrderFromWalletInput{OrderID: scalar.ID{Prefix: "order", UUID: id}, WalletID: from.GlobalID(), IdempotencyKey: key}
			if part > 0 {
				in.Amount = ptr(money(part, from.Unit))
			}
			_, err := w.wallets.PayOrder(as(who), in)
			return err
		}
		refused(t, "in euros", pay(w.alice, eur, 0, "x"), "WRONG_CURRENCY") // security K8
		refused(t, "by Bob", pay(w.bob, w.open(w.bob, "GBP", 9_000), 0, "x"), "NOT_FOUND")
		refused(t, "from Alice's wallet by Bob", pay(w.bob, a, 0, "x"), "NOT_FOUND")
		refused(t, "too much", pay(w.alice, a, 1_501, "x"), "OUT_OF_RANGE")
		w.must(pay(w.alice, a, 400, "1"))
		w.must(pay(w.alice, a, 400, "1"))
		if paid, _, status := w.stored(id); paid != 400 || status != entorder.PaymentStatusPENDING {
			t.Errorf("%d %s", paid, status)
		}
		var done atomic.Int64
		together(10, func(int) {
			if err := pay(w.alice, a, 0, w.key()); err == nil {
				done.Add(1)
			} else {
				refused(t, "paid already", err, "ORDER_ALREADY_PAID")
			}
		})
		if paid, _, status := w.stored(id); paid != 1_500 || status != entorder.PaymentStatusPAID || done.Load() != 1 {
			t.Errorf("%d %s, %d times", paid, status, done.Load())
		}
		w.holds("paid", a, 500)
		_, err := w.orders.Cancel(as(w.alice), order.CancelOrderInput{OrderID: scalar.ID{Prefix: "order", UUID: id}, Reason: entorder.CancelReasonCHANGED_MIND, IdempotencyKey: "c"})
		w.must(err)
		w.holds("given back", a, 2_000)
		if _, refunded, _ := w.stored(id); refunded != 1_500 {
			t.Errorf("%d refunded", refunded)
		}
		rows, err := db.Client.Payment.Query().Where(payment.OrderID(id), payment.KindEQ(payment.KindREFUND), payment.StatusEQ(payment.StatusSUCCEEDED)).Count(storetest.System())
		w.must(err)
		if rows != 2 {
			t.Errorf("%d refunds done", rows)
		}
		refused(t, "a cancelled order", pay(w.alice, a, 0, "y"), "ORDER_ALREADY_CANCELLED")
		wrong, err := order.CheckTotals(context.Background(), db.Store)
		if err != nil || len(wrong) > 0 {
			t.Error(wrong, err)
		}
	})
}

func TestOpenAndUpdate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		var opened, full atomic.Int64
		together(20, func(int) {
			_, err := w.wallets.Open(as(w.alice), wallet.OpenWalletInput{Currency: "EUR", Label: ptr(" Holidays "), IdempotencyKey: w.key()})
			switch {
			case err == nil:
				opened.Add(1)
			case isCode(err, "TOO_MANY_ITEMS"):
				full.Add(1)
			default:
				t.Error(err)
			}
		})
		if opened.Load() != 10 || full.Load() != 10 {
			t.Errorf("%d opened, %d refused", opened.Load(), full.Load())
		}
		all, err := w.wallets.Of(as(w.alice), w.alice, nil)
		w.must(err)
		numbers := map[string]bool{}
		for _, a := range all {
			numbers[*a.Number] = true
		}
		if len(numbers) != 10 || *all[0].Label != "Holidays" {
			t.Errorf("%v", numbers)
		}
		_, err = w.wallets.Update(as(w.alice), wallet.UpdateWalletInput{WalletID: all[0].GlobalID(), Visible: ptr(false)})
		w.must(err)
		shown, err := w.wallets.Of(as(w.alice), w.alice, nil)
		w.must(err)
		hidden, err := w.wallets.Of(as(w.alice), w.alice, ptr(true))
		w.must(err)
		strangers, err := w.wallets.Of(as(w.bob), w.alice, ptr(true))
		w.must(err)
		if len(shown) != 9 || len(hidden) != 10 || len(strangers) != 0 || *hidden[0].Label != "Holidays" {
			t.Errorf("%d shown, %d with hidden, %d to Bob", len(shown), len(hidden), len(strangers))
		}
		_, err = w.wallets.Update(as(w.bob), wallet.UpdateWalletInput{WalletID: all[0].GlobalID(), Visible: ptr(true)})
		refused(t, "Bob hides", err, "NOT_FOUND")
		_, err = w.wallets.Wallet(as(w.bob), all[0].GlobalID())
		refused(t, "Bob looks", err, "NOT_FOUND")
		for _, bad := range []string{"", "XXY", "eur", "EURO"} {
			_, err = w.wallets.Open(as(w.bob), wallet.OpenWalletInput{Currency: bad, IdempotencyKey: "k"})
			refused(t, "currency "+bad, err, "INVALID_VALUE") // security K8
		}
	})
}
