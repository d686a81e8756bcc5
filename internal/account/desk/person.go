package desk

import (
	"context"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/role"
	"kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// asSystem steps past the fence for what no role of staff reaches: identities,
// memberships and roles. Each verb has asked for the caller's permission
// before. The audit log is given the caller's own context.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "account.desk") }

// staff is the caller, who may do so much to people: the same as @access asks,
// here again because parts of the work pass the fence (security F2).
func staff(ctx context.Context, operation string) (viewer.Viewer, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return v, fault.ErrUnauthenticated
	case !v.Staff, v.ActingStaff != uuid.Nil, v.Reach("user", operation) != viewer.ReachAll:
		return v, fault.ErrForbidden
	}
	return v, nil
}

func idOf(user uuid.UUID) scalar.ID { return scalar.ID{Prefix: "usr", UUID: user} }

// held locks a person's row and reads it. Who is erased is nobody.
func held(ctx context.Context, tx *store.Tx, id scalar.ID, path ...string) (*ent.User, error) {
	key, err := id.As("usr")
	if err != nil {
		return nil, fault.ErrInvalidID.At(path...)
	}
	if err := tx.Lock(ctx, "users", "id", key); err != nil {
		return nil, err
	}
	u, err := tx.User.Query().Where(user.ID(key), user.StatusNEQ(user.StatusERASED)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return u, err
}

// active is held, of a person whose account is in use.
func active(ctx context.Context, tx *store.Tx, id scalar.ID, path ...string) (*ent.User, error) {
	u, err := held(ctx, tx, id, path...)
	if err == nil && u.Status != user.StatusACTIVE {
		return nil, ErrUserNotActive.At(path...).With("status", string(u.Status))
	}
	return u, err
}

// spare keeps a person of the business from those who may do less than he: who
// may write people would else give himself an administrator's password.
func spare(ctx context.Context, tx *store.Tx, v viewer.Viewer, target uuid.UUID, path ...string) error {
	if target == v.UserID {
		return ErrNotOnOneself.At(path...)
	}
	grants, err := grantsOfStaff(ctx, tx, target)
	if err != nil {
		return err
	}
	for _, g := range grants {
		has := v.Reach(g.Resource, g.Operation)
		if has == viewer.ReachNone || g.Reach == "ALL" && has != viewer.ReachAll {
			return ErrStaffMember.At(path...)
		}
	}
	return nil
}

// grantsOfStaff are what a person may do as staff; none for who is not.
func grantsOfStaff(ctx context.Context, tx *store.Tx, of uuid.UUID) ([]schema.Grant, error) {
	seats, err := tx.Membership.Query().Where(membership.UserID(of), membership.OwnerID(viewer.House), membership.KindEQ(membership.KindSTAFF),
		membership.StatusEQ(membership.StatusACTIVE), membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(tx.Now))).All(asSystem(ctx))
	if err != nil || len(seats) == 0 {
		return nil, err
	}
	r, err := tx.Role.Query().Where(role.KeyID(seats[0].RoleID), role.RetiredAtIsNil()).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return []schema.Grant{}, nil
	}
	if err != nil {
		return nil, err
	}
	return append([]schema.Grant{}, r.Permissions...), nil
}

// isAdministrator says whether grants let their holder make and block people:
// then he can let others in.
func isAdministrator(grants []schema.Grant) bool {
	return slices.Contains(grants, schema.Grant{Resource: "user", Operation: "write", Reach: "ALL"})
}

// MayGo refuses to let the last active administrator go, whoever asks: after
// him nobody could let anybody in (security F14). In a transaction the House is
// held, so that two do not let each other go at once; a snapshot just looks.
//
// Faults: LAST_ADMINISTRATOR.
func (d *Desk) MayGo(ctx context.Context, q store.Reader, id uuid.UUID) error {
	is, others, err := administrators(ctx, q, id, d.Store.Now())
	if err != nil || !is {
		return err
	}
	if tx, ok := q.(*store.Tx); ok {
		if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil {
			return err
		}
		if _, others, err = administrators(ctx, q, id, tx.Now); err != nil {
			return err
		}
	}
	if !others {
		return ErrLastAdministrator
	}
	return nil
}

// administrators says whether a person is one, and whether there are others
// who can come in.
func administrators(ctx context.Context, q store.Reader, id uuid.UUID, now time.Time) (is, others bool, err error) {
	rows, err := q.Query(ctx, `SELECT m.user_id, r.permissions FROM memberships m
		JOIN roles r ON r.key_id = m.role_id AND r.retired_at IS NULL JOIN users u ON u.id = m.user_id
		WHERE m.owner_id = ? AND m.kind = 'STAFF' AND m.status = 'ACTIVE' AND (m.valid_until_at IS NULL OR m.valid_until_at > ?)
		AND (u.status = 'ACTIVE' OR u.id = ?)`, viewer.House, now, id)
	if err != nil {
		return false, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var who uuid.UUID
		var may []byte
		var grants []schema.Grant
		if err := rows.Scan(&who, &may); err != nil {
			return false, false, err
		}
		if err := json.Unmarshal(may, &grants); err != nil {
			return false, false, err
		}
		if isAdministrator(grants) {
			is, others = is || who == id, others || who != id
		}
	}
	return is, others, rows.Err()
}

// reason is a text that must say something.
//
// Faults: REQUIRED and those of account.Text.
func reason(v string, limit int, path ...string) (string, error) {
	s, err := account.Text(&v, limit, false, path...)
	if err != nil {
		return "", err
	}
	if s == nil || utf8.RuneCountInString(*s) < shortestReason {
		return "", fault.ErrRequired.At(path...).With("min", shortestReason)
	}
	return *s, nil
}
