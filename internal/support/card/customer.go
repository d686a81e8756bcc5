package card

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/customernote"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// How much of a list a card shows.
const (
	shownContacts  = 100
	shownOrders    = 5
	shownReturns   = 20
	shownTickets   = 10
	shownCompanies = 50
)

// Of is the card of a customer, for staff who read tickets; nobody sees his
// own. Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (c *Cards) Of(ctx context.Context, id scalar.ID) (*CustomerCard, error) {
	if err := need(ctx, "ticket", "read"); err != nil {
		return nil, err
	}
	u, err := c.customer(ctx, c.Store.Client, id, "userId")
	if errors.Is(err, ErrNotOnOneself) {
		return nil, fault.ErrNotFound.At("userId")
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	return &CustomerCard{cards: c, row: u}, nil
}

// May says whether the caller's role reads all of a resource: a part of the
// card that needs it is null else.
func (c *CustomerCard) May(ctx context.Context, resource string) bool {
	return may(viewer.From(ctx), resource, "read")
}

// Key is the id of the customer's row.
func (c *CustomerCard) Key() uuid.UUID { return c.row.ID }

// User is the account itself, to whom people are shown; else nil.
func (c *CustomerCard) User(ctx context.Context) (*ent.User, error) {
	if !c.May(ctx, "user") {
		return nil, nil
	}
	q, err := c.cards.Store.Client.User.Query().Where(entuser.ID(c.row.ID)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	u, err := q.Only(ctx)
	return u, store.Translate(err)
}

// Contacts are addresses and numbers; to whom people are not shown they are
// masked, enough to ask whether it is he.
func (c *CustomerCard) Contacts(ctx context.Context) ([]*ent.ContactPoint, error) {
	his := c.cards.Store.Client.ContactPoint.Query().Where(contactpoint.UserID(c.row.ID)).Order(contactpoint.ByID()).Limit(shownContacts)
	if !c.May(ctx, "user") {
		all, err := his.All(asSystem(ctx)) // the rows alone: no edge of them is past the fence
		for _, p := range all {
			p.Value, p.ValueKey = masked(p.Kind, p.Value), ""
		}
		return listed(all, err)
	}
	q, err := his.CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return listed(q.All(ctx))
}

// masked is an address or number for somebody who need not learn it: who says
// the whole of it is known by it.
func masked(kind contactpoint.Kind, value string) string {
	head, shown, tail := value, 2, ""
	if at := strings.LastIndex(value, "@"); kind == contactpoint.KindEMAIL && at >= 0 {
		head, shown, tail = value[:at], 1, value[at:]
	} else if len(value) >= 8 {
		tail = value[len(value)-2:]
	}
	letters := []rune(head)
	if len(letters) < 3 {
		shown = 0 // or it would be all of it
	}
	return string(letters[:shown]) + "…" + tail
}

// listed is a list that is never nil: nil says that it may not be shown.
func listed[T any](all []T, err error) ([]T, error) {
	if err != nil {
		return nil, store.Translate(err)
	}
	if all == nil {
		all = []T{}
	}
	return all, nil
}

// Companies are those that the customer is in; nil to whom people are not shown.
func (c *CustomerCard) Companies(ctx context.Context) ([]*CustomerCompany, error) {
	if !c.May(ctx, "user") {
		return nil, nil
	}
	f, err := c.figures(ctx)
	if err != nil {
		return nil, err
	}
	return f.companies, nil
}

// CustomerOrders are the sums of a customer's orders, and the newest of them.
type CustomerOrders struct {
	Count int
	Spent []*CustomerSpending

	card *CustomerCard
}

// Orders is what the customer ordered; nil to whom orders are not shown.
func (c *CustomerCard) Orders(ctx context.Context) (*CustomerOrders, error) {
	if !c.May(ctx, "order") {
		return nil, nil
	}
	f, err := c.figures(ctx)
	if err != nil {
		return nil, err
	}
	o := &CustomerOrders{Spent: f.spent, card: c}
	for _, s := range f.spent {
		o.Count += s.Orders
	}
	return o, nil
}

// Last are the newest orders.
func (o *CustomerOrders) Last(ctx context.Context) ([]*ent.Order, error) {
	q, err := o.card.cards.Store.Client.Order.Query().Where(entorder.OwnerID(o.card.row.ID)).
		Order(entorder.ByPlacedAt(sql.OrderDesc()), entorder.ByID(sql.OrderDesc())).Limit(shownOrders).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return listed(q.All(ctx))
}

// returnsDone are the states in which nothing more happens to a return.
var returnsDone = []returnrequest.Status{returnrequest.StatusREFUNDED, returnrequest.StatusREJECTED, returnrequest.StatusCANCELLED}

// OpenReturns are those that are not done with; nil to whom orders are not shown.
func (c *CustomerCard) OpenReturns(ctx context.Context) ([]*ent.ReturnRequest, error) {
	if !c.May(ctx, "order") {
		return nil, nil
	}
	q, err := c.cards.Store.Client.ReturnRequest.Query().Where(returnrequest.OwnerID(c.row.ID), returnrequest.StatusNotIn(returnsDone...)).
		Order(returnrequest.ByID(sql.OrderDesc())).Limit(shownReturns).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return listed(q.All(ctx))
}

// LastTickets are the last active of those that he has or takes part in.
func (c *CustomerCard) LastTickets(ctx context.Context) ([]*ent.Ticket, error) {
	q, err := c.cards.Store.Client.Ticket.Query().Where(c.lastActive).
		Order(ticket.ByLastActivityAt(sql.OrderDesc()), ticket.ByID(sql.OrderDesc())).Limit(shownTickets).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return listed(q.All(ctx))
}

// lastActive narrows to the ids of two short walks over indexes: his own
// tickets, and those of others that he takes part in. Two conditions with OR
// between them would make PostgreSQL read all tickets.
func (c *CustomerCard) lastActive(s *sql.Selector) {
	s.Where(sql.P(func(b *sql.Builder) {
		b.WriteString(s.C(ticket.FieldID)).WriteString(` IN (SELECT id FROM (SELECT own.id FROM tickets own WHERE own.owner_id = `).Arg(c.row.ID).
			WriteString(` ORDER BY own.last_activity_at DESC, own.id DESC LIMIT `).WriteString(strconv.Itoa(shownTickets)).
			WriteString(`) his UNION ALL SELECT id FROM (SELECT other.id FROM ticket_participants part JOIN tickets other ON other.id = part.ticket_id WHERE part.user_id = `).Arg(c.row.ID).
			WriteString(` AND part.left_at IS NULL AND other.owner_id <> `).Arg(c.row.ID).
			WriteString(` ORDER BY other.last_activity_at DESC, other.id DESC LIMIT `).WriteString(strconv.Itoa(shownTickets)).WriteString(`) shared)`)
	}))
}

// Notes are what colleagues noted, pinned ones first, then the newest.
func (c *CustomerCard) Notes(ctx context.Context) ([]*ent.CustomerNote, error) {
	q, err := c.cards.Store.Client.CustomerNote.Query().Where(customernote.UserID(c.row.ID), customernote.RemovedAtIsNil()).
		Order(customernote.ByPinned(sql.OrderDesc()), customernote.ByID(sql.OrderDesc())).Limit(mostNotes).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return listed(q.All(ctx))
}

// Tickets is how many tickets the customer has.
func (c *CustomerCard) Tickets(ctx context.Context) (*CustomerTickets, error) {
	f, err := c.figures(ctx)
	if err != nil {
		return nil, err
	}
	return &f.tickets, nil
}

// Satisfaction is how content the customer was.
func (c *CustomerCard) Satisfaction(ctx context.Context) (*SupportSatisfaction, error) {
	f, err := c.figures(ctx)
	if err != nil {
		return nil, err
	}
	return satisfaction(f.scored, f.scores, f.good), nil
}

// OutsideCards are what the business's own addresses tell; those too old are
// asked anew before.
func (c *CustomerCard) OutsideCards(ctx context.Context) ([]*CustomerOutsideCard, error) {
	return c.cards.outside(ctx, c.row, nil, false)
}

// PersonalManager is who looks after the customer.
func (c *CustomerCard) PersonalManager(ctx context.Context) (*PersonalManager, error) {
	return c.cards.manager(ctx, c.row.ManagerID)
}

// postgres says which dialect a statement is written for.
func (c *Cards) postgres() bool { return c.Store.Dialect() == dialect.Postgres }
