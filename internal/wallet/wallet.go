// Package wallet owns money that customers hold: wallets on the ledger in
// currencies, how money comes in (the payment provider, a desk, a gift card),
// moves to others and pays invoices against a quote and a fee, pays orders and
// is corrected by staff. It alone writes fee_rules, transfers, invoice_quotes, gift_cards, top_ups
// and payment_notices, and of ledger_accounts the columns label, number and visible
// of wallets; every amount is booked by internal/ledger. It reads users,
// companies and contact points and never writes them, talks to no provider
// itself, and never decides what an order is worth.
//
// All wallets of an owner in one currency share what is free of fees, so a
// transfer locks them all, by ascending id, and then counts what was sent: two
// at once cannot both be free. What is free of transfers and what is free of
// payments of invoices are counted apart: each has a rule of its own.
package wallet

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/paymentnotice"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Wallets is the service of this domain.
type Wallets struct {
	Store   *store.Store
	Streams *live.Streams
	Books   *ledger.Books
	// Payments is how money comes in through a provider; nil: not configured.
	Payments *Payments
	// Zone is the time zone of the business, in which months begin; nil: UTC.
	Zone *time.Location
	// ApproveAbove is the largest correction, in minor units of a currency, that
	// one member of staff makes alone; nil: 1,000 major units.
	ApproveAbove func(currency string) int64

	// The funcs are what other domains do in the same transaction; server.go
	// fills them in.

	// ByEmail finds the active person who has proven an e-mail address;
	// uuid.Nil: nobody.
	ByEmail func(ctx context.Context, tx *store.Tx, email string) (uuid.UUID, error)
	// Order applies a message of the provider to the payment of an order that its
	// reference names, and says which; nil: there are none.
	Order func(ctx context.Context, tx *store.Tx, n Notice) (outcome paymentnotice.Outcome, payment *uuid.UUID, err error)
	// Bill locks an order of an owner and says what is open on it.
	Bill func(ctx context.Context, tx *store.Tx, owner, order uuid.UUID) (Bill, error)
	// Invoice locks an invoice of an owner, and the order that it is of, and says
	// what is open on it. Fault: NOT_FOUND, ILLEGAL_TRANSITION of a void one.
	Invoice func(ctx context.Context, tx *store.Tx, owner, invoice uuid.UUID) (Bill, error)
}

// Bill is an order or an invoice about to be paid, its row held.
type Bill struct {
	Currency string
	Open     int64      // minor units that are not paid yet
	Order    *uuid.UUID // that is paid; nil of an invoice that is of none
	// Pay records that so many minor units came from a wallet by an entry.
	Pay func(ctx context.Context, minor int64, entry uuid.UUID) error
	// Show is the order as it is in the transaction, for a dry run.
	Show func(ctx context.Context) (*ent.Order, error)
	// View is the invoice as it is in the transaction, for a dry run.
	View func(ctx context.Context) (any, error)
}

// Payments is the payment provider as this domain needs it.
type Payments struct {
	// Name is kept with each top-up; references are unique to it.
	Name string
	// Create begins a payment. The same Reference gives the same payment again,
	// so an answer that was lost is asked for anew. An error is UNAVAILABLE.
	Create func(ctx context.Context, in Intent) (Created, error)
}

// Intent is a payment to begin.
type Intent struct {
	Reference   string // the top-up's id, topup_…
	Amount      scalar.Money
	ReturnURL   string // may be empty
	Description string // in the customer's language
	Locale      string
	ExpiresAt   time.Time
}

// Created is what a provider made of an Intent.
type Created struct {
	Ref string // the provider's id
	URL string // where the person pays
}

// What the rules of wallets say no with; too little money is
// ledger.ErrInsufficientFunds.
var (
	// ErrWrongCurrency: params.currency is the one that is right.
	ErrWrongCurrency = fault.New(fault.Refused, "WRONG_CURRENCY")
	// ErrTooManyItems: params.limit wallets are there already.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrSelfTransfer: money does not move from a wallet to itself.
	ErrSelfTransfer = fault.New(fault.Refused, "SELF_TRANSFER")
	// ErrRecipientUnavailable: nobody can be paid by what was said.
	ErrRecipientUnavailable = fault.New(fault.Refused, "RECIPIENT_UNAVAILABLE")
	// ErrQuoteExpired and ErrQuoteChanged: the payload holds a new quote.
	ErrQuoteExpired = fault.New(fault.Refused, "QUOTE_EXPIRED")
	ErrQuoteChanged = fault.New(fault.Refused, "QUOTE_CHANGED")
	// ErrTopUpNotConfigured: there is no payment provider.
	ErrTopUpNotConfigured = fault.New(fault.Refused, "TOP_UP_NOT_CONFIGURED")
	// ErrAlreadyTaken: the receipt was booked before; params.value.
	ErrAlreadyTaken = fault.New(fault.Refused, "ALREADY_TAKEN")
	// ErrGiftCardNotValid: unknown, not active yet, void, expired or redeemed:
	// the same answer.
	ErrGiftCardNotValid = fault.New(fault.Refused, "GIFT_CARD_NOT_VALID")
	// ErrIllegalTransition: params.fromState, params.toState.
	ErrIllegalTransition = fault.New(fault.Refused, "ILLEGAL_TRANSITION")
	// ErrOrderAlreadyPaid: nothing is open on the order.
	ErrOrderAlreadyPaid = fault.New(fault.Refused, "ORDER_ALREADY_PAID")
	// ErrInvoiceAlreadyPaid: nothing is open on the invoice.
	ErrInvoiceAlreadyPaid = fault.New(fault.Refused, "INVOICE_ALREADY_PAID")
	// ErrSelfApproval: nobody approves what he asked for.
	ErrSelfApproval = fault.New(fault.Refused, "SELF_APPROVAL")
)
