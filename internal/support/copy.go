package support

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketattachment"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// copyMessages copies a part of a talk, named: with the clients' names of it.
func copyMessages(ctx context.Context, tx *store.Tx, b *ent.Ticket, talk []*ent.TicketMessage, named bool, done *copied) error {
	system := viewer.AsSystem(ctx, "support.timeline")
	taken, err := takenNames(ctx, tx, b, talk)
	if err != nil {
		return err
	}
	rows, copies := make([]*ent.TicketMessageCreate, len(talk)), make(map[uuid.UUID]uuid.UUID, len(talk))
	for i, m := range talk {
		b.Seq++
		id := uuid.Must(uuid.NewV7())
		copies[m.ID] = id
		rows[i] = tx.TicketMessage.Create().SetID(id).SetOwnerID(b.OwnerID).SetTicketID(b.ID).SetSeq(b.Seq).SetKind(m.Kind).
			SetVisibility(m.Visibility).SetNillableAuthorID(m.AuthorID).SetAuthorKind(m.AuthorKind).SetAuthorName(m.AuthorName).
			SetBody(m.Body).SetChannel(m.Channel).SetCreatedAt(m.CreatedAt).SetNillableEditedAt(m.EditedAt).SetCopiedFromID(m.ID)
		if m.Data != nil {
			rows[i].SetData(m.Data)
		}
		if named && m.ClientID != nil && m.AuthorID != nil && !taken[name{*m.AuthorID, *m.ClientID}] {
			rows[i].SetClientID(*m.ClientID)
		}
		done.count(m, id, b.Seq)
	}
	if err := tx.TicketMessage.CreateBulk(rows...).Exec(system); err != nil {
		return err
	}
	return copyFiles(ctx, tx, b, copies)
}

// count counts a copy as what it is to the two sides.
func (c *copied) count(m *ent.TicketMessage, id uuid.UUID, seq int64) {
	if m.Visibility != ticketmessage.VisibilityALL || m.Kind != ticketmessage.KindMESSAGE {
		return
	}
	c.last = &id
	if m.AuthorKind == ticketmessage.AuthorKindCUSTOMER {
		c.turn = true
		c.staff++
		c.staffUpTo = seq
	} else {
		c.turn = c.turn && m.AuthorKind != ticketmessage.AuthorKindSTAFF
		c.public++
		c.publicUpTo = seq
	}
}

// name is what a client has called a message of an author.
type name struct {
	author uuid.UUID
	client string
}

// takenNames are the clients' names of messages that a ticket has already.
func takenNames(ctx context.Context, tx *store.Tx, b *ent.Ticket, talk []*ent.TicketMessage) (map[name]bool, error) {
	var names []string
	for _, m := range talk {
		if m.ClientID != nil {
			names = append(names, *m.ClientID)
		}
	}
	taken := map[name]bool{}
	if names == nil {
		return taken, nil
	}
	there, err := tx.TicketMessage.Query().Where(ticketmessage.TicketID(b.ID), ticketmessage.ClientIDIn(names...)).
		Select(ticketmessage.FieldAuthorID, ticketmessage.FieldClientID).All(ctx)
	for _, m := range there {
		if m.AuthorID != nil {
			taken[name{*m.AuthorID, *m.ClientID}] = true
		}
	}
	return taken, err
}

// copyFiles lets the copies carry the files of what they are copied from; the
// bytes are there once.
func copyFiles(ctx context.Context, tx *store.Tx, b *ent.Ticket, copies map[uuid.UUID]uuid.UUID) error {
	from := make([]uuid.UUID, 0, len(copies))
	for id := range copies {
		from = append(from, id)
	}
	files, err := tx.TicketAttachment.Query().Where(ticketattachment.MessageIDIn(from...)).Order(ticketattachment.ByID()).All(ctx)
	if err != nil || len(files) == 0 {
		return err
	}
	rows := make([]*ent.TicketAttachmentCreate, len(files))
	for i, f := range files {
		rows[i] = tx.TicketAttachment.Create().SetOwnerID(b.OwnerID).SetTicketID(b.ID).SetMessageID(copies[f.MessageID]).
			SetDocumentID(f.DocumentID).SetTitle(f.Title).SetMime(f.Mime).SetSize(f.Size).SetPosition(f.Position)
	}
	return tx.TicketAttachment.CreateBulk(rows...).Exec(viewer.AsSystem(ctx, "support.timeline"))
}
