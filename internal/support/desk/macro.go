package desk

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/macro"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Macros are those in use, of those shown to a team where one is named.
func (q *Queue) Macros(ctx context.Context, team *scalar.ID) ([]*ent.Macro, error) {
	if err := may(ctx, "support", "read"); err != nil {
		return nil, err
	}
	of, err := optionalKey(team, teamPrefix, "teamId")
	if err != nil {
		return nil, err
	}
	query := q.Store.Client.Macro.Query().Where(macro.RetiredAtIsNil())
	if of != nil {
		query.Where(macro.Or(macro.TeamIDIsNil(), macro.TeamID(*of)))
	}
	all, err := query.Order(macro.ByName(), macro.ByID()).Limit(mostMacros).All(ctx)
	return all, store.Translate(err)
}

// Acts are the acts of a macro as the SDL shows them.
func Acts(m *ent.Macro) []*MacroAct {
	acts := make([]*MacroAct, len(m.Acts))
	for i, a := range m.Acts {
		acts[i] = &MacroAct{
			Kind: MacroActKind(a.Kind), Texts: Texts(a.Texts), CannedReplyID: idIn(a.CannedID),
			Status: word[ticket.Status](a.Status), Reason: word[ticket.StatusReason](a.Reason), Priority: word[ticket.Priority](a.Priority),
		}
		if a.Hours != 0 {
			acts[i].Hours = &a.Hours
		}
		switch id := idIn(a.To); {
		case id == nil:
			acts[i].Target = word[MacroTarget](a.To)
		case id.Prefix == teamPrefix:
			acts[i].TeamID = id
		default:
			acts[i].UserID = id
		}
	}
	return acts
}

// word is a value of an enum; nil for none.
func word[T ~string](s string) *T {
	if s == "" {
		return nil
	}
	w := T(s)
	return &w
}

// idIn is an id that is kept as text; nil for what is none.
func idIn(s string) *scalar.ID {
	id, err := scalar.ParseID(s)
	if err != nil {
		return nil
	}
	return &id
}

// SaveMacro writes a macro, or a new version of one. Faults: INVALID_ID,
// NOT_FOUND, REQUIRED, STALE_OBJECT, TOO_LONG, INVALID_VALUE, OUT_OF_RANGE,
// DUPLICATE_KEY, UNKNOWN_VARIABLE, ALREADY_TAKEN, TOO_MANY_ITEMS; FORBIDDEN.
func (q *Queue) SaveMacro(ctx context.Context, in SaveMacroInput) (*ent.Macro, error) {
	if err := may(ctx, "support", "write"); err != nil {
		return nil, err
	}
	name, err := line(in.Name, longestName, "input", "name")
	if err != nil {
		return nil, err
	}
	acts, err := checkActs(in.Acts)
	if err != nil {
		return nil, err
	}
	old, team, err := versionOf(in.ID, macroPrefix, in.Version, in.TeamID)
	if err != nil {
		return nil, err
	}
	var out *ent.Macro
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if team != nil {
			if _, err := teamInUse(ctx, tx, *team, "input", "teamId"); err != nil {
				return err
			}
		}
		if err := namedInActs(ctx, tx, acts); err != nil {
			return err
		}
		c := tx.Macro.Create().SetName(name).SetActs(acts).SetNillableTeamID(team)
		if err := overMacro(ctx, tx, c, old, in.Version); err != nil {
			return err
		}
		if out, err = c.Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.save_macro", viewer.House, out.GlobalID(), map[string]any{"name": out.Name, "version": out.Version, "acts": len(acts)})
	})
	switch {
	case store.IsUnique(err):
		return nil, ErrAlreadyTaken.At("input", "name").Because(err)
	case err != nil:
		return nil, err
	}
	return out.Unwrap(), nil
}

// overMacro makes a row the next version of an old one, or a new one for which
// there is room.
func overMacro(ctx context.Context, tx *store.Tx, c *ent.MacroCreate, old *uuid.UUID, version *int) error {
	if old == nil {
		if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
			return err
		}
		n, err := tx.Macro.Query().Where(macro.RetiredAtIsNil()).Count(ctx)
		if err == nil && n >= mostMacros {
			err = ErrTooManyItems.With("limit", mostMacros)
		}
		return err
	}
	m, err := macroInUse(ctx, tx, *old, "input", "id")
	if err == nil {
		err = checkRevision(m.Version, version, "version")
	}
	if err != nil {
		return err
	}
	c.SetKeyID(m.KeyID).SetVersion(m.Version + 1)
	return tx.Macro.UpdateOneID(m.ID).SetRetiredAt(tx.Now).Exec(ctx)
}

// macroInUse holds a macro that is in use. Fault: NOT_FOUND.
func macroInUse(ctx context.Context, tx *store.Tx, key uuid.UUID, path ...string) (*ent.Macro, error) {
	m, err := tx.Macro.Query().Where(macro.KeyID(key), macro.RetiredAtIsNil(), tx.Locking()).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return m, err
}

// macroShown is macroInUse for who applies it: many do so at once, and none
// waits for another.
func macroShown(ctx context.Context, tx *store.Tx, key uuid.UUID, path ...string) (*ent.Macro, error) {
	m, err := tx.Macro.Query().Where(macro.KeyID(key), macro.RetiredAtIsNil()).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return m, err
}

// DeleteMacro takes a macro out of use and gives its id. Faults: INVALID_ID,
// NOT_FOUND; FORBIDDEN.
func (q *Queue) DeleteMacro(ctx context.Context, in DeleteMacroInput) (uuid.UUID, error) {
	if err := may(ctx, "support", "write"); err != nil {
		return uuid.Nil, err
	}
	key, err := keyOf(in.ID, macroPrefix, "input", "id")
	if err != nil {
		return uuid.Nil, err
	}
	return key, q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		m, err := macroInUse(ctx, tx, key, "input", "id")
		if err != nil {
			return err
		}
		if err := tx.Macro.UpdateOneID(m.ID).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.delete_macro", viewer.House, m.GlobalID(), map[string]any{"name": m.Name})
	})
}

// namedInActs wants that canned replies, people and teams that acts name are
// there when the macro is saved; they may be gone when it is applied.
func namedInActs(ctx context.Context, tx *store.Tx, acts []schema.MacroAct) error {
	for i, a := range acts { // at most 10
		path := []string{"input", "acts"}
		if id := idIn(a.CannedID); id != nil {
			if _, err := replyInUse(ctx, tx, id.UUID, at(path, i, "cannedReplyId")...); err != nil {
				return err
			}
		}
		switch id := idIn(a.To); {
		case id == nil:
		case id.Prefix == teamPrefix:
			if _, err := teamInUse(ctx, tx, id.UUID, at(path, i, "teamId")...); err != nil {
				return err
			}
		default:
			is, err := support.StaffIn(ctx, tx, id.UUID)
			if err != nil {
				return err
			}
			if !is[id.UUID] {
				return fault.ErrInvalidValue.At(at(path, i, "userId")...)
			}
		}
	}
	return nil
}
