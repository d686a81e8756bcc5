package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/operator"
	"kabinet/ent/generated/supportteam"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/support"
)

// atOnce is how many tickets one transaction takes from who has left.
const atOnce = 100

// Hearers give tickets to operators after the fact: a customer does not wait
// for that.
func (q *Queue) Hearers() []store.Hearer {
	return []store.Hearer{
		{
			Name:  "support.route",
			Kinds: []string{event.TicketOpened{}.Kind(), event.TicketReplied{}.Kind(), event.TicketChanged{}.Kind()},
			On:    q.OnTicket,
		},
		{Name: "support.leave", Kinds: []string{event.SecurityChanged{}.Kind()}, On: q.OnSecurityChanged},
	}
}

// beside are changes of a ticket that say nothing about who is to answer it.
var beside = []string{"assignee", "team", "skill", "priority", "read", "message"}

// OnTicket gives a ticket that waits to somebody, and somebody who has an open
// one less the next.
func (q *Queue) OnTicket(ctx context.Context, tx *store.Tx, e event.Stored) error {
	var f struct {
		Changed []string
		Note    bool
	}
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return fmt.Errorf("desk: read %s: %w", e.Kind, err)
	}
	if f.Note || len(f.Changed) > 0 && !slices.ContainsFunc(f.Changed, func(c string) bool { return !slices.Contains(beside, c) }) {
		return nil
	}
	ctx = asSystem(ctx)
	t, err := tx.Ticket.Query().Where(ticket.ID(e.SubjectID)).
		Select(ticket.FieldID, ticket.FieldStatus, ticket.FieldAssigneeID, ticket.FieldBotState).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil
	case err != nil:
		return err
	case waits(t):
		return q.routeBy(ctx, tx, t.ID)
	case t.Status != ticket.StatusOPEN && t.AssigneeID != nil:
		_, err := q.fill(ctx, tx, *t.AssigneeID)
		return err
	}
	return nil
}

// routeBy locks a ticket and routes it, if it waits still.
func (q *Queue) routeBy(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	t, err := q.Tickets.LockIn(ctx, tx, id)
	if refusal(err) { // merged meanwhile, or gone with whose it was
		return nil
	}
	if err != nil || !waits(t) {
		return err
	}
	return q.route(ctx, tx, t)
}

// fill gives an operator who has room the next ticket of his team, if those are
// given by turn, and says whether there was one.
func (q *Queue) fill(ctx context.Context, tx *store.Tx, person uuid.UUID) (bool, error) {
	if err := tx.Lock(ctx, "operators", "user_id", person); err != nil {
		return false, err
	}
	crew, err := tx.Operator.Query().Where(operator.UserID(person), operator.Away(false), operator.CapacityGT(0),
		operator.HasTeamWith(supportteam.Retired(false), supportteam.AssignmentEQ(supportteam.AssignmentROUND_ROBIN))).All(ctx)
	if err != nil {
		return false, err
	}
	if crew, err = roomIn(ctx, tx, crew); err != nil || len(crew) == 0 {
		return false, err
	}
	o := crew[0]
	id, err := next(ctx, tx, wanted{person: person, team: o.TeamID, skills: o.Skills, locales: o.Locales})
	if err != nil || id == uuid.Nil {
		return false, err
	}
	t, err := q.Tickets.LockIn(ctx, tx, id)
	if err != nil || !waits(t) {
		return false, err
	}
	return true, q.give(ctx, tx, t, o)
}

// OnSecurityChanged takes the tickets of a member of staff who was blocked.
func (q *Queue) OnSecurityChanged(ctx context.Context, tx *store.Tx, e event.Stored) error {
	var f event.SecurityChanged
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return fmt.Errorf("desk: read %s: %w", e.Kind, err)
	}
	if f.Change != "blocked" {
		return nil
	}
	_, err := q.leave(asSystem(ctx), tx, f.UserID)
	return err
}

// leave is takeBack for who is not of the staff any more.
func (q *Queue) leave(ctx context.Context, tx *store.Tx, person uuid.UUID) (int, error) {
	is, err := support.StaffIn(ctx, tx, person)
	if err != nil || is[person] {
		return 0, err
	}
	return q.takeBack(ctx, tx, person, atOnce)
}

// takeBack takes so many tickets that are not closed from somebody, so that
// others get them, and says how many there were; with the last of them he is no
// operator any more. All tickets are locked before an operator is.
func (q *Queue) takeBack(ctx context.Context, tx *store.Tx, person uuid.UUID, limit int) (int, error) {
	ids, err := tx.Ticket.Query().Where(ticket.AssigneeID(person), ticket.StatusIn(ticket.StatusOPEN, ticket.StatusSNOOZED)).
		Order(ticket.ByID()).Limit(limit).IDs(ctx)
	if err != nil {
		return 0, err
	}
	var free []*ent.Ticket
	for _, id := range ids { // at most limit; each has its event and its streams
		t, err := q.Tickets.LockIn(ctx, tx, id)
		if refusal(err) { // gone meanwhile
			continue
		}
		if err != nil {
			return 0, err
		}
		if t.AssigneeID == nil || *t.AssigneeID != person {
			continue
		}
		if err := q.Tickets.AssignIn(ctx, tx, t, nil); err != nil {
			return 0, err
		}
		free = append(free, t)
	}
	for _, t := range free {
		if !waits(t) {
			continue
		}
		if err := q.route(ctx, tx, t); err != nil {
			return 0, err
		}
	}
	if len(ids) < limit {
		_, err = tx.Operator.Delete().Where(operator.UserID(person)).Exec(ctx)
	}
	return len(ids), err
}
