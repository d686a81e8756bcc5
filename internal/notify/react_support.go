package notify

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/operator"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/role"
	entticket "kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Who hears that a ticket nobody has is late.
const (
	mostOperators = 100 // of a team, or of all
	mostWriters   = 50  // of those who are no operators
)

// giveAssignee tells a member of staff that he was given a ticket, by a
// colleague, by turn or because he is the customer's manager; not who took it
// himself, and not where it was given on before he heard.
func (i *Inbox) giveAssignee(ctx context.Context, tx *store.Tx, e event.Stored, f event.TicketChanged) error {
	if e.ActorID != nil && *e.ActorID == *f.AssigneeID {
		return nil
	}
	sys := viewer.AsSystem(ctx, "notify.hear")
	t, err := tx.Ticket.Query().Where(entticket.ID(f.TicketID), entticket.AssigneeID(*f.AssigneeID)).
		Select(entticket.FieldOwnerID, entticket.FieldUserID, entticket.FieldSubject).Only(sys)
	if ent.IsNotFound(err) {
		return nil // given on, or erased, since
	}
	if err != nil {
		return err
	}
	users, err := onDuty(sys, tx, t, *f.AssigneeID)
	if err != nil {
		return err
	}
	return i.giveAll(ctx, tx, e, users, note{topic: entnotification.TopicSUPPORT, typ: "ticket.assigned", severity: entnotification.SeverityINFO,
		params: map[string]any{"number": f.Number, "subject": t.Subject}})
}

// OnTicketOverdue warns whoever has a ticket that an answer is due, and says
// that it was missed; where nobody has it, the operators who are there, or else
// whoever may answer. A warning that an answer has overtaken is not told.
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
// if he is there still; else the operators of its team; of one in no team all;
// where there is none of them, those who may write tickets. Nobody is told of
// his own.
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
	if users, err = onDuty(ctx, tx, t, users...); err != nil || len(users) > 0 {
		return users, err
	}
	return writers(ctx, tx, t)
}

// writers are members of staff whose role may write tickets, but those who said
// that they are away.
func writers(ctx context.Context, tx *store.Tx, t *ent.Ticket) ([]uuid.UUID, error) {
	roles, err := tx.Role.Query().Where(role.OwnerID(viewer.House), role.AudienceEQ(role.AudienceSTAFF), role.RetiredAtIsNil()).All(ctx)
	if err != nil {
		return nil, err
	}
	var keys []uuid.UUID
	for _, r := range roles {
		for _, g := range r.Permissions {
			if g.Resource == "ticket" && g.Operation == "write" && g.Reach == "ALL" {
				keys = append(keys, r.KeyID)
			}
		}
	}
	who := []predicate.Membership{membership.RoleIDIn(keys...), membership.UserIDNEQ(t.OwnerID), notAway}
	if t.UserID != nil {
		who = append(who, membership.UserIDNEQ(*t.UserID))
	}
	return staffIn(ctx, tx, mostWriters, who...)
}

// notAway are memberships of those who are no operators that are away.
func notAway(s *sql.Selector) {
	s.Where(sql.P(func(b *sql.Builder) {
		b.WriteString("NOT EXISTS (SELECT 1 FROM operators AS o WHERE o.away AND o.user_id = ").Ident(s.C(membership.FieldUserID)).WriteString(")")
	}))
}

// onDuty are those of some people who are of the staff now and are let in.
func onDuty(ctx context.Context, tx *store.Tx, t *ent.Ticket, users ...uuid.UUID) ([]uuid.UUID, error) {
	if len(users) == 0 {
		return nil, nil
	}
	there, err := staffIn(ctx, tx, len(users), membership.UserIDIn(users...))
	return slices.DeleteFunc(there, func(id uuid.UUID) bool { return id == t.OwnerID || t.UserID != nil && id == *t.UserID }), err
}

// staffIn are members of the staff who are let in now, so many at most.
func staffIn(ctx context.Context, tx *store.Tx, most int, who ...predicate.Membership) (users []uuid.UUID, err error) {
	err = tx.Membership.Query().Where(who...).Where(membership.OwnerID(viewer.House),
		membership.KindEQ(membership.KindSTAFF), membership.StatusEQ(membership.StatusACTIVE),
		membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(tx.Now)),
		membership.HasUserWith(entuser.StatusIn(entuser.StatusPENDING, entuser.StatusACTIVE))).
		Order(membership.ByUserID()).Limit(most).Select(membership.FieldUserID).Scan(ctx, &users)
	return users, err
}

// OnSurveyAsked asks a person about a closed ticket, and once again where he
// said nothing.
func (i *Inbox) OnSurveyAsked(ctx context.Context, tx *store.Tx, e event.Stored, f event.SurveyAsked) error {
	n := note{
		topic: entnotification.TopicSUPPORT, typ: "survey.asked", severity: entnotification.SeverityINFO, params: map[string]any{"number": f.Number},
	}
	if f.Reminder {
		n.typ = "survey.reminded"
	}
	return i.giveOwn(ctx, tx, e, n)
}
