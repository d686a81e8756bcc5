package desk

import (
	"context"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/operator"
	"kabinet/ent/generated/supportteam"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Operators are who answers tickets, of a team where one is named. Fault:
// INVALID_ID.
func (q *Queue) Operators(ctx context.Context, team *scalar.ID) ([]*ent.Operator, error) {
	if err := may(ctx, "support", "read"); err != nil {
		return nil, err
	}
	of, err := optionalKey(team, teamPrefix, "teamId")
	if err != nil {
		return nil, err
	}
	query, err := q.Store.Client.Operator.Query().CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	if of != nil {
		query.Where(operator.TeamID(*of))
	}
	all, err := query.Order(operator.ByTeamID(sql.OrderNullsLast()), operator.ByID()).Limit(mostOperators).All(ctx)
	return all, store.Translate(err)
}

// User is who an operator is; nil to who may not see people.
func (q *Queue) User(ctx context.Context, o *ent.Operator) (*ent.User, error) {
	u, err := q.people.Load(ctx, o.UserID, func(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID]*ent.User, error) {
		query, err := q.Store.Client.User.Query().Where(entuser.IDIn(keys...)).CollectFields(ctx)
		if err != nil {
			return nil, err
		}
		all, err := query.All(ctx)
		byID := make(map[uuid.UUID]*ent.User, len(all))
		for _, u := range all {
			byID[u.ID] = u
		}
		return byID, err
	})
	return u, store.Translate(err)
}

// OpenTickets is how many open tickets an operator has.
func (q *Queue) OpenTickets(ctx context.Context, o *ent.Operator) (int, error) {
	n, err := q.loads.Load(ctx, o.UserID, func(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID]int, error) {
		query, args := loadOf(keys)
		rows, err := q.Store.Query(ctx, query, args...)
		if err != nil {
			return nil, err
		}
		return scanLoad(rows)
	})
	return n, store.Translate(err)
}

// Team is the team that a ticket is of, for staff.
func (q *Queue) Team(ctx context.Context, t *ent.Ticket) (*ent.SupportTeam, error) {
	if t.TeamID == nil || !support.OnStaffSide(viewer.From(ctx), t) || may(ctx, "support", "read") != nil {
		return nil, nil
	}
	team, err := q.teams.Load(ctx, *t.TeamID, func(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID]*ent.SupportTeam, error) {
		query, err := q.Store.Client.SupportTeam.Query().Where(supportteam.IDIn(keys...)).CollectFields(ctx)
		if err != nil {
			return nil, err
		}
		all, err := query.All(ctx)
		byID := make(map[uuid.UUID]*ent.SupportTeam, len(all))
		for _, t := range all {
			byID[t.ID] = t
		}
		return byID, err
	})
	return team, store.Translate(err)
}

// NeededSkill is what a ticket asks of who answers it, for staff.
func NeededSkill(ctx context.Context, t *ent.Ticket) *string {
	if !support.OnStaffSide(viewer.From(ctx), t) {
		return nil
	}
	return t.Skill
}

// SaveOperator makes a member of staff an operator or changes what he answers.
// Faults: INVALID_ID, NOT_FOUND, INVALID_VALUE for who is not of the staff,
// STALE_OBJECT, OUT_OF_RANGE, TOO_LONG, REQUIRED, TOO_MANY_ITEMS; FORBIDDEN.
func (q *Queue) SaveOperator(ctx context.Context, in SaveOperatorInput) (*ent.Operator, error) {
	if err := may(ctx, "support", "write"); err != nil {
		return nil, err
	}
	user, err := keyOf(in.UserID, personPrefix, "input", "userId")
	if err != nil {
		return nil, err
	}
	teamID, _ := in.TeamID.ValueOK()
	team, err := optionalKey(teamID, teamPrefix, "input", "teamId")
	if err != nil {
		return nil, err
	}
	if err := number(in.Capacity, 0, mostCapacity, "capacity"); err != nil {
		return nil, err
	}
	if in.Locales, err = kept(in.Locales, func(l []string) ([]string, error) { return locales(l, "input", "locales") }); err != nil {
		return nil, err
	}
	if in.Skills, err = kept(in.Skills, skills); err != nil {
		return nil, err
	}
	var id uuid.UUID
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if team != nil {
			if _, err := teamInUse(ctx, tx, *team, "input", "teamId"); err != nil {
				return err
			}
		}
		o, err := writeOperator(ctx, tx, user, team, in)
		if err != nil {
			return err
		}
		id = o.ID
		return tx.Audit(ctx, "support.save_operator", viewer.House, o.GlobalID(), map[string]any{
			"user": idOf(personPrefix, user).String(), "team": written(o.TeamID), "capacity": o.Capacity, "skills": o.Skills, "locales": o.Locales, "away": o.Away,
		})
	})
	switch {
	case store.IsUnique(err): // somebody made him one at the same moment
		return nil, fault.ErrStaleObject.At("input", "revision").Because(err)
	case err != nil:
		return nil, err
	}
	return q.operatorBy(ctx, id)
}

// kept checks a list that is given; nil is not.
func kept(list []string, check func([]string) ([]string, error)) ([]string, error) {
	if list == nil {
		return nil, nil
	}
	return check(list)
}

