package article

import (
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/articlecategory"
)

// tree is all shelves by id.
type tree map[uuid.UUID]*ent.ArticleCategory

func treeOf(all []*ent.ArticleCategory) tree {
	t := make(tree, len(all))
	for _, c := range all {
		t[c.ID] = c
	}
	return t
}

// above are the shelves that one stands in, from the nearest; ok is false where
// one stands in itself. A parent that is not there is none.
func (t tree) above(id uuid.UUID) (up []*ent.ArticleCategory, ok bool) {
	for c := t[id]; c != nil && c.ParentID != nil && t[*c.ParentID] != nil; c = t[*c.ParentID] {
		if *c.ParentID == id || len(up) > len(t) {
			return nil, false
		}
		up = append(up, t[*c.ParentID])
	}
	return up, true
}

// check judges the place of one shelf after it was moved. Faults:
// ARTICLE_CATEGORY_CYCLE, ARTICLE_CATEGORY_TOO_DEEP.
func (t tree) check(id uuid.UUID) error {
	up, ok := t.above(id)
	if !ok {
		return ErrCategoryCycle.At("input", "parentId")
	}
	if len(up)+t.height(id, 0) > maxDepth {
		return ErrCategoryTooDeep.With("limit", maxDepth).At("input", "parentId")
	}
	return nil
}

// height is how many levels a shelf and what stands in it have.
func (t tree) height(id uuid.UUID, from int) int {
	most := 1
	if from >= maxDepth { // deeper is too deep, however deep
		return most
	}
	for _, c := range t {
		if c.ParentID != nil && *c.ParentID == id {
			most = max(most, 1+t.height(c.ID, from+1))
		}
	}
	return most
}

// shown is to whom a shelf is shown: the narrowest audience of it and those it
// stands in, nobody where one of them is out of use.
func (t tree) shown(id uuid.UUID) articlecategory.ShownTo {
	up, _ := t.above(id)
	narrowest := 0
	for _, c := range append(up, t[id]) {
		if c.Retired {
			return articlecategory.ShownToNOBODY
		}
		narrowest = max(narrowest, rankOf[string(c.Audience)])
	}
	return audiences[narrowest]
}

// audiences are from wide to narrow, and rankOf is how narrow.
var (
	audiences = []articlecategory.ShownTo{articlecategory.ShownToEVERYBODY, articlecategory.ShownToSIGNED_IN, articlecategory.ShownToPARTNERS, articlecategory.ShownToNOBODY}
	rankOf    = map[string]int{"EVERYBODY": 0, "SIGNED_IN": 1, "PARTNERS": 2, "NOBODY": 3}
)

// within are a shelf and all that stand in it.
func (t tree) within(id uuid.UUID) []uuid.UUID {
	all := []uuid.UUID{}
	for _, c := range t {
		up, _ := t.above(c.ID)
		for _, in := range append(up, c) {
			if in.ID == id {
				all = append(all, c.ID)
				break
			}
		}
	}
	return all
}
