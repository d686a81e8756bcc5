package notify

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/operator"
	entticket "kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostOperators bounds who hears that a ticket of a team is late.
const mostOperators = 100

// OnTicketOverdue warns whoever has a ticket that an answer is due, and says
// that it was missed; where nobody has it, the operators who are there. A warning that has been overtaken by an answer is not told.
func (i *Inbox) OnTicketOverdue(ctx context.Context, tx *store.Tx, e event.Stored, f event.TicketOverdue) error {
	sys := viewer.AsSystem(ctx, "notify.hear")
	t, err := tx.Ticket.Query().Where(entticket.ID(f.TicketID)).
		Select(entticket.FieldOwnerID, entticket.FieldUserID, entticket.FieldSubject, entticket.FieldLevelStatus, entticket.FieldAssigneeID, entticket.FieldTeamID).Only(sys)
	if ent.IsNotFound(err) {
		return nil // erased since
	}
	if err != nil {
		return err
	}
	n := note{topic: entnotification.TopicSUPPORT, typ: "ticket.due_soon", severity: entnotification.SeverityWARNING, text: "ticket.due_soon." + f.Target,
		params: map[string]any{"number": f.Number, "subject": t.Subject}}
	if !f.Warning {
		n.typ, n.text, n.severity = "ticket.overdue", "ticket.overdue."+f.Target, entnotification.SeverityCRITICAL
	} else if t.LevelStatus == nil || *t.LevelStatus != entticket.LevelStatusIMMINENT_BREACH {
		return nil
	}
	users, err := answerable(sys, tx, t)
	if err != nil {
		return err
	}
	return i.giveAll(ctx, tx, e, users, n)
}

// answerable are those of the staff who should act on a ticket now: who has it,
// if he is there still; else the operators of its team; of one in no team all.
// Nobody is told of his own.
func answerable(ctx context.Context, tx *store.Tx, t *ent.Ticket) ([]uuid.UUID, error) {
	if t.AssigneeID != nil {
		users, err := onDuty(ctx, tx, t, *t.AssigneeID)
		if err != nil || len(users) > 0 {
			return users, err
		}
	}
	there := tx.Operator.Query().Where(operator.Away(false))
	if t.TeamID != nil {
		there.Where(operator.TeamID(*t.TeamID))
	}
	crew, err := there.Order(operator.ByID()).Limit(mostOperators).All(ctx)
	if err != nil {
		return nil, err
	}
	users := make([]uuid.UUID, len(crew))
	for i, o := range crew {
		users[i] = o.UserID
	}
	return onDuty(ctx, tx, t, users...)
}

// onDuty are those of some people who are of the staff now and are let in.
func onDuty(ctx context.Context, tx *store.Tx, t *ent.Ticket, users ...uuid.UUID) ([]uuid.UUID, error) {
	members, err := tx.Membership.Query().Where(membership.UserIDIn(users...), membership.OwnerID(viewer.House),
		membership.KindEQ(membership.KindSTAFF), membership.StatusEQ(membership.StatusACTIVE),
		membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(tx.Now)),
		membership.HasUserWith(entuser.StatusIn(entuser.StatusPENDING, entuser.StatusACTIVE))).All(ctx)
	var there []uuid.UUID
	for _, m := range members {
		if m.UserID != t.OwnerID && (t.UserID == nil || m.UserID != *t.UserID) {
			there = append(there, m.UserID)
		}
	}
	return there, err
}
