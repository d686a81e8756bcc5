package support

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// itemOf is what a room beside wants said, with what it left out.
func itemOf(ctx context.Context, tx *store.Tx, t *ent.Ticket, said Said) (item, error) {
	i := item{author: said.Author, authorID: said.AuthorID, name: said.AuthorName}
	if said.Author == "" {
		var err error
		if i, err = signed(ctx, tx, onStaffSide(viewer.From(ctx), t)); err != nil {
			return i, err
		}
	}
	i.kind, i.visibility, i.body, i.data, i.clientID = said.Kind, said.Visibility, said.Body, said.Data, said.ClientID
	i.channel, i.source, i.externalID, i.documents = said.Channel, said.Source, said.ExternalID, said.DocumentIDs
	if i.kind == "" {
		i.kind = ticketmessage.KindMESSAGE
	}
	if i.kind == ticketmessage.KindNOTE {
		i.visibility = ticketmessage.VisibilitySTAFF
	}
	if i.visibility == "" {
		i.visibility = ticketmessage.VisibilityALL
	}
	return i, nil
}

// say writes an item under the ticket's lock and moves the ticket as it does.
func (s *Tickets) say(ctx context.Context, tx *store.Tx, t *ent.Ticket, i item) (*ent.TicketMessage, error) {
	if i.kind != ticketmessage.KindMESSAGE || i.visibility != ticketmessage.VisibilityALL {
		return s.aside(ctx, tx, t, i)
	}
	was, next, act := standOf(t), standOf(t), Act("")
	switch i.author {
	case ticketmessage.AuthorKindCUSTOMER:
		next, act = afterCustomer(was), ActCustomerWrote
	case ticketmessage.AuthorKindSTAFF:
		if t.Status == ticket.StatusCLOSED {
			return nil, ErrTicketClosed.With("mutation", "reopenTicket")
		}
		next, act = orCall(t, tx.Now), ActStaffWrote
	}
	if t.Status == ticket.StatusCLOSED && !next.equal(was) {
		if err := s.stood(ctx, tx, t, i, next); err != nil {
			return nil, err
		}
	}
	m, err := s.write(ctx, tx, t, i)
	if err != nil {
		return nil, err
	}
	if err := s.moved(ctx, tx, t, i, next, m.ID); err != nil {
		return nil, err
	}
	tellSaid(tx, t, m, toCustomers(t)...)
	if act != "" {
		if err := s.moment(ctx, tx, t, was, act); err != nil {
			return nil, err
		}
	}
	return m, auditSaid(ctx, tx, t, m, "ticket.reply")
}

// moved writes what a message that everybody sees moves of its ticket.
func (s *Tickets) moved(ctx context.Context, tx *store.Tx, t *ent.Ticket, i item, next stand, message uuid.UUID) error {
	u := move(tx, keep(tx, t), t, next).SetLastMessageID(message).SetLastActivityAt(tx.Now).AddRevision(1)
	if i.author == ticketmessage.AuthorKindCUSTOMER {
		u.AddStaffSeq(1)
		t.StaffSeq++
		if err := takePart(ctx, tx, t, i.authorID); err != nil {
			return err
		}
	} else {
		u.AddPublicSeq(1)
		t.PublicSeq++
	}
	if err := u.Exec(ctx); err != nil {
		return err
	}
	t.LastMessageID, t.LastActivityAt = &message, tx.Now
	t.Revision++
	stands(t, next, tx.Now)
	return nil
}

// aside writes what moves nothing that a customer could see: a note, or
// something that happened.
func (s *Tickets) aside(ctx context.Context, tx *store.Tx, t *ent.Ticket, i item) (*ent.TicketMessage, error) {
	m, err := s.write(ctx, tx, t, i)
	if err != nil {
		return nil, err
	}
	if err := keep(tx, t).Exec(ctx); err != nil {
		return nil, err
	}
	if i.visibility == ticketmessage.VisibilityALL {
		tellSaid(tx, t, m, store.ToTicket(t.ID, event.ToAll))
		return m, nil
	}
	tellSaid(tx, t, m, store.ToTicket(t.ID, event.ToStaff))
	if i.kind == ticketmessage.KindEVENT { // whoever did it puts on record what he did
		return m, nil
	}
	return m, auditSaid(ctx, tx, t, m, "ticket.note")
}

// write adds an item with the files that it carries.
func (s *Tickets) write(ctx context.Context, tx *store.Tx, t *ent.Ticket, i item) (*ent.TicketMessage, error) {
	m, err := add(ctx, tx, t, i)
	if err != nil || len(i.documents) == 0 {
		return m, err
	}
	return m, s.attach(ctx, tx, t, m, i.documents)
}

// attach writes which files a message carries; without a domain of documents
// there are none. The message passed the fence already, so the system writes.
func (s *Tickets) attach(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage, documents []uuid.UUID) error {
	if s.Attach == nil {
		return fault.ErrNotFound.At("input", "attachmentIds")
	}
	files, err := s.Attach(ctx, tx, documents, t)
	if err != nil {
		return err
	}
	rows := make([]*ent.TicketAttachmentCreate, len(files))
	for n, f := range files {
		rows[n] = tx.TicketAttachment.Create().SetOwnerID(t.OwnerID).SetTicketID(t.ID).SetMessageID(m.ID).
			SetDocumentID(f.DocumentID).SetTitle(f.Title).SetMime(f.Mime).SetSize(f.Size).SetPosition(n)
	}
	return tx.TicketAttachment.CreateBulk(rows...).Exec(viewer.AsSystem(ctx, "support.timeline"))
}

// tellSaid tells that a message was written, and where the ticket stands now.
func tellSaid(tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage, to ...store.Stream) {
	tx.Tell(event.TicketReplied{
		TicketID: t.ID, OwnerID: t.OwnerID, UserID: t.UserID, Number: t.Number, MessageID: m.ID,
		AuthorKind: string(m.AuthorKind), Note: m.Visibility == ticketmessage.VisibilitySTAFF, Status: string(t.Status), Reason: string(t.StatusReason),
	}, to...)
}

// auditSaid puts on record what the staff's side said.
func auditSaid(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage, action string) error {
	if v := viewer.From(ctx); v.IsSystem() || !onStaffSide(v, t) {
		return nil
	}
	return tx.Audit(ctx, action, t.OwnerID, t.GlobalID(), map[string]any{"messageId": m.GlobalID().String()})
}

// takePart makes a colleague who writes a participant, so that he hears of the
// answer; whoever had left is back. Who has no account takes no part.
func takePart(ctx context.Context, tx *store.Tx, t *ent.Ticket, who *uuid.UUID) error {
	if who == nil {
		return nil
	}
	p, err := tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(t.ID), ticketparticipant.UserID(*who)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return tx.TicketParticipant.Create().SetUserID(*who).SetOwnerID(t.OwnerID).SetTicketID(t.ID).
			SetRole(ticketparticipant.RoleFOLLOWER).Exec(ctx)
	case err != nil:
		return err
	case p.LeftAt != nil:
		return tx.TicketParticipant.UpdateOneID(p.ID).ClearLeftAt().Exec(ctx)
	}
	return nil
}
