package support

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketmessage"
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
	files, err := attachmentKeys(in.AttachmentIDs)
	if err != nil {
		return nil, nil, err
	}
	var id, of uuid.UUID
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := s.lock(ctx, tx, in.TicketID)
		if err != nil {
			return err
		}
		m, err := s.reply(ctx, tx, t, body, files, in)
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

func (s *Tickets) reply(ctx context.Context, tx *store.Tx, t *ent.Ticket, body string, files []uuid.UUID, in ReplyToTicketInput) (*ent.TicketMessage, error) {
	staff := onStaffSide(viewer.From(ctx), t)
	i, err := signed(ctx, tx, staff)
	if err != nil {
		return nil, err
	}
	i.body, i.clientID, i.documents = body, in.ClientMessageID, files
	if m, err := saidAlready(ctx, tx, t, i); err != nil || m != nil {
		return m, err
	}
	if staff {
		if err := checkRevision(t, in.Revision); err != nil {
			return nil, err
		}
	}
	return s.say(ctx, tx, t, i)
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
	files, err := attachmentKeys(in.AttachmentIDs)
	if err != nil {
		return nil, err
	}
	var id, of uuid.UUID
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := s.lockStaff(ctx, tx, in.TicketID)
		if err != nil {
			return err
		}
		m, err := s.note(ctx, tx, t, body, files, in.ClientMessageID)
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

func (s *Tickets) note(ctx context.Context, tx *store.Tx, t *ent.Ticket, body string, files []uuid.UUID, clientID *string) (*ent.TicketMessage, error) {
	i, err := signed(ctx, tx, true)
	if err != nil {
		return nil, err
	}
	i.kind, i.visibility, i.body, i.clientID = ticketmessage.KindNOTE, ticketmessage.VisibilitySTAFF, body, clientID
	i.documents = files
	if m, err := saidAlready(ctx, tx, t, i); err != nil || m != nil {
		return m, err
	}
	return s.say(ctx, tx, t, i)
}
