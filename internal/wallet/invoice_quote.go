package wallet

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/invoicequote"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// QuoteInvoice says what paying an invoice from a wallet costs, and keeps it
// for payInvoice. Faults: INVALID_ID, NOT_FOUND and WRONG_CURRENCY of invoice
// and wallet, INVOICE_ALREADY_PAID, ORDER_ALREADY_CANCELLED and
// ILLEGAL_TRANSITION of what cannot be paid, INVALID_VALUE and OUT_OF_RANGE of
// the amount; FORBIDDEN.
func (s *Wallets) QuoteInvoice(ctx context.Context, in QuoteInvoicePaymentInput) (*InvoicePaymentQuote, error) {
	if in.InvoiceID.Prefix != "bill" {
		return nil, fault.ErrInvalidID.At("input", "invoiceId")
	}
	var q *InvoicePaymentQuote
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		a, err := usable(ctx, tx.Client, in.WalletID, "input", "walletId")
		if err != nil {
			return err
		}
		bill, err := s.openInvoice(ctx, tx, a, in.InvoiceID.UUID, "invoiceId")
		if err != nil {
			return err
		}
		minor, err := part(in.Amount, bill)
		if err != nil {
			return err
		}
		q, err = s.saveInvoiceQuote(ctx, tx, a, in.InvoiceID.UUID, minor)
		return err
	})
	if err != nil {
		return nil, err
	}
	return q, nil
}

// openInvoice holds an invoice of a wallet's owner of which something is open;
// field is what of the input names it.
func (s *Wallets) openInvoice(ctx context.Context, tx *store.Tx, a *ent.LedgerAccount, id uuid.UUID, field string) (Bill, error) {
	bill, err := s.Invoice(ctx, tx, a.OwnerID, id)
	if f, ok := fault.As(err); ok {
		err = f.At("input", field)
	}
	switch {
	case err != nil:
		return Bill{}, err
	case bill.Currency != a.Unit:
		return Bill{}, ErrWrongCurrency.At("input", "walletId").With("currency", bill.Currency)
	case bill.Open <= 0:
		return Bill{}, ErrInvoiceAlreadyPaid.At("input", field)
	}
	return bill, nil
}

// part is how much of a bill is to be paid: all that is open when nothing is
// said. Faults: WRONG_CURRENCY, INVALID_VALUE, OUT_OF_RANGE.
func part(in *scalar.MoneyInput, b Bill) (int64, error) {
	if in == nil {
		return b.Open, nil
	}
	minor, err := positive(*in, b.Currency, "input", "amount")
	if err == nil && minor > b.Open {
		err = fault.ErrOutOfRange.At("input", "amount").With("max", scalar.Money{Minor: b.Open, Currency: b.Currency}.Amount())
	}
	return minor, err
}

// saveInvoiceQuote works a quote out and keeps it.
func (s *Wallets) saveInvoiceQuote(ctx context.Context, tx *store.Tx, a *ent.LedgerAccount, invoice uuid.UUID, minor int64) (*InvoicePaymentQuote, error) {
	p, err := s.priceOf(ctx, tx, OperationInvoicePayment, a.OwnerID, a.Unit, minor)
	if err != nil {
		return nil, err
	}
	q, err := tx.InvoiceQuote.Create().SetOwnerID(a.OwnerID).SetNillableUserID(viewer.From(ctx).Actor()).SetAccountID(a.ID).SetInvoiceID(invoice).
		SetCurrency(a.Unit).SetAmountMinor(minor).SetFeeMinor(p.fee).SetNillableFreeLeft(p.freeLeft).SetNillableFeeRuleID(p.ruleID()).
		SetExpiresAt(tx.Now.Add(QuoteLife)).Save(system(ctx))
	if err != nil {
		return nil, err
	}
	return viewInvoiceQuote(q, p.explain(ctx)), nil
}

func viewInvoiceQuote(q *ent.InvoiceQuote, explanation string) *InvoicePaymentQuote {
	money := func(minor int64) scalar.Money { return scalar.Money{Minor: minor, Currency: q.Currency} }
	v := &InvoicePaymentQuote{
		ID: q.GlobalID(), InvoiceID: scalar.ID{Prefix: "bill", UUID: q.InvoiceID}, WalletID: scalar.ID{Prefix: "acc", UUID: q.AccountID},
		Amount: money(q.AmountMinor), Fee: money(q.FeeMinor), Total: money(q.AmountMinor + q.FeeMinor), ExpiresAt: q.ExpiresAt, Explanation: explanation,
	}
	if q.FreeLeft != nil {
		left := money(*q.FreeLeft)
		v.FreeLeft = &left
	}
	return v
}

// heldInvoiceQuote holds a quote that the caller may confirm.
func heldInvoiceQuote(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.InvoiceQuote, error) {
	q, err := tx.InvoiceQuote.Query().Where(invoicequote.ID(id), tx.Locking()).Only(system(ctx))
	switch {
	case ent.IsNotFound(err), err == nil && !mayUse(ctx, q.OwnerID):
		return nil, fault.ErrNotFound.At("input", "quoteId")
	case err != nil:
		return nil, err
	case q.Status != invoicequote.StatusQUOTED:
		return nil, ErrIllegalTransition.At("input", "quoteId").With("fromState", string(q.Status)).With("toState", string(invoicequote.StatusCOMPLETED)).With("allowed", []string{})
	case !tx.Now.Before(q.ExpiresAt):
		return nil, ErrQuoteExpired.At("input", "quoteId")
	}
	return q, nil
}

// requoteInvoice is a quote of the same payment as things stand now, of less
// where less is open; a dry one is not kept.
func (s *Wallets) requoteInvoice(ctx context.Context, id uuid.UUID, dry bool) (v *InvoicePaymentQuote, err error) {
	err = s.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) error {
		q, err := tx.InvoiceQuote.Query().Where(invoicequote.ID(id)).Only(system(ctx))
		if err != nil {
			return err
		}
		a, err := tx.LedgerAccount.Query().Where(ledgeraccount.ID(q.AccountID)).Only(system(ctx))
		if err != nil {
			return err
		}
		bill, err := s.openInvoice(ctx, tx, a, q.InvoiceID, "quoteId")
		if err != nil {
			return err
		}
		v, err = s.saveInvoiceQuote(ctx, tx, a, q.InvoiceID, min(q.AmountMinor, bill.Open))
		return err
	})
	return v, err
}
