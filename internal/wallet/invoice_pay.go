package wallet

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/invoicequote"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// PaidInvoice is what payInvoice gives.
type PaidInvoice struct {
	Done
	InvoiceID *uuid.UUID           // to be read again …
	Invoice   any                  // … but of a dry run, as Bill.View gave it
	Quote     *InvoicePaymentQuote // a new one, where the old one does not hold
}

// PayInvoice pays exactly what a quote said at the fee that it said, once, or
// nothing: with QUOTE_EXPIRED and QUOTE_CHANGED it gives a new quote. Faults:
// INVALID_ID, NOT_FOUND, INVOICE_ALREADY_PAID, ORDER_ALREADY_CANCELLED and
// ILLEGAL_TRANSITION of what cannot be paid and of a quote that was confirmed
// under another key, INSUFFICIENT_FUNDS, those of store.Tx.Once.
func (s *Wallets) PayInvoice(ctx context.Context, in PayInvoiceInput) (PaidInvoice, error) {
	if in.QuoteID.Prefix != "ivq" {
		return PaidInvoice{}, fault.ErrInvalidID.At("input", "quoteId")
	}
	var shown any
	done, invoice, err := s.once(ctx, "payInvoice", in.IdempotencyKey, in.DryRun, in.QuoteID, func(ctx context.Context, tx *store.Tx) (Done, uuid.UUID, error) {
		q, err := heldInvoiceQuote(ctx, tx, in.QuoteID.UUID)
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		done, view, err := s.payInvoice(ctx, tx, q, in)
		if err == nil && isDry(in.DryRun) {
			shown, err = view(ctx)
		}
		if f, ok := fault.As(err); ok && f.Code == ledger.ErrInsufficientFunds.Code {
			err = f.At("input", "quoteId")
		}
		return done, q.InvoiceID, err
	})
	if f, ok := fault.As(err); ok && (f.Code == ErrQuoteExpired.Code || f.Code == ErrQuoteChanged.Code) {
		quote, again := s.requoteInvoice(ctx, in.QuoteID.UUID, isDry(in.DryRun))
		if again != nil {
			return PaidInvoice{}, again
		}
		return PaidInvoice{Quote: quote}, err
	}
	if err != nil {
		return PaidInvoice{}, err
	}
	return PaidInvoice{Done: done, InvoiceID: &invoice, Invoice: shown}, nil
}

// payInvoice pays a held quote if it still costs what was quoted. The rows are
// held in this order: the quote, the invoice's order, the invoice, the owner's
// wallets of the currency, all of them, so that what is free is counted while
// nothing else of his can be paid.
func (s *Wallets) payInvoice(ctx context.Context, tx *store.Tx, q *ent.InvoiceQuote, in PayInvoiceInput) (Done, func(context.Context) (any, error), error) {
	a, err := tx.LedgerAccount.Query().Where(ledgeraccount.ID(q.AccountID)).Only(system(ctx))
	if err != nil {
		return Done{}, nil, err
	}
	bill, err := s.openInvoice(ctx, tx, a, q.InvoiceID, "quoteId")
	if err != nil {
		return Done{}, nil, err
	}
	ids, err := walletsOf(ctx, tx, q.OwnerID, q.Currency)
	if err != nil {
		return Done{}, nil, err
	}
	books, err := s.Books.LockAll(ctx, tx, viewer.From(ctx).Actor(), append(ids, q.AccountID)...)
	if err != nil {
		return Done{}, nil, err
	}
	p, err := s.priceOf(ctx, tx, OperationInvoicePayment, q.OwnerID, q.Currency, q.AmountMinor)
	if err != nil {
		return Done{}, nil, err
	}
	if bill.Open < q.AmountMinor || p.fee != q.FeeMinor || !sameID(p.ruleID(), q.FeeRuleID) {
		return Done{}, nil, ErrQuoteChanged.At("input", "quoteId").With("fee", p.fee)
	}
	b := books[q.AccountID]
	if err := noSuchMoney(b, q.AmountMinor, q.FeeMinor); err != nil {
		return Done{}, nil, err
	}
	paid, err := takeWithFee(ctx, b, q, bill.Order, cause(ctx, in.IdempotencyKey))
	if err != nil {
		return Done{}, nil, err
	}
	done, err := closed(ctx, tx, b, paid)
	if err != nil {
		return Done{}, nil, err
	}
	if err := bill.Pay(ctx, q.AmountMinor, paid.ID); err != nil {
		return Done{}, nil, err
	}
	return done, bill.View, tx.InvoiceQuote.UpdateOneID(q.ID).SetStatus(invoicequote.StatusCOMPLETED).SetEntryID(paid.ID).SetCompletedAt(tx.Now).Exec(system(ctx))
}

// takeWithFee takes what a quote says out of a wallet: the payment, and the fee
// as an entry of its own.
func takeWithFee(ctx context.Context, b *ledger.Book, q *ent.InvoiceQuote, order *uuid.UUID, cause string) (*ent.LedgerEntry, error) {
	paid, err := b.Take(ctx, ledger.Posting{Kind: ledgerentry.KindPAYMENT, Amount: q.AmountMinor, Contra: ledger.Spent, Order: order, Cause: cause})
	if err != nil || q.FeeMinor == 0 {
		return paid, err
	}
	_, err = b.Take(ctx, ledger.Posting{
		Kind: ledgerentry.KindFEE, Amount: q.FeeMinor, Contra: ledger.Fees, Parent: &paid.ID, Order: order, Cause: cause + ":fee",
		Explain: map[string]any{"feeRuleVersionId": q.FeeRuleID.String()},
	})
	return paid, err
}
