package post

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

var descending = sql.OrderDesc()

// OnContactConfirmed makes the tickets that were opened by mail from an address
// the property of who has proven it now, in an account of his. What was written
// in them stays signed by the address: nobody proved then that it was he. A
// proof says as well that letters arrive.
func (p *Post) OnContactConfirmed(ctx context.Context, tx *store.Tx, _ event.Stored, f event.ContactConfirmed) error {
	ctx = viewer.AsSystem(ctx, "support.post")
	c, err := tx.ContactPoint.Query().Where(contactpoint.ID(f.ContactPointID), contactpoint.UserID(f.UserID), contactpoint.VerifiedAtNotNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil // gone since
	}
	if err != nil || c.Kind != contactpoint.KindEMAIL {
		return err
	}
	if c.BouncedAt != nil {
		if err := tx.ContactPoint.UpdateOneID(c.ID).ClearBouncedAt().Exec(ctx); err != nil {
			return err
		}
	}
	all, err := tx.Ticket.Query().Where(ticket.ContactEmail(c.ValueKey), ticket.OwnerID(viewer.House), ticket.UserIDIsNil(), ticket.ChannelEQ(ticket.ChannelEMAIL)).
		Order(ticket.ByID()).Limit(mostClaimed).All(ctx)
	if err != nil {
		return err
	}
	for _, t := range all {
		if err := p.claim(ctx, tx, t.ID, f.UserID); err != nil {
			return err
		}
	}
	return nil
}

// claimByReply is the same for one ticket, of somebody who had proven the
// address before: he writes from it to the signed address that we sent there.
func (p *Post) claimByReply(ctx context.Context, tx *store.Tx, t *ent.Ticket, w writer) (*ent.Ticket, error) {
	if w.user == nil || !unclaimed(t) || t.ContactEmail == nil || *t.ContactEmail != w.key {
		return t, nil
	}
	if err := p.claim(ctx, tx, t.ID, *w.user); err != nil {
		return nil, err
	}
	return tx.Ticket.Get(ctx, t.ID)
}

func unclaimed(t *ent.Ticket) bool {
	return t.OwnerID == viewer.House && t.UserID == nil && t.Channel == ticket.ChannelEMAIL
}

// belongings are the tables whose rows carry the owner of their ticket.
var belongings = []string{"ticket_messages", "ticket_attachments", "ticket_edits", "ticket_links", "clock_events"}

func (p *Post) claim(ctx context.Context, tx *store.Tx, id, user uuid.UUID) error {
	n, err := tx.Exec(ctx, `UPDATE tickets SET owner_id = ?, user_id = ?, contact_email = NULL WHERE id = ? AND owner_id = ? AND user_id IS NULL`, user, user, id, viewer.House)
	if err != nil || n == 0 {
		return err
	}
	for _, table := range belongings {
		if _, err := tx.Exec(ctx, `UPDATE `+table+` SET owner_id = ? WHERE ticket_id = ?`, user, id); err != nil {
			return err
		}
	}
	if err := p.giveFiles(ctx, tx, id, user); err != nil {
		return err
	}
	there, err := tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(id), ticketparticipant.UserID(user)).Exist(ctx)
	if err != nil {
		return err
	}
	if !there {
		err = tx.TicketParticipant.Create().SetTicketID(id).SetUserID(user).SetOwnerID(user).SetRole(ticketparticipant.RoleREQUESTER).Exec(ctx)
		if err != nil {
			return err
		}
	}
	t, err := tx.Ticket.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := p.Tickets.ChangedIn(ctx, tx, t, true, "customer"); err != nil {
		return err
	}
	return tx.Audit(ctx, "ticket.claim", user, scalar.ID{Prefix: "tkt", UUID: id}, nil)
}

// giveFiles gives him the files that he may see.
func (p *Post) giveFiles(ctx context.Context, tx *store.Tx, ticketID, user uuid.UUID) error {
	rows, err := tx.Query(ctx, `SELECT a.document_id FROM ticket_attachments a JOIN ticket_messages m ON m.id = a.message_id
		WHERE a.ticket_id = ? AND m.visibility = 'ALL' AND m.author_kind = 'CUSTOMER'`, ticketID)
	if err != nil {
		return err
	}
	defer rows.Close()
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil || len(ids) == 0 || p.Give == nil {
		return err
	}
	if err := rows.Close(); err != nil {
		return err
	}
	return p.Give(ctx, tx, ids, user)
}
