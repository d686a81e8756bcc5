package desk

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Assign gives a ticket to a member of staff, or to nobody, and to a team. Where
// a team or a skill is given and nothing is said of a person, who has it keeps it.
// Faults: INVALID_ID, NOT_FOUND, TICKET_MERGED, INVALID_VALUE for who is not
// staff or whose own ticket it is, REQUIRED, TOO_LONG, STALE_OBJECT; FORBIDDEN.
func (q *Queue) Assign(ctx context.Context, in AssignTicketInput) (*ent.Ticket, error) {
	if err := may(ctx, "ticket", "write"); err != nil {
		return nil, err
	}
	key, err := keyOf(in.TicketID, ticketPrefix, "input", "ticketId")
	if err != nil {
		return nil, err
	}
	person, named := in.AssigneeID.ValueOK()
	to, err := optionalKey(person, personPrefix, "input", "assigneeId")
	if err != nil {
		return nil, err
	}
	team, err := teamGiven(in.TeamID.ValueOK())
	if err != nil {
		return nil, err
	}
	skill, changes := in.Skill.ValueOK()
	if skill != nil {
		word, err := line(*skill, longestSkill, "input", "skill")
		if err != nil {
			return nil, err
		}
		word = strings.ToLower(word)
		skill = &word
	}
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := q.Tickets.LockIn(ctx, tx, key, "input", "ticketId")
		if err != nil {
			return err
		}
		if err := checkRevision(t.Revision, in.Revision, "revision"); err != nil {
			return err
		}
		if changes {
			if err := q.toSkill(ctx, tx, t, skill); err != nil {
				return err
			}
		}
		toPerson := named || !changes && !in.TeamID.IsSet()
		return q.hand(ctx, tx, t, handing{person: to, toPerson: toPerson, team: team, toTeam: in.TeamID.IsSet()})
	})
	if err != nil {
		return nil, err
	}
	return q.Tickets.ByKey(ctx, key)
}

func teamGiven(id *scalar.ID, _ bool) (*uuid.UUID, error) {
	return optionalKey(id, teamPrefix, "input", "teamId")
}

// handing is to whom a ticket is given by hand.
type handing struct {
	person   *uuid.UUID
	toPerson bool // else who has it keeps it
	team     *uuid.UUID
	toTeam   bool
}

// hand gives a locked ticket to a person and a team. A team whose tickets are
// given by turn gives one that nobody has.
func (q *Queue) hand(ctx context.Context, tx *store.Tx, t *ent.Ticket, h handing) error {
	var team *ent.SupportTeam
	if h.toTeam && h.team != nil {
		var err error
		if team, err = teamInUse(ctx, tx, *h.team, "input", "teamId"); err != nil {
			return err
		}
	}
	if h.toTeam {
		if err := q.toTeam(ctx, tx, t, h.team); err != nil {
			return err
		}
	}
	if h.toPerson {
		if h.person != nil {
			if err := mayHave(ctx, tx, t, *h.person); err != nil {
				return err
			}
		}
		if err := q.Tickets.AssignIn(ctx, tx, t, h.person); err != nil {
			return err
		}
	}
	return q.byTurn(ctx, tx, t, team)
}

// mayHave refuses who stands on the customer's side of a ticket, and locks
// whoever else is an operator: what he has is counted under this lock.
func mayHave(ctx context.Context, tx *store.Tx, t *ent.Ticket, person uuid.UUID) error {
	his, err := support.OnCustomersSideIn(ctx, tx, t, person)
	if err != nil {
		return err
	}
	if his[person] {
		return fault.ErrInvalidValue.At("input", "assigneeId")
	}
	return tx.Lock(ctx, "operators", "user_id", person)
}

// onRecord puts on record what a person did to a ticket; what is done by
// itself is in its timeline.
func onRecord(ctx context.Context, tx *store.Tx, t *ent.Ticket, action string, changes map[string]any) error {
	if viewer.From(ctx).IsSystem() {
		return nil
	}
	return tx.Audit(ctx, action, t.OwnerID, t.GlobalID(), changes)
}

// toTeam says which team a locked ticket is of, with its event for staff.
func (q *Queue) toTeam(ctx context.Context, tx *store.Tx, t *ent.Ticket, team *uuid.UUID) error {
	if same(t.TeamID, team) {
		return nil
	}
	was := written(t.TeamID)
	u, body, data := tx.Ticket.UpdateOneID(t.ID), locale.Text(t.Locale, "support.desk.no_team", nil), map[string]any(nil)
	if team == nil {
		u.ClearTeamID()
	} else {
		named, err := tx.SupportTeam.Get(asSystem(ctx), *team)
		if err != nil {
			return err
		}
		u.SetTeamID(*team)
		body, data = locale.Text(t.Locale, "support.desk.team", map[string]any{"name": named.Name}), map[string]any{"teamId": idOf(teamPrefix, *team).String()}
	}
	if err := u.Exec(ctx); err != nil {
		return err
	}
	t.TeamID = team
	_, err := q.Tickets.SayIn(ctx, tx, t, support.Said{Kind: ticketmessage.KindEVENT, Visibility: ticketmessage.VisibilitySTAFF, Body: body, Data: data})
	if err != nil {
		return err
	}
	if err := q.Tickets.ChangedIn(ctx, tx, t, false, "team"); err != nil {
		return err
	}
	return onRecord(ctx, tx, t, "ticket.set_team", map[string]any{"was": was, "team": written(team)})
}

// toSkill says what an operator must know to answer a locked ticket.
func (q *Queue) toSkill(ctx context.Context, tx *store.Tx, t *ent.Ticket, skill *string) error {
	if same(t.Skill, skill) {
		return nil
	}
	was := t.Skill
	u := tx.Ticket.UpdateOneID(t.ID)
	either(skill, u.Mutation().SetSkill, u.Mutation().ClearSkill)
	if err := u.Exec(ctx); err != nil {
		return err
	}
	t.Skill = skill
	if err := q.Tickets.ChangedIn(ctx, tx, t, false, "skill"); err != nil {
		return err
	}
	return onRecord(ctx, tx, t, "ticket.set_skill", map[string]any{"was": was, "skill": skill})
}

func same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// me is who acts.
func me(ctx context.Context) uuid.UUID { return viewer.From(ctx).UserID }
