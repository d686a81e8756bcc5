package support

import (
	"context"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketedit"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// record keeps what a message was, before it is changed.
func record(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage, kind ticketedit.Kind) error {
	v, name := viewer.From(ctx), ""
	if !v.IsSystem() {
		var err error
		if name, err = nameOf(ctx, tx, v.UserID); err != nil {
			return err
		}
	}
	return tx.TicketEdit.Create().SetOwnerID(t.OwnerID).SetTicketID(t.ID).SetMessageID(m.ID).SetKind(kind).SetBody(m.Body).
		SetNillableActorID(v.Actor()).SetActorName(name).Exec(viewer.AsSystem(ctx, "support.edit"))
}

// recount takes a message that both sides saw out of what is unread, or puts
// it back: by -1 and +1. Who had read beyond it keeps his count of unread, who
// had not has one less, or one more. The last message is found anew.
func recount(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage, by int64) error {
	if m.Kind != ticketmessage.KindMESSAGE {
		return nil
	}
	last, err := lastMessage(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	u := keep(tx, t)
	if last == nil {
		u.ClearLastMessageID()
	} else {
		u.SetLastMessageID(*last)
	}
	t.LastMessageID = last
	if m.AuthorKind == ticketmessage.AuthorKindCUSTOMER {
		t.StaffSeq = max(0, t.StaffSeq+by)
		if t.ReadByStaffUpTo >= m.Seq {
			t.StaffReadSeq += by
		}
		t.StaffReadSeq = min(max(0, t.StaffReadSeq), t.StaffSeq)
		return u.SetStaffSeq(t.StaffSeq).SetStaffReadSeq(t.StaffReadSeq).Exec(ctx)
	}
	t.PublicSeq = max(0, t.PublicSeq+by)
	_, err = tx.Exec(ctx, `UPDATE ticket_participants SET read_seq = CASE WHEN read_up_to < ? THEN read_seq WHEN read_seq + ? < 0 THEN 0 ELSE read_seq + ? END, updated_at = ?
		WHERE ticket_id = ?`, m.Seq, by, by, tx.Now, t.ID)
	if err == nil {
		_, err = tx.Exec(ctx, `UPDATE ticket_participants SET read_seq = ? WHERE ticket_id = ? AND read_seq > ?`, t.PublicSeq, t.ID, t.PublicSeq)
	}
	if err != nil {
		return err
	}
	return u.SetPublicSeq(t.PublicSeq).Exec(ctx)
}

// lastMessage is the last message that both sides see.
func lastMessage(ctx context.Context, tx *store.Tx, of uuid.UUID) (*uuid.UUID, error) {
	ids, err := tx.TicketMessage.Query().Where(ticketmessage.TicketID(of), ticketmessage.KindEQ(ticketmessage.KindMESSAGE),
		ticketmessage.VisibilityEQ(ticketmessage.VisibilityALL), ticketmessage.RemovedAtIsNil()).
		Order(ticketmessage.BySeq(sql.OrderDesc())).Limit(1).IDs(viewer.AsSystem(ctx, "support.edit"))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return &ids[0], nil
}

// altered raises the revision, so that nobody answers what is not there any
// more, tells those who follow, and puts on record what the staff's side did.
// What only staff see moves nothing and is told to staff.
func (s *Tickets) altered(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage, change event.MessageChange) error {
	to := []store.Stream{store.ToTicket(t.ID, event.ToStaff)}
	if m.Visibility == ticketmessage.VisibilityALL || change == event.MessageHidden {
		if err := keep(tx, t).AddRevision(1).Exec(ctx); err != nil {
			return err
		}
		t.Revision++
		to = toCustomers(t)
	}
	tx.Tell(event.TicketMessageChanged{
		TicketID: t.ID, OwnerID: t.OwnerID, UserID: t.UserID, Number: t.Number, MessageID: m.ID, Change: change,
		Status: string(t.Status), Reason: string(t.StatusReason),
	}, to...)
	if v := viewer.From(ctx); v.IsSystem() || !onStaffSide(v, t) {
		return nil
	}
	return tx.Audit(ctx, "ticket.message", t.OwnerID, t.GlobalID(), map[string]any{"messageId": m.GlobalID().String(), "change": string(change)})
}

// History is what a message was before each change of it, oldest first, for
// staff; their own tickets they see as customers do. Faults: INVALID_ID,
// NOT_FOUND, INVALID_CURSOR; FORBIDDEN.
func (s *Tickets) History(ctx context.Context, id scalar.ID, p Page) (*ent.TicketEditConnection, error) {
	key, err := keyOf(id, "msg", "messageId")
	if err != nil {
		return nil, err
	}
	m, err := s.Store.Client.TicketMessage.Query().Where(ticketmessage.ID(key)).WithTicket().Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	if m.Edges.Ticket == nil || !onStaffSide(viewer.From(ctx), m.Edges.Ticket) {
		return nil, fault.ErrForbidden
	}
	c, err := s.Store.Client.TicketEdit.Query().Where(ticketedit.MessageID(key)).Paginate(ctx, p.After, p.First, p.Before, p.Last,
		ent.WithTicketEditOrder(&ent.TicketEditOrder{Direction: entgql.OrderDirectionAsc, Field: ent.DefaultTicketEditOrder.Field}))
	return c, store.Translate(err)
}
