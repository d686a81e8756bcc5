package support

import (
	"context"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/audience"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// maxParticipants is how many may take part in a ticket.
const maxParticipants = 50

// AddParticipant lets a colleague of the owner take part: his role must let
// him see tickets of the owner, or of his own. Again, it changes nothing.
// Faults: INVALID_ID, NOT_FOUND for a ticket the caller does not see and for
// who is no such colleague, OUT_OF_RANGE, TICKET_MERGED; FORBIDDEN to who may
// not answer for the owner.
func (s *Tickets) AddParticipant(ctx context.Context, in AddTicketParticipantInput) (*ent.Ticket, error) {
	who, err := keyOf(in.UserID, "usr", "input", "userId")
	if err != nil {
		return nil, err
	}
	may, err := s.mayTakePart(ctx, in.TicketID, who)
	if err != nil {
		return nil, err
	}
	return s.act(ctx, func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error) {
		t, err := s.lockManaged(ctx, tx, in.TicketID)
		if err != nil {
			return nil, err
		}
		p, n, err := partOf(ctx, tx, t, who)
		switch {
		case err != nil:
			return nil, err
		case p != nil && p.LeftAt == nil:
			return t, nil
		case !may:
			return nil, fault.ErrNotFound.At("input", "userId")
		case n >= maxParticipants:
			return nil, fault.ErrOutOfRange.At("input", "userId").With("max", maxParticipants)
		}
		if err := takePart(viewer.AsSystem(ctx, "support.participants"), tx, t, &who); err != nil {
			return nil, err
		}
		return t, s.tookPart(ctx, tx, t, who, "joined")
	})
}

// RemoveParticipant ends that a colleague takes part. Again, it changes
// nothing. Faults: INVALID_ID, NOT_FOUND, INVALID_VALUE for the person whose
// the ticket is, TICKET_MERGED; FORBIDDEN to who may not answer for the owner.
func (s *Tickets) RemoveParticipant(ctx context.Context, in RemoveTicketParticipantInput) (*ent.Ticket, error) {
	who, err := keyOf(in.UserID, "usr", "input", "userId")
	if err != nil {
		return nil, err
	}
	return s.act(ctx, func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error) {
		t, err := s.lockManaged(ctx, tx, in.TicketID)
		if err != nil {
			return nil, err
		}
		return t, s.part(ctx, tx, t, who, "removed", "userId")
	})
}

// Leave ends that the caller takes part, and gives the ticket's id: he may not
// see it any more. Faults: INVALID_ID, NOT_FOUND, INVALID_VALUE for his own
// ticket, TICKET_MERGED; FORBIDDEN to staff.
func (s *Tickets) Leave(ctx context.Context, in LeaveTicketInput) (*scalar.ID, error) {
	var left scalar.ID
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := s.lock(ctx, tx, in.TicketID)
		if err != nil {
			return err
		}
		v := viewer.From(ctx)
		if onStaffSide(v, t) {
			return fault.ErrForbidden
		}
		left = t.GlobalID()
		return s.part(ctx, tx, t, v.UserID, "left", "ticketId")
	})
	if err != nil {
		return nil, err
	}
	return &left, nil
}

// part ends that somebody takes part, if he does.
func (s *Tickets) part(ctx context.Context, tx *store.Tx, t *ent.Ticket, who uuid.UUID, text, field string) error {
	if t.OwnerID == who {
		return fault.ErrInvalidValue.At("input", field)
	}
	system := viewer.AsSystem(ctx, "support.participants")
	open := []predicate.TicketParticipant{ticketparticipant.TicketID(t.ID), ticketparticipant.UserID(who), ticketparticipant.LeftAtIsNil()}
	is, err := tx.TicketParticipant.Query().Where(open...).Exist(system)
	if err != nil || !is {
		return err
	}
	if err := s.tookPart(ctx, tx, t, who, text); err != nil { // while he sees it
		return err
	}
	return tx.TicketParticipant.Update().Where(open...).SetLeftAt(tx.Now).Exec(system)
}

// tookPart writes into the timeline who takes part now or does not any more,
// and tells the customer's side and himself.
func (s *Tickets) tookPart(ctx context.Context, tx *store.Tx, t *ent.Ticket, who uuid.UUID, text string) error {
	staff := onStaffSide(viewer.From(ctx), t)
	by, err := signed(ctx, tx, staff)
	if err != nil {
		return err
	}
	id := scalar.ID{Prefix: "usr", UUID: who}.String()
	by.data = map[string]any{"userId": id}
	if err := happened(ctx, tx, t, by, text, nil); err != nil { // no name: it would outlive the person
		return err
	}
	if err := keep(tx, t).AddRevision(1).Exec(ctx); err != nil {
		return err
	}
	t.Revision++
	to := toCustomers(t)
	if t.UserID == nil || *t.UserID != who {
		to = append(to, store.ToUser(who))
	}
	f := changeFact(ctx, t, "participants")
	if text == "joined" {
		f.JoinedID = &who
	}
	tx.Tell(f, to...)
	if !staff {
		return nil
	}
	return tx.Audit(ctx, "ticket.participant", t.OwnerID, t.GlobalID(), map[string]any{"userId": id, "what": text})
}

