package recommend

import (
	ent "kabinet/ent/generated"
	"kabinet/internal/scalar"
)

// Page names a part of a list, as connections do.
type Page struct {
	After, Before *scalar.Cursor
	First, Last   *int
}

// Recommendation is a product that is proposed, and why.
type Recommendation struct {
	Product     *ent.Product
	Reason      RecommendationReason
	Explanation string
	Because     []*ent.Product
	Interest    *string
	TimesBought *int
}

// RecommendationConnection is a page of what is proposed.
type RecommendationConnection struct {
	Edges      []*RecommendationEdge
	PageInfo   ent.PageInfo
	TotalCount int
}

// RecommendationEdge is a proposal and its place in the list.
type RecommendationEdge struct {
	Node   *Recommendation
	Cursor scalar.Cursor
}

// Nodes are the proposals of the page without their cursors.
func (c *RecommendationConnection) Nodes() []*Recommendation {
	nodes := make([]*Recommendation, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}
