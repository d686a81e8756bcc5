package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/paymentnotice"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/profile"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
	"kabinet/internal/wallet"
)

// The wallet's ties: to orders, to people, and to the payment provider.

// wireWallets fills in what wallets and orders do in each other's transactions.
func (k *kabinet) wireWallets() {
	k.wallets.Zone, k.wallets.ByEmail, k.wallets.Bill = k.cfg.TimeZone, k.byEmail, k.bill
	k.orders.Repay = k.wallets.Repay
}

// bill is what is open on an order of an owner.
func (k *kabinet) bill(ctx context.Context, tx *store.Tx, owner, id uuid.UUID) (wallet.Bill, error) {
	o, open, err := k.orders.Payable(ctx, tx, owner, id)
	if err != nil {
		return wallet.Bill{}, err
	}
	return wallet.Bill{Currency: o.Currency, Open: open, Pay: func(ctx context.Context, minor int64, entry uuid.UUID) error {
		return k.orders.PayFromWallet(ctx, tx, o, minor, entry)
	}, Show: func(ctx context.Context) (*ent.Order, error) { return order.Shown(ctx, tx, id) }}, nil
}

// The paths beside /graphql that payments need.
const (
	paymentWebhook = "/webhooks/payments"
	pretendPages   = "/demo/payments/"
)

// payments ties the provider to the wallets and gives the routes it needs: the
// configured one, or in a demonstration one that only pretends.
func (k *kabinet) payments() (routes map[string]http.Handler, err error) {
	o := payment.Options{Secrets: k.cfg.Payment.Secrets, Now: k.store.Now}
	name := "http"
	switch {
	case k.cfg.Payment.URL != nil:
		o.URL = k.cfg.Payment.URL.String()
	case k.cfg.Demo:
		base, err := url.JoinPath(k.cfg.PublicURL.String(), pretendPages)
		if err != nil {
			return nil, err
		}
		pretend := payment.NewPretend(strings.TrimSuffix(base, "/"), k.store.Now)
		o.URL, o.Secrets, o.Client, name = pretend.Base, [][]byte{pretend.Secret}, pretend.Client(), "pretend"
		routes = map[string]http.Handler{pretendPages: pretend}
		defer func() { pretend.Tell = routes["POST "+paymentWebhook] }()
	default:
		return nil, nil
	}
	p, err := payment.New(o)
	if err != nil {
		return nil, err
	}
	k.wallets.Payments = &wallet.Payments{Name: name, Create: func(ctx context.Context, in wallet.Intent) (wallet.Created, error) {
		c, err := p.Create(ctx, payment.Request{
			Reference: in.Reference, Amount: in.Amount.Amount(), Currency: in.Amount.Currency, Description: in.Description,
			Locale: in.Locale, ReturnURL: in.ReturnURL, ExpiresAt: in.ExpiresAt,
		})
		return wallet.Created{Ref: c.ID, URL: c.URL}, err
	}}
	k.cards.Provider = saver(p, name)
	k.after.Payments = payer(p, name)
	if routes == nil {
		routes = map[string]http.Handler{}
	}
	routes["POST "+paymentWebhook] = k.hearPayments(p, name)
	return routes, nil
}

// hearPayments takes the messages of a provider: 2xx says that one is kept and
// need not be sent again, and so does 422, that it books nothing.
func (k *kabinet) hearPayments(p *payment.Provider, name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, payment.MaxMessage))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		m, err := p.Open(r.Header, body)
		switch {
		case errors.Is(err, payment.ErrMalformed):
			w.WriteHeader(http.StatusBadRequest)
			return
		case err != nil: // unsigned, too old or of the future
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mismatch, err := k.hearPayment(viewer.With(r.Context(), viewer.Viewer{Locale: k.cfg.Locale}), name, m)
		switch {
		case fault.KindOf(err) == fault.Unavailable:
			w.WriteHeader(http.StatusServiceUnavailable)
		case err != nil:
			k.log.Error("message of the payment provider", "webhookId", m.ID, "error", err.Error())
			w.WriteHeader(http.StatusInternalServerError)
		case mismatch:
			k.log.Warn("payment or method does not agree with what was asked for", "webhookId", m.ID, "reference", m.Data.Reference)
			w.WriteHeader(http.StatusUnprocessableEntity)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
}

// hearPayment hands a message to whom it is for, and says whether it agrees
// with what was asked for.
func (k *kabinet) hearPayment(ctx context.Context, name string, m payment.Message) (mismatch bool, err error) {
	if profile.Hears(m.Type) {
		outcome, err := k.cards.Hear(ctx, savedOf(name, m.Type, m.SentAt, m.Data))
		return outcome == profile.Mismatch, err
	}
	outcome, err := k.wallets.Hear(ctx, wallet.Notice{
		Provider: name, ID: m.ID, SentAt: m.SentAt, Type: m.Type, Ref: m.Data.ID, Reference: m.Data.Reference,
		Amount: m.Data.Amount, Currency: m.Data.Currency, Reason: m.Data.Reason, Body: m.Body,
	})
	return outcome == paymentnotice.OutcomeMISMATCH, err
}
