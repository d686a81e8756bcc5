package support

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// MarkRead marks a ticket as read: a customer's own mark, or the one mark that
// staff share. It is idempotent, and tells nobody when nothing was unread.
// Faults: INVALID_ID, NOT_FOUND; FORBIDDEN to staff who may only read.
func (s *Tickets) MarkRead(ctx context.Context, in MarkTicketReadInput) (*ent.Ticket, error) {
	key, err := keyOf(in.TicketID, "tkt", "input", "ticketId")
	if err != nil {
		return nil, err
	}
	return s.act(ctx, func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error) {
		t, err := tx.Ticket.Query().Where(entticket.ID(key)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, fault.ErrNotFound.At("input", "ticketId")
		}
		if err != nil {
			return nil, err
		}
		if onStaffSide(viewer.From(ctx), t) {
			return t, s.markStaff(ctx, tx, t)
		}
		return t, s.markMine(ctx, tx, t)
	})
}

func (s *Tickets) markStaff(ctx context.Context, tx *store.Tx, t *ent.Ticket) error {
	if !mayWrite(viewer.From(ctx), t) {
		return fault.ErrForbidden
	}
	n, err := tx.Ticket.Update().Where(entticket.ID(t.ID), entticket.StaffReadSeqLT(t.StaffSeq)).SetStaffReadSeq(t.StaffSeq).Save(ctx)
	if err == nil && n > 0 {
		tellChange(ctx, tx, t, []string{"read"}, store.ToTicket(t.ID, event.ToStaff))
	}
	return err
}

// markMine never lowers the mark. A colleague who only reads gets a row that
// has been left already: a mark, but no right to the ticket and no news of it.
func (s *Tickets) markMine(ctx context.Context, tx *store.Tx, t *ent.Ticket) error {
	me := viewer.From(ctx).UserID
	_, err := tx.Exec(ctx, `INSERT INTO ticket_participants (id, created_at, updated_at, user_id, ticket_id, owner_id, role, read_seq, left_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING`,
		uuid.Must(uuid.NewV7()), tx.Now, tx.Now, me, t.ID, t.OwnerID, string(ticketparticipant.RoleFOLLOWER), tx.Now)
	if err != nil {
		return err
	}
	n, err := tx.TicketParticipant.Update().Where(ofMe(ctx, t.ID)...).Where(ticketparticipant.ReadSeqLT(t.PublicSeq)).
		SetReadSeq(t.PublicSeq).Save(ctx)
	if err == nil && n > 0 {
		tellChange(ctx, tx, t, []string{"read"}, store.ToUser(me), store.ToTicket(t.ID, event.ToStaff))
	}
	return err
}

// ofMe are the caller's rows, named by the person: staff see those of others.
func ofMe(ctx context.Context, ticketID uuid.UUID) []predicate.TicketParticipant {
	return []predicate.TicketParticipant{ticketparticipant.TicketID(ticketID), ticketparticipant.UserID(viewer.From(ctx).UserID)}
}
