package account

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/invitation"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The limits of families.
const (
	mostInFamily   = 10 // members and open invitations
	mostFamilies   = 3  // of one person
	invitationLife = 14 * 24 * time.Hour
)

// familyRoles are the ready-made roles behind what a member may do.
var familyRoles = map[FamilyRole]string{FamilyRoleHolder: RoleHolder, FamilyRoleSpender: RoleSpender, FamilyRoleMember: RoleMember}

// familyRole is what a role's key means in a family; MEMBER for one that was
// taken away, which grants nothing.
func (p *People) familyRole(ctx context.Context, key uuid.UUID) (FamilyRole, error) {
	r, err := p.roles.find(ctx, p.Store, key)
	if err != nil || r == nil {
		return FamilyRoleMember, err
	}
	for role, name := range familyRoles {
		if r.Name == name && r.OwnerID == viewer.House {
			return role, nil
		}
	}
	return FamilyRoleMember, nil
}

// Families are those that a person belongs to, with their members; empty for
// anybody but the person himself.
func (p *People) Families(ctx context.Context, of uuid.UUID) ([]*Family, error) {
	if viewer.From(ctx).UserID != of {
		return []*Family{}, nil
	}
	return p.families(ctx, of)
}

// family is one of the caller's families; NOT_FOUND for any other.
func (p *People) family(ctx context.Context, id uuid.UUID) (*Family, error) {
	all, err := p.families(ctx, viewer.From(ctx).UserID)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if f.ID.UUID == id {
			return f, nil
		}
	}
	return nil, fault.ErrNotFound
}

// families reads a person's families and everybody in them in one statement.
// It steps past the fence: members see each other's names.
func (p *People) families(ctx context.Context, of uuid.UUID) ([]*Family, error) {
	rows, err := p.Store.Query(ctx, `SELECT c.id, c.name, m.id, m.created_at, m.user_id, m.role_id, m.earns_to_owner, u.display_name
		FROM memberships me JOIN companies c ON c.id = me.owner_id
		JOIN memberships m ON m.owner_id = me.owner_id AND m.kind = 'FAMILY' AND m.status = 'ACTIVE'
		JOIN users u ON u.id = m.user_id
		WHERE me.user_id = ? AND me.kind = 'FAMILY' AND me.status = 'ACTIVE' AND c.status = 'ACTIVE'
		ORDER BY me.created_at, c.id, m.created_at, m.id`, of)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	families, roles := []*Family{}, map[*FamilyMember]uuid.UUID{}
	for rows.Next() {
		var id, role uuid.UUID
		var name string
		var earns bool
		m := &FamilyMember{ID: scalar.ID{Prefix: "mbr"}}
		if err := rows.Scan(&id, &name, &m.ID.UUID, &m.JoinedAt, &m.user, &role, &earns, &m.DisplayName); err != nil {
			return nil, store.Translate(err)
		}
		if n := len(families); n == 0 || families[n-1].ID.UUID != id {
			families = append(families, &Family{ID: scalar.ID{Prefix: "com", UUID: id}, Name: name})
		}
		f := families[len(families)-1]
		f.Members, roles[m] = append(f.Members, m), role
		if m.JoinedAt, m.IsMe = m.JoinedAt.UTC(), m.user == of; m.IsMe {
			f.EarnToFamily = earns
		}
	}
	if err := rows.Err(); err != nil {
		return nil, store.Translate(err)
	}
	rows.Close()
	for _, f := range families {
		for _, m := range f.Members {
			if m.Role, err = p.familyRole(ctx, roles[m]); err != nil {
				return nil, err
			}
			if m.IsMe {
				f.Role = m.Role
			}
		}
	}
	return families, nil
}

// FamilyInvitations are those that wait for a person's answer: by his id, or by
// an address that he has proven. Empty for anybody but the person himself.
func (p *People) FamilyInvitations(ctx context.Context, of uuid.UUID) ([]*FamilyInvitation, error) {
	if viewer.From(ctx).UserID != of {
		return []*FamilyInvitation{}, nil
	}
	keys, err := p.provenKeys(ctx, p.Store, of)
	if err != nil {
		return nil, err
	}
	args := []any{p.Store.Now(), of}
	whom := `i.invited_id = ?`
	if len(keys) > 0 {
		whom = `(i.invited_id = ? OR i.email_key IN (?` + strings.Repeat(",?", len(keys)-1) + `))`
		for _, k := range keys {
			args = append(args, k)
		}
	}
	return p.invitations(ctx, whom, args...)
}