// skills are words in small letters, each once.
func skills(list []string) ([]string, error) {
	if len(list) > mostSkills {
		return nil, fault.ErrTooLong.At("input", "skills").With("limit", mostSkills)
	}
	out := make([]string, len(list))
	for i, s := range list {
		word, err := line(s, longestSkill, at([]string{"input", "skills"}, i)...)
		if err != nil {
			return nil, err
		}
		out[i] = strings.ToLower(word)
	}
	return once(out), nil
}

func writeOperator(ctx context.Context, tx *store.Tx, user uuid.UUID, team *uuid.UUID, in SaveOperatorInput) (*ent.Operator, error) {
	o, err := tx.Operator.Query().Where(operator.UserID(user), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return makeOperator(ctx, tx, user, team, in)
	}
	if err != nil {
		return nil, err
	}
	if err := checkRevision(o.Revision, in.Revision, "revision"); err != nil {
		return nil, err
	}
	u := tx.Operator.UpdateOneID(o.ID).AddRevision(1).SetNillableCapacity(in.Capacity).SetNillableAway(in.Away)
	if in.TeamID.IsSet() {
		either(team, u.Mutation().SetTeamID, u.Mutation().ClearTeamID)
	}
	if in.Skills != nil {
		u.SetSkills(in.Skills)
	}
	if in.Locales != nil {
		u.SetLocales(in.Locales)
	}
	return u.Save(ctx)
}

func makeOperator(ctx context.Context, tx *store.Tx, user uuid.UUID, team *uuid.UUID, in SaveOperatorInput) (*ent.Operator, error) {
	if in.Revision != nil {
		return nil, fault.ErrNotFound.At("input", "userId")
	}
	is, err := support.StaffIn(ctx, tx, user)
	if err != nil {
		return nil, err
	}
	if !is[user] {
		return nil, fault.ErrInvalidValue.At("input", "userId")
	}
	if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
		return nil, err
	}
	n, err := tx.Operator.Query().Count(ctx)
	if err != nil {
		return nil, err
	}
	if n >= mostOperators {
		return nil, ErrTooManyItems.With("limit", mostOperators)
	}
	return tx.Operator.Create().SetUserID(user).SetNillableTeamID(team).SetNillableCapacity(in.Capacity).SetSkills(in.Skills).
		SetLocales(in.Locales).SetNillableAway(in.Away).Save(ctx)
}

func either[T any](v *T, set func(T), clear func()) {
	if v == nil {
		clear()
		return
	}
	set(*v)
}

// DeleteOperator takes somebody out of duty for good and gives the key of the
// operator he was: he is away first, then the tickets that he has and that are
// not closed go to others, a hundred at a time, and with the last of them he is
// none any more. Done by half, it may be done again. Faults: INVALID_ID,
// NOT_FOUND, STALE_OBJECT; FORBIDDEN.
func (q *Queue) DeleteOperator(ctx context.Context, in DeleteOperatorInput) (uuid.UUID, error) {
	if err := may(ctx, "support", "write"); err != nil {
		return uuid.Nil, err
	}
	user, err := keyOf(in.UserID, personPrefix, "input", "userId")
	if err != nil {
		return uuid.Nil, err
	}
	var o *ent.Operator
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if o, err = tx.Operator.Query().Where(operator.UserID(user), tx.Locking()).Only(ctx); ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "userId")
		}
		if err != nil {
			return err
		}
		if err := checkRevision(o.Revision, in.Revision, "revision"); err != nil {
			return err
		}
		if err := tx.Operator.UpdateOneID(o.ID).AddRevision(1).SetAway(true).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.delete_operator", viewer.House, o.GlobalID(), map[string]any{"user": idOf(personPrefix, user).String()})
	})
	if err != nil {
		return uuid.Nil, err
	}
	for took := atOnce; took == atOnce; {
		err := q.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) (err error) {
			took, err = q.takeBack(ctx, tx, user, atOnce)
			return err
		})
		if err != nil {
			return uuid.Nil, err
		}
	}
	return o.ID, nil
}

// SetAway says whether the caller is away. Faults: NOT_FOUND where he is no
// operator; FORBIDDEN.
func (q *Queue) SetAway(ctx context.Context, in SetMyAvailabilityInput) (*ent.Operator, error) {
	if err := may(ctx, "ticket", "write"); err != nil {
		return nil, err
	}
	me := viewer.From(ctx).UserID
	var id uuid.UUID
	err := q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// An agent's role does not write the settings of support; this one is his.
		ctx = asSystem(ctx)
		o, err := tx.Operator.Query().Where(operator.UserID(me), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound
		}
		if err != nil {
			return err
		}
		if id = o.ID; o.Away == in.Away {
			return nil
		}
		return tx.Operator.UpdateOneID(o.ID).AddRevision(1).SetAway(in.Away).Exec(ctx)
	})
	if err != nil {
		return nil, err
	}
	return q.operatorBy(ctx, id)
}

// operatorBy re-reads an operator for a payload. What was written to the
// caller's own row he may see, whatever his role reaches.
func (q *Queue) operatorBy(ctx context.Context, id uuid.UUID) (*ent.Operator, error) {
	query, err := q.Store.Client.Operator.Query().Where(operator.ID(id)).CollectUnder(ctx, "operator")
	if err != nil {
		return nil, err
	}
	o, err := query.Only(asSystem(ctx))
	return o, store.Translate(err)
}
