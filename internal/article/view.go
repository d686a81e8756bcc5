package article

import (
	"context"

	ent "kabinet/ent/generated"
	"kabinet/internal/scalar"
)

// The lists of this domain that are no rows. Their counts are made when they
// are asked for.

// pageInfo says where a page of a list of this domain stands.
type pageInfo = ent.PageInfo

// ArticleHitConnection is a page of the list.
type ArticleHitConnection struct {
	Edges    []*ArticleHitEdge
	PageInfo pageInfo

	count func(context.Context) (int, error)
}

// ArticleHitEdge is an item of the list and its place.
type ArticleHitEdge struct {
	Node   *ArticleHit
	Cursor scalar.Cursor
}

// Nodes are the items.
func (c *ArticleHitConnection) Nodes() []*ArticleHit {
	all := make([]*ArticleHit, len(c.Edges))
	for i, e := range c.Edges {
		all[i] = e.Node
	}
	return all
}

// TotalCount is how many there are in all.
func (c *ArticleHitConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// ArticleGapConnection is a page of the list.
type ArticleGapConnection struct {
	Edges    []*ArticleGapEdge
	PageInfo pageInfo

	count func(context.Context) (int, error)
}

// ArticleGapEdge is an item of the list and its place.
type ArticleGapEdge struct {
	Node   *ArticleGap
	Cursor scalar.Cursor
}

// Nodes are the items.
func (c *ArticleGapConnection) Nodes() []*ArticleGap {
	all := make([]*ArticleGap, len(c.Edges))
	for i, e := range c.Edges {
		all[i] = e.Node
	}
	return all
}

// TotalCount is how many there are in all.
func (c *ArticleGapConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }
