package desk

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/operator"
	"kabinet/ent/generated/supportteam"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Teams are the teams, in the order in which they are asked.
func (q *Queue) Teams(ctx context.Context) ([]*ent.SupportTeam, error) {
	if err := may(ctx, "support", "read"); err != nil {
		return nil, err
	}
	all, err := inOrder(q.Store.Client.SupportTeam.Query()).All(ctx)
	return all, store.Translate(err)
}

func inOrder(query *ent.SupportTeamQuery) *ent.SupportTeamQuery {
	return query.Where(supportteam.Retired(false)).Order(supportteam.ByPosition(), supportteam.ByID()).Limit(mostTeams)
}

// Kinds are the kinds of tickets that a team takes.
func Kinds(t *ent.SupportTeam) []ticket.Kind {
	kinds := make([]ticket.Kind, len(t.Kinds))
	for i, k := range t.Kinds {
		kinds[i] = ticket.Kind(k)
	}
	return kinds
}

// takes says whether tickets of a kind and a language are a team's by themselves.
func takes(t *ent.SupportTeam, kind ticket.Kind, lang string) bool {
	return (len(t.Kinds) == 0 || slices.Contains(t.Kinds, string(kind))) && speaks(t.Locales, lang)
}

// speaks says whether a language is among some; none are all.
func speaks(some []string, lang string) bool { return len(some) == 0 || slices.Contains(some, lang) }

// SaveTeam makes a team or changes one. Faults: INVALID_ID, NOT_FOUND,
// REQUIRED, STALE_OBJECT, TOO_LONG, INVALID_VALUE, OUT_OF_RANGE, ALREADY_TAKEN,
// TOO_MANY_ITEMS; FORBIDDEN.
func (q *Queue) SaveTeam(ctx context.Context, in SaveSupportTeamInput) (*ent.SupportTeam, error) {
	if err := may(ctx, "support", "write"); err != nil {
		return nil, err
	}
	var err error
	if in.Name, err = line(in.Name, longestName, "input", "name"); err != nil {
		return nil, err
	}
	if err = number(in.Position, 0, mostPosition, "position"); err != nil {
		return nil, err
	}
	if in.Locales, err = locales(in.Locales, "input", "locales"); err != nil {
		return nil, err
	}
	old, err := optionalKey(in.ID, teamPrefix, "input", "id")
	if err != nil {
		return nil, err
	}
	var id uuid.UUID
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := writeTeam(ctx, tx, old, in)
		if err != nil {
			return err
		}
		id = t.ID
		return tx.Audit(ctx, "support.save_team", viewer.House, t.GlobalID(), map[string]any{
			"name": t.Name, "assignment": string(t.Assignment), "kinds": t.Kinds, "locales": t.Locales, "position": t.Position,
		})
	})
	switch {
	case store.IsUnique(err):
		return nil, ErrAlreadyTaken.At("input", "name").Because(err)
	case err != nil:
		return nil, err
	}
	t, err := q.Store.Client.SupportTeam.Get(ctx, id)
	return t, store.Translate(err)
}

func writeTeam(ctx context.Context, tx *store.Tx, old *uuid.UUID, in SaveSupportTeamInput) (*ent.SupportTeam, error) {
	if old == nil {
		return makeTeam(ctx, tx, in)
	}
	t, err := tx.SupportTeam.Query().Where(supportteam.ID(*old), supportteam.Retired(false), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	if err != nil {
		return nil, err
	}
	if err := needRevision(t.Revision, in.Revision, "revision"); err != nil {
		return nil, err
	}
	return filledTeam(tx.SupportTeam.UpdateOneID(t.ID), in).Save(ctx)
}

// filledTeam puts all of an input into a row.
func filledTeam(u *ent.SupportTeamUpdateOne, in SaveSupportTeamInput) *ent.SupportTeamUpdateOne {
	u.AddRevision(1).SetName(in.Name).SetKinds(kindWords(in.Kinds)).SetLocales(in.Locales).SetRetired(false).
		SetNillablePosition(in.Position)
	if in.Assignment != nil {
		u.SetAssignment(*in.Assignment)
	}
	return u
}

func makeTeam(ctx context.Context, tx *store.Tx, in SaveSupportTeamInput) (*ent.SupportTeam, error) {
	if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
		return nil, err
	}
	n, err := tx.SupportTeam.Query().Where(supportteam.Retired(false)).Count(ctx)
	if err != nil {
		return nil, err
	}
	if n >= mostTeams {
		return nil, ErrTooManyItems.With("limit", mostTeams)
	}
	again, err := tx.SupportTeam.Query().Where(supportteam.Name(in.Name), supportteam.Retired(true)).Only(ctx)
	switch {
	case err == nil:
		return filledTeam(tx.SupportTeam.UpdateOneID(again.ID), in).Save(ctx)
	case !ent.IsNotFound(err):
		return nil, err
	}
	return tx.SupportTeam.Create().SetName(in.Name).SetNillableAssignment(in.Assignment).SetKinds(kindWords(in.Kinds)).
		SetLocales(in.Locales).SetNillablePosition(in.Position).Save(ctx)
}

