package main

import (
	"context"

	"github.com/google/uuid"

	"kabinet/ent/generated/paymentnotice"
	"kabinet/internal/order/after"
	"kabinet/internal/order/invoice"
	"kabinet/internal/store"
	"kabinet/internal/wallet"
)

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
