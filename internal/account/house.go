package account

import (
	"context"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/role"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The ready-made roles. Those for companies belong to the House too, so that
// every company has them.
const (
	RoleAdministrator = "Administrator"
	RoleSupport       = "Support"
	RoleOwner         = "Owner"
	RoleBuyer         = "Buyer"
	RoleAccountant    = "Accountant"
	RoleHolder        = "Holder" // of a family, as the next two
	RoleSpender       = "Spender"
	RoleMember        = "Member"

	RoleRepresentative = "Representative" // of a person under 14
)

func grants(reach, operation string, resources ...string) (g []schema.Grant) {
	for _, r := range resources {
		g = append(g, schema.Grant{Resource: r, Operation: operation, Reach: reach})
	}
	return g
}

func join(lists ...[]schema.Grant) (all []schema.Grant) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// readyRoles are made once; an edit of them by staff stays. Nobody's role
// reaches identities, sessions or notifications of other people.
var readyRoles = []struct {
	name     string
	audience role.Audience
	grants   []schema.Grant
}{
	{RoleAdministrator, role.AudienceSTAFF, join(
		grants("ALL", "read", "user", "company", "product", "order", "bonus", "marketing", "wallet", "ticket", "support", "article", "messaging", "audit_entry", "task", "setting", "webhook"),
		grants("ALL", "write", "user", "company", "product", "order", "bonus", "marketing", "wallet", "ticket", "support", "article", "messaging", "task", "setting", "webhook"),
		grants("ALL", "approve", "bonus"), grants("ALL", "act", "user"))},
	{RoleSupport, role.AudienceSTAFF, join(
		grants("ALL", "read", "user", "company", "product", "order", "bonus", "marketing", "wallet", "ticket", "support", "article"),
		grants("ALL", "write", "ticket"), grants("ALL", "act", "user"))},
	{RoleOwner, role.AudienceCOMPANY, join(
		grants("OWNER", "read", "user", "company", "order", "bonus", "marketing", "wallet", "ticket", "task"),
		grants("OWNER", "write", "user", "company", "order", "bonus", "marketing", "wallet", "ticket", "task"))},
	{RoleBuyer, role.AudienceCOMPANY, join(
		grants("OWN", "read", "order", "ticket"),
		grants("OWN", "write", "order", "ticket"))},
	{RoleHolder, role.AudienceFAMILY, join(
		grants("OWNER", "read", "company", "order", "bonus", "marketing", "wallet"),
		grants("OWNER", "write", "company", "order", "bonus", "marketing", "wallet"))},
	{RoleSpender, role.AudienceFAMILY, join(
		grants("OWNER", "read", "company", "bonus", "marketing"),
		grants("OWNER", "write", "bonus", "marketing"))},
	{RoleMember, role.AudienceFAMILY, grants("OWNER", "read", "company", "bonus", "marketing")},
	{RoleRepresentative, role.AudienceREPRESENTATIVE, join(
		grants("OWNER", "read", "user", "order", "bonus", "marketing", "wallet", "ticket"),
		grants("OWNER", "write", "user", "order", "bonus", "marketing", "ticket"))},
	{RoleAccountant, role.AudienceCOMPANY, grants("OWNER", "read", "order", "bonus", "wallet", "ticket")},
}

// EnsureHouse makes the House and the ready-made roles where they are not
// there yet. Several instances may start at once.
func (p *People) EnsureHouse(ctx context.Context) error {
	ctx = asSystem(ctx)
	for {
		err := p.Store.InTx(ctx, ensureHouse)
		if !store.IsUnique(err) { // else another instance was first: look again
			p.roles.forget()
			return err
		}
	}
}

func ensureHouse(ctx context.Context, tx *store.Tx) error {
	there, err := tx.Company.Query().Where(company.ID(viewer.House)).Exist(ctx)
	if err != nil {
		return err
	}
	if !there {
		if err := tx.Company.Create().SetID(viewer.House).SetKind(company.KindHOUSE).SetName("House").Exec(ctx); err != nil {
			return err
		}
	}
	if err := grantNewCells(ctx, tx, there); err != nil {
		return err
	}
	have, err := tx.Role.Query().Where(role.OwnerID(viewer.House), role.RetiredAtIsNil()).All(ctx)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, r := range have {
		names[r.Name] = true
	}
	for _, r := range readyRoles {
		if names[r.name] {
			continue
		}
		if _, err := saveRole(ctx, tx, viewer.House, r.name, r.audience, r.grants); err != nil {
			return err
		}
	}
	return nil
}

var errNoRole = errors.New("there is no such role")

// seatOf makes or renews a membership in a ready-made role of the House.
func seatOf(ctx context.Context, tx *store.Tx, owner, user uuid.UUID, kind membership.Kind, name string) error {
	r, err := tx.Role.Query().Where(role.OwnerID(viewer.House), role.Name(name), role.RetiredAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) || err == nil && string(r.Audience) != string(kind) {
		return fault.ErrInvalidValue.With("role", name).Because(errNoRole)
	}
	if err != nil {
		return err
	}
	n, err := tx.Membership.Update().Where(membership.OwnerID(owner), membership.UserID(user), membership.KindEQ(kind)).
		SetRoleID(r.KeyID).SetStatus(membership.StatusACTIVE).ClearValidUntilAt().AddRevision(1).Save(ctx)
	if err != nil || n > 0 {
		return err
	}
	return tx.Membership.Create().SetOwnerID(owner).SetUserID(user).SetKind(kind).SetRoleID(r.KeyID).Exec(ctx)
}
