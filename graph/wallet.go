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

// paidOrder is the order that was paid, with what is selected of it.
func (r *Resolver) paidOrder(ctx context.Context, paid wallet.Paid) (*ent.Order, error) {
	if paid.Order != nil || paid.OrderID == nil {
		return paid.Order, nil
	}
	return r.Orders.Selected(ctx, *paid.OrderID)
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