// lockManaged is lock for who may say who takes part: staff, who opened the
// ticket, whose it is, and who may write for its owner. A colleague who only
// takes part may not.
func (s *Tickets) lockManaged(ctx context.Context, tx *store.Tx, id scalar.ID) (*ent.Ticket, error) {
	t, err := s.lock(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	v := viewer.From(ctx)
	mine := t.OwnerID == v.UserID || t.UserID != nil && *t.UserID == v.UserID
	if !onStaffSide(v, t) && !mine && (t.OwnerID != v.OwnerID || v.Reach(resource, "write") < viewer.ReachOwner) {
		return nil, fault.ErrForbidden
	}
	return t, nil
}

// mayTakePart says whether somebody's role with a ticket's owner lets him see
// tickets, as it is now. What is the House's is nobody's to follow.
func (s *Tickets) mayTakePart(ctx context.Context, id scalar.ID, who uuid.UUID) (bool, error) {
	key, err := keyOf(id, "tkt", "input", "ticketId")
	if err != nil {
		return false, err
	}
	t, err := s.Store.Client.Ticket.Query().Where(entticket.ID(key)).Select(entticket.FieldOwnerID).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return false, fault.ErrNotFound.At("input", "ticketId")
	case err != nil:
		return false, store.Translate(err)
	case s.Reach == nil || t.OwnerID == viewer.House || t.OwnerID == who:
		return false, nil
	}
	reach, err := s.Reach(ctx, who, t.OwnerID, resource, "read")
	return reach >= viewer.ReachOwn, err
}

// partOf gives somebody's row in a ticket, if there is one, and how many take
// part in it.
func partOf(ctx context.Context, tx *store.Tx, t *ent.Ticket, who uuid.UUID) (p *ent.TicketParticipant, n int, err error) {
	ctx = viewer.AsSystem(ctx, "support.participants")
	p, err = tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(t.ID), ticketparticipant.UserID(who)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, 0, err
	}
	n, err = tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(t.ID), ticketparticipant.LeftAtIsNil()).Count(ctx)
	return p, n, err
}

// stillThere are participants whose membership of the ticket's owner, where
// they had one, has not ended: as the fence sees them.
func stillThere(s *sql.Selector) {
	s.Where(sql.P(func(b *sql.Builder) {
		b.WriteString("NOT EXISTS (SELECT 1 FROM memberships AS tm WHERE tm.user_id = ").Ident(s.C(ticketparticipant.FieldUserID)).
			WriteString(" AND tm.owner_id = ").Ident(s.C(ticketparticipant.FieldOwnerID)).WriteString(" AND tm.status <> 'ACTIVE')")
	}))
}

// takesPart says whether the viewer takes part in a ticket.
func takesPart(ctx context.Context, participants *ent.TicketParticipantClient, t *ent.Ticket) (bool, error) {
	return participants.Query().Where(ofMe(ctx, t.ID)...).Where(ticketparticipant.LeftAtIsNil()).Exist(ctx)
}

// ownSide says whether a member of staff stands on the customer's side of a
// ticket all the same: he takes part, or is a member of the company that it is
// of. He does not answer himself.
func ownSide(ctx context.Context, tx *store.Tx, t *ent.Ticket) (bool, error) {
	me := viewer.From(ctx).UserID
	is, err := sidesOf(ctx, tx, me, me, []uuid.UUID{t.ID})
	return is[t.ID], err
}

// asCustomer says whether the viewer stands on the customer's side of a ticket,
// whatever his roles; for all tickets of an answer together.
func (s *Tickets) asCustomer(ctx context.Context, ticket uuid.UUID) (bool, error) {
	v := viewer.From(ctx)
	return s.sides.Load(ctx, ticket, func(ctx context.Context, tickets []uuid.UUID) (map[uuid.UUID]bool, error) {
		return sidesOf(ctx, s.Store, v.UserID, v.OwnerID, tickets)
	})
}

// sidesOf says on the customer's side of which tickets somebody stands: his own
// ones, those he opened, those of whom he acts for or of a company that he is a
// member of, and those in which he takes part. As the fence sees it.
func sidesOf(ctx context.Context, r audience.Reader, person, acting uuid.UUID, tickets []uuid.UUID) (map[uuid.UUID]bool, error) {
	args := []any{person, person, acting, person, person}
	for _, id := range tickets {
		args = append(args, id)
	}
	rows, err := r.Query(ctx, `SELECT t.id FROM tickets AS t WHERE (t.user_id = ? OR t.owner_id = ? OR t.owner_id = ?
		OR EXISTS (SELECT 1 FROM memberships AS m WHERE m.user_id = ? AND m.owner_id = t.owner_id AND m.kind <> 'STAFF' AND m.status = 'ACTIVE')
		OR EXISTS (SELECT 1 FROM ticket_participants AS p WHERE p.ticket_id = t.id AND p.user_id = ? AND p.left_at IS NULL))
		AND t.id IN (?`+strings.Repeat(",?", len(tickets)-1)+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	is := map[uuid.UUID]bool{}
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		is[id] = true
	}
	return is, rows.Err()
}
