package campaign

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/goal"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const maxGoal = 1_000_000

// SaveGoal sets a goal of the caller's, or changes the one of the same counter
// and period. Faults: UNAUTHENTICATED, OUT_OF_RANGE, TOO_LONG, INVALID_VALUE,
// STALE_OBJECT.
func (s *Campaigns) SaveGoal(ctx context.Context, in SaveGoalInput) (*ent.Goal, error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return nil, fault.ErrUnauthenticated
	}
	if _, err := inRange(&in.Target, 1, maxGoal, "input", "target"); err != nil {
		return nil, err
	}
	var name *string
	if in.Name != nil {
		text, err := cleanText(*in.Name, 100, "input", "name")
		if err != nil {
			return nil, err
		}
		name = some(text)
	}
	period := goal.PeriodWEEK
	if in.Period != nil {
		period = goal.Period(*in.Period)
	}
	mine := []predicate.Goal{goal.UserID(me), goal.CounterEQ(goal.Counter(in.Counter)), goal.PeriodEQ(period)}
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// Of two that make the same goal at once one makes it and both change it.
		_, err := tx.Exec(ctx, `INSERT INTO goals (id, created_at, updated_at, revision, user_id, counter, period, target) VALUES (?, ?, ?, 0, ?, ?, ?, ?)
			ON CONFLICT (user_id, counter, period) DO NOTHING`, uuid.Must(uuid.NewV7()), tx.Now, tx.Now, me, string(in.Counter), string(period), in.Target)
		if err != nil {
			return err
		}
		g, err := tx.Goal.Query().Where(append(mine, tx.Locking())...).Only(ctx)
		if err != nil {
			return err
		}
		if in.Revision != nil && g.Revision > 0 && int64(*in.Revision) != g.Revision {
			return fault.ErrStaleObject.At("input", "revision").With("revision", g.Revision)
		}
		u := tx.Goal.UpdateOneID(g.ID).SetTarget(in.Target).SetRevision(g.Revision + 1)
		if g.Target != in.Target {
			u.ClearReachedIn()
		}
		setOrClear(name, func(v string) { u.SetName(v) }, func() { u.ClearName() })
		return u.Exec(ctx)
	})
	if err != nil {
		return nil, err
	}
	g, err := s.Store.Client.Goal.Query().Where(mine...).Only(ctx)
	return g, store.Translate(err)
}

// DeleteGoal drops one. Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND.
func (s *Campaigns) DeleteGoal(ctx context.Context, in DeleteGoalInput) (*scalar.ID, error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return nil, fault.ErrUnauthenticated
	}
	key, err := keyOf(in.GoalID, "goal", "input", "goalId")
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Goal.Delete().Where(goal.ID(key), goal.UserID(me)).Exec(ctx)
		if err == nil && n == 0 {
			err = fault.ErrNotFound.At("input", "goalId")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &in.GoalID, nil
}

// Goals are a person's own; at most six can be.
func (s *Campaigns) Goals(ctx context.Context, user uuid.UUID) ([]*ent.Goal, error) {
	rows, err := s.Store.Client.Goal.Query().Where(goal.UserID(user)).Order(goal.ByID()).All(ctx)
	return rows, store.Translate(err)
}

// aim is how far a person is towards a goal in the period that holds a time.
type aim struct {
	goal    *ent.Goal
	window  window
	current int64
}

// aims works out how far a person is: two statements for all of his goals.
func aims(ctx context.Context, r reader, user uuid.UUID, goals []*ent.Goal, at time.Time, zone *time.Location) ([]aim, error) {
	var all []aim
	var windows []window
	for _, g := range goals {
		period := PeriodWeek
		if g.Period == goal.PeriodMONTH {
			period = PeriodMonth
		}
		w := windowOf(period, at, zone, nil, nil)
		all, windows = append(all, aim{goal: g, window: w}), append(windows, w)
	}
	counted, err := countGoals(ctx, r, user, windows)
	if err != nil {
		return nil, store.Translate(err)
	}
	for i := range all {
		all[i].current = counted[i][all[i].goal.Counter]
	}
	return all, nil
}

// countGoals counts, for each window, orders placed and not cancelled, points
// earned, and days on which the person came.
func countGoals(ctx context.Context, r reader, user uuid.UUID, windows []window) ([]map[goal.Counter]int64, error) {
	out := make([]map[goal.Counter]int64, len(windows))
	if len(windows) == 0 {
		return out, nil
	}
	query, args := "", []any{}
	for i, w := range windows {
		if i > 0 {
			query += "\nUNION ALL "
		}
		query += `SELECT CAST(? AS bigint), (SELECT count(*) FROM orders o WHERE o.owner_id = ? AND o.status IN ('PLACED', 'COMPLETED') AND o.placed_at >= ? AND o.placed_at < ?),
 (SELECT CAST(coalesce(sum(e.amount), 0) AS bigint) FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id WHERE a.owner_id = ? AND a.kind = 'BONUS' AND ` + lasting + ` AND e.created_at >= ? AND e.created_at < ?),
 (SELECT count(*) FROM campaign_acts v WHERE v.owner_id = ? AND v.handle = 'visit' AND v.happened_at >= ? AND v.happened_at < ?)`
		span := []any{user, *w.from, *w.to}
		args = append(append(append(append(args, i), span...), span...), span...)
	}
	return out, each(ctx, r, func(rows *sqlRows) error {
		var i int
		var orders, points, visits int64
		err := rows.Scan(&i, &orders, &points, &visits)
		out[i] = map[goal.Counter]int64{goal.CounterORDERS: orders, goal.CounterPOINTS: points, goal.CounterVISITS: visits}
		return err
	}, query, args...)
}

// reachGoals tells a person of the goals that he has reached, once a period.
func (s *Campaigns) reachGoals(ctx context.Context, tx *store.Tx, user uuid.UUID, at time.Time) error {
	ctx = sys(ctx)
	goals, err := tx.Goal.Query().Where(goal.UserID(user)).Order(goal.ByID()).All(ctx)
	if err != nil || len(goals) == 0 {
		return err
	}
	u, err := tx.User.Get(ctx, user)
	if err != nil {
		return err
	}
	all, err := aims(ctx, tx, user, goals, at, zoneOf(u.TimeZone))
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.current < a.goal.Target {
			continue
		}
		n, err := tx.Exec(ctx, `UPDATE goals SET reached_in = ?, updated_at = ? WHERE id = ? AND (reached_in IS NULL OR reached_in <> ?)`, a.window.key, tx.Now, a.goal.ID, a.window.key)
		if err != nil {
			return err
		}
		if n > 0 {
			tx.Tell(event.GoalReached{GoalID: a.goal.ID, UserID: user, Counter: string(a.goal.Counter), Period: a.window.key, Target: a.goal.Target}, store.ToUser(user))
		}
	}
	return nil
}
