package wallet

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/giftcard"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// guesses bounds how often one person, or one address, names a card that
// cannot be redeemed.
var (
	personGuesses  = store.Limit{Name: "wallet.gift.person", Free: 10, Forget: time.Hour, Window: true}
	addressGuesses = store.Limit{Name: "wallet.gift.address", Free: 100, Forget: time.Hour, Window: true}
)

func guesses(ctx context.Context) []store.Use {
	v := viewer.From(ctx)
	uses := []store.Use{{Limit: personGuesses, Of: v.UserID.String()}}
	if v.IP != "" {
		uses = append(uses, store.Use{Limit: addressGuesses, Of: v.IP})
	}
	return uses
}

// mayGuess refuses who has guessed too often.
func (s *Wallets) mayGuess(ctx context.Context) error {
	wait, err := s.Store.Blocked(ctx, guesses(ctx)...)
	if err == nil && wait > 0 {
		err = fault.ErrRateLimited.After(wait)
	}
	return err
}

// guessed counts a code that was not one.
func (s *Wallets) guessed(ctx context.Context) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Strike(ctx, guesses(ctx)...) })
}

// Card is a gift card that can be redeemed, by its code; or the caller's own,
// whatever became of it. Everything else is NOT_FOUND and counts as a guess.
// Faults: NOT_FOUND, RATE_LIMITED.
func (s *Wallets) Card(ctx context.Context, code string) (*ent.GiftCard, error) {
	if err := s.mayGuess(ctx); err != nil {
		return nil, err
	}
	g, err := s.Store.Client.GiftCard.Query().Where(giftcard.CodeKey(codeKey(code))).Only(system(ctx))
	if err != nil && !ent.IsNotFound(err) {
		return nil, store.Translate(err)
	}
	if err == nil && (isGood(g, s.Store.Now()) || g.OwnerID == viewer.From(ctx).UserID) {
		return g, nil
	}
	if err := s.guessed(ctx); err != nil {
		return nil, err
	}
	return nil, fault.ErrNotFound.At("code")
}

// isGood says whether a card can be redeemed.
func isGood(g *ent.GiftCard, now time.Time) bool {
	return g.Status == giftcard.StatusACTIVE && (g.ExpiresAt == nil || now.Before(*g.ExpiresAt))
}

// Redeemed is what redeemGiftCard gives.
type Redeemed struct {
	Done
	Card *ent.GiftCard
}

// RedeemCard moves what a card is worth into a wallet, once. Faults:
// INVALID_ID, NOT_FOUND and WRONG_CURRENCY of the wallet, GIFT_CARD_NOT_VALID,
// those of store.Tx.Once; RATE_LIMITED, FORBIDDEN.
func (s *Wallets) RedeemCard(ctx context.Context, in RedeemGiftCardInput) (Redeemed, error) {
	if err := s.mayGuess(ctx); err != nil {
		return Redeemed{}, err
	}
	input := struct {
		Code   string
		Wallet uuid.UUID
	}{codeKey(in.Code), in.WalletID.UUID}
	var g *ent.GiftCard
	done, id, err := s.once(ctx, "redeemGiftCard", in.IdempotencyKey, in.DryRun, input, func(ctx context.Context, tx *store.Tx) (done Done, _ uuid.UUID, err error) {
		done, g, err = s.redeem(ctx, tx, in)
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		return done, g.ID, nil
	})
	if f, ok := fault.As(err); ok && f.Code == ErrGiftCardNotValid.Code {
		if counted := s.guessed(ctx); counted != nil {
			return Redeemed{}, counted
		}
	}
	if err != nil {
		return Redeemed{}, err
	}
	if *done.Replayed {
		if g, err = s.Store.Client.GiftCard.Query().Where(giftcard.ID(id)).Only(system(ctx)); err != nil {
			return Redeemed{}, store.Translate(err)
		}
	}
	return Redeemed{done, g}, nil
}

func (s *Wallets) redeem(ctx context.Context, tx *store.Tx, in RedeemGiftCardInput) (Done, *ent.GiftCard, error) {
	a, err := usable(ctx, tx.Client, in.WalletID, "input", "walletId")
	if err != nil {
		return Done{}, nil, err
	}
	g, err := tx.GiftCard.Query().Where(giftcard.CodeKey(codeKey(in.Code)), tx.Locking()).Only(system(ctx))
	switch {
	case ent.IsNotFound(err), err == nil && !isGood(g, tx.Now):
		return Done{}, nil, ErrGiftCardNotValid.At("input", "code")
	case err != nil:
		return Done{}, nil, err
	case g.Currency != a.Unit:
		return Done{}, nil, ErrWrongCurrency.At("input", "walletId").With("currency", g.Currency)
	}
	b, e, err := s.give(ctx, tx, a, g.RemainingMinor, ledger.Posting{Kind: ledgerentry.KindGIFT_CARD, Contra: ledger.Gift, Cause: "gift:" + g.ID.String()})
	if err != nil {
		return Done{}, nil, err
	}
	g, err = tx.GiftCard.UpdateOneID(g.ID).SetOwnerID(a.OwnerID).SetStatus(giftcard.StatusREDEEMED).SetRemainingMinor(0).
		SetAccountID(a.ID).SetEntryID(e.ID).SetRedeemedAt(tx.Now).Save(system(ctx))
	if err != nil {
		return Done{}, nil, err
	}
	done, err := closed(ctx, tx, b, e)
	return done, g, err
}
