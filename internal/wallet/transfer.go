package wallet

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/transfer"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Confirmed is what confirmTransfer gives.
type Confirmed struct {
	Done
	Transfer *WalletTransfer
	Quote    *TransferQuote // a new one, where the old one does not hold
}

// Confirm does exactly what a quote said, once, or nothing: with QUOTE_EXPIRED
// and QUOTE_CHANGED it gives a new quote. Faults: INVALID_ID, NOT_FOUND,
// INSUFFICIENT_FUNDS, ILLEGAL_TRANSITION of a quote that was confirmed under
// another key, RECIPIENT_UNAVAILABLE, those of store.Tx.Once.
func (s *Wallets) Confirm(ctx context.Context, in ConfirmTransferInput) (Confirmed, error) {
	if in.QuoteID.Prefix != "trf" {
		return Confirmed{}, fault.ErrInvalidID.At("input", "quoteId")
	}
	var c Confirmed
	done, object, err := s.once(ctx, "confirmTransfer", in.IdempotencyKey, in.DryRun, in.QuoteID, func(ctx context.Context, tx *store.Tx) (Done, uuid.UUID, error) {
		t, err := heldQuote(ctx, tx, in.QuoteID)
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		if !tx.Now.Before(t.ExpiresAt) {
			return Done{}, uuid.Nil, ErrQuoteExpired.At("input", "quoteId")
		}
		done, t, err := s.carryOut(ctx, tx, t)
		if f, ok := fault.As(err); ok && f.Code == ledger.ErrInsufficientFunds.Code {
			err = f.At("input", "quoteId")
		}
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		c.Transfer, err = s.viewTransfer(ctx, tx, t)
		return done, t.ID, err
	})
	if f, ok := fault.As(err); ok && (f.Code == ErrQuoteExpired.Code || f.Code == ErrQuoteChanged.Code) {
		quote, again := s.requote(ctx, in.QuoteID.UUID, isDry(in.DryRun))
		if again != nil {
			return Confirmed{}, again
		}
		return Confirmed{Quote: quote}, err
	}
	if err != nil {
		return Confirmed{}, err
	}
	if *done.Replayed {
		err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			t, err := tx.Transfer.Query().Where(transfer.ID(object)).Only(system(ctx))
			if err != nil {
				return err
			}
			c.Transfer, err = s.viewTransfer(ctx, tx, t)
			return err
		})
	}
	c.Done = done
	return c, err
}

// heldQuote holds a quote that the caller may confirm.
func heldQuote(ctx context.Context, tx *store.Tx, id scalar.ID) (*ent.Transfer, error) {
	t, err := tx.Transfer.Query().Where(transfer.ID(id.UUID), tx.Locking()).Only(system(ctx))
	switch {
	case ent.IsNotFound(err), err == nil && !mayUse(ctx, t.OwnerID):
		return nil, fault.ErrNotFound.At("input", "quoteId")
	case err != nil:
		return nil, err
	case t.Status != transfer.StatusQUOTED:
		return nil, ErrIllegalTransition.At("input", "quoteId").With("fromState", string(t.Status)).With("toState", string(transfer.StatusCOMPLETED))
	}
	return t, nil
}

// carryOut moves the money of a held quote if it still costs what was quoted.
// The owner's wallets of the currency are all locked, so what he has sent is
// counted while nothing else of his can be sent.
func (s *Wallets) carryOut(ctx context.Context, tx *store.Tx, t *ent.Transfer) (Done, *ent.Transfer, error) {
	if _, ok, err := nameOf(ctx, tx, t.ToOwnerID); err != nil || !ok {
		return Done{}, nil, firstOf(err, ErrRecipientUnavailable.At("input", "quoteId"))
	}
	if t.ToAccountID == nil {
		a, err := s.receiving(ctx, tx, t.ToOwnerID, t.Currency)
		if err != nil {
			return Done{}, nil, err
		}
		t.ToAccountID = &a.ID
	}
	books, err := s.lockFor(ctx, tx, t)
	if err != nil {
		return Done{}, nil, err
	}
	now := *t
	if _, err := s.price(ctx, tx, &now); err != nil {
		return Done{}, nil, err
	}
	if now.FeeMinor != t.FeeMinor || !sameID(now.FeeRuleID, t.FeeRuleID) {
		return Done{}, nil, ErrQuoteChanged.At("input", "quoteId").With("fee", now.FeeMinor)
	}
	from, to := books[t.FromAccountID], books[*t.ToAccountID]
	if err := noSuchMoney(from, t.AmountMinor, t.FeeMinor); err != nil {
		return Done{}, nil, err
	}
	note := ledger.MoveNote{Transfer: t.ID, Cause: "transfer:" + t.ID.String()}
	if t.FeeRuleID != nil && t.FeeMinor > 0 {
		note.Explain = map[string]any{"feeRuleVersionId": t.FeeRuleID.String()}
	}
	out, _, _, err := ledger.Move(ctx, tx, from, to, t.AmountMinor, t.FeeMinor, note)
	if err != nil {
		return Done{}, nil, err
	}
	if err := to.Close(ctx); err != nil {
		return Done{}, nil, err
	}
	done, err := closed(ctx, tx, from, out)
	if err != nil {
		return Done{}, nil, err
	}
	done.Entry.peers = &peers{s: s, entries: []*ent.LedgerEntry{out}}
	t, err = tx.Transfer.UpdateOneID(t.ID).SetStatus(transfer.StatusCOMPLETED).SetToAccountID(*t.ToAccountID).SetCompletedAt(tx.Now).Save(system(ctx))
	return done, t, err
}

