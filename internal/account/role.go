package account

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/role"
	"kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

var reaches = map[string]viewer.Reach{
	"OWN": viewer.ReachOwn, "OWNER": viewer.ReachOwner, "SUBSIDIARIES": viewer.ReachSubsidiaries, "ALL": viewer.ReachAll,
}

// roleCache holds the roles in force, whole: there are few. It is read anew
// after fresh, so that a role taken away is gone within seconds (security B3).
type roleCache struct {
	mu   sync.Mutex
	at   time.Time // of the machine, not of the store's clock
	rows map[uuid.UUID]*ent.Role
}

const fresh = 2 * time.Second

// A role that is not there may have been made since, by another instance: it
// is looked for anew, but not for each request of whoever holds it.
const looked = 100 * time.Millisecond

// find gives a role in force by its key; nil when there is none.
func (c *roleCache) find(ctx context.Context, s *store.Store, key uuid.UUID) (*ent.Role, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	age := time.Since(c.at)
	if r := c.rows[key]; r != nil && age < fresh || c.rows != nil && age < looked {
		return r, nil
	}
	list, err := s.Client.Role.Query().Where(role.RetiredAtIsNil()).All(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	c.rows, c.at = make(map[uuid.UUID]*ent.Role, len(list)), time.Now()
	for _, r := range list {
		c.rows[r.KeyID] = r
	}
	return c.rows[key], nil
}

func (c *roleCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows = nil
}

// grant adds what a membership's role grants. A role works only in the
// capacity it was made for, and only with the owner it belongs to or, for the
// ready-made ones, the House's; a company's role never reaches past the
// company (security F9).
func (c *roleCache) grant(ctx context.Context, s *store.Store, v *viewer.Viewer, m seat) error {
	r, err := c.find(ctx, s, m.role)
	if err != nil || r == nil || string(r.Audience) != m.kind {
		return err
	}
	staff := m.kind == "STAFF"
	if r.OwnerID != m.owner && r.OwnerID != viewer.House {
		return nil
	}
	if v.Grants == nil {
		v.Grants = make(map[viewer.Permission]viewer.Reach, len(r.Permissions))
	}
	for _, g := range r.Permissions {
		reach := reaches[g.Reach]
		if !staff && reach > viewer.ReachSubsidiaries {
			reach = viewer.ReachSubsidiaries
		}
		cell := viewer.Permission{Resource: g.Resource, Operation: g.Operation}
		v.Grants[cell] = max(v.Grants[cell], reach)
	}
	return nil
}

// SaveRole makes a role of an owner, or puts new grants in force under the
// same name. Its key is what memberships hold. Only a system viewer may: who
// writes roles could give himself any.
//
// Faults: FORBIDDEN, INVALID_VALUE for an unknown audience or reach.
func (p *People) SaveRole(ctx context.Context, owner uuid.UUID, name string, audience role.Audience, grants []schema.Grant) (key uuid.UUID, err error) {
	if !viewer.From(ctx).IsSystem() {
		return uuid.Nil, fault.ErrForbidden
	}
	if err := role.AudienceValidator(audience); err != nil {
		return uuid.Nil, fault.ErrInvalidValue.Because(err)
	}
	for _, g := range grants {
		if _, known := reaches[g.Reach]; !known {
			return uuid.Nil, fault.ErrInvalidValue.With("reach", g.Reach)
		}
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		key, err = saveRole(ctx, tx, owner, name, audience, grants)
		return err
	})
	p.roles.forget()
	return key, err
}

