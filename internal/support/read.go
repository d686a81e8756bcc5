package support

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// MarkRead marks a ticket as read, or as read up to a message: a customer's
// own mark, or the one mark that staff share. A mark never moves back; it is
// idempotent, and tells nobody when nothing was unread. Faults: INVALID_ID,
// OUT_OF_RANGE, NOT_FOUND; FORBIDDEN to staff who may only read.
func (s *Tickets) MarkRead(ctx context.Context, in MarkTicketReadInput) (*ent.Ticket, error) {
	key, err := keyOf(in.TicketID, "tkt", "input", "ticketId")
	if err != nil {
		return nil, err
	}
	if in.UpTo != nil && *in.UpTo < 0 {
		return nil, fault.ErrOutOfRange.At("input", "upTo").With("min", 0)
	}
	return s.act(ctx, func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error) {
		// Locked, or a message that is hidden meanwhile would count as read.
		t, err := tx.Ticket.Query().Where(entticket.ID(key), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, fault.ErrNotFound.At("input", "ticketId")
		}
		if err != nil {
			return nil, err
		}
		if onStaffSide(viewer.From(ctx), t) {
			return t, s.markStaff(ctx, tx, t, in.UpTo)
		}
		return t, s.markMine(ctx, tx, t, in.UpTo)
	})
}

// mark is where a read mark comes to stand: how many messages of the other
// side were read, and the number of the last of them.
type mark struct{ read, upTo int64 }

// markOf counts the messages of one side that the other may read, up to a
// number; written is how many there are in all.
func markOf(ctx context.Context, tx *store.Tx, t *ent.Ticket, ofCustomers bool, written int64, upTo *int) (mark, error) {
	author := ticketmessage.AuthorKindEQ(ticketmessage.AuthorKindCUSTOMER)
	if !ofCustomers {
		author = ticketmessage.AuthorKindNEQ(ticketmessage.AuthorKindCUSTOMER)
	}
	q := tx.TicketMessage.Query().Where(ticketmessage.TicketID(t.ID), ticketmessage.KindEQ(ticketmessage.KindMESSAGE), author,
		ticketmessage.VisibilityEQ(ticketmessage.VisibilityALL), ticketmessage.RemovedAtIsNil())
	m := mark{read: written}
	if upTo != nil {
		after, err := q.Clone().Where(ticketmessage.SeqGT(int64(*upTo))).Count(ctx)
		if err != nil {
			return m, err
		}
		m.read = max(0, written-int64(after))
		q.Where(ticketmessage.SeqLTE(int64(*upTo)))
	}
	last, err := q.Order(ticketmessage.BySeq(sql.OrderDesc())).Limit(1).Select(ticketmessage.FieldSeq).Ints(ctx)
	if err == nil && len(last) > 0 {
		m.upTo = int64(last[0])
	}
	return m, err
}

// markStaff moves the mark that staff share. Customers see up to where their
// own messages were read; that a note was read moves nothing of theirs.
func (s *Tickets) markStaff(ctx context.Context, tx *store.Tx, t *ent.Ticket, upTo *int) error {
	if !mayWrite(viewer.From(ctx), t) {
		return fault.ErrForbidden
	}
	m, err := markOf(ctx, tx, t, true, t.StaffSeq, upTo)
	if err != nil {
		return err
	}
	n, err := tx.Ticket.Update().Where(entticket.ID(t.ID), entticket.StaffReadSeqLT(m.read)).
		SetStaffReadSeq(m.read).SetReadByStaffUpTo(m.upTo).Save(ctx)
	if err == nil && n > 0 {
		tellChange(ctx, tx, t, []string{"read"}, store.ToTicket(t.ID, event.ToAll))
	}
	return err
}

// markMine never lowers the mark. A colleague who only reads gets a row that
// has been left already: a mark, but no right to the ticket and no news of it.
func (s *Tickets) markMine(ctx context.Context, tx *store.Tx, t *ent.Ticket, upTo *int) error {
	me := viewer.From(ctx).UserID
	m, err := markOf(ctx, tx, t, false, t.PublicSeq, upTo)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO ticket_participants (id, created_at, updated_at, user_id, ticket_id, owner_id, role, read_seq, read_up_to, left_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?) ON CONFLICT DO NOTHING`,
		uuid.Must(uuid.NewV7()), tx.Now, tx.Now, me, t.ID, t.OwnerID, string(ticketparticipant.RoleFOLLOWER), tx.Now)
	if err != nil {
		return err
	}
	n, err := tx.TicketParticipant.Update().Where(ofMe(ctx, t.ID)...).Where(ticketparticipant.ReadSeqLT(m.read)).
		SetReadSeq(m.read).SetReadUpTo(m.upTo).Save(ctx)
	if err != nil || n == 0 {
		return err
	}
	// Whoever only reads may not write the ticket; that it was read he may say.
	_, err = tx.Exec(ctx, `UPDATE tickets SET read_by_customer_up_to = ? WHERE id = ? AND read_by_customer_up_to < ?`, m.upTo, t.ID, m.upTo)
	if err == nil {
		tellChange(ctx, tx, t, []string{"read"}, store.ToUser(me), store.ToTicket(t.ID, event.ToAll))
	}
	return err
}

// ofMe are the caller's rows, named by the person: staff see those of others.
func ofMe(ctx context.Context, ticketID uuid.UUID) []predicate.TicketParticipant {
	return []predicate.TicketParticipant{ticketparticipant.TicketID(ticketID), ticketparticipant.UserID(viewer.From(ctx).UserID)}
}

// Seen says whether the other side has read a message; nil of what is none,
// and of one that only staff see.
func (s *Tickets) Seen(ctx context.Context, m *ent.TicketMessage) (*bool, error) {
	if m.Kind != ticketmessage.KindMESSAGE {
		return nil, nil
	}
	t, err := s.marks.Load(ctx, m.TicketID, s.readMarks)
	if err != nil || t == nil {
		return nil, err
	}
	seen := t.ReadByCustomerUpTo >= m.Seq
	if m.AuthorKind == ticketmessage.AuthorKindCUSTOMER {
		seen = t.ReadByStaffUpTo >= m.Seq
	}
	return &seen, nil
}

func (s *Tickets) readMarks(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*ent.Ticket, error) {
	q := s.Store.Client.Ticket.Query().Where(entticket.IDIn(ids...))
	q.Select(entticket.FieldReadByStaffUpTo, entticket.FieldReadByCustomerUpTo)
	all, err := q.All(ctx)
	marks := make(map[uuid.UUID]*ent.Ticket, len(all))
	for _, t := range all {
		marks[t.ID] = t
	}
	return marks, store.Translate(err)
}
