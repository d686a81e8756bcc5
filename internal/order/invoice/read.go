package invoice

import (
	"context"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/fault"
	"kabinet/internal/order/history"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostPayments bounds the payments that an invoice shows.
const mostPayments = 100

// Invoice is one that the caller may see. Faults: INVALID_ID, NOT_FOUND.
func (s *Bills) Invoice(ctx context.Context, id scalar.ID) (*Invoice, error) {
	which, err := id.As("bill")
	if err != nil {
		return nil, err
	}
	return s.one(ctx, s.Store.Client, which)
}

func (s *Bills) one(ctx context.Context, c *ent.Client, id uuid.UUID) (*Invoice, error) {
	d, err := c.Document.Query().Where(entdocument.ID(id), entdocument.KindEQ(entdocument.KindINVOICE), entdocument.StatusNEQ(entdocument.StatusPENDING)).Only(system(ctx))
	if ent.IsNotFound(err) || err == nil && !mayRead(ctx, d) {
		return nil, fault.ErrNotFound
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	shown, err := s.show(ctx, c, d)
	if err != nil {
		return nil, err
	}
	return shown[0], nil
}

// Of is a page of an owner's invoices, newest first: of the caller's own, of
// whom he acts for where he sees orders, of anybody by staff who read orders;
// else it is empty. Faults: INVALID_ID, INVALID_CURSOR, INVALID_REQUEST.
func (s *Bills) Of(ctx context.Context, owner uuid.UUID, f *InvoiceFilter, page Page) (*InvoiceConnection, error) {
	v := viewer.From(ctx)
	where := []predicate.Document{entdocument.OwnerID(owner), entdocument.KindEQ(entdocument.KindINVOICE), entdocument.StatusNEQ(entdocument.StatusPENDING)}
	all := v.IsSystem() || v.Staff && v.Reach("order", "read") == viewer.ReachAll
	if !all {
		reach := v.Reach("order", "read")
		where = append(where, entdocument.VisibilityEQ(entdocument.VisibilityALL))
		switch {
		case v.SignedIn() && owner == v.UserID:
		case !v.SignedIn() || owner != v.OwnerID || owner == viewer.House || reach == viewer.ReachNone:
			return &InvoiceConnection{Edges: []*InvoiceEdge{}}, nil
		case reach == viewer.ReachOwn:
			where = append(where, entdocument.UserID(v.UserID))
		}
	}
	narrow, err := s.narrowed(f)
	if err != nil {
		return nil, err
	}
	q := s.Store.Client.Document.Query().Where(append(where, narrow...)...)
	c, err := q.Paginate(system(ctx), page.After, page.First, page.Before, page.Last,
		ent.WithDocumentOrder(&ent.DocumentOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultDocumentOrder.Field}))
	if err != nil {
		return nil, store.Translate(err)
	}
	docs, err := s.whole(ctx, c)
	if err != nil {
		return nil, err
	}
	shown, err := s.show(ctx, s.Store.Client, docs...)
	if err != nil {
		return nil, err
	}
	out := &InvoiceConnection{PageInfo: c.PageInfo, TotalCount: c.TotalCount, Edges: make([]*InvoiceEdge, len(shown))}
	for i, b := range shown {
		out.Edges[i] = &InvoiceEdge{Node: b, Cursor: c.Edges[i].Cursor}
	}
	return out, nil
}

// whole reads the rows of a page again: the page has the columns that are
// selected alone, and an invoice is worked out of more.
func (s *Bills) whole(ctx context.Context, c *ent.DocumentConnection) ([]*ent.Document, error) {
	ids := make([]uuid.UUID, len(c.Edges))
	for i, e := range c.Edges {
		ids[i] = e.Node.ID
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := s.Store.Client.Document.Query().Where(entdocument.IDIn(ids...)).All(system(ctx))
	byID := make(map[uuid.UUID]*ent.Document, len(rows))
	for _, d := range rows {
		byID[d.ID] = d
	}
	docs := make([]*ent.Document, len(ids))
	for i, id := range ids {
		if docs[i] = byID[id]; docs[i] == nil { // gone since a moment ago
			docs[i] = c.Edges[i].Node
		}
	}
	return docs, store.Translate(err)
}

// narrowed are the conditions of a filter.
func (s *Bills) narrowed(f *InvoiceFilter) (where []predicate.Document, err error) {
	if f == nil {
		return nil, nil
	}
	now := s.Store.Now()
	late := entdocument.And(entdocument.StatusEQ(entdocument.StatusISSUED), entdocument.DueAtLT(now))
	if f.Status != nil {
		states := []predicate.Document{}
		for _, is := range f.Status {
			switch is {
			case Issued:
				states = append(states, entdocument.And(entdocument.StatusEQ(entdocument.StatusISSUED), entdocument.Not(entdocument.And(entdocument.DueAtNotNil(), entdocument.DueAtLT(now)))))
			case Overdue:
				states = append(states, late)
			case Paid:
				states = append(states, entdocument.StatusEQ(entdocument.StatusPAID))
			case Void:
				states = append(states, entdocument.StatusEQ(entdocument.StatusVOID))
			}
		}
		if len(states) == 0 {
			states = append(states, func(s *sql.Selector) { s.Where(sql.False()) })
		}
		where = append(where, entdocument.Or(states...))
	}
	if f.Overdue != nil {
		if *f.Overdue {
			where = append(where, late)
		} else {
			where = append(where, entdocument.Or(entdocument.StatusNEQ(entdocument.StatusISSUED), entdocument.DueAtIsNil(), entdocument.DueAtGTE(now)))
		}
	}
	if f.From != nil {
		where = append(where, issued(">=", *f.From))
	}
	if f.Before != nil {
		where = append(where, issued("<", *f.Before))
	}
	if f.OrderID != nil {
		if _, err := f.OrderID.As("order"); err != nil {
			return nil, fault.ErrInvalidID.At("filter", "orderId")
		}
		where = append(where, entdocument.SubjectKind("order"), entdocument.SubjectID(f.OrderID.UUID))
	}
	return where, nil
}

// issued compares when an invoice was issued: here, or as its system says.
func issued(op string, at any) predicate.Document {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("coalesce(").Ident(s.C(entdocument.FieldIssuedAt)).Comma().Ident(s.C(entdocument.FieldCreatedAt)).WriteString(") " + op + " ").Arg(at)
		}))
	}
}