// lockFor locks what a transfer changes and what its fee depends on.
func (s *Wallets) lockFor(ctx context.Context, tx *store.Tx, t *ent.Transfer) (map[uuid.UUID]*ledger.Book, error) {
	ids := []uuid.UUID{t.FromAccountID, *t.ToAccountID}
	if !t.Own {
		all, err := walletsOf(ctx, tx, t.OwnerID, t.Currency)
		if err != nil {
			return nil, err
		}
		ids = append(ids, all...)
	}
	return s.Books.LockAll(ctx, tx, viewer.From(ctx).Actor(), ids...)
}

// walletsOf are an owner's wallets of a currency, which share what is free.
func walletsOf(ctx context.Context, tx *store.Tx, owner uuid.UUID, currency string) ([]uuid.UUID, error) {
	return tx.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner), ledgeraccount.Unit(currency), ledgeraccount.KindEQ(ledgeraccount.KindWALLET)).IDs(system(ctx))
}

// requote is a quote of the same transfer as things stand now; a dry one is not
// kept.
func (s *Wallets) requote(ctx context.Context, id uuid.UUID, dry bool) (q *TransferQuote, err error) {
	err = s.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) error {
		t, err := tx.Transfer.Query().Where(transfer.ID(id)).Only(system(ctx))
		if err != nil {
			return err
		}
		from, err := tx.LedgerAccount.Query().Where(ledgeraccount.ID(t.FromAccountID)).Only(system(ctx))
		if err != nil {
			return err
		}
		to := recipient{owner: t.ToOwnerID}
		if t.ToAccountID != nil {
			if to.account, err = tx.LedgerAccount.Query().Where(ledgeraccount.ID(*t.ToAccountID)).Only(system(ctx)); err != nil {
				return err
			}
		}
		q, err = s.saveQuote(ctx, tx, from, to, t.AmountMinor)
		return err
	})
	return q, err
}

func (s *Wallets) viewTransfer(ctx context.Context, tx *store.Tx, t *ent.Transfer) (*WalletTransfer, error) {
	name, err := s.recipientName(ctx, tx, t)
	if err != nil {
		return nil, err
	}
	return &WalletTransfer{
		ID: t.GlobalID(), Amount: t.Amount(), Fee: t.Fee(), Total: moneyOf(t, t.AmountMinor+t.FeeMinor), RecipientName: name, CompletedAt: *t.CompletedAt,
	}, nil
}

func sameID(a, b *uuid.UUID) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// Moved is what moveBetweenWallets gives.
type Moved struct {
	Done
	To *WalletAccount
}

// Move moves money between two wallets of one owner, at once and free of
// charge. Faults: INVALID_ID, NOT_FOUND, SELF_TRANSFER, WRONG_CURRENCY,
// INVALID_VALUE and OUT_OF_RANGE of the amount, INSUFFICIENT_FUNDS, those of
// store.Tx.Once; FORBIDDEN.
func (s *Wallets) Move(ctx context.Context, in MoveBetweenWalletsInput) (Moved, error) {
	var m Moved
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	done, _, err := s.once(ctx, "moveBetweenWallets", in.IdempotencyKey, in.DryRun, input, func(ctx context.Context, tx *store.Tx) (Done, uuid.UUID, error) {
		from, err := usable(ctx, tx.Client, in.FromWalletID, "input", "fromWalletId")
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		minor, err := positive(in.Amount, from.Unit, "input", "amount")
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		to, err := ownWallet(ctx, tx, from, in.ToWalletID)
		if f, ok := fault.As(err); ok {
			err = f.At("input", "toWalletId")
		}
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		t, err := tx.Transfer.Create().SetOwnerID(from.OwnerID).SetNillableUserID(viewer.From(ctx).Actor()).SetFromAccountID(from.ID).
			SetToOwnerID(from.OwnerID).SetToAccountID(to.account.ID).SetOwn(true).SetCurrency(from.Unit).SetAmountMinor(minor).SetExpiresAt(tx.Now).Save(system(ctx))
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		done, t, err := s.carryOut(ctx, tx, t)
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		a, err := tx.LedgerAccount.Query().Where(ledgeraccount.ID(to.account.ID)).Only(system(ctx))
		m.To = ViewAccount(a)
		return done, t.ID, err
	})
	if err != nil {
		return Moved{}, err
	}
	m.Done = done
	if *done.Replayed {
		m.To, err = s.Wallet(ctx, in.ToWalletID)
	}
	return m, err
}
