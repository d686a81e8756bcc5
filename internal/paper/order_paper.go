package paper

import (
	"context"
	"fmt"
	"strings"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderline"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
)

// ofOrder drafts an invoice, a receipt, an act or a waybill of an order that
// the caller may see.
func (p *Papers) ofOrder(ctx context.Context, c *ent.Client, kind, lang string, id scalar.ID) (*draft, error) {
	o, err := c.Order.Query().Where(entorder.ID(id.UUID)).
		WithLines(func(q *ent.OrderLineQuery) { q.Order(orderline.ByPosition()).Limit(maxRows + 1) }).
		WithPayments(func(q *ent.PaymentQuery) { q.Order(payment.ByOccurredAt(), payment.ByID()).Limit(maxRows + 1) }).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.ErrNotFound.At("input", "subjectId")
	case err != nil:
		return nil, err
	case len(o.Edges.Lines) > maxRows || len(o.Edges.Payments) > maxRows:
		return nil, ErrPaperTooLong.At("input", "subjectId").With("limit", maxRows)
	}
	if why := missing(kind, o); why != "" {
		return nil, ErrPaperNotAvailable.At("input", "kind").With("why", why)
	}
	buyer, err := p.buyerOf(ctx, c, o, lang)
	if err != nil {
		return nil, err
	}
	d := &draft{Kind: kind, Owner: o.OwnerID, About: id, Sheet: Sheet{
		Locale:  lang,
		Parties: []Party{{say(lang, "role.seller"), p.Seller.lines(lang, kind)}, {say(lang, "role.buyer"), buyer}},
		Facts:   []Fact{{say(lang, "fact.order"), say(lang, "fact.ofOrder", "number", o.Number, "date", p.date(lang, o.PlacedAt))}},
		Page:    say(lang, "page", "page", "{page}", "pages", "{pages}"),
	}}
	if where := place(o.Delivery); where != "" && kind != "INVOICE" {
		d.Sheet.Facts = append(d.Sheet.Facts, Fact{say(lang, "fact.delivery"), where})
	}
	d.Sheet.Grids = []Grid{goods(lang, kind, o)}
	p.finishOrder(d, o)
	return d, nil
}

// missing says why there is no such paper of an order; nothing where there is.
func missing(kind string, o *ent.Order) string {
	switch o.Status {
	case entorder.StatusDRAFT, entorder.StatusQUOTED, entorder.StatusAWAITING_APPROVAL:
		return "NOT_PLACED"
	}
	came := o.FulfillmentStatus == entorder.FulfillmentStatusDELIVERED || o.FulfillmentStatus == entorder.FulfillmentStatusPARTIALLY_RETURNED ||
		o.FulfillmentStatus == entorder.FulfillmentStatusRETURNED
	left := came || o.FulfillmentStatus == entorder.FulfillmentStatusSHIPPED || o.FulfillmentStatus == entorder.FulfillmentStatusAT_PICKUP_POINT
	switch {
	case kind == "INVOICE" && o.Status == entorder.StatusCANCELLED:
		return "CANCELLED"
	case kind == "RECEIPT" && o.PaidMinor == 0:
		return "NOT_PAID"
	case kind == "WAYBILL" && !left:
		return "NOT_SHIPPED"
	case kind == "ACT" && !came:
		return "NOT_RECEIVED"
	}
	return ""
}

// buyerOf are the buyer's lines; a guest is called as he said.
func (p *Papers) buyerOf(ctx context.Context, c *ent.Client, o *ent.Order, lang string) ([]string, error) {
	if o.Guest == nil {
		who, err := customerOf(ctx, c, o.OwnerID, lang)
		return who.Lines, err
	}
	var lines []string
	for _, said := range []*string{o.Guest.Name, o.Guest.Email, o.Guest.Phone} {
		if said != nil && *said != "" {
			lines = append(lines, *said)
		}
	}
	if o.Guest.Name == nil {
		lines = append([]string{say(lang, "guest")}, lines...)
	}
	return lines, nil
}

// place is where an order goes, in one line.
func place(delivery map[string]any) string {
	var parts []string
	add := func(v any) {
		if s, ok := v.(string); ok && strings.TrimSpace(s) != "" {
			parts = append(parts, strings.TrimSpace(s))
		}
	}
	for _, name := range []string{"postalCode", "country", "region", "city"} {
		add(delivery[name])
	}
	if lines, ok := delivery["lines"].([]any); ok {
		for _, l := range lines {
			add(l)
		}
	}
	add(delivery["name"])
	return strings.Join(parts, ", ")
}

