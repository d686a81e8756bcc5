package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/paymentnotice"
	"kabinet/ent/schema"
	"kabinet/internal/account"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/live"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/order/history"
	"kabinet/internal/order/invoice"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
	"kabinet/internal/wallet"
)

// wireOrders builds orders and what reads them. It needs points.
func (k *kabinet) wireOrders(streams *live.Streams) {
	k.orders = &order.Orders{
		Store: k.store, Streams: streams, Earn: k.earn, Unearn: k.points.UnearnForOrder, Return: k.points.ReturnForOrder,
		Known: k.known, Customers: k.customers, NoCancel: !k.cfg.OrderCancel,
	}
	k.wireHistory()
}

// wireAfter builds what follows a purchase.
func (k *kabinet) wireAfter(sealer *store.Sealer) {
	k.after = &after.Acts{
		Store: k.store, Orders: k.orders, Sealer: sealer, Country: k.cfg.Registration.Country, Zone: k.cfg.TimeZone,
		MayReturn: k.cards.MayReturn, Ask: k.askForClaim, Try: k.people.TryCode, Use: k.useForClaim, Credit: k.wallets.Credit,
	}
	k.wireInvoices()
}

// payer is the payment provider for orders.
func payer(p *payment.Provider, name string) *after.Payments {
	return &after.Payments{Name: name, Create: func(ctx context.Context, in after.Intent) (after.Created, error) {
		c, err := p.Create(ctx, payment.Request{
			Reference: in.Reference, Amount: in.Amount.Amount(), Currency: in.Amount.Currency, Description: in.Description,
			Locale: in.Locale, ReturnURL: in.ReturnURL, Token: in.Token, ExpiresAt: in.ExpiresAt,
		})
		return after.Created{Ref: c.ID, URL: c.URL}, err
	}, Refund: func(ctx context.Context, r after.Repayment) (string, error) {
		c, err := p.Refund(ctx, payment.RefundRequest{Reference: r.Reference, Payment: r.Payment, Amount: r.Amount.Amount(), Currency: r.Amount.Currency})
		if errors.Is(err, payment.ErrRefused) {
			err = fmt.Errorf("%w: %w", after.ErrNoRefund, err)
		}
		return c.ID, err
	}}
}

// claimed is what a code to claim an order carries.
type claimed struct {
	Order uuid.UUID `json:"order"`
}

// askForClaim sends a code to a guest, by e-mail where he gave an address. Of
// nobody the answer is the same, so it says neither how nor where it went.
func (k *kabinet) askForClaim(ctx context.Context, tx *store.Tx, to *schema.GuestContact, purpose, key string, order uuid.UUID) (*after.Asked, error) {
	me := viewer.From(ctx).UserID
	l := account.CodeLetter{Purpose: purpose, UserID: &me, Kind: contactpoint.KindEMAIL, Key: key, Template: account.LetterClaim, Hidden: true,
		Methods: []account.ChallengeKind{account.ChallengeKindEmailCode, account.ChallengeKindSmsCode}, Data: claimed{order}}
	switch {
	case to == nil:
	case to.Email != nil:
		l.To = *to.Email
	case to.Phone != nil:
		l.Kind, l.To = contactpoint.KindPHONE, *to.Phone
	}
	c, err := k.people.SendCode(ctx, tx, l)
	if err != nil {
		return nil, err
	}
	return &after.Asked{ID: c.ID, Kind: string(c.Kind), ExpiresAt: c.ExpiresAt}, nil
}

func (k *kabinet) useForClaim(ctx context.Context, tx *store.Tx, id uuid.UUID, purpose, code string) (uuid.UUID, error) {
	var about claimed
	c, _, err := k.people.UseCode(ctx, tx, id, purpose, code, &about)
	if err == nil && (c.UserID == nil || *c.UserID != viewer.From(ctx).UserID || about.Order == uuid.Nil) {
		err = after.ErrInvalidCode.At("input", "code") // nobody was told this code, or somebody else asked for it
	}
	return about.Order, err
}

// wireHistory makes the search over orders and what is shown of them; orders
// keep their words in their own transaction.
func (k *kabinet) wireHistory() {
	k.history = &history.History{Store: k.store, Orders: k.orders}
	k.orders.Index, k.orders.Find = k.history.Index, k.history.Find
}

// wireInvoices builds what is asked for on paper, and ties it to orders, to
// wallets and to the messages of the payment provider.
func (k *kabinet) wireInvoices() {
	k.invoices = &invoice.Bills{Store: k.store, Orders: k.orders, After: k.after, Known: k.known,
		Ours: func(series string) bool { return k.papers.Ours(series) }}
	k.orders.Papers = k.invoices.Follow
	k.after.CloseRefund = k.invoices.CloseRefund
	k.wallets.Invoice = k.invoiceBill
	k.wallets.Order = k.hearOrderPayment
}

// invoiceBill is what is open on an invoice of an owner.
func (k *kabinet) invoiceBill(ctx context.Context, tx *store.Tx, owner, id uuid.UUID) (wallet.Bill, error) {
	b, err := k.invoices.Bill(ctx, tx, owner, id)
	if err != nil {
		return wallet.Bill{}, err
	}
	return wallet.Bill{Currency: b.Currency, Open: b.Open, Order: b.OrderID, Pay: b.Pay, View: func(ctx context.Context) (any, error) { return b.View(ctx) }}, nil
}

// hearOrderPayment applies a message of the provider to the payment that it
// names: of an order, or of an invoice that is of none.
func (k *kabinet) hearOrderPayment(ctx context.Context, tx *store.Tx, n wallet.Notice) (paymentnotice.Outcome, *uuid.UUID, error) {
	said := after.Notice{Provider: n.Provider, Type: n.Type, Ref: n.Ref, Reference: n.Reference, Amount: n.Amount, Currency: n.Currency, Reason: n.Reason}
	outcome, id, err := k.after.HearPayment(ctx, tx, said)
	if err == nil && outcome == after.Unknown {
		outcome, id, err = k.invoices.HearPayment(ctx, tx, said)
	}
	return paymentnotice.Outcome(outcome), id, err
}
