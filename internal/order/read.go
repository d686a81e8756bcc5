package order

import (
	"context"
	"slices"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/predicate"
	entproduct "kabinet/ent/generated/product"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Page is which part of a list is wanted; see ent's Paginate.
type Page struct {
	After, Before *scalar.Cursor
	First, Last   *int
}

// Order finds one order that the viewer may see. Faults: NOT_FOUND,
// INVALID_REQUEST where nothing is named; an id of another kind is INVALID_ID.
func (s *Orders) Order(ctx context.Context, by OrderRef) (*ent.Order, error) {
	is, err := by.Named()
	if err != nil {
		return nil, err
	}
	q, err := s.Store.Client.Order.Query().Where(is).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	o, err := q.Only(ctx)
	return o, store.Translate(err)
}

// Named is the order that a reference names. Faults: as of Order.
func (by OrderRef) Named() (predicate.Order, error) {
	switch {
	case by.ID != nil:
		id, err := by.ID.As("order")
		return entorder.ID(id), err
	case by.Number != nil:
		if !lookable(*by.Number) {
			return nil, fault.ErrNotFound
		}
		return entorder.Number(*by.Number), nil
	case by.External != nil:
		if !lookable(by.External.Source, by.External.ID) {
			return nil, fault.ErrNotFound
		}
		return entorder.And(entorder.Source(by.External.Source), entorder.ExternalID(by.External.ID)), nil
	}
	return nil, fault.ErrInvalidRequest.At("by")
}

// mostOnPage is the most that a page holds.
const mostOnPage = 100

// sorts are single columns; the id breaks ties, in the same direction.
var sorts = map[OrderSort]*ent.OrderOrder{
	OrderSortNewest:    {Direction: entgql.OrderDirectionDesc, Field: ent.OrderOrderFieldPlacedAt},
	OrderSortOldest:    {Direction: entgql.OrderDirectionAsc, Field: ent.OrderOrderFieldPlacedAt},
	OrderSortTotalDesc: {Direction: entgql.OrderDirectionDesc, Field: ent.OrderOrderFieldTotalMinor},
	OrderSortTotalAsc:  {Direction: entgql.OrderDirectionAsc, Field: ent.OrderOrderFieldTotalMinor},
}

// All is a page of every order that the viewer may see: for staff.
func (s *Orders) All(ctx context.Context, filter *OrderFilter, sort *OrderSort, p Page) (*ent.OrderConnection, error) {
	return s.list(ctx, nil, filter, sort, p)
}

// Of is a page of one owner's orders. The owner is only named here: whether
// the viewer may see them the fence decides, so a list under somebody else is
// empty, and so is its count.
func (s *Orders) Of(ctx context.Context, owner uuid.UUID, filter *OrderFilter, sort *OrderSort, p Page) (*ent.OrderConnection, error) {
	return s.list(ctx, &owner, filter, sort, p)
}

// OfCompany is Of for a company's list. Faults: FORBIDDEN without ORDERS_READ
// in the company.
func (s *Orders) OfCompany(ctx context.Context, company uuid.UUID, filter *OrderFilter, sort *OrderSort, p Page) (*ent.OrderConnection, error) {
	if !viewer.From(ctx).Reaches(company, "order", "read") {
		return nil, fault.ErrForbidden
	}
	return s.Of(ctx, company, filter, sort, p)
}

// Listed are the orders of a list, on all its pages: of an owner, nil of all.
// Faults: as of Check.
func (s *Orders) Listed(ctx context.Context, owner *uuid.UUID, filter *OrderFilter) (*ent.OrderQuery, error) {
	return s.listed(ctx, owner, filter, nil)
}

func (s *Orders) listed(ctx context.Context, owner *uuid.UUID, filter *OrderFilter, near *Near) (*ent.OrderQuery, error) {
	if err := filter.Check(); err != nil {
		return nil, err
	}
	q := s.Store.Client.Order.Query().Where(filter.Predicates()...)
	if owner != nil {
		q.Where(entorder.OwnerID(*owner))
	}
	if filter != nil && filter.Text != nil {
		has, err := s.Find(ctx, owner, *filter.Text, near)
		if err != nil {
			return nil, err
		}
		q.Where(has)
	}
	return q, nil
}

func (s *Orders) list(ctx context.Context, owner *uuid.UUID, filter *OrderFilter, sort *OrderSort, p Page) (*ent.OrderConnection, error) {
	by := sorts[OrderSortNewest]
	if sort != nil && sorts[*sort] != nil {
		by = sorts[*sort]
	}
	near, err := s.near(ctx, filter, by, p)
	if err != nil {
		return nil, err
	}
	q, err := s.listed(ctx, owner, filter, near)
	if err != nil {
		return nil, err
	}
	at, err := s.positionOf(ctx, owner)
	if err != nil {
		return nil, err
	}
	page, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithOrderOrder(by))
	if err != nil {
		return nil, store.Translate(err)
	}
	if page.StreamPosition = at; near == nil || !countWanted(ctx) {
		return page, nil
	}
	all, err := s.Listed(ctx, owner, filter) // near alone was counted
	if err != nil {
		return nil, err
	}
	page.TotalCount, err = all.Count(ctx)
	return page, store.Translate(err)
}

