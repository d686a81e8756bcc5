package graph

import (
	"context"

	"kabinet/internal/account/desk"
	"kabinet/internal/promotion"
	"kabinet/internal/support/card"
)

// What a customer card shows of domains that have a verb for it already, to
// whom their permission is given; nil else.

// shownOnCard is how much of a list stands on a card, and of what was done.
const shownOnCard, doneOnCard = 20, 10

func (r *Resolver) clubsOfCard(ctx context.Context, c *card.CustomerCard) ([]*promotion.ClubMember, error) {
	if !c.May(ctx, "marketing") {
		return nil, nil
	}
	first := shownOnCard
	page, err := r.Promotions.ClubsOf(ctx, c.Key(), nil, &first, nil, nil)
	if err != nil {
		return nil, err
	}
	all := make([]*promotion.ClubMember, len(page.Edges))
	for i, e := range page.Edges {
		all[i] = e.Node
	}
	return all, nil
}

func (r *Resolver) offersOfCard(ctx context.Context, c *card.CustomerCard) ([]*promotion.Offer, error) {
	if !c.May(ctx, "marketing") {
		return nil, nil
	}
	first := shownOnCard
	page, err := r.Promotions.OffersOf(ctx, c.Key(), nil, nil, &first, nil, nil)
	if err != nil {
		return nil, err
	}
	all := make([]*promotion.Offer, len(page.Edges))
	for i, e := range page.Edges {
		all[i] = e.Node
	}
	return all, nil
}

func (r *Resolver) discountsOfCard(ctx context.Context, c *card.CustomerCard) ([]promotion.Benefit, error) {
	if !c.May(ctx, "marketing") {
		return nil, nil
	}
	return r.Promotions.DiscountsOf(ctx, c.Key())
}

func (r *Resolver) activityOfCard(ctx context.Context, c *card.CustomerCard) ([]*desk.SecurityActivity, error) {
	if !c.May(ctx, "audit_entry") {
		return nil, nil
	}
	return r.Desk.LastActivity(ctx, c.Key(), doneOnCard)
}
