package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderline"
	"kabinet/ent/generated/user"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Spending is what the orders of a person cost that were placed in a period:
// one statement, and one more by category. The fence holds as in his list.
// Faults: INVALID_VALUE, OUT_OF_RANGE at period.
func (h *History) Spending(ctx context.Context, owner uuid.UUID, by SpendingGroup, period *SpendingPeriod) (*SpendingReport, error) {
	zone, err := h.zone(ctx, owner)
	if err != nil {
		return nil, err
	}
	from, to, spans, err := months(h.Store.Now(), zone, period)
	if err != nil {
		return nil, err
	}
	report := &SpendingReport{From: from, To: to, GroupBy: by, Totals: []*SpendingTotal{}, Shares: []*SpendingShare{}}
	key := sql.Expr(entorder.FieldChannel)
	if by == ByMonth {
		key = whichSpan(spans)
	}
	parts, err := h.spent(ctx, owner, spans, key)
	if err != nil {
		return nil, err
	}
	totals := map[string]int64{}
	report.Totals = totalled(parts, totals)
	lang := viewer.From(ctx).Locale
	switch by {
	case ByMonth:
		report.Shares = byMonth(parts, spans, lang)
	case ByChannel:
		report.Shares = byChannel(parts, totals, lang)
	case ByCategory:
		goods, err := h.spentOn(ctx, owner, spans)
		if err != nil {
			return nil, err
		}
		report.Shares = divide(goods, totals, maxShares, locale.Text(lang, "order.spending.rest", nil), locale.Text(lang, "order.spending.none", nil))
	}
	return report, nil
}

// zone is where a person's days begin and end; UTC for whom the viewer does
// not see: he sees no order either.
func (h *History) zone(ctx context.Context, owner uuid.UUID) (*time.Location, error) {
	u, err := h.Store.Client.User.Query().Where(user.ID(owner)).Select(user.FieldTimeZone).Only(ctx)
	if ent.IsNotFound(err) {
		return time.UTC, nil
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	zone, err := time.LoadLocation(u.TimeZone)
	if err != nil {
		return time.UTC, nil // the zone was known when it was saved
	}
	return zone, nil
}

// spend is what the orders of one group cost in one currency.
type spend struct {
	Key      string
	Currency string
	Orders   int
	Minor    int64
}

// whichSpan is the expression that numbers the spans of a period.
func whichSpan(spans []span) sql.Querier {
	last := len(spans) - 1
	if last == 0 { // there is nothing to tell apart
		return sql.Expr("CAST('0' AS text)")
	}
	return sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("CASE")
		for i, s := range spans[:last] {
			b.WriteString(" WHEN placed_at < ").Arg(s.Before).WriteString(fmt.Sprintf(" THEN '%d'", i))
		}
		b.WriteString(fmt.Sprintf(" ELSE '%d' END", last))
	})
}

// spent sums up orders by a group and their currency.
func (h *History) spent(ctx context.Context, owner uuid.UUID, spans []span, key sql.Querier) ([]spend, error) {
	orders := sql.Dialect(h.Store.Dialect()).Table(entorder.Table)
	q := sql.Dialect(h.Store.Dialect()).Select().From(orders)
	q.AppendSelectExprAs(key, "part").AppendSelect(orders.C(entorder.FieldCurrency)).
		AppendSelectAs("count(*)", "n").AppendSelectAs("sum("+orders.C(entorder.FieldTotalMinor)+")", "minor").
		GroupBy("part", orders.C(entorder.FieldCurrency))
	if err := h.counted(ctx, q, orders, owner, spans); err != nil {
		return nil, err
	}
	var all []spend
	err := h.each(ctx, q, func(scan func(...any) error) error {
		var s spend
		err := scan(&s.Key, &s.Currency, &s.Orders, &s.Minor)
		all = append(all, s)
		return err
	})
	return all, err
}

