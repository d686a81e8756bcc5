package paper

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderline"
	"kabinet/ent/generated/user"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

func orderHeads(lang string, columns []OrderColumn) []string {
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = say(lang, "head."+string(c))
	}
	return heads
}

// orders writes all orders of the file, oldest first, a few hundred at a time.
func (r *tableRun) orders(ctx context.Context) error {
	w := r.wanted
	q, err := r.Orders(ctx, w.Owner, w.Filter)
	if err != nil {
		return err
	}
	if w.Made {
		q.Where(entorder.UserID(r.task.OwnerID))
	}
	n, err := q.Clone().Count(ctx)
	if err != nil {
		return store.Translate(err)
	}
	r.of = int64(n)
	lines := slices.ContainsFunc(w.Columns, func(c OrderColumn) bool { return slices.Contains(lineColumns, c) })
	buyers := slices.Contains(w.Columns, ColumnBuyer)
	q.Order(entorder.ByPlacedAt(), entorder.ByID()).Limit(atOnce)
	if lines {
		q.WithLines(func(q *ent.OrderLineQuery) { q.Order(orderline.ByPosition()) })
	}
	var last *ent.Order
	for {
		if err := r.note(ctx); err != nil {
			return err
		}
		next := q.Clone()
		if last != nil {
			next.Where(entorder.Or(entorder.PlacedAtGT(last.PlacedAt), entorder.And(entorder.PlacedAt(last.PlacedAt), entorder.IDGT(last.ID))))
		}
		page, err := next.All(ctx)
		if err != nil {
			return store.Translate(err)
		}
		names := map[uuid.UUID]string{}
		if buyers {
			if names, err = r.buyers(ctx, page); err != nil {
				return err
			}
		}
		for _, o := range page {
			if err := r.order(o, names, lines); err != nil {
				return err
			}
		}
		if len(page) < atOnce {
			return nil
		}
		last = page[len(page)-1]
	}
}

// order writes one order: a row, or one for each of its lines.
func (r *tableRun) order(o *ent.Order, names map[uuid.UUID]string, lines bool) error {
	r.done++
	if !lines {
		return r.orderRow(o, nil, names)
	}
	for _, l := range o.Edges.Lines {
		if err := r.orderRow(o, l, names); err != nil {
			return err
		}
	}
	return nil
}

func (r *tableRun) orderRow(o *ent.Order, l *ent.OrderLine, names map[uuid.UUID]string) error {
	cells := make([]any, len(r.wanted.Columns))
	for i, c := range r.wanted.Columns {
		cells[i] = r.orderCell(c, o, names)
		if l != nil && slices.Contains(lineColumns, c) {
			cells[i] = lineCell(c, l)
		}
	}
	return r.row(cells)
}

func (r *tableRun) orderCell(c OrderColumn, o *ent.Order, names map[uuid.UUID]string) any {
	money := func(minor int64) any { return scalar.Money{Minor: minor, Currency: o.Currency} }
	switch c {
	case ColumnNumber:
		return o.Number
	case ColumnPlacedAt:
		return o.PlacedAt
	case ColumnLabel:
		return r.state(r.wanted.Locale, o)
	case ColumnStatus:
		return o.Status.String()
	case ColumnPayment:
		return o.PaymentStatus.String()
	case ColumnFulfillment:
		return o.FulfillmentStatus.String()
	case ColumnChannel:
		return o.Channel.String()
	case ColumnBuyer:
		return buyerName(o, names)
	case ColumnCurrency:
		return o.Currency
	case ColumnSubtotal:
		return money(o.SubtotalMinor)
	case ColumnDiscount:
		return money(o.DiscountMinor)
	case ColumnShipping:
		return money(o.ShippingMinor)
	case ColumnTax:
		return money(o.TaxMinor)
	case ColumnTotal:
		return money(o.TotalMinor)
	case ColumnPaid:
		return money(o.PaidMinor)
	case ColumnRefunded:
		return money(o.RefundedMinor)
	case ColumnPointsEarned:
		return o.PointsEarned
	case ColumnPointsSpent:
		return o.PointsSpent
	case ColumnNote:
		return said(o.Note)
	case ColumnExternalID:
		return said(o.ExternalID)
	}
	return nil
}

func lineCell(c OrderColumn, l *ent.OrderLine) any {
	money := func(minor int64) any { return scalar.Money{Minor: minor, Currency: l.Currency} }
	switch c {
	case ColumnLineSku:
		return l.Sku
	case ColumnLineTitle:
		return l.Title
	case ColumnLineCategory:
		return said(l.Category)
	case ColumnLineQuantity:
		return l.Quantity
	case ColumnLineUnitPrice:
		return money(l.UnitPriceMinor)
	case ColumnLineDiscount:
		return money(l.DiscountMinor)
	case ColumnLineTax:
		return money(l.TaxMinor)
	}
	return money(l.TotalMinor)
}

// said is a text, or nothing.
func said(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// buyers are the names of who bought some orders: of the company, or of the
// person.
func (r *tableRun) buyers(ctx context.Context, orders []*ent.Order) (map[uuid.UUID]string, error) {
	ids := make([]uuid.UUID, 0, len(orders))
	for _, o := range orders {
		ids = append(ids, o.OwnerID)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	names := make(map[uuid.UUID]string, len(ids))
	people, err := r.Store.Client.User.Query().Where(user.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, u := range people {
		names[u.ID] = nameOf(r.wanted.Locale, u)
	}
	companies, err := r.Store.Client.Company.Query().Where(company.IDIn(ids...)).Select(company.FieldID, company.FieldName).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, c := range companies {
		names[c.ID] = c.Name
	}
	return names, nil
}

func buyerName(o *ent.Order, names map[uuid.UUID]string) any {
	if o.Guest != nil {
		return said(o.Guest.Name)
	}
	return names[o.OwnerID]
}
