package support

import (
	"context"
	"slices"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Page is the arguments of a connection.
type Page struct {
	After  *scalar.Cursor
	First  *int
	Before *scalar.Cursor
	Last   *int
}

// Find gives a ticket that the caller may see, with what the field selects.
// Faults: INVALID_ID, NOT_FOUND.
func (s *Tickets) Find(ctx context.Context, id scalar.ID) (*ent.Ticket, error) {
	named, err := Named(id)
	if err != nil {
		return nil, err
	}
	q, err := s.query(ctx).Where(named).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	t, err := q.Only(ctx)
	return t, store.Translate(err)
}

// Named is the ticket of an id. Faults: INVALID_ID.
func Named(id scalar.ID) (predicate.Ticket, error) {
	key, err := keyOf(id, "tkt", "id")
	return entticket.ID(key), err
}

// byKey re-reads a ticket after a change, with what the field ticket of a
// payload or message shows of it.
func (s *Tickets) byKey(ctx context.Context, key uuid.UUID) (*ent.Ticket, error) {
	return s.byKeyUnder(ctx, key, "ticket")
}

// byKeyUnder is byKey for another field of a payload.
func (s *Tickets) byKeyUnder(ctx context.Context, key uuid.UUID, field string) (*ent.Ticket, error) {
	q, err := s.Store.Client.Ticket.Query().Where(entticket.ID(key)).CollectUnder(ctx, field)
	if err != nil {
		return nil, err
	}
	if gather.Selects(ctx, field, "streamPosition") {
		q.Where(withStream)
	}
	t, err := q.Only(ctx)
	return t, store.Translate(err)
}

// message reads one with what the field message of a payload shows of it.
func (s *Tickets) message(ctx context.Context, id uuid.UUID) (*ent.TicketMessage, error) {
	q, err := s.Store.Client.TicketMessage.Query().Where(ticketmessage.ID(id)).CollectUnder(ctx, "message")
	if err != nil {
		return nil, err
	}
	m, err := q.Only(ctx)
	return m, store.Translate(err)
}

// Of lists the tickets of one owner, last active first; with takesPart those
// of any owner in which he takes part. Faults: those of the filter.
func (s *Tickets) Of(ctx context.Context, owner uuid.UUID, filter *TicketFilter, p Page) (*ent.TicketConnection, error) {
	where, err := filter.Predicates()
	if err != nil {
		return nil, err
	}
	return s.of(ctx, owner, owner, filter, where, p)
}

// OfCompany is Of for a company's list. Faults: FORBIDDEN without TICKETS_READ
// in the company.
func (s *Tickets) OfCompany(ctx context.Context, company uuid.UUID, filter *TicketFilter, p Page) (*ent.TicketConnection, error) {
	if !viewer.From(ctx).Reaches(company, resource, "read") {
		return nil, fault.ErrForbidden
	}
	where, err := filter.Predicates()
	if err != nil {
		return nil, err
	}
	return s.of(ctx, company, viewer.From(ctx).UserID, filter, where, p)
}

func (s *Tickets) of(ctx context.Context, owner, person uuid.UUID, filter *TicketFilter, where []predicate.Ticket, p Page) (*ent.TicketConnection, error) {
	whose, personal := filter.personal(ctx, owner, person)
	var at *string
	if v := viewer.From(ctx); v.SignedIn() && slices.Contains(v.Streams(), owner) {
		var err error
		if at, err = s.PositionOf(ctx, v.Streams()...); err != nil {
			return nil, err
		}
	}
	c, err := paginate(ctx, s.query(ctx).Where(whose).Where(where...).Where(personal...), entgql.OrderDirectionDesc, p)
	if err == nil {
		c.StreamPosition = at
	}
	return c, err
}

func paginate(ctx context.Context, q *ent.TicketQuery, direction entgql.OrderDirection, p Page) (*ent.TicketConnection, error) {
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last,
		ent.WithTicketOrder(&ent.TicketOrder{Direction: direction, Field: ent.TicketOrderFieldLastActivityAt}))
	return c, store.Translate(err)
}

// query reads tickets and, where unread counts are asked for, the caller's
// read marks with them: one statement for a whole list.
func (s *Tickets) query(ctx context.Context) *ent.TicketQuery {
	q := s.Store.Client.Ticket.Query()
	if me := viewer.From(ctx).UserID; gather.Selects(ctx, "unreadCount") {
		q.WithParticipants(func(q *ent.TicketParticipantQuery) {
			q.Where(ticketparticipant.UserID(me)).Select(ticketparticipant.FieldUserID, ticketparticipant.FieldReadSeq)
		})
	}
	if gather.Selects(ctx, "streamPosition") {
		q.Where(withStream)
	}
	return q
}

// streamSeq is the name under which a row brings the last number of its stream.
const streamSeq = "stream_seq"

// PositionOf is where streams stand before a list is read; nil where the list
// is not asked for it.
func (s *Tickets) PositionOf(ctx context.Context, streams ...uuid.UUID) (*string, error) {
	if s.Streams == nil || !gather.Selects(ctx, "streamPosition") {
		return nil, nil
	}
	at, err := s.Streams.Position(ctx, streams...)
	return &at, err
}

// withStream reads with each ticket where its stream stands, in one statement:
// no change of the ticket lies between the two.
func withStream(s *sql.Selector) {
	streams := sql.Dialect(s.Dialect()).Table("streams").As("told")
	at := sql.Dialect(s.Dialect()).Select(streams.C("stream_seq")).From(streams).Where(sql.ColumnsEQ(streams.C("id"), s.C("id")))
	s.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("COALESCE(").Wrap(func(b *sql.Builder) { b.Join(at) }).WriteString(", 0)") // of one that nothing was told of
	}), streamSeq)
}

// StreamPosition is where the stream of a ticket stood when it was read; nil
// where it was read without.
func (s *Tickets) StreamPosition(ctx context.Context, t *ent.Ticket) (*string, error) {
	read, err := t.Value(streamSeq)
	if err != nil || s.Streams == nil {
		return nil, nil // it was not asked for where the ticket was read
	}
	seq, _ := read.(int64)
	at, err := s.Streams.At(ctx, map[uuid.UUID]int64{t.ID: seq})
	return &at, err
}
