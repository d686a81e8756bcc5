package history

import (
	"context"
	"slices"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/document"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/topup"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The bounds of a page, as of every list.
const (
	usualPage = 20
	mostPage  = 100
)

// Payments is a page of all payments of an owner, newest first: of orders and
// invoices and of wallets, each list read as far as the page goes and merged. The fence
// holds in both. Faults: INVALID_REQUEST of a page's size, INVALID_CURSOR.
func (h *History) Payments(ctx context.Context, owner uuid.UUID, filter *PaymentRecordFilter, p Page) (*PaymentRecordConnection, error) {
	if filter == nil {
		filter = &PaymentRecordFilter{}
	}
	n, backwards, err := size(p)
	if err == nil {
		err = scalar.CheckPlaces("time", p.After, p.Before)
	}
	if err != nil {
		return nil, err
	}
	list := paymentList{History: h, owner: owner, filter: *filter, page: p, n: n, backwards: backwards}
	ofOrders, err := list.ofOrders(ctx)
	if err != nil {
		return nil, err
	}
	ofWallets, err := list.ofWallets(ctx)
	if err != nil {
		return nil, err
	}
	records, more := merge(n, backwards, ofOrders, ofWallets)
	page := &PaymentRecordConnection{Edges: make([]*PaymentRecordEdge, len(records))}
	for i, r := range records {
		page.Edges[i] = &PaymentRecordEdge{Node: r, Cursor: cursor(r)}
	}
	page.PageInfo.HasNextPage, page.PageInfo.HasPreviousPage = p.Before != nil, p.After != nil
	if backwards {
		page.PageInfo.HasPreviousPage = more
	} else {
		page.PageInfo.HasNextPage = more
	}
	if len(records) > 0 {
		page.PageInfo.StartCursor, page.PageInfo.EndCursor = &page.Edges[0].Cursor, &page.Edges[len(records)-1].Cursor
	}
	if selects(ctx, "totalCount") {
		page.TotalCount, err = list.count(ctx)
	}
	return page, err
}

// size is how many a page shows, and whether it is read from its end.
func size(p Page) (n int, backwards bool, err error) {
	switch {
	case p.First != nil && p.Last != nil:
		return 0, false, fault.ErrInvalidRequest
	case p.First != nil:
		n = *p.First
	case p.Last != nil:
		n, backwards = *p.Last, true
	default:
		n = usualPage
	}
	if n < 1 || n > mostPage {
		return 0, false, fault.ErrInvalidRequest
	}
	return n, backwards, nil
}

// selects says whether the answer asks for a field of the connection.
func selects(ctx context.Context, field string) bool {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Field.Field == nil {
		return true
	}
	of := []string{fc.Field.Definition.Type.Name()}
	return slices.ContainsFunc(graphql.CollectFields(graphql.GetOperationContext(ctx), fc.Field.Selections, of), func(f graphql.CollectedField) bool { return f.Name == field })
}

// paymentList is one reading of the list.
type paymentList struct {
	*History
	owner     uuid.UUID
	filter    PaymentRecordFilter
	page      Page
	n         int
	backwards bool
}

// direction is in which the rows of a page are read: newest first, or from
// the page's end.
func (l paymentList) direction() entgql.OrderDirection {
	if l.backwards {
		return entgql.OrderDirectionAsc
	}
	return entgql.OrderDirectionDesc
}

// between are the conditions of the page's cursors on a table's time.
func (l paymentList) between(column string) []func(*sql.Selector) {
	return scalar.Between(l.page.After, l.page.Before, "id", column, entgql.OrderDirectionDesc)
}

// order sorts a table's rows as the page is read.
func (l paymentList) order(column string) func(*sql.Selector) {
	by := l.direction().OrderTermOption()
	return func(s *sql.Selector) {
		sql.OrderByField(column, by).ToFunc()(s)
		sql.OrderByField("id", by).ToFunc()(s)
	}
}

// payments are the payments and refunds of orders that the filter leaves; nil
// where it leaves none.
func (l paymentList) payments() *ent.PaymentQuery {
	kinds := []payment.Kind{payment.KindPAYMENT, payment.KindREFUND}
	if l.filter.Kinds != nil {
		kinds = slices.DeleteFunc(kinds, func(k payment.Kind) bool { return !slices.Contains(l.filter.Kinds, PaymentRecordKind(k)) })
	}
	if len(kinds) == 0 {
		return nil
	}
	q := l.Store.Client.Payment.Query().Where(payment.OwnerID(l.owner), payment.KindIn(kinds...))
	if l.filter.Status != nil {
		q.Where(payment.StatusIn(l.filter.Status...))
	}
	if l.filter.From != nil {
		q.Where(payment.OccurredAtGTE(*l.filter.From))
	}
	if l.filter.Before != nil {
		q.Where(payment.OccurredAtLT(*l.filter.Before))
	}
	return q
}

// topUps are the top-ups that the filter leaves; nil where it leaves none.
func (l paymentList) topUps() *ent.TopUpQuery {
	if l.filter.Kinds != nil && !slices.Contains(l.filter.Kinds, RecordTopUp) {
		return nil
	}
	q := l.Store.Client.TopUp.Query().Where(topup.OwnerID(l.owner))
	if l.filter.Status != nil {
		states := []topup.Status{}
		for _, s := range []topup.Status{topup.StatusPENDING, topup.StatusSUCCEEDED, topup.StatusFAILED, topup.StatusEXPIRED} {
			if slices.Contains(l.filter.Status, topUpState(s)) {
				states = append(states, s)
			}
		}
		q.Where(topup.StatusIn(states...))
	}
	if l.filter.From != nil {
		q.Where(topup.CreatedAtGTE(*l.filter.From))
	}
	if l.filter.Before != nil {
		q.Where(topup.CreatedAtLT(*l.filter.Before))
	}
	return q
}

// topUpState is a top-up's state in the words of payments.
func topUpState(s topup.Status) payment.Status {
	if s == topup.StatusEXPIRED {
		return payment.StatusVOID
	}
	return payment.Status(s)
}

func (l paymentList) count(ctx context.Context) (n int, err error) {
	if q := l.payments(); q != nil {
		if n, err = q.Count(ctx); err != nil {
			return 0, store.Translate(err)
		}
	}
	if q := l.topUps(); q != nil {
		more, err := q.Count(ctx)
		return n + more, store.Translate(err)
	}
	return n, nil
}

func (l paymentList) ofOrders(ctx context.Context) ([]*PaymentRecord, error) {
	q := l.payments()
	if q == nil {
		return nil, nil
	}
	for _, where := range l.between(payment.FieldOccurredAt) {
		q.Where(where)
	}
	rows, err := q.Order(l.order(payment.FieldOccurredAt)).Limit(l.n + 1).
		WithOrder(func(q *ent.OrderQuery) { q.Select(entorder.FieldID, entorder.FieldNumber) }).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	invoices, err := l.invoicesOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	records := make([]*PaymentRecord, len(rows))
	for i, p := range rows {
		records[i] = Recorded(ctx, p, invoices)
	}
	return records, nil
}

// invoicesOf are the invoices that payments were for, in one statement. Who
// sees the payment may see the invoice's number.
func (h *History) invoicesOf(ctx context.Context, rows []*ent.Payment) (map[uuid.UUID]*ent.Document, error) {
	var ids []uuid.UUID
	for _, p := range rows {
		if p.InvoiceID != nil {
			ids = append(ids, *p.InvoiceID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	docs, err := h.Store.Client.Document.Query().Where(document.IDIn(ids...)).
		Select(document.FieldID, document.FieldNumber, document.FieldTitle).All(viewer.AsSystem(ctx, "order.history"))
	byID := make(map[uuid.UUID]*ent.Document, len(docs))
	for _, d := range docs {
		byID[d.ID] = d
	}
	return byID, store.Translate(err)
}

// Recorded is the record of a payment, whose order is in Edges.Order; invoices
// holds the one that it was for.
func Recorded(ctx context.Context, p *ent.Payment, invoices map[uuid.UUID]*ent.Document) *PaymentRecord {
	r := &PaymentRecord{
		ID: p.GlobalID(), Kind: PaymentRecordKind(p.Kind), Status: p.Status, Amount: scalar.Money{Minor: p.AmountMinor, Currency: p.Currency},
		Method: p.Method, Provider: p.Provider, OccurredAt: p.OccurredAt,
	}
	of, number := "order", ""
	if p.OrderID != nil {
		r.OrderID = &scalar.ID{Prefix: "order", UUID: *p.OrderID}
	}
	if o := p.Edges.Order; o != nil {
		r.OrderNumber, number = &o.Number, o.Number
	}
	if p.InvoiceID != nil {
		r.InvoiceID = &scalar.ID{Prefix: "bill", UUID: *p.InvoiceID}
		if d := invoices[*p.InvoiceID]; d != nil {
			of, number, r.InvoiceNumber = "invoice", d.Title, d.Number
			if d.Number != nil {
				number = *d.Number
			}
		}
	}
	r.Label = locale.Text(viewer.From(ctx).Locale, of+".payment."+strings.ToLower(string(p.Kind)), map[string]any{"number": number})
	return r
}

func (l paymentList) ofWallets(ctx context.Context) ([]*PaymentRecord, error) {
	q := l.topUps()
	if q == nil {
		return nil, nil
	}
	for _, where := range l.between(topup.FieldCreatedAt) {
		q.Where(where)
	}
	rows, err := q.Order(l.order(topup.FieldCreatedAt)).Limit(l.n + 1).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	label := locale.Text(viewer.From(ctx).Locale, "order.payment.top_up", nil)
	records := make([]*PaymentRecord, len(rows))
	for i, t := range rows {
		records[i] = &PaymentRecord{
			ID: t.GlobalID(), Kind: RecordTopUp, Label: label, Status: topUpState(t.Status), Amount: t.Amount(),
			Method: string(t.Method), Provider: t.Provider, OccurredAt: t.CreatedAt, WalletID: &scalar.ID{Prefix: "acc", UUID: t.AccountID},
		}
	}
	return records, nil
}
