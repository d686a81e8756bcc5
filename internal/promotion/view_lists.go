package promotion

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/gather"
)

// The lists of this domain. Their counts are made when they are asked for.

// PromotionConnection is a page of the list.
type PromotionConnection struct {
	Edges    []*PromotionEdge
	PageInfo pageInfo

	count func(context.Context) (int, error)
}

// PromotionEdge is an item of the list and its place.
type PromotionEdge struct {
	Node   *Promotion
	Cursor Cursor
}

// Nodes are the items.
func (c *PromotionConnection) Nodes() []*Promotion {
	all := make([]*Promotion, len(c.Edges))
	for i, e := range c.Edges {
		all[i] = e.Node
	}
	return all
}

// TotalCount is how many there are in all.
func (c *PromotionConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// PromoCodeConnection is a page of the list.
type PromoCodeConnection struct {
	Edges    []*PromoCodeEdge
	PageInfo pageInfo

	count func(context.Context) (int, error)
}

// PromoCodeEdge is an item of the list and its place.
type PromoCodeEdge struct {
	Node   *PromoCode
	Cursor Cursor
}

// Nodes are the items.
func (c *PromoCodeConnection) Nodes() []*PromoCode {
	all := make([]*PromoCode, len(c.Edges))
	for i, e := range c.Edges {
		all[i] = e.Node
	}
	return all
}

// TotalCount is how many there are in all.
func (c *PromoCodeConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// ClubConnection is a page of the list.
type ClubConnection struct {
	Edges    []*ClubEdge
	PageInfo pageInfo

	count func(context.Context) (int, error)
}

// ClubEdge is an item of the list and its place.
type ClubEdge struct {
	Node   *Club
	Cursor Cursor
}

// Nodes are the items.
func (c *ClubConnection) Nodes() []*Club {
	all := make([]*Club, len(c.Edges))
	for i, e := range c.Edges {
		all[i] = e.Node
	}
	return all
}

// TotalCount is how many there are in all.
func (c *ClubConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// ClubMemberConnection is a page of the list.
type ClubMemberConnection struct {
	Edges    []*ClubMemberEdge
	PageInfo pageInfo

	count func(context.Context) (int, error)
}

// ClubMemberEdge is an item of the list and its place.
type ClubMemberEdge struct {
	Node   *ClubMember
	Cursor Cursor
}

// Nodes are the items.
func (c *ClubMemberConnection) Nodes() []*ClubMember {
	all := make([]*ClubMember, len(c.Edges))
	for i, e := range c.Edges {
		all[i] = e.Node
	}
	return all
}

// TotalCount is how many there are in all.
func (c *ClubMemberConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// OfferConnection is a page of the list.
type OfferConnection struct {
	Edges    []*OfferEdge
	PageInfo pageInfo

	count func(context.Context) (int, error)
}

// OfferEdge is an item of the list and its place.
type OfferEdge struct {
	Node   *Offer
	Cursor Cursor
}

// Nodes are the items.
func (c *OfferConnection) Nodes() []*Offer {
	all := make([]*Offer, len(c.Edges))
	for i, e := range c.Edges {
		all[i] = e.Node
	}
	return all
}

// TotalCount is how many there are in all.
func (c *OfferConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// ofClub says what of a club takes statements of its own.
type ofClub struct {
	standing bool // whether the caller is in it, and else why he cannot join
	members  bool // how many are in it
}

// askedOfClub is what is selected of the clubs below a list of memberships;
// everything outside of GraphQL.
func askedOfClub(ctx context.Context) ofClub {
	outside := !graphql.HasOperationContext(ctx)
	return ofClub{
		standing: outside || gather.Selects(ctx, "club", "joinedAt") || gather.Selects(ctx, "club", "whyNot"),
		members:  outside || gather.Selects(ctx, "club", "members"),
	}
}
