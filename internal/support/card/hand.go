package card

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/store"
)

// handing is what goes from one manager of a customer to another.
type handing struct {
	customer   uuid.UUID
	former, to *uuid.UUID
	after      uuid.UUID // of the tickets, where it goes on
	more       bool
	moved      int
}

// handOn hands a lot more over, unless the customer has yet another manager by
// now: then his tickets are that one's matter.
func (c *Cards) handOn(ctx context.Context, tx *store.Tx, h *handing) error {
	if err := tx.Lock(ctx, "users", "id", h.customer); err != nil {
		return err
	}
	u, err := tx.User.Query().Where(entuser.ID(h.customer)).Only(asSystem(ctx))
	if err != nil {
		return err
	}
	if !same(u.ManagerID, h.to) {
		h.more = false
		return nil
	}
	return c.hand(ctx, tx, h)
}

// hand gives a lot of the customer's open tickets over, those that are the
// former manager's or, where there is a new one, nobody's. They are locked as
// they are found: what is closed, merged or taken meanwhile is none of them.
func (c *Cards) hand(ctx context.Context, tx *store.Tx, h *handing) error {
	h.more = false
	if c.Reassign == nil {
		return nil
	}
	whose := []predicate.Ticket{}
	if h.former != nil {
		whose = append(whose, ticket.AssigneeID(*h.former))
	}
	if h.to != nil {
		whose = append(whose, ticket.AssigneeIDIsNil())
	}
	ids, err := tx.Ticket.Query().Where(opened(h.customer), ticket.StatusNEQ(ticket.StatusCLOSED), ticket.MergedIntoIDIsNil(), ticket.Or(whose...), ticket.IDGT(h.after), tx.Locking()).
		Order(ticket.ByID()).Limit(mostMoved).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	moved, err := c.Reassign(ctx, tx, ids, h.to)
	h.moved, h.after, h.more = h.moved+moved, ids[len(ids)-1], len(ids) == mostMoved
	return err
}

// opened narrows to the tickets of a person: those that are his, and those that
// he opened for a company. Both walk an index, as lastActive does.
func opened(by uuid.UUID) predicate.Ticket {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString(s.C(ticket.FieldID)).WriteString(` IN (SELECT own.id FROM tickets own WHERE own.owner_id = `).Arg(by).
				WriteString(` UNION ALL SELECT other.id FROM ticket_participants part JOIN tickets other ON other.id = part.ticket_id WHERE part.user_id = `).Arg(by).
				WriteString(` AND other.user_id = `).Arg(by).WriteString(` AND other.owner_id <> `).Arg(by).WriteString(`)`)
		}))
	}
}
