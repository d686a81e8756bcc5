package paper

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// mayReadOrders says whether the caller may have all the orders of an owner on
// one paper: his own, those of the company acted for, or as staff.
func mayReadOrders(v viewer.Viewer, owner uuid.UUID) bool {
	switch {
	case v.IsSystem(), v.Staff && v.Reach("order", "read") == viewer.ReachAll:
		return true
	case !v.SignedIn():
		return false
	}
	return owner == v.UserID || owner == v.OwnerID && v.Reach("order", "read") >= viewer.ReachOwner
}

// ofOrders drafts the statement of an owner's orders that were placed in a
// period: drafts and what waits for an approval are none yet.
func (p *Papers) ofOrders(ctx context.Context, c *ent.Client, lang string, id scalar.ID, s span) (*draft, error) {
	if !mayReadOrders(viewer.From(ctx), id.UUID) {
		return nil, fault.ErrNotFound.At("input", "subjectId")
	}
	ctx = viewer.AsSystem(ctx, "paper")
	who, err := customerOf(ctx, c, id.UUID, lang)
	if ent.IsNotFound(err) || id.UUID == viewer.House {
		return nil, fault.ErrNotFound.At("input", "subjectId")
	}
	if err != nil {
		return nil, err
	}
	orders, err := c.Order.Query().Where(entorder.OwnerID(id.UUID), entorder.PlacedAtGTE(s.From), entorder.PlacedAtLT(s.Before),
		entorder.StatusIn(entorder.StatusPLACED, entorder.StatusCOMPLETED, entorder.StatusCANCELLED)).
		Order(entorder.ByPlacedAt(), entorder.ByID()).Limit(maxRows + 1).All(ctx)
	if err != nil {
		return nil, err
	}
	if len(orders) > maxRows {
		return nil, ErrPaperTooLong.At("input", "period").With("limit", maxRows)
	}
	days := say(lang, "fact.days", "from", p.date(lang, s.First), "to", p.date(lang, s.Last))
	return &draft{Kind: "STATEMENT", Owner: id.UUID, About: id, First: text(s.First), Last: text(s.Last), Sheet: Sheet{
		Locale:  lang,
		Parties: []Party{{say(lang, "role.business"), p.Seller.lines(lang, "STATEMENT")}, {say(lang, "role.customer"), who.Lines}},
		Facts:   []Fact{{say(lang, "fact.period"), days}},
		Grids:   []Grid{p.ordered(lang, orders)},
		Remarks: []string{say(lang, "remark.orders", "zone", p.zone().String()), say(lang, "remark.electronic")},
		Page:    say(lang, "page", "page", "{page}", "pages", "{pages}"),
	}}, nil
}

// sums are what orders of one currency come to.
type sums struct{ total, paid, refunded int64 }

// ordered is the table of orders, with what those of each currency come to.
func (p *Papers) ordered(lang string, orders []*ent.Order) Grid {
	g := Grid{Caption: say(lang, "grid.orders"), Empty: say(lang, "empty.orders"), Columns: []Column{
		{say(lang, "column.date"), 18, false}, {say(lang, "column.number"), 20, false}, {say(lang, "column.status"), 24, false},
		{say(lang, "column.total"), 17, true}, {say(lang, "column.paid"), 17, true}, {say(lang, "column.refunded"), 17, true},
	}}
	by := map[string]*sums{}
	var codes []string
	for _, o := range orders {
		money := func(minor int64) string { return locale.Money(lang, minor, o.Currency) }
		g.Rows = append(g.Rows, []string{shortDay(lang, o.PlacedAt.In(p.zone())), o.Number, p.state(lang, o), money(o.TotalMinor), money(o.PaidMinor), money(o.RefundedMinor)})
		if by[o.Currency] == nil {
			by[o.Currency] = &sums{}
			codes = append(codes, o.Currency)
		}
		s := by[o.Currency]
		s.total, s.paid, s.refunded = s.total+o.TotalMinor, s.paid+o.PaidMinor, s.refunded+o.RefundedMinor
	}
	slices.Sort(codes)
	for _, code := range codes {
		s := by[code]
		g.Totals = append(g.Totals,
			Fact{say(lang, "total.paidIn", "currency", code), locale.Money(lang, s.paid, code)},
			Fact{say(lang, "total.refundedIn", "currency", code), locale.Money(lang, s.refunded, code)},
			Fact{say(lang, "total.currency", "currency", code), locale.Money(lang, s.total, code)})
	}
	return g
}

func (p *Papers) state(lang string, o *ent.Order) string {
	if p.State == nil {
		return string(o.Status)
	}
	return p.State(lang, o)
}
