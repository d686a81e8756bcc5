package promotion

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/promocode"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// span is a page asked for, of a list by id.
type span struct {
	after, before *Cursor
	first, last   *int
	desc          bool // newest first
}

// maxPage is how many a page holds at most.
const maxPage = 100

// size is how many are asked for. Fault: INVALID_REQUEST.
func (s span) size() (int, error) {
	n := 20
	switch {
	case s.first != nil && s.last != nil:
		return 0, fault.ErrInvalidRequest
	case s.first != nil:
		n = *s.first
	case s.last != nil:
		n = *s.last
	}
	if n < 1 || n > maxPage {
		return 0, fault.ErrInvalidRequest
	}
	for _, c := range []*Cursor{s.after, s.before} {
		if c != nil && c.Value != nil {
			return 0, fault.ErrInvalidCursor
		}
	}
	return n, nil
}

// between are the rows of the page and one more, and down says in which
// direction they are read.
func (s span) between(column string) (where func(*entsql.Selector), down bool) {
	down = s.desc != (s.last != nil)
	return func(sel *entsql.Selector) {
		if s.after != nil {
			sel.Where(past(sel.C(column), s.after.ID, s.desc))
		}
		if s.before != nil {
			sel.Where(past(sel.C(column), s.before.ID, !s.desc))
		}
	}, down
}

func past(column string, id uuid.UUID, down bool) *entsql.Predicate {
	if down {
		return entsql.LT(column, id)
	}
	return entsql.GT(column, id)
}

// page cuts the row too many off, puts the rest in order and says where it
// stands.
func page[T any](s span, n int, rows []T, id func(T) uuid.UUID) ([]T, pageInfo) {
	more := len(rows) > n
	if more {
		rows = rows[:n]
	}
	info := pageInfo{HasNextPage: more, HasPreviousPage: s.after != nil}
	if s.last != nil {
		slices.Reverse(rows)
		info = pageInfo{HasPreviousPage: more, HasNextPage: s.before != nil}
	}
	if len(rows) > 0 {
		info.StartCursor, info.EndCursor = &Cursor{ID: id(rows[0])}, &Cursor{ID: id(rows[len(rows)-1])}
	}
	return rows, info
}

func byID(down bool) entsql.OrderTermOption {
	if down {
		return entsql.OrderDesc()
	}
	return entsql.OrderAsc()
}

// List is a page of all promotions, newest first, with what became of them in
// one more statement.
func (p *Promotions) List(ctx context.Context, filter *PromotionFilter, after *Cursor, first *int, before *Cursor, last *int) (*PromotionConnection, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	s := span{after, before, first, last, true}
	n, err := s.size()
	if err != nil {
		return nil, err
	}
	query := func() *ent.PromotionQuery {
		q := p.Store.Client.Promotion.Query()
		if filter != nil && len(filter.Kind) > 0 {
			q.Where(entpromotion.KindIn(convertAll[entpromotion.Kind](filter.Kind)...))
		}
		if filter != nil && len(filter.Status) > 0 {
			q.Where(entpromotion.StatusIn(convertAll[entpromotion.Status](filter.Status)...))
		}
		return q
	}
	where, down := s.between(entpromotion.FieldID)
	rows, err := query().Where(where).Order(entpromotion.ByID(byID(down))).Limit(n + 1).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	c := &PromotionConnection{count: func(ctx context.Context) (int, error) { return query().Count(ctx) }}
	rows, c.PageInfo = page(s, n, rows, func(r *ent.Promotion) uuid.UUID { return r.ID })
	stats, err := p.statistics(ctx, rows)
	for _, r := range rows {
		c.Edges = append(c.Edges, &PromotionEdge{Node: show(ctx, r, stats[r.ID]), Cursor: Cursor{ID: r.ID}})
	}
	return c, err
}

func convertAll[To, From ~string](in []From) []To {
	out := make([]To, len(in))
	for i, v := range in {
		out[i] = To(v)
	}
	return out
}

// Find shows a promotion to staff. Faults: INVALID_ID, NOT_FOUND.
func (p *Promotions) Find(ctx context.Context, id scalar.ID) (*Promotion, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	u, err := id.As("prm")
	if err != nil {
		return nil, err
	}
	return p.find(ctx, u)
}

// statistics are what became of promotions so far, in one statement.
func (p *Promotions) statistics(ctx context.Context, of []*ent.Promotion) (map[uuid.UUID]*PromotionStatistics, error) {
	all := make(map[uuid.UUID]*PromotionStatistics, len(of))
	ids := make([]any, len(of))
	for i, row := range of {
		ids[i], all[row.ID] = row.ID, &PromotionStatistics{Issued: int(row.Issued), Reduced: []scalar.Money{}}
	}
	if len(of) == 0 {
		return all, nil
	}
	rows, err := p.Store.Query(ctx, `SELECT promotion_id, status, currency, count(*), CAST(coalesce(sum(reduced_minor), 0) AS bigint) FROM promo_uses
		WHERE promotion_id IN (?`+strings.Repeat(",?", len(ids)-1)+`) AND status IN ('RESERVED', 'USED') GROUP BY promotion_id, status, currency ORDER BY promotion_id, status, currency`, ids...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := count(rows, all); err != nil {
			return nil, store.Translate(err)
		}
	}
	return all, store.Translate(rows.Err())
}

func count(rows *sql.Rows, all map[uuid.UUID]*PromotionStatistics) error {
	var id uuid.UUID
	var status, currency string
	var n int
	var sum int64
	if err := rows.Scan(&id, &status, &currency, &n, &sum); err != nil {
		return err
	}
	s := all[id]
	if status == "RESERVED" {
		s.Reserved += n
		return nil
	}
	s.Used += n
	if currency != "" {
		s.Reduced = append(s.Reduced, scalar.Money{Minor: sum, Currency: currency})
	}
	return nil
}

// Codes is a page of a promotion's codes, in the order they were made. Faults:
// INVALID_ID.
func (p *Promotions) Codes(ctx context.Context, filter PromoCodeFilter, after *Cursor, first *int, before *Cursor, last *int) (*PromoCodeConnection, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	of, err := filter.PromotionID.As("prm")
	if err != nil {
		return nil, fault.ErrInvalidID.At("filter", "promotionId")
	}
	var batch uuid.UUID
	if filter.BatchID != nil {
		if batch, err = filter.BatchID.As("task"); err != nil {
			return nil, fault.ErrInvalidID.At("filter", "batchId")
		}
	}
	s := span{after, before, first, last, false}
	n, err := s.size()
	if err != nil {
		return nil, err
	}
	query := func() *ent.PromoCodeQuery {
		q := p.Store.Client.PromoCode.Query().Where(promocode.PromotionID(of))
		if batch != uuid.Nil {
			q.Where(promocode.BatchID(batch))
		}
		if len(filter.Status) > 0 {
			q.Where(promocode.StatusIn(convertAll[promocode.Status](filter.Status)...))
		}
		return q
	}
	where, down := s.between(promocode.FieldID)
	rows, err := query().Where(where).Order(promocode.ByID(byID(down))).Limit(n + 1).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	c := &PromoCodeConnection{count: func(ctx context.Context) (int, error) { return query().Count(ctx) }}
	rows, c.PageInfo = page(s, n, rows, func(r *ent.PromoCode) uuid.UUID { return r.ID })
	now := p.Store.Now()
	for _, r := range rows {
		c.Edges = append(c.Edges, &PromoCodeEdge{Node: showCode(r, now), Cursor: Cursor{ID: r.ID}})
	}
	return c, nil
}