// positionOf is where the caller's streams stand before a list of his, or of
// the company he acts for, is read; nil where it is not asked for.
func (s *Orders) positionOf(ctx context.Context, owner *uuid.UUID) (*string, error) {
	v := viewer.From(ctx)
	if owner == nil || !v.SignedIn() || !slices.Contains(v.Streams(), *owner) || s.Streams == nil || !gather.Selects(ctx, "streamPosition") {
		return nil, nil
	}
	at, err := s.Streams.Position(ctx, v.Streams()...)
	return &at, err
}

// countWanted says whether somebody looks at how many there are.
func countWanted(ctx context.Context) bool {
	return graphql.GetFieldContext(ctx) == nil || slices.ContainsFunc(graphql.CollectFieldsCtx(ctx, nil), func(f graphql.CollectedField) bool { return f.Name == "totalCount" })
}

// Near is the newest N orders after a place, and maybe others.
type Near struct {
	After *scalar.Cursor
	N     int
}

// near is all that a page of a search can hold; nil where not words alone say
// what is in the list: a filter or the fence may take of what was found.
func (s *Orders) near(ctx context.Context, filter *OrderFilter, by *ent.OrderOrder, p Page) (*Near, error) {
	if filter == nil || filter.Text == nil || len(filter.Predicates()) > 0 || by != sorts[OrderSortNewest] || p.Before != nil || p.Last != nil {
		return nil, nil
	}
	if p.After != nil {
		if _, is := p.After.Value.(time.Time); !is {
			return nil, nil
		}
	}
	if fence, err := s.Store.Fence(ctx, ent.TypeOrder); err != nil || fence != nil {
		return nil, err
	}
	n := mostOnPage
	if p.First != nil {
		n = max(0, min(*p.First, mostOnPage))
	}
	return &Near{After: p.After, N: n + 1}, nil
}

// SortedBy is the column and the direction of a sort, newest first for nil.
func SortedBy(sort *OrderSort) (column string, desc bool) {
	switch {
	case sort == nil:
	case *sort == OrderSortOldest:
		return entorder.FieldPlacedAt, false
	case *sort == OrderSortTotalDesc:
		return entorder.FieldTotalMinor, true
	case *sort == OrderSortTotalAsc:
		return entorder.FieldTotalMinor, false
	}
	return entorder.FieldPlacedAt, true
}

// ReturnsOf is a page of one owner's returns, newest first.
func (s *Orders) ReturnsOf(ctx context.Context, owner uuid.UUID, p Page) (*ent.ReturnRequestConnection, error) {
	page, err := s.Store.Client.ReturnRequest.Query().Where(returnrequest.OwnerID(owner)).
		Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithReturnRequestOrder(&ent.ReturnRequestOrder{
			Direction: entgql.OrderDirectionDesc, Field: ent.ReturnRequestOrderFieldRequestedAt,
		}))
	return page, store.Translate(err)
}

