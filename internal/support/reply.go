package support

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Reply adds a message of the caller's side. A customer's message opens a
// closed or snoozed ticket; an answer of staff leaves it waiting for the
// customer. A retry with the same clientMessageId gives the same message.
// Faults: REQUIRED, TOO_LONG, INVALID_VALUE, INVALID_ID, NOT_FOUND,
// IDEMPOTENCY_KEY_REUSED; to staff TICKET_CLOSED and STALE_OBJECT; FORBIDDEN.
func (s *Tickets) Reply(ctx context.Context, in ReplyToTicketInput) (*ent.TicketMessage, *ent.Ticket, error) {
	body, err := checkBody(in.Body)
	if err == nil {
		err = checkClientID(in.ClientMessageID)
	}
	if err != nil {
		return nil, nil, err
	}
	var id, of uuid.UUID
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := s.lock(ctx, tx, in.TicketID)
		if err != nil {
			return err
		}
		m, err := s.reply(ctx, tx, t, body, in)
		if err == nil {
			id, of = m.ID, t.ID
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return s.written(ctx, of, id)
}

func (s *Tickets) reply(ctx context.Context, tx *store.Tx, t *ent.Ticket, body string, in ReplyToTicketInput) (*ent.TicketMessage, error) {
	staff := onStaffSide(viewer.From(ctx), t)
	i, err := signed(ctx, tx, staff)
	if err != nil {
		return nil, err
	}
	i.body, i.clientID = body, in.ClientMessageID
	if m, err := said(ctx, tx, t, i); err != nil || m != nil {
		return m, err
	}
	next := afterCustomer(standOf(t))
	if staff {
		if err := checkRevision(t, in.Revision); err != nil {
			return nil, err
		}
		if t.Status == ticket.StatusCLOSED {
			return nil, ErrTicketClosed
		}
		next = afterStaff()
	}
	if t.Status == ticket.StatusCLOSED {
		if err := s.stood(ctx, tx, t, i, next); err != nil {
			return nil, err
		}
	}
	m, err := add(ctx, tx, t, i)
	if err != nil {
		return nil, err
	}
	u := move(tx, keep(tx, t), t, next).SetLastMessageID(m.ID).SetLastActivityAt(tx.Now).AddRevision(1)
	if staff {
		u.AddPublicSeq(1)
	} else {
		u.AddStaffSeq(1)
		if err := takePart(ctx, tx, t); err != nil {
			return nil, err
		}
	}
	if err := u.Exec(ctx); err != nil {
		return nil, err
	}
	tx.Tell(event.TicketReplied{
		TicketID: t.ID, OwnerID: t.OwnerID, UserID: t.UserID, Number: t.Number, MessageID: m.ID,
		AuthorKind: string(m.AuthorKind), Status: string(next.status), Reason: string(next.reason),
	}, toCustomers(t)...)
	if !staff {
		return m, nil
	}
	return m, tx.Audit(ctx, "ticket.reply", t.OwnerID, scalar.ID{Prefix: "tkt", UUID: t.ID}, map[string]any{"messageId": m.GlobalID().String()})
}

// takePart makes a colleague who writes a participant, so that he hears of the
// answer; whoever had left is back.
func takePart(ctx context.Context, tx *store.Tx, t *ent.Ticket) error {
	p, err := participant(ctx, tx, t.ID)
	switch {
	case err != nil:
		return err
	case p == nil:
		v := viewer.From(ctx)
		return tx.TicketParticipant.Create().SetUserID(v.UserID).SetOwnerID(t.OwnerID).SetTicketID(t.ID).
			SetRole(ticketparticipant.RoleFOLLOWER).Exec(ctx)
	case p.LeftAt != nil:
		return tx.TicketParticipant.UpdateOneID(p.ID).ClearLeftAt().Exec(ctx)
	}
	return nil
}

// AddNote adds a note that only staff see. It moves nothing that a customer
// could see: not the last message, the activity, the revision or his stream.
// Faults: as Reply, without TICKET_CLOSED and STALE_OBJECT.
func (s *Tickets) AddNote(ctx context.Context, in AddInternalNoteInput) (*ent.TicketMessage, error) {
	body, err := checkBody(in.Body)
	if err == nil {
		err = checkClientID(in.ClientMessageID)
	}
	if err != nil {
		return nil, err
	}
	var id, of uuid.UUID
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := s.lockStaff(ctx, tx, in.TicketID)
		if err != nil {
			return err
		}
		m, err := s.note(ctx, tx, t, body, in.ClientMessageID)
		if err == nil {
			id, of = m.ID, t.ID
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	m, _, err := s.written(ctx, of, id)
	return m, err
}

func (s *Tickets) note(ctx context.Context, tx *store.Tx, t *ent.Ticket, body string, clientID *string) (*ent.TicketMessage, error) {
	i, err := signed(ctx, tx, true)
	if err != nil {
		return nil, err
	}
	i.kind, i.visibility, i.body, i.clientID = ticketmessage.KindNOTE, ticketmessage.VisibilitySTAFF, body, clientID
	if m, err := said(ctx, tx, t, i); err != nil || m != nil {
		return m, err
	}
	m, err := add(ctx, tx, t, i)
	if err != nil {
		return nil, err
	}
	if err := keep(tx, t).Exec(ctx); err != nil {
		return nil, err
	}
	tx.Tell(event.TicketReplied{
		TicketID: t.ID, OwnerID: t.OwnerID, UserID: t.UserID, Number: t.Number, MessageID: m.ID,
		AuthorKind: string(m.AuthorKind), Note: true, Status: string(t.Status), Reason: string(t.StatusReason),
	}, store.ToTicket(t.ID, event.ToStaff))
	return m, tx.Audit(ctx, "ticket.note", t.OwnerID, scalar.ID{Prefix: "tkt", UUID: t.ID}, map[string]any{"messageId": m.GlobalID().String()})
}
