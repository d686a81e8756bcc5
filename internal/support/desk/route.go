package desk

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/operator"
	"kabinet/ent/generated/supportteam"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// waits says whether a ticket is somebody's to be.
func waits(t *ent.Ticket) bool {
	return t.Status == ticket.StatusOPEN && t.AssigneeID == nil && t.BotState != ticket.BotStateANSWERING
}

// route gives a locked ticket that waits to whom it belongs: to the customer's
// personal manager, else to the first team that takes it, and there by turn
// where the team does so. Where nobody has room it waits in its team.
func (q *Queue) route(ctx context.Context, tx *store.Tx, t *ent.Ticket) error {
	ctx = asSystem(ctx)
	manager, err := managerOf(ctx, tx, t)
	if err != nil {
		return err
	}
	team, err := teamFor(ctx, tx, t)
	if err != nil {
		return err
	}
	if team != nil { // another one where its own was deleted
		if err := q.toTeam(ctx, tx, t, &team.ID); err != nil {
			return err
		}
	}
	if manager != nil {
		return q.Tickets.AssignIn(ctx, tx, t, manager)
	}
	return q.byTurn(ctx, tx, t, team)
}

// managerOf is the personal manager of a ticket's customer, where he is of the
// staff and no operator that is away. How many tickets he has is no bound: they
// are of his own customers.
func managerOf(ctx context.Context, tx *store.Tx, t *ent.Ticket) (*uuid.UUID, error) {
	if t.UserID == nil {
		return nil, nil
	}
	u, err := tx.User.Query().Where(entuser.ID(*t.UserID)).Select(entuser.FieldID, entuser.FieldManagerID).Only(ctx)
	if err != nil || u.ManagerID == nil {
		return nil, err
	}
	away, err := tx.Operator.Query().Where(operator.UserID(*u.ManagerID), operator.Away(true)).Exist(ctx)
	if err != nil || away {
		return nil, err
	}
	is, err := support.StaffIn(ctx, tx, *u.ManagerID)
	if err != nil || !is[*u.ManagerID] {
		return nil, err
	}
	his, err := support.OnCustomersSideIn(ctx, tx, t, *u.ManagerID)
	if err != nil || his[*u.ManagerID] {
		return nil, err
	}
	return u.ManagerID, nil
}

// teamFor is the team a ticket is of, or else the first that takes it.
func teamFor(ctx context.Context, tx *store.Tx, t *ent.Ticket) (*ent.SupportTeam, error) {
	if t.TeamID != nil {
		team, err := tx.SupportTeam.Query().Where(supportteam.ID(*t.TeamID), supportteam.Retired(false)).Only(ctx)
		if !ent.IsNotFound(err) {
			return team, err
		}
	}
	all, err := inOrder(tx.SupportTeam.Query()).All(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(team *ent.SupportTeam) bool { return takes(team, t.Kind, t.Locale) })
	if i < 0 {
		return nil, nil
	}
	return all[i], nil
}

// byTurn gives a ticket to the operator of a team who waited longest among
// those with room, if the team's are given so.
func (q *Queue) byTurn(ctx context.Context, tx *store.Tx, t *ent.Ticket, team *ent.SupportTeam) error {
	if team == nil || team.Assignment != supportteam.AssignmentROUND_ROBIN || !waits(t) {
		return nil
	}
	ctx = asSystem(ctx)
	// What each has is counted under the lock: nobody else gives meanwhile.
	if err := tx.Lock(ctx, "operators", "team_id", team.ID); err != nil {
		return err
	}
	crew, err := tx.Operator.Query().Where(operator.TeamID(team.ID), operator.Away(false), operator.CapacityGT(0)).All(ctx)
	if err != nil {
		return err
	}
	if crew, err = fit(ctx, tx, t, crew); err != nil {
		return err
	}
	if crew, err = roomIn(ctx, tx, crew); err != nil || len(crew) == 0 {
		return err
	}
	return q.give(ctx, tx, t, crew[0])
}

// fit are those of some operators who can answer a ticket, and may: nobody
// works on what is his own or his company's.
func fit(ctx context.Context, tx *store.Tx, t *ent.Ticket, crew []*ent.Operator) ([]*ent.Operator, error) {
	crew = slices.DeleteFunc(crew, func(o *ent.Operator) bool {
		return !speaks(o.Locales, t.Locale) || t.Skill != nil && !slices.Contains(o.Skills, *t.Skill)
	})
	if len(crew) == 0 {
		return nil, nil
	}
	his, err := support.OnCustomersSideIn(ctx, tx, t, peopleIn(crew)...)
	return slices.DeleteFunc(crew, func(o *ent.Operator) bool { return his[o.UserID] }), err
}

func peopleIn(crew []*ent.Operator) []uuid.UUID {
	people := make([]uuid.UUID, len(crew))
	for i, o := range crew {
		people[i] = o.UserID
	}
	return people
}