// OpenInvitations are those of a family that nobody has answered yet; empty
// but for its holders.
func (p *People) OpenInvitations(ctx context.Context, f *Family) ([]*FamilyInvitation, error) {
	if f.Role != FamilyRoleHolder {
		return []*FamilyInvitation{}, nil
	}
	all, err := p.invitations(ctx, `i.owner_id = ?`, p.Store.Now(), f.ID.UUID)
	for _, i := range all {
		i.Email = i.email
	}
	return all, err
}

// invitations reads open ones, newest first. It steps past the fence: the
// caller says whose they are.
func (p *People) invitations(ctx context.Context, where string, args ...any) ([]*FamilyInvitation, error) {
	rows, err := p.Store.Query(ctx, `SELECT i.id, i.created_at, i.expires_at, i.role_id, i.email, c.id, c.name, u.display_name
		FROM invitations i JOIN companies c ON c.id = i.owner_id AND c.status = 'ACTIVE' JOIN users u ON u.id = i.inviter_id
		WHERE i.status = 'OPEN' AND i.expires_at > ? AND `+where+` ORDER BY i.id DESC LIMIT 100`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all, roles := []*FamilyInvitation{}, []uuid.UUID{}
	for rows.Next() {
		i := &FamilyInvitation{ID: scalar.ID{Prefix: "inv"}, FamilyID: scalar.ID{Prefix: "com"}}
		var role uuid.UUID
		if err := rows.Scan(&i.ID.UUID, &i.CreatedAt, &i.ExpiresAt, &role, &i.email, &i.FamilyID.UUID, &i.FamilyName, &i.InviterName); err != nil {
			return nil, store.Translate(err)
		}
		i.CreatedAt, i.ExpiresAt = i.CreatedAt.UTC(), i.ExpiresAt.UTC()
		all, roles = append(all, i), append(roles, role)
	}
	if err := rows.Err(); err != nil {
		return nil, store.Translate(err)
	}
	rows.Close()
	for n, i := range all {
		if i.Role, err = p.familyRole(ctx, roles[n]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// provenKeys are the e-mail addresses that a person has proven, folded.
func (p *People) provenKeys(ctx context.Context, db interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}, of uuid.UUID) ([]string, error) {
	rows, err := db.Query(ctx, `SELECT value_key FROM contact_points WHERE user_id = ? AND kind = 'EMAIL' AND verified_at IS NOT NULL`, of)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []string
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			return nil, store.Translate(err)
		}
		keys = append(keys, k)
	}
	return keys, store.Translate(rows.Err())
}

// Cards are the balances of a family's shared card, in the programmes in which
// it has one.
func (p *People) Cards(ctx context.Context, f *Family) ([]*FamilyCard, error) {
	if p.FamilyCards == nil {
		return []*FamilyCard{}, nil
	}
	return p.FamilyCards(ctx, f.ID.UUID)
}

// EarnOwner is whose card a person's own orders earn into: the family's that
// he chose, else his own. In the caller's transaction.
func (p *People) EarnOwner(ctx context.Context, tx *store.Tx, user uuid.UUID) (uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT m.owner_id FROM memberships m JOIN companies c ON c.id = m.owner_id
		WHERE m.user_id = ? AND m.earns_to_owner AND m.kind = 'FAMILY' AND m.status = 'ACTIVE' AND c.status = 'ACTIVE'`, user)
	if err != nil {
		return user, err
	}
	defer rows.Close()
	owner := user
	for rows.Next() {
		if err := rows.Scan(&owner); err != nil {
			return user, err
		}
	}
	return owner, rows.Err()
}

// mine is whether an invitation is for a person who has proven some addresses.
func mine(i *ent.Invitation, user uuid.UUID, keys []string) bool {
	return i.InvitedID != nil && *i.InvitedID == user || i.EmailKey != nil && slices.Contains(keys, *i.EmailKey)
}

// openOne finds an invitation that can be answered, asSystem.
func openOne(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Invitation, error) {
	i, err := tx.Invitation.Query().Where(invitation.ID(id), invitation.StatusEQ(invitation.StatusOPEN), invitation.ExpiresAtGT(tx.Now)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		err = fault.ErrNotFound.At("input", "invitationId")
	}
	return i, err
}
