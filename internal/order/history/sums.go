package history

import (
	"cmp"
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// SumsHere is Sums of the list whose field is being resolved: its filter, and
// the person or the company under whom it stands.
func (h *History) SumsHere(ctx context.Context) ([]*OrderSum, error) {
	list := graphql.GetFieldContext(ctx).Parent
	filter, _ := list.Args["filter"].(*order.OrderFilter)
	var owner *uuid.UUID
	if list.Parent != nil {
		owner = ownerOf(list.Parent.Result)
	}
	return h.Sums(ctx, owner, filter)
}

// ownerOf is whose list stands under what a field gave; nil at the root. What
// stands in a list is given by its place there.
func ownerOf(parent any) *uuid.UUID {
	switch p := parent.(type) {
	case *ent.User:
		return &p.ID
	case **ent.User:
		return &(*p).ID
	case *ent.Company:
		return &p.ID
	case **ent.Company:
		return &(*p).ID
	}
	return nil
}

// Sums is what the orders come to that a list shows on all its pages, by
// currency, the one with most orders first; owner names whose list it is, nil
// all. The fence holds as in the list. Faults: as of the list.
func (h *History) Sums(ctx context.Context, owner *uuid.UUID, filter *order.OrderFilter) ([]*OrderSum, error) {
	q, err := h.Orders.Listed(ctx, owner, filter)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Currency              string
		Count                 int
		Total, Paid, Refunded int64
	}
	err = q.GroupBy(entorder.FieldCurrency).Aggregate(ent.As(ent.Count(), "count"), ent.As(ent.Sum(entorder.FieldTotalMinor), "total"),
		ent.As(ent.Sum(entorder.FieldPaidMinor), "paid"), ent.As(ent.Sum(entorder.FieldRefundedMinor), "refunded")).Scan(ctx, &rows)
	if err != nil {
		return nil, store.Translate(err)
	}
	sums := make([]*OrderSum, len(rows))
	for i, r := range rows {
		money := func(minor int64) scalar.Money { return scalar.Money{Minor: minor, Currency: r.Currency} }
		sums[i] = &OrderSum{Currency: r.Currency, Orders: r.Count, Total: money(r.Total), Paid: money(r.Paid), Refunded: money(r.Refunded)}
	}
	slices.SortFunc(sums, func(a, b *OrderSum) int {
		return cmp.Or(cmp.Compare(b.Orders, a.Orders), cmp.Compare(a.Currency, b.Currency))
	})
	return sums, nil
}
