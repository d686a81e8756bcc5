package desk

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// left finds who is an operator or has open tickets and is not of the staff any
// more: blocked, erased, or his membership ended or ran out.
const left = `SELECT p.user_id FROM (SELECT user_id FROM operators UNION SELECT user_id FROM memberships WHERE owner_id = ? AND kind = 'STAFF') AS p
	WHERE NOT EXISTS (SELECT 1 FROM memberships AS m JOIN users AS u ON u.id = m.user_id WHERE m.user_id = p.user_id AND m.owner_id = ? AND m.kind = 'STAFF'
		AND m.status = 'ACTIVE' AND (m.valid_until_at IS NULL OR m.valid_until_at > ?) AND u.status IN ('PENDING', 'ACTIVE'))
	AND (EXISTS (SELECT 1 FROM operators AS o WHERE o.user_id = p.user_id)
		OR EXISTS (SELECT 1 FROM tickets AS t WHERE t.assignee_id = p.user_id AND t.status IN ('OPEN', 'SNOOZED')))
	ORDER BY p.user_id LIMIT ?`

// idle finds operators of teams that give by turn for whom a ticket may wait.
const idle = `SELECT o.user_id FROM operators AS o JOIN support_teams AS s ON s.id = o.team_id AND NOT s.retired AND s.assignment = 'ROUND_ROBIN'
	WHERE NOT o.away AND o.capacity > (SELECT count(*) FROM tickets AS t WHERE t.assignee_id = o.user_id AND t.status = 'OPEN')
	AND EXISTS (SELECT 1 FROM tickets AS w WHERE w.team_id = o.team_id AND w.status = 'OPEN' AND w.assignee_id IS NULL)
	ORDER BY o.last_given_at LIMIT ?`

// errNone ends the transaction of an operator for whom nothing waits.
var errNone = errors.New("desk: nothing to do")

// Due takes tickets from who has left the staff and gives those that wait to
// operators who have room by now, and says how many. It is for a periodic job;
// several may run at once.
func (q *Queue) Due(ctx context.Context, limit int) (n int, err error) {
	ctx = asSystem(ctx)
	gone, err := q.peopleOf(ctx, left, viewer.House, viewer.House, q.Store.Now(), limit)
	if err != nil {
		return 0, err
	}
	var failed error // one that fails keeps nobody else back
	for _, person := range gone {
		took := 0
		err := q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			took, err = q.leave(ctx, tx, person)
			return err
		})
		failed = errors.Join(failed, err)
		n += took
	}
	adopted, err := q.adoptAll(ctx, limit)
	failed = errors.Join(failed, err)
	filled, err := q.fillAll(ctx, limit)
	return n + adopted + filled, errors.Join(failed, err)
}

// adoptAll gives tickets that wait in no team to the teams that take them by
// now: theirs was deleted, or they were there before any.
func (q *Queue) adoptAll(ctx context.Context, limit int) (int, error) {
	teams, err := inOrder(q.Store.Client.SupportTeam.Query()).All(ctx)
	if err != nil || len(teams) == 0 {
		return 0, store.Translate(err)
	}
	taken := make([]predicate.Ticket, len(teams))
	for i, t := range teams {
		taken[i] = takenBy(t)
	}
	ids, err := q.Store.Client.Ticket.Query().Where(ticket.StatusEQ(ticket.StatusOPEN), ticket.AssigneeIDIsNil(), ofNoTeam,
		ticket.BotStateNEQ(ticket.BotStateANSWERING), ticket.Or(taken...)).Order(ticket.ByID()).Limit(limit).IDs(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	var failed error
	for _, id := range ids {
		failed = errors.Join(failed, q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return q.routeBy(ctx, tx, id) }))
	}
	return len(ids), failed
}

// ofNoTeam are tickets that no team in use has: somebody may have been giving
// one to a team while another deleted that.
func ofNoTeam(s *sql.Selector) {
	s.Where(sql.Or(sql.IsNull(s.C(ticket.FieldTeamID)),
		sql.ExprP(s.C(ticket.FieldTeamID)+" IN (SELECT id FROM support_teams WHERE retired)")))
}

// takenBy is takes, of many tickets.
func takenBy(t *ent.SupportTeam) predicate.Ticket {
	all := []predicate.Ticket{ofNoTeam}
	if len(t.Kinds) > 0 {
		all = append(all, ticket.KindIn(Kinds(t)...))
	}
	if len(t.Locales) > 0 {
		all = append(all, ticket.LocaleIn(t.Locales...))
	}
	return ticket.And(all...)
}

// fillAll goes round the operators who have room, a ticket each, until there is
// nothing to give.
func (q *Queue) fillAll(ctx context.Context, limit int) (n int, err error) {
	crew, failed := q.peopleOf(ctx, idle, limit)
	for len(crew) > 0 && n < limit {
		var more []uuid.UUID
		for _, person := range crew {
			err := q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				gave, err := q.fill(ctx, tx, person)
				if err == nil && !gave {
					return errNone
				}
				return err
			})
			switch {
			case errors.Is(err, errNone):
			case err != nil:
				failed = errors.Join(failed, err)
			default:
				n, more = n+1, append(more, person)
			}
		}
		crew = more
	}
	return n, failed
}

func (q *Queue) peopleOf(ctx context.Context, query string, args ...any) (people []uuid.UUID, err error) {
	rows, err := q.Store.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		people = append(people, id)
	}
	return people, rows.Err()
}