// roomIn are those of some operators, who are locked, that have room and are of
// the staff: who waited longest first, and of those who has least.
func roomIn(ctx context.Context, tx *store.Tx, crew []*ent.Operator) ([]*ent.Operator, error) {
	if len(crew) == 0 {
		return nil, nil
	}
	people := peopleIn(crew)
	staff, err := support.StaffIn(ctx, tx, people...)
	if err != nil {
		return nil, err
	}
	query, args := loadOf(people)
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	load, err := scanLoad(rows)
	if err != nil {
		return nil, err
	}
	crew = slices.DeleteFunc(crew, func(o *ent.Operator) bool { return !staff[o.UserID] || load[o.UserID] >= o.Capacity })
	slices.SortFunc(crew, func(a, b *ent.Operator) int {
		if c := since(a).Compare(since(b)); c != 0 {
			return c
		}
		if c := load[a.UserID] - load[b.UserID]; c != 0 {
			return c
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	return crew, nil
}

// since is since when an operator waits.
func since(o *ent.Operator) (t time.Time) {
	if o.LastGivenAt != nil {
		t = *o.LastGivenAt
	}
	return t
}

// loadOf asks how many open tickets some people have.
func loadOf(people []uuid.UUID) (query string, args []any) {
	for _, id := range people {
		args = append(args, id)
	}
	return `SELECT assignee_id, count(*) FROM tickets WHERE assignee_id IN (?` + strings.Repeat(", ?", len(people)-1) +
		`) AND status = 'OPEN' GROUP BY assignee_id`, args
}

func scanLoad(rows *sql.Rows) (map[uuid.UUID]int, error) {
	defer rows.Close()
	load := map[uuid.UUID]int{}
	for rows.Next() {
		var id uuid.UUID
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return nil, err
		}
		load[id] = n
	}
	return load, rows.Err()
}

// give gives a ticket by turn to an operator who is locked and has room.
func (q *Queue) give(ctx context.Context, tx *store.Tx, t *ent.Ticket, o *ent.Operator) error {
	if err := tx.Operator.UpdateOneID(o.ID).SetLastGivenAt(tx.Now).Exec(ctx); err != nil {
		return err
	}
	return q.Tickets.AssignIn(ctx, tx, t, &o.UserID)
}

// wanted says which waiting tickets an operator may be given next.
type wanted struct {
	person  uuid.UUID
	team    *uuid.UUID
	orNone  bool     // those of no team too
	skills  []string // nil: whatever it takes
	any     bool     // whatever skill and language it takes
	locales []string
}

// next locks the ticket that should be answered next and gives its key; what
// somebody else has locked is passed over. uuid.Nil: none waits.
func next(ctx context.Context, tx *store.Tx, w wanted) (id uuid.UUID, err error) {
	var query strings.Builder
	query.WriteString(`SELECT id FROM tickets WHERE status = 'OPEN' AND assignee_id IS NULL AND bot_state <> 'ANSWERING' AND owner_id <> ? AND (user_id IS NULL OR user_id <> ?)
		AND owner_id NOT IN (SELECT m.owner_id FROM memberships AS m WHERE m.user_id = ? AND m.status = 'ACTIVE' AND m.owner_id <> ?)
		AND id NOT IN (SELECT p.ticket_id FROM ticket_participants AS p WHERE p.user_id = ? AND p.left_at IS NULL)`)
	args := []any{w.person, w.person, w.person, viewer.House, w.person}
	switch {
	case w.team == nil:
		query.WriteString(` AND team_id IS NULL`)
	case w.orNone:
		query.WriteString(` AND (team_id IS NULL OR team_id = ?)`)
		args = append(args, *w.team)
	default:
		query.WriteString(` AND team_id = ?`)
		args = append(args, *w.team)
	}
	if !w.any && len(w.skills) == 0 {
		query.WriteString(` AND skill IS NULL`)
	}
	if !w.any && len(w.skills) > 0 {
		query.WriteString(` AND (skill IS NULL OR skill IN (?` + strings.Repeat(", ?", len(w.skills)-1) + `))`)
		args = append(args, anys(w.skills)...)
	}
	if !w.any && len(w.locales) > 0 {
		query.WriteString(` AND locale IN (?` + strings.Repeat(", ?", len(w.locales)-1) + `)`)
		args = append(args, anys(w.locales)...)
	}
	query.WriteString(` ORDER BY urgency DESC, due_at, id LIMIT 1`)
	if tx.Store().Dialect() == dialect.Postgres {
		query.WriteString(` FOR UPDATE SKIP LOCKED`)
	}
	rows, err := tx.Query(ctx, query.String(), args...)
	if err != nil {
		return uuid.Nil, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&id); err != nil {
			return uuid.Nil, err
		}
	}
	return id, rows.Err()
}

func anys(words []string) []any {
	out := make([]any, len(words))
	for i, w := range words {
		out[i] = w
	}
	return out
}

// Claim gives the caller the ticket that should be answered next; nil where
// none waits. Faults: FORBIDDEN.
func (q *Queue) Claim(ctx context.Context) (*ent.Ticket, error) {
	if err := may(ctx, "ticket", "write"); err != nil {
		return nil, err
	}
	me := viewer.From(ctx).UserID
	var id uuid.UUID
	err := q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		w := wanted{person: me, any: true}
		o, err := tx.Operator.Query().Where(operator.UserID(me)).Only(asSystem(ctx))
		switch {
		case err == nil:
			w = wanted{person: me, team: o.TeamID, orNone: true, skills: o.Skills, locales: o.Locales}
		case !ent.IsNotFound(err):
			return err
		}
		if id, err = next(ctx, tx, w); err != nil || id == uuid.Nil {
			return err
		}
		t, err := q.Tickets.LockIn(ctx, tx, id)
		if err != nil {
			return err
		}
		return q.Tickets.AssignIn(ctx, tx, t, &me)
	})
	if err != nil || id == uuid.Nil {
		return nil, err
	}
	return q.Tickets.ByKey(ctx, id)
}
