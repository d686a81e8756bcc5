package wallet

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Paid is what payOrderFromWallet gives.
type Paid struct {
	Done
	OrderID *uuid.UUID // to be read again …
	Order   *ent.Order // … but of a dry run
}

// PayOrder pays an order of the wallet's owner, or a part of it, in one
// transaction with the order's payment. Faults: INVALID_ID, NOT_FOUND,
// WRONG_CURRENCY, ORDER_ALREADY_PAID, ORDER_ALREADY_CANCELLED, OUT_OF_RANGE of
// more than is open, INVALID_VALUE, INSUFFICIENT_FUNDS, those of store.Tx.Once;
// FORBIDDEN.
func (s *Wallets) PayOrder(ctx context.Context, in PayOrderFromWalletInput) (Paid, error) {
	if in.OrderID.Prefix != "order" {
		return Paid{}, fault.ErrInvalidID.At("input", "orderId")
	}
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	var shown *ent.Order
	done, order, err := s.once(ctx, "payOrderFromWallet", in.IdempotencyKey, in.DryRun, input, func(ctx context.Context, tx *store.Tx) (Done, uuid.UUID, error) {
		a, err := usable(ctx, tx.Client, in.WalletID, "input", "walletId")
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		done, show, err := s.payOrder(ctx, tx, a, in)
		if err == nil && isDry(in.DryRun) {
			shown, err = show(ctx)
		}
		return done, in.OrderID.UUID, err
	})
	if err != nil {
		return Paid{}, err
	}
	return Paid{done, &order, shown}, nil
}

func (s *Wallets) payOrder(ctx context.Context, tx *store.Tx, a *ent.LedgerAccount, in PayOrderFromWalletInput) (Done, func(context.Context) (*ent.Order, error), error) {
	bill, err := s.Bill(ctx, tx, a.OwnerID, in.OrderID.UUID)
	if err != nil {
		return Done{}, nil, err
	}
	switch {
	case bill.Currency != a.Unit:
		return Done{}, nil, ErrWrongCurrency.At("input", "walletId").With("currency", bill.Currency)
	case bill.Open <= 0:
		return Done{}, nil, ErrOrderAlreadyPaid.At("input", "orderId")
	}
	minor := bill.Open
	if in.Amount != nil {
		if minor, err = positive(*in.Amount, bill.Currency, "input", "amount"); err != nil {
			return Done{}, nil, err
		}
		if minor > bill.Open {
			return Done{}, nil, fault.ErrOutOfRange.At("input", "amount").With("max", scalar.Money{Minor: bill.Open, Currency: bill.Currency}.Amount())
		}
	}
	b, err := s.Books.Lock(ctx, tx, a.ID, viewer.From(ctx).Actor())
	if err != nil {
		return Done{}, nil, err
	}
	e, err := b.Take(ctx, ledger.Posting{Kind: ledgerentry.KindPAYMENT, Amount: minor, Contra: ledger.Spent, Order: &in.OrderID.UUID, Cause: cause(ctx, in.IdempotencyKey)})
	if err != nil {
		return Done{}, nil, err
	}
	done, err := closed(ctx, tx, b, e)
	if err != nil {
		return Done{}, nil, err
	}
	return done, bill.Show, bill.Pay(ctx, minor, e.ID)
}

// Repay gives back so many minor units of what an entry paid, into the wallet
// that paid it, in the transaction of whoever owes it: what is the refund's own
// id. It is the seam for cancels and returns. Faults: NOT_FOUND,
// INSUFFICIENT_FUNDS where less of the payment is left.
func (s *Wallets) Repay(ctx context.Context, tx *store.Tx, payment uuid.UUID, minor int64, what uuid.UUID) error {
	var account uuid.UUID
	err := tx.QueryRow(ctx, `SELECT account_id FROM ledger_entries WHERE id = ? AND kind = 'PAYMENT'`, payment).Scan(&account)
	if err != nil {
		return err
	}
	b, err := s.Books.Lock(ctx, tx, account, viewer.From(ctx).Actor())
	if err != nil {
		return err
	}
	if _, err := b.Refund(ctx, payment, minor, ledger.Posting{Cause: "refund:" + what.String()}); err != nil {
		return err
	}
	return b.Close(ctx)
}

// Credit pays a refund into the owner's wallet of a currency, which is made at
// first need, and gives the entry; refund is the refund's own id. Fault:
// NOT_FOUND of an owner who can have no wallet.
func (s *Wallets) Credit(ctx context.Context, tx *store.Tx, owner uuid.UUID, currency string, minor int64, refund uuid.UUID) (uuid.UUID, error) {
	if owner == viewer.House {
		return uuid.Nil, fault.ErrNotFound
	}
	a, err := s.receiving(ctx, tx, owner, currency)
	if err != nil {
		return uuid.Nil, err
	}
	b, e, err := s.give(ctx, tx, a, minor, ledger.Posting{Kind: ledgerentry.KindTOPUP, Contra: ledger.TopUp, Cause: "refund:" + refund.String()})
	if err != nil {
		return uuid.Nil, err
	}
	return e.ID, b.Close(ctx)
}
