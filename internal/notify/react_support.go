package notify

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/operator"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostOperators bounds who hears that a ticket of a team is late.
const mostOperators = 100

// OnTicketOverdue warns whoever has a ticket that an answer is due, and says
// that it was missed; where nobody has it, the operators of its team who are
// there. A warning that has been overtaken by an answer is not told.
func (i *Inbox) OnTicketOverdue(ctx context.Context, tx *store.Tx, e event.Stored, f event.TicketOverdue) error {
	sys := viewer.AsSystem(ctx, "notify.hear")
	t, err := tx.Ticket.Query().Where(entticket.ID(f.TicketID)).
		Select(entticket.FieldSubject, entticket.FieldLevelStatus, entticket.FieldAssigneeID, entticket.FieldTeamID).Only(sys)
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

// answerable are those of the staff who should act on a ticket now.
func answerable(ctx context.Context, tx *store.Tx, t *ent.Ticket) (users []uuid.UUID, err error) {
	if t.AssigneeID != nil {
		users = []uuid.UUID{*t.AssigneeID}
	} else if t.TeamID != nil {
		there, err := tx.Operator.Query().Where(operator.TeamID(*t.TeamID), operator.Away(false)).Order(operator.ByID()).Limit(mostOperators).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range there {
			users = append(users, o.UserID)
		}
	}
	if len(users) == 0 {
		return nil, nil
	}
	members, err := tx.Membership.Query().Where(membership.UserIDIn(users...), membership.OwnerID(viewer.House),
		membership.KindEQ(membership.KindSTAFF), membership.StatusEQ(membership.StatusACTIVE),
		membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(tx.Now))).All(ctx)
	users = users[:0]
	for _, m := range members {
		users = append(users, m.UserID)
	}
	return users, err
}
