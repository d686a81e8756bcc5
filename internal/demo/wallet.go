package demo

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
	"kabinet/internal/wallet"
)

// wallet gives the customer a wallet in roubles under the rule of fees that the
// README tells of and one in pounds with money in it, some of which went to the
// partner, and a gift card.
func (d *load) wallet(ctx context.Context) error {
	staff, customer := d.withWallets(AsStaff(ctx, d.staff)), as(ctx, d.customer, d.customer)
	rules, err := d.Wallets.FeeRules(ctx, nil)
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		_, err := d.Wallets.SaveFeeRule(staff, wallet.SaveFeeRuleInput{
			Operation: wallet.OperationTransfer, Free: scalar.MoneyInput{Amount: "50000", Currency: "RUB"}, Period: wallet.CalendarMonth,
			BasisPoints: 100, Cap: &scalar.MoneyInput{Amount: "1000", Currency: "RUB"}})
		if err != nil {
			return err
		}
	}
	for _, w := range []struct{ currency, label, amount string }{{"RUB", "Travel", "120000"}, {"GBP", "Every day", "150"}} {
		label := w.label
		opened, err := d.Wallets.Open(customer, wallet.OpenWalletInput{Currency: w.currency, Label: &label, IdempotencyKey: "demo-wallet-" + w.currency})
		if err != nil {
			return err
		}
		id := opened.Wallet.GlobalID()
		_, err = d.Wallets.ReceiveCash(staff, wallet.ReceiveCashInput{WalletID: &id, Amount: scalar.MoneyInput{Amount: w.amount, Currency: w.currency},
			ReceiptNumber: "DEMO-" + w.currency, IdempotencyKey: "demo-cash-" + w.currency})
		if err != nil {
			return err
		}
		if w.currency == "GBP" {
			if err := d.send(customer, opened.Wallet, d.partner); err != nil {
				return err
			}
		}
	}
	to := scalar.ID{Prefix: "usr", UUID: d.customer}
	_, err = d.Wallets.Issue(staff, wallet.IssueGiftCardsInput{Count: 1, Amount: scalar.MoneyInput{Amount: "25", Currency: "GBP"}, RecipientID: &to, IdempotencyKey: "demo-gift-card"})
	return err
}

// send sends something once: not again where the load was cut off after it.
func (d *load) send(ctx context.Context, from *wallet.WalletAccount, to uuid.UUID) error {
	kinds := &wallet.WalletEntryFilter{Kinds: []wallet.WalletEntryKind{wallet.KindTransfer}}
	sent, err := d.Wallets.Entries(ctx, from, kinds, wallet.Page{})
	if err != nil || len(sent.Edges) > 0 {
		return err
	}
	quote, err := d.Wallets.Quote(ctx, wallet.QuoteTransferInput{FromWalletID: from.GlobalID(),
		To: wallet.TransferRecipientInput{UserID: &scalar.ID{Prefix: "usr", UUID: to}}, Amount: scalar.MoneyInput{Amount: "20", Currency: "GBP"}})
	if err != nil {
		return err
	}
	_, err = d.Wallets.Confirm(ctx, wallet.ConfirmTransferInput{QuoteID: quote.ID, IdempotencyKey: "demo-transfer"})
	return err
}

func (d *load) withWallets(ctx context.Context) context.Context {
	v := viewer.From(ctx)
	for _, operation := range []string{"read", "write"} {
		v.Grants[viewer.Permission{Resource: "wallet", Operation: operation}] = viewer.ReachAll
	}
	return viewer.With(ctx, v)
}