// show makes invoices of rows that the caller may see: their orders and their
// payments come in one statement each, however many there are.
func (s *Bills) show(ctx context.Context, c *ent.Client, docs ...*ent.Document) ([]*Invoice, error) {
	var orders []uuid.UUID
	for _, d := range docs {
		if of := orderOf(d); of != nil {
			orders = append(orders, *of)
		}
	}
	if len(docs) == 0 {
		return nil, nil
	}
	byID := map[uuid.UUID]*ent.Order{}
	if len(orders) > 0 {
		found, err := c.Order.Query().Where(entorder.IDIn(orders...)).
			WithPayments(func(q *ent.PaymentQuery) { q.Where(payment.StatusEQ(payment.StatusAUTHORIZED)) }).All(system(ctx))
		if err != nil {
			return nil, store.Translate(err)
		}
		for _, o := range found {
			byID[o.ID] = o
		}
	}
	records, err := s.records(ctx, c, docs)
	if err != nil {
		return nil, err
	}
	shown := make([]*Invoice, len(docs))
	now := s.Store.Now()
	for i, d := range docs {
		shown[i] = &Invoice{Document: d, Payments: records[d.ID], now: now}
		if of := orderOf(d); of != nil {
			shown[i].order = byID[*of]
		}
		if shown[i].Payments == nil {
			shown[i].Payments = []*history.PaymentRecord{}
		}
	}
	return shown, nil
}

// records are the payments of invoices, newest first, by invoice.
func (s *Bills) records(ctx context.Context, c *ent.Client, docs []*ent.Document) (map[uuid.UUID][]*history.PaymentRecord, error) {
	byID := make(map[uuid.UUID]*ent.Document, len(docs))
	ids := make([]any, len(docs))
	for i, d := range docs {
		byID[d.ID], ids[i] = d, d.ID
	}
	rows, err := c.Payment.Query().Where(newestOf(ids)).WithOrder(func(q *ent.OrderQuery) { q.Select(entorder.FieldID, entorder.FieldNumber) }).
		Order(payment.ByOccurredAt(sql.OrderDesc()), payment.ByID(sql.OrderDesc())).All(system(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	byInvoice := map[uuid.UUID][]*history.PaymentRecord{}
	for _, p := range rows {
		byInvoice[*p.InvoiceID] = append(byInvoice[*p.InvoiceID], history.Recorded(ctx, p, byID))
	}
	return byInvoice, nil
}

// newestOf are the newest payments of each of the invoices.
func newestOf(ids []any) predicate.Payment {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(payment.FieldID)).WriteString(` IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY invoice_id ORDER BY occurred_at DESC, id DESC) AS place
				FROM payments WHERE invoice_id IN (`).Args(ids...).WriteString(`)) AS ranked WHERE place <= `).Arg(mostPayments).WriteString(`)`)
		}))
	}
}