// goods is the table of an order's lines and what they come to. Columns that
// would be empty in all rows are left out.
func goods(lang, kind string, o *ent.Order) Grid {
	var sum, discounts, taxes int64
	for _, l := range o.Edges.Lines {
		sum, discounts, taxes = sum+l.TotalMinor, discounts+l.DiscountMinor, taxes+l.TaxMinor
	}
	g := Grid{Columns: []Column{
		{say(lang, "column.position"), 5, true}, {say(lang, "column.sku"), 14, false}, {say(lang, "column.title"), 40, false},
		{say(lang, "column.quantity"), 10, true}, {say(lang, "column.price"), 16, true},
	}}
	column := func(is bool, id string) {
		if is {
			g.Columns = append(g.Columns, Column{say(lang, "column."+id), 15, true})
		}
	}
	column(discounts != 0, "discount")
	column(taxes != 0, "tax")
	column(true, "total")
	money := func(minor int64) string { return locale.Money(lang, minor, o.Currency) }
	for i, l := range o.Edges.Lines {
		row := []string{fmt.Sprint(i + 1), l.Sku, l.Title, whole(lang, l.Quantity), money(l.UnitPriceMinor)}
		if discounts != 0 {
			row = append(row, money(l.DiscountMinor))
		}
		if taxes != 0 {
			row = append(row, money(l.TaxMinor))
		}
		g.Rows = append(g.Rows, append(row, money(l.TotalMinor)))
	}
	g.Totals = totals(lang, kind, o, sum)
	return g
}

// totals are what the lines of an order and all else come to, exactly.
func totals(lang, kind string, o *ent.Order, sum int64) (all []Fact) {
	add := func(id string, minor int64) {
		all = append(all, Fact{say(lang, "total."+id), locale.Money(lang, minor, o.Currency)})
	}
	rest := o.TotalMinor - sum - o.ShippingMinor
	if rest != 0 || o.ShippingMinor != 0 {
		add("goods", sum)
	}
	if o.ShippingMinor != 0 {
		add("shipping", o.ShippingMinor)
	}
	switch {
	case rest < 0:
		add("less", rest)
	case rest > 0:
		add("more", rest)
	}
	if o.TaxMinor != 0 {
		add("tax", o.TaxMinor)
	}
	last := "total"
	if kind == "INVOICE" {
		last = "due"
	}
	add(last, o.TotalMinor)
	return all
}

// finishOrder adds what stands below the goods.
func (p *Papers) finishOrder(d *draft, o *ent.Order) {
	s, lang := &d.Sheet, d.Sheet.Locale
	amount := o.TotalMinor
	switch d.Kind {
	case "INVOICE":
		d.Total = &scalar.Money{Minor: o.TotalMinor, Currency: o.Currency}
		s.Signs = []string{p.Seller.signs(lang, "sign.seller")}
	case "RECEIPT":
		amount = o.PaidMinor - o.RefundedMinor
		s.Grids = append(s.Grids, p.payments(lang, o))
	case "ACT":
		s.Signs = []string{p.Seller.signs(lang, "sign.seller"), say(lang, "sign.buyer")}
	case "WAYBILL":
		s.Signs = []string{p.Seller.signs(lang, "sign.released"), say(lang, "sign.taken")}
	}
	s.Words = []string{
		say(lang, "words.total", "count", whole(lang, int64(len(o.Edges.Lines))), "amount", locale.Money(lang, amount, o.Currency)),
		locale.AmountInWords(lang, amount, o.Currency),
	}
	if d.Kind != "INVOICE" {
		s.Remarks = append(s.Remarks, say(lang, "remark."+d.Kind))
	}
	if d.Kind == "ACT" || d.Kind == "WAYBILL" {
		s.Remarks = append(s.Remarks, say(lang, "remark.law"))
	}
	if o.TaxMinor == 0 {
		s.Remarks = append(s.Remarks, say(lang, "remark.noTax"))
	}
}

// signs is what stands below the line of whoever signs for the seller.
func (s Seller) signs(lang, id string) string {
	if s.Signatory == "" {
		return say(lang, id)
	}
	return say(lang, id) + ": " + s.Signatory
}

// payments is what was paid of an order and given back.
func (p *Papers) payments(lang string, o *ent.Order) Grid {
	g := Grid{Caption: say(lang, "grid.payments"), Columns: []Column{
		{say(lang, "column.date"), 30, false}, {say(lang, "column.method"), 40, false}, {say(lang, "column.total"), 30, true},
	}}
	money := func(minor int64) string { return locale.Money(lang, minor, o.Currency) }
	for _, pay := range o.Edges.Payments {
		if pay.Status != payment.StatusSUCCEEDED {
			continue
		}
		amount, how := pay.AmountMinor, method(lang, pay.Method)
		if pay.Kind == payment.KindREFUND {
			amount, how = -amount, say(lang, "refund", "method", how)
		}
		g.Rows = append(g.Rows, []string{p.stamp(lang, pay.OccurredAt), how, money(amount)})
	}
	if o.RefundedMinor != 0 {
		g.Totals = append(g.Totals, Fact{say(lang, "total.received"), money(o.PaidMinor)}, Fact{say(lang, "total.refunded"), money(-o.RefundedMinor)})
	}
	g.Totals = append(g.Totals, Fact{say(lang, "total.net"), money(o.PaidMinor - o.RefundedMinor)})
	return g
}

func method(lang, code string) string {
	if !locale.Has("paper.method." + code) {
		code = "OTHER"
	}
	return say(lang, "method."+code)
}

// whole is a number of things, its thousands apart.
func whole(lang string, n int64) string {
	between := ","
	if locale.Match(lang) == locale.Russian {
		between = "\u00a0"
	}
	digits, sign := fmt.Sprint(n), ""
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + between + digits[i:]
	}
	return sign + digits
}

// maxRows is how many rows of a table a paper may have.
const maxRows = 5000