func saveRole(ctx context.Context, tx *store.Tx, owner uuid.UUID, name string, audience role.Audience, grants []schema.Grant) (uuid.UUID, error) {
	c := tx.Role.Create().SetOwnerID(owner).SetName(name).SetAudience(audience).SetPermissions(grants)
	old, err := tx.Role.Query().Where(role.OwnerID(owner), role.Name(name), role.RetiredAtIsNil()).Only(asSystem(ctx))
	switch {
	case err == nil:
		if _, err := tx.Exec(ctx, `UPDATE roles SET retired_at = ? WHERE id = ? AND retired_at IS NULL`, tx.Now, old.ID); err != nil {
			return uuid.Nil, err
		}
		c.SetKeyID(old.KeyID).SetVersion(old.Version + 1)
	case !ent.IsNotFound(err):
		return uuid.Nil, err
	}
	r, err := c.Save(asSystem(ctx))
	if err != nil {
		return uuid.Nil, err
	}
	return r.KeyID, nil
}

// RoleName is the name of a membership's role.
func (p *People) RoleName(ctx context.Context, m *ent.Membership) (string, error) {
	r, err := p.roles.find(ctx, p.Store, m.RoleID)
	if err != nil || r == nil {
		return "", err
	}
	return r.Name, nil
}

// StaffRole is the role, by its key, in which a person is a member of staff.
//
// Faults: FORBIDDEN for who is none.
func (p *People) StaffRole(ctx context.Context, user uuid.UUID) (uuid.UUID, error) {
	m, err := p.Store.Client.Membership.Query().Where(membership.UserID(user), membership.OwnerID(viewer.House), membership.KindEQ(membership.KindSTAFF),
		membership.StatusEQ(membership.StatusACTIVE), membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(p.Store.Now()))).
		Order(membership.ByID()).First(asSystem(ctx))
	switch {
	case ent.IsNotFound(err):
		return uuid.Nil, fault.ErrForbidden
	case err != nil:
		return uuid.Nil, store.Translate(err)
	}
	return m.RoleID, nil
}

// RoleViewer is a viewer without a person who may what a role of staff may, by
// its key, and the role's name; found is false where the role has ended.
func (p *People) RoleViewer(ctx context.Context, key uuid.UUID) (v viewer.Viewer, name string, found bool, err error) {
	r, err := p.roles.find(ctx, p.Store, key)
	if err != nil || r == nil || r.Audience != role.AudienceSTAFF || r.OwnerID != viewer.House {
		return v, "", false, err
	}
	v.Staff = true
	err = p.roles.grant(ctx, p.Store, &v, seat{owner: viewer.House, role: key, kind: string(role.AudienceSTAFF)})
	return v, r.Name, err == nil, err
}

// ReachNow is how far a person's roles with an owner, by memberships as they
// are now, let an operation on a resource go; nowhere for who is not active.
func (p *People) ReachNow(ctx context.Context, person, owner uuid.UUID, resource, operation string) (viewer.Reach, error) {
	ctx = asSystem(ctx)
	active, err := p.Store.Client.User.Query().Where(user.ID(person), user.StatusEQ(user.StatusACTIVE)).Exist(ctx)
	if err != nil || !active {
		return viewer.ReachNone, store.Translate(err)
	}
	seats, err := p.Store.Client.Membership.Query().Where(membership.UserID(person), membership.OwnerID(owner), membership.StatusEQ(membership.StatusACTIVE),
		membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(p.Store.Now()))).All(ctx)
	if err != nil {
		return viewer.ReachNone, store.Translate(err)
	}
	var v viewer.Viewer
	for _, m := range seats {
		if err := p.roles.grant(ctx, p.Store, &v, seat{owner: owner, role: m.RoleID, kind: m.Kind.String()}); err != nil {
			return viewer.ReachNone, err
		}
	}
	return v.Reach(resource, operation), nil
}

// isStaff says whether a person has an active membership in the House.
func (p *People) isStaff(ctx context.Context, tx *store.Tx, user uuid.UUID) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM memberships WHERE user_id = ? AND owner_id = ? AND kind = 'STAFF' AND status = 'ACTIVE'
		AND (valid_until_at IS NULL OR valid_until_at > ?)`, user, viewer.House, tx.Now).Scan(&n)
	return n > 0, err
}