func kindWords(kinds []ticket.Kind) []string {
	words := make([]string, 0, len(kinds))
	for _, k := range once(kinds) {
		words = append(words, string(k))
	}
	return words
}

// DeleteTeam takes a team out of use and gives its id: its operators are of
// none then, and its tickets that are not closed wait for another, a hundred in
// a transaction. Where that ends half way, Due finds those that wait. Faults:
// INVALID_ID, NOT_FOUND; FORBIDDEN.
func (q *Queue) DeleteTeam(ctx context.Context, in DeleteSupportTeamInput) (uuid.UUID, error) {
	if err := may(ctx, "support", "write"); err != nil {
		return uuid.Nil, err
	}
	id, err := keyOf(in.ID, teamPrefix, "input", "id")
	if err != nil {
		return uuid.Nil, err
	}
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := tx.SupportTeam.Query().Where(supportteam.ID(id), supportteam.Retired(false), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "id")
		}
		if err != nil {
			return err
		}
		if err := tx.SupportTeam.UpdateOneID(id).SetRetired(true).AddRevision(1).Exec(ctx); err != nil {
			return err
		}
		err = tx.Operator.Update().Where(operator.TeamID(id)).ClearTeamID().AddRevision(1).Exec(ctx)
		if err != nil {
			return err
		}
		return tx.Audit(ctx, "support.delete_team", viewer.House, t.GlobalID(), map[string]any{"name": t.Name})
	})
	if err != nil {
		return uuid.Nil, err
	}
	return id, q.disband(ctx, id)
}

// disband takes the tickets that are not closed out of a team that was deleted.
func (q *Queue) disband(ctx context.Context, team uuid.UUID) error {
	for after := uuid.Nil; ; {
		var ids []uuid.UUID
		err := q.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) (err error) {
			ids, err = q.takeOut(ctx, tx, team, after)
			return err
		})
		if err != nil || len(ids) < atOnce {
			return err
		}
		after = ids[atOnce-1]
	}
}

// takeOut is disband for a few, those after one, and gives their ids.
func (q *Queue) takeOut(ctx context.Context, tx *store.Tx, team, after uuid.UUID) ([]uuid.UUID, error) {
	ids, err := tx.Ticket.Query().Where(ticket.TeamID(team), ticket.StatusIn(ticket.StatusOPEN, ticket.StatusSNOOZED), ticket.IDGT(after)).
		Order(ticket.ByID()).Limit(atOnce).IDs(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids { // at most atOnce; each has its event and its streams
		t, err := q.Tickets.LockIn(ctx, tx, id)
		if refusal(err) { // gone meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		if t.TeamID == nil || *t.TeamID != team {
			continue
		}
		if err := q.toTeam(ctx, tx, t, nil); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// teamInUse wants a team that is in use. Fault: NOT_FOUND.
func teamInUse(ctx context.Context, tx *store.Tx, id uuid.UUID, path ...string) (*ent.SupportTeam, error) {
	t, err := tx.SupportTeam.Query().Where(supportteam.ID(id), supportteam.Retired(false)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return t, err
}
