package graph

import (
	"context"

	ent "kabinet/ent/generated"
	gql "kabinet/graph/generated"
	"kabinet/internal/wallet"
)

// issuedCards are gift cards with their codes; none where they were shown before.
func issuedCards(issued wallet.Issued) []*gql.IssuedGiftCard {
	if issued.Cards == nil {
		return nil
	}
	cards := make([]*gql.IssuedGiftCard, len(issued.Cards))
	for i, c := range issued.Cards {
		cards[i] = &gql.IssuedGiftCard{Code: c.Code, GiftCard: c.Card}
	}
	return cards
}

// showWallet shows a wallet or one of its entries to who may see it: the fence
// lets accounts of money through with those of points.
func (r *Resolver) showWallet(ctx context.Context, n ent.Noder) (ent.Noder, error) {
	switch n := n.(type) {
	case *wallet.WalletAccount:
		if a, err := found(r.Wallets.Shown(ctx, n.LedgerAccount)); a != nil || err != nil {
			return a, err
		}
	case *wallet.WalletEntry:
		if e, err := found(r.Wallets.ShownEntry(ctx, n.ID)); e != nil || err != nil {
			return e, err
		}
	}
	return nil, nil
}