// Product finds one product on sale; staff find the others too. Faults:
// NOT_FOUND, INVALID_REQUEST where nothing is named; an id of another kind is
// INVALID_ID.
func (s *Orders) Product(ctx context.Context, by ProductRef) (*ent.Product, error) {
	var is predicate.Product
	switch {
	case by.ID != nil:
		id, err := by.ID.As("prd")
		if err != nil {
			return nil, err
		}
		is = entproduct.ID(id)
	case by.Sku != nil:
		if !lookable(*by.Sku) {
			return nil, fault.ErrNotFound
		}
		is = entproduct.Sku(*by.Sku)
	case by.External != nil:
		if !lookable(by.External.Source, by.External.ID) {
			return nil, fault.ErrNotFound
		}
		is = entproduct.And(entproduct.Source(by.External.Source), entproduct.ExternalID(by.External.ID))
	default:
		return nil, fault.ErrInvalidRequest.At("by")
	}
	q, err := s.Store.Client.Product.Query().Where(is).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	if !seesAllProducts(ctx) {
		q.Where(entproduct.StatusEQ(entproduct.StatusACTIVE))
	}
	p, err := q.Only(ctx)
	return p, store.Translate(err)
}

func seesAllProducts(ctx context.Context) bool {
	v := viewer.From(ctx)
	return v.IsSystem() || v.Staff && v.Reach("order", "read") == viewer.ReachAll
}

// Products is a page of what is on sale, newest first. Faults: FORBIDDEN where
// somebody else than staff asks for what is not, TOO_LONG.
func (s *Orders) Products(ctx context.Context, filter *ProductFilter, p Page) (*ent.ProductConnection, error) {
	q := s.Store.Client.Product.Query()
	shown := []entproduct.Status{entproduct.StatusACTIVE}
	if filter != nil && filter.IncludeDiscontinued != nil && *filter.IncludeDiscontinued {
		if !seesAllProducts(ctx) {
			return nil, fault.ErrForbidden
		}
		shown = append(shown, entproduct.StatusDISCONTINUED)
	}
	q.Where(entproduct.StatusIn(shown...))
	if filter != nil && filter.Category != nil {
		if len(filter.Category) > maxItems {
			return nil, fault.ErrTooLong.With("limit", maxItems).At("filter", "category")
		}
		categories := []string{}
		for _, c := range filter.Category {
			if lookable(c) {
				categories = append(categories, c)
			}
		}
		q.Where(entproduct.CategoryIn(categories...))
	}
	page, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithProductOrder(&ent.ProductOrder{
		Direction: entgql.OrderDirectionDesc, Field: ent.DefaultProductOrder.Field,
	}))
	return page, store.Translate(err)
}

// Updated follows one order from a cursor, or from now. It listens to the
// account's streams, so that the cursor is good for the account's other
// subscriptions too, and to the stream of the order's owner, where staff watch
// somebody else's order. Faults: NOT_FOUND, also once the order was taken from
// the viewer and something more becomes of it, INVALID_CURSOR, CURSOR_EXPIRED; an
// id of another kind is INVALID_ID.
func (s *Orders) Updated(ctx context.Context, id scalar.ID, after *string) (<-chan *Update, error) {
	orderID, err := id.As("order")
	if err != nil {
		return nil, err
	}
	o, err := s.Store.Client.Order.Query().Where(entorder.ID(orderID)).Select(entorder.FieldOwnerID).Only(ctx) // security F5
	if err != nil {
		return nil, store.Translate(err)
	}
	v, home := viewer.From(ctx), o.OwnerID
	streams := []uuid.UUID{v.UserID}
	for _, stream := range []uuid.UUID{v.OwnerID, home} {
		if stream != uuid.Nil && stream != v.UserID && stream != streams[len(streams)-1] {
			streams = append(streams, stream)
		}
	}
	taken := false // from the viewer, which is told once: no event after that is his to know
	ended := func(err error) { viewer.EndStream(ctx, err) }
	return live.Follow(ctx, s.Streams, after, streams, ended, func(ctx context.Context, e event.Stored, cursor string) (*Update, error) {
		// A company's order is told to its buyer too: one of the two is enough.
		if e.StreamID != home || e.SubjectKind != "order" || e.SubjectID != orderID {
			return nil, nil
		}
		now, err := selected(ctx, s.Store.Client, orderID)
		err = store.Translate(err)
		if fault.KindOf(err) == fault.NotFound && !taken {
			taken = true
			return &Update{Cursor: cursor, Kind: e.Kind}, nil
		}
		return &Update{Cursor: cursor, Kind: e.Kind, Order: now}, err
	})
}
