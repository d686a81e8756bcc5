package support

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// AssignIn gives a locked ticket to a member of staff, or to nobody, with its
// event, which staff alone see. Customers learn whether somebody has it, never
// who. What is the same already changes nothing. Faults: INVALID_VALUE at
// assigneeId for who is not of the staff, or whose own ticket it is.
func (s *Tickets) AssignIn(ctx context.Context, tx *store.Tx, t *ent.Ticket, to *uuid.UUID) error {
	was := t.AssigneeID
	if was == nil && to == nil || was != nil && to != nil && *was == *to {
		return nil
	}
	i, err := signed(ctx, tx, true)
	if err != nil {
		return err
	}
	i.visibility = ticketmessage.VisibilitySTAFF
	u, text, params := tx.Ticket.UpdateOneID(t.ID), "unassigned", map[string]any(nil)
	if to == nil {
		u.ClearAssigneeID().ClearAssignedAt()
	} else {
		if t.OwnerID == *to || t.UserID != nil && *t.UserID == *to {
			return fault.ErrInvalidValue.At("input", "assigneeId")
		}
		name, err := staffName(ctx, tx, *to)
		if err != nil {
			return err
		}
		u.SetAssigneeID(*to).SetAssignedAt(tx.Now)
		text, params = "assigned", map[string]any{"name": name}
		i.data = map[string]any{"assigneeId": scalar.ID{Prefix: "usr", UUID: *to}.String()}
	}
	if err := happened(ctx, tx, t, i, text, params); err != nil {
		return err
	}
	if err := u.SetSeq(t.Seq).AddRevision(1).Exec(ctx); err != nil {
		return err
	}
	t.Revision++
	t.AssigneeID = to
	visible := event.ToStaff // from one colleague to another
	if was == nil || to == nil {
		visible = event.ToAll // isAssigned changes
	}
	f := changeFact(ctx, t, "assignee")
	f.AssigneeID = to
	tx.Tell(f, store.ToTicket(t.ID, visible))
	return tx.Audit(ctx, "ticket.assign", t.OwnerID, t.GlobalID(), i.data)
}

// StaffIn says which of some people are of the staff now, and are let in.
// Memberships are not in an agent's reach, so the system looks.
func StaffIn(ctx context.Context, tx *store.Tx, people ...uuid.UUID) (map[uuid.UUID]bool, error) {
	var seats []uuid.UUID
	err := tx.Membership.Query().Where(membership.UserIDIn(people...), membership.OwnerID(viewer.House),
		membership.KindEQ(membership.KindSTAFF), membership.StatusEQ(membership.StatusACTIVE),
		membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(tx.Now)),
		membership.HasUserWith(entuser.StatusIn(entuser.StatusPENDING, entuser.StatusACTIVE))).
		Select(membership.FieldUserID).Scan(viewer.AsSystem(ctx, "support.assign"), &seats)
	is := make(map[uuid.UUID]bool, len(seats))
	for _, id := range seats {
		is[id] = true
	}
	return is, err
}

// OnCustomersSideIn says which of some people stand on the customer's side of a
// ticket, whatever their roles: members of its company, and who takes part in
// it. Like its owner they never work on it.
func OnCustomersSideIn(ctx context.Context, tx *store.Tx, t *ent.Ticket, people ...uuid.UUID) (map[uuid.UUID]bool, error) {
	is, among := map[uuid.UUID]bool{}, strings.Repeat(",?", len(people)-1)
	args := []any{t.ID}
	for _, id := range people {
		is[id] = t.OwnerID == id || t.UserID != nil && *t.UserID == id
		args = append(args, id)
	}
	args = append(append(args, t.OwnerID, viewer.House), args[1:]...)
	rows, err := tx.Query(ctx, `SELECT user_id FROM ticket_participants WHERE ticket_id = ? AND left_at IS NULL AND user_id IN (?`+among+`)
		UNION SELECT user_id FROM memberships WHERE owner_id = ? AND owner_id <> ? AND status = 'ACTIVE' AND user_id IN (?`+among+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		is[id] = true
	}
	return is, rows.Err()
}

// staffName is the name of an active member of staff.
func staffName(ctx context.Context, tx *store.Tx, id uuid.UUID) (string, error) {
	is, err := StaffIn(ctx, tx, id)
	if err != nil {
		return "", err
	}
	if !is[id] {
		return "", fault.ErrInvalidValue.At("input", "assigneeId")
	}
	return nameOf(viewer.AsSystem(ctx, "support.assign"), tx, id)
}

// SetIn moves a locked ticket and sets its priority, as setTicketStatus does
// but for the revision. Faults: as checkStand.
func (s *Tickets) SetIn(ctx context.Context, tx *store.Tx, t *ent.Ticket, in SetTicketStatusInput) error {
	next, err := checkStand(standOf(t), in, tx.Now)
	if err != nil {
		return err
	}
	priority := t.Priority
	if in.Priority != nil {
		priority = *in.Priority
	}
	return s.change(ctx, tx, t, "ticket.set_status", next, priority)
}

// Reading is a query of tickets that reads the caller's own marks with them
// where unread counts are asked for.
func (s *Tickets) Reading(ctx context.Context) *ent.TicketQuery { return s.query(ctx) }

// OnStaffSide says whether the viewer stands on the staff's side of a ticket,
// by its owner and user.
func OnStaffSide(v viewer.Viewer, t *ent.Ticket) bool { return onStaffSide(v, t) }

// Fits says whether a reason is one of a state.
func Fits(status ticket.Status, reason ticket.StatusReason) bool { return fits(status, reason) }