// spentOn sums up what is left of the lines by category and currency. A line's
// part is divided so that nothing overflows; divide puts the rest where it
// belongs.
func (h *History) spentOn(ctx context.Context, owner uuid.UUID, spans []span) ([]part, error) {
	of := sql.Dialect(h.Store.Dialect())
	orders, lines := of.Table(entorder.Table), of.Table(orderline.Table).As("l")
	left := fmt.Sprintf("(%s - %s - %s)", lines.C(orderline.FieldQuantity), lines.C(orderline.FieldCancelled), lines.C(orderline.FieldReturned))
	total, quantity := lines.C(orderline.FieldTotalMinor), lines.C(orderline.FieldQuantity)
	q := of.Select().From(orders).Join(lines).On(lines.C(orderline.FieldOrderID), orders.C(entorder.FieldID))
	q.AppendSelect(lines.C(orderline.FieldCategory), orders.C(entorder.FieldCurrency)).
		AppendSelectAs("count(DISTINCT "+orders.C(entorder.FieldID)+")", "n").
		AppendSelectAs(fmt.Sprintf("sum(%s / %s * %s + %s %% %s * %s / %s)", total, quantity, left, total, quantity, left, quantity), "minor").
		GroupBy(lines.C(orderline.FieldCategory), orders.C(entorder.FieldCurrency))
	q.Where(sql.ExprP(left + " > 0"))
	if err := h.counted(ctx, q, orders, owner, spans); err != nil {
		return nil, err
	}
	var all []part
	err := h.each(ctx, q, func(scan func(...any) error) error {
		var p part
		err := scan(&p.Category, &p.Currency, &p.Orders, &p.Minor)
		all = append(all, p)
		return err
	})
	return all, err
}

// counted narrows a report to the orders of an owner that cost something in the
// period, as far as the viewer sees them.
func (h *History) counted(ctx context.Context, q *sql.Selector, orders *sql.SelectTable, owner uuid.UUID, spans []span) error {
	fence, err := h.Store.Fence(ctx, ent.TypeOrder)
	if err != nil {
		return err
	}
	if fence != nil {
		fence(q)
	}
	q.Where(sql.And(
		sql.EQ(orders.C(entorder.FieldOwnerID), owner),
		sql.In(orders.C(entorder.FieldStatus), string(entorder.StatusPLACED), string(entorder.StatusCOMPLETED)),
		sql.GTE(orders.C(entorder.FieldPlacedAt), spans[0].From),
		sql.LT(orders.C(entorder.FieldPlacedAt), spans[len(spans)-1].Before),
	))
	return nil
}

func (h *History) each(ctx context.Context, q *sql.Selector, row func(scan func(...any) error) error) error {
	text, args := q.Query()
	rows, err := h.Store.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return store.Translate(err)
		}
	}
	return store.Translate(rows.Err())
}

// totalled sums up all parts by currency, the dearest first.
func totalled(parts []spend, totals map[string]int64) []*SpendingTotal {
	orders := map[string]int{}
	for _, p := range parts {
		totals[p.Currency] += p.Minor
		orders[p.Currency] += p.Orders
	}
	all := []*SpendingTotal{}
	for _, currency := range dearest(totals) {
		all = append(all, &SpendingTotal{Orders: orders[currency], Amount: scalar.Money{Minor: totals[currency], Currency: currency}})
	}
	return all
}

func byMonth(parts []spend, spans []span, lang string) []*SpendingShare {
	slices.SortFunc(parts, func(a, b spend) int {
		return cmp.Or(cmp.Compare(which(a.Key), which(b.Key)), cmp.Compare(b.Minor, a.Minor), cmp.Compare(a.Currency, b.Currency))
	})
	shares := []*SpendingShare{}
	for _, p := range parts {
		month := spans[which(p.Key)].Month
		first, _ := time.Parse(day, month) // it was written so
		shares = append(shares, &SpendingShare{Label: locale.Month(lang, first), Month: &month, Orders: &p.Orders, Amount: scalar.Money{Minor: p.Minor, Currency: p.Currency}})
	}
	return shares
}

// which is the number of a span.
func which(key string) int {
	n, _ := strconv.Atoi(key) // whichSpan wrote it
	return n
}

func byChannel(parts []spend, totals map[string]int64, lang string) []*SpendingShare {
	place := map[string]int{}
	for i, currency := range dearest(totals) {
		place[currency] = i
	}
	slices.SortFunc(parts, func(a, b spend) int {
		return cmp.Or(cmp.Compare(place[a.Currency], place[b.Currency]), cmp.Compare(b.Minor, a.Minor), cmp.Compare(a.Key, b.Key))
	})
	shares := []*SpendingShare{}
	for _, p := range parts {
		channel := entorder.Channel(p.Key)
		shares = append(shares, &SpendingShare{Label: locale.Text(lang, "order.channel."+strings.ToLower(p.Key), nil), Channel: &channel, Orders: &p.Orders, Amount: scalar.Money{Minor: p.Minor, Currency: p.Currency}})
	}
	return shares
}
