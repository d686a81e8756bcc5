package recommend

import (
	"context"
	"database/sql"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The bounds of a list of proposals.
const (
	mostProposed = 100
	mostLiked    = 100 // of the categories of his interests
	mostPopular  = 200
	usualPage    = 20
	mostPage     = 100
)

// For is what is proposed to a person, best first; nothing for anybody but himself.
// It costs the same number of statements whatever he bought. Faults:
// INVALID_REQUEST of a page's size, INVALID_CURSOR.
func (r *Recommendations) For(ctx context.Context, person uuid.UUID, only []RecommendationReason, p Page) (*RecommendationConnection, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() || v.UserID != person {
		return &RecommendationConnection{Edges: []*RecommendationEdge{}}, nil
	}
	n, err := size(p)
	if err == nil {
		err = scalar.CheckPlaces("string", p.After, p.Before)
	}
	if err != nil {
		return nil, err
	}
	all, err := r.propose(ctx, v, only)
	if err != nil {
		return nil, err
	}
	part, before, after := cut(all, p, n)
	c := &RecommendationConnection{Edges: make([]*RecommendationEdge, 0, len(part)), TotalCount: len(all)}
	c.PageInfo.HasPreviousPage, c.PageInfo.HasNextPage = before, after
	known, err := r.named(ctx, part)
	if err != nil {
		return nil, err
	}
	for _, one := range part {
		if known[one.id] != nil { // it may have gone meanwhile
			c.Edges = append(c.Edges, &RecommendationEdge{Node: one.shown(v.Locale, known), Cursor: one.cursor()})
		}
	}
	if n := len(c.Edges); n > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[n-1].Cursor
	}
	return c, nil
}

// size is how many a page shows.
func size(p Page) (int, error) {
	n := usualPage
	switch {
	case p.First != nil && p.Last != nil:
		return 0, fault.ErrInvalidRequest
	case p.First != nil:
		n = *p.First
	case p.Last != nil:
		n = *p.Last
	}
	if n < 1 || n > mostPage {
		return 0, fault.ErrInvalidRequest
	}
	return n, nil
}

// propose is all that can be proposed to the viewer.
func (r *Recommendations) propose(ctx context.Context, v viewer.Viewer, only []RecommendationReason) ([]proposal, error) {
	t, err := r.taste(ctx, v)
	if err != nil {
		return nil, err
	}
	owned, looked := t.seeds()
	pairs, err := r.pairsOf(ctx, keys(owned, looked))
	if err != nil {
		return nil, err
	}
	liked, err := r.liked(ctx, t.interests)
	if err != nil {
		return nil, err
	}
	popular, err := r.popular(ctx)
	if err != nil {
		return nil, err
	}
	all := repeated(t.bought)
	all = append(all, together(pairs, owned, RecommendationReasonBoughtTogether)...)
	all = append(all, together(pairs, looked, RecommendationReasonViewed)...)
	all = merge(append(append(all, liked...), popular...), t.had, only)
	return r.available(ctx, all)
}

// seeds are the products that others are proposed for: what he bought last, and
// what else he looked at or put aside.
func (t *taste) seeds() (owned, looked map[uuid.UUID]bool) {
	owned, looked = map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, b := range t.bought[:min(len(t.bought), mostSeeds)] {
		owned[b.product] = true
	}
	for _, id := range t.looked {
		if !owned[id] {
			looked[id] = true
		}
	}
	return owned, looked
}

func keys(sets ...map[uuid.UUID]bool) (ids []uuid.UUID) {
	for _, set := range sets {
		for id := range set {
			ids = append(ids, id)
		}
	}
	return ids
}

// liked are products of the categories that the person is interested in, what
// most buy first.
func (r *Recommendations) liked(ctx context.Context, interests []string) (all []proposal, err error) {
	wrote := map[string]string{}
	var args []any
	for _, text := range interests {
		if key := likeness(text); key != "" && wrote[key] == "" {
			wrote[key] = text
			args = append(args, key)
		}
	}
	if len(args) == 0 {
		return nil, nil
	}
	err = r.read(ctx, func(rows *sql.Rows) error {
		p := proposal{reason: RecommendationReasonInterest}
		var key string
		if err := rows.Scan(&p.id, &key, &p.score); err != nil {
			return err
		}
		p.interest = wrote[key]
		all = append(all, p)
		return nil
	}, `SELECT product_id, category_key, owners FROM product_figures WHERE category_key IN `+places(1, len(args))+`
		ORDER BY owners DESC, orders DESC, product_id DESC LIMIT ?`, append(args, mostLiked)...)
	return all, err
}

// popular are the products that most customers bought.
func (r *Recommendations) popular(ctx context.Context) (all []proposal, err error) {
	err = r.read(ctx, func(rows *sql.Rows) error {
		p := proposal{reason: RecommendationReasonPopular}
		if err := rows.Scan(&p.id, &p.score); err != nil {
			return err
		}
		all = append(all, p)
		return nil
	}, `SELECT product_id, owners FROM product_figures WHERE owners >= ? ORDER BY owners DESC, orders DESC, product_id DESC LIMIT ?`,
		fewestOwners, mostPopular)
	return all, err
}

// available are the first of the proposals that the viewer can have now.
func (r *Recommendations) available(ctx context.Context, all []proposal) ([]proposal, error) {
	if len(all) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(all))
	for i, p := range all {
		ids[i] = p.id
	}
	there, err := r.Store.Client.Product.Query().Where(product.IDIn(ids...)).Where(canBeHad()...).IDs(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	can := map[uuid.UUID]bool{}
	for _, id := range there {
		can[id] = true
	}
	had := make([]proposal, 0, mostProposed)
	for _, p := range all {
		if can[p.id] && len(had) < mostProposed {
			had = append(had, p)
		}
	}
	return had, nil
}

// named reads the products of a page and those they are proposed for.
func (r *Recommendations) named(ctx context.Context, part []proposal) (map[uuid.UUID]*ent.Product, error) {
	ids := map[uuid.UUID]bool{}
	for _, p := range part {
		ids[p.id] = true
		for _, id := range p.because {
			ids[id] = true
		}
	}
	return r.products(ctx, keys(ids), product.StatusNEQ(product.StatusDRAFT))
}

// shown is a proposal with its reason in words. Of what it is proposed for, the
// person sees what he still may know of.
func (p proposal) shown(lang string, known map[uuid.UUID]*ent.Product) *Recommendation {
	shown := &Recommendation{Product: known[p.id], Reason: p.reason, Because: []*ent.Product{}}
	params := map[string]any{}
	var titles []string
	for _, id := range p.because {
		if b := known[id]; b != nil {
			shown.Because = append(shown.Because, b)
			titles = append(titles, locale.Text(lang, "recommend.quoted", map[string]any{"title": b.Title}))
		}
	}
	text := "recommend." + strings.ToLower(string(p.reason))
	switch {
	case p.reason == RecommendationReasonOftenBought:
		shown.TimesBought, params["times"] = &p.times, p.times
	case p.reason == RecommendationReasonInterest:
		shown.Interest, params["interest"] = &p.interest, p.interest
	case len(titles) > 0:
		params["with"] = strings.Join(titles, ", ")
	case len(p.because) > 0:
		text += "_something"
	}
	shown.Explanation = locale.Text(lang, text, params)
	return shown
}
