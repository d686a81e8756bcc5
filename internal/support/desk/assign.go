package desk

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Assign gives a ticket to a member of staff, or to nobody, and to a team.
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
	to, err := optionalKey(in.AssigneeID, personPrefix, "input", "assigneeId")
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
		return q.hand(ctx, tx, t, handing{person: to, toPerson: true, team: team, toTeam: in.TeamID.IsSet()})
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
		if h.person != nil { // what he has is counted under this lock
			if err := tx.Lock(ctx, "operators", "user_id", *h.person); err != nil {
				return err
			}
		}
		if err := q.Tickets.AssignIn(ctx, tx, t, h.person); err != nil {
			return err
		}
	}
	return q.byTurn(ctx, tx, t, team)
}

// toTeam says which team a locked ticket is of, with its event for staff.
func (q *Queue) toTeam(ctx context.Context, tx *store.Tx, t *ent.Ticket, team *uuid.UUID) error {
	if same(t.TeamID, team) {
		return nil
	}
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
	return q.Tickets.ChangedIn(ctx, tx, t, false, "team")
}

// toSkill says what an operator must know to answer a locked ticket.
func (q *Queue) toSkill(ctx context.Context, tx *store.Tx, t *ent.Ticket, skill *string) error {
	if same(t.Skill, skill) {
		return nil
	}
	u := tx.Ticket.UpdateOneID(t.ID)
	either(skill, u.Mutation().SetSkill, u.Mutation().ClearSkill)
	if err := u.Exec(ctx); err != nil {
		return err
	}
	t.Skill = skill
	return q.Tickets.ChangedIn(ctx, tx, t, false, "skill")
}

func same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// me is who acts.
func me(ctx context.Context) uuid.UUID { return viewer.From(ctx).UserID }
