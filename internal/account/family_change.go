package account

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/invitation"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/role"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ErrLastHolder says that a family must keep a holder.
var ErrLastHolder = fault.New(fault.Refused, "LAST_HOLDER")

// The writes of this file pass the fence: rows of a family are written for
// whoever the verb found to be its holder, or for the caller himself. A family
// is held locked, so that its limits and its last holder stay true.

// familyDay bounds how many families one person makes, also when he leaves each
// again.
var familyDay = store.Limit{Name: "family.create", Free: 5, Forget: 24 * time.Hour, Window: true}

// CreateFamily makes a family whose holder is the caller.
//
// Faults: UNAUTHENTICATED, REQUIRED, TOO_LONG, INVALID_VALUE, TOO_MANY_ITEMS,
// TOO_MANY_ATTEMPTS.
func (p *People) CreateFamily(ctx context.Context, in CreateFamilyInput) (*Family, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	name, err := familyName(&in.Name)
	if err != nil {
		return nil, err
	}
	var id uuid.UUID
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := roomForMe(ctx, tx, v.UserID); err != nil {
			return err
		}
		wait, err := tx.Reserve(ctx, store.Use{Limit: familyDay, Of: v.UserID.String()})
		if err == nil && wait > 0 {
			err = retryAfter(ErrTooManyAttempts, wait)
		}
		if err != nil {
			return err
		}
		made, err := tx.Company.Create().SetKind(company.KindFAMILY).SetName(name).Save(asSystem(ctx))
		if err != nil {
			return err
		}
		id = made.ID
		holder, err := familyRoleKey(ctx, tx, FamilyRoleHolder)
		if err != nil {
			return err
		}
		err = tx.Membership.Create().SetOwnerID(id).SetUserID(v.UserID).SetKind(membership.KindFAMILY).SetRoleID(holder).Exec(asSystem(ctx))
		if err != nil {
			return err
		}
		return tx.Audit(ctx, "account.create_family", id, made.GlobalID(), nil)
	})
	if err != nil {
		return nil, err
	}
	return p.family(ctx, id)
}

func familyName(in *string) (string, error) {
	name, err := line(in, 100, "input", "name")
	if err != nil {
		return "", err
	}
	if name == nil {
		return "", fault.ErrRequired.At("input", "name")
	}
	return *name, nil
}

// roomForMe holds the person and refuses one family too many.
func roomForMe(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
	if err := tx.Lock(ctx, "users", "id", user); err != nil {
		return err
	}
	n, err := tx.Membership.Query().Where(membership.UserID(user), membership.KindEQ(membership.KindFAMILY), membership.StatusEQ(membership.StatusACTIVE)).Count(asSystem(ctx))
	if err == nil && n >= mostFamilies {
		err = ErrTooManyItems.With("limit", mostFamilies)
	}
	return err
}

func familyRoleKey(ctx context.Context, tx *store.Tx, r FamilyRole) (uuid.UUID, error) {
	row, err := tx.Role.Query().Where(role.OwnerID(viewer.House), role.Name(familyRoles[r]), role.AudienceEQ(role.AudienceFAMILY), role.RetiredAtIsNil()).Only(asSystem(ctx))
	if ent.IsNotFound(err) { // staff took it away
		return uuid.Nil, fault.ErrInvalidValue.At("input", "role").Because(errNoRole)
	}
	if err != nil {
		return uuid.Nil, err
	}
	return row.KeyID, nil
}

// lockFamily holds a family and finds the caller's membership in it. Whoever
// has none is told that there is no such family.
func lockFamily(ctx context.Context, tx *store.Tx, id scalar.ID, path ...string) (*ent.Company, *ent.Membership, error) {
	key, err := id.As("com")
	if err != nil {
		return nil, nil, fault.ErrInvalidID.At(path...)
	}
	if err := tx.Lock(ctx, "companies", "id", key); err != nil {
		return nil, nil, err
	}
	f, err := tx.Company.Query().Where(company.ID(key), company.KindEQ(company.KindFAMILY), company.StatusEQ(company.StatusACTIVE)).Only(asSystem(ctx))
	if err == nil {
		var m *ent.Membership
		m, err = tx.Membership.Query().Where(membership.OwnerID(key), membership.UserID(viewer.From(ctx).UserID), membership.KindEQ(membership.KindFAMILY),
			membership.StatusEQ(membership.StatusACTIVE)).Only(asSystem(ctx))
		if err == nil {
			return f, m, nil
		}
	}
	if ent.IsNotFound(err) {
		err = fault.ErrNotFound.At(path...)
	}
	return nil, nil, err
}

// heldFamily is lockFamily for what only holders may do.
func heldFamily(ctx context.Context, tx *store.Tx, id scalar.ID, path ...string) (*ent.Company, uuid.UUID, error) {
	f, m, err := lockFamily(ctx, tx, id, path...)
	if err != nil {
		return nil, uuid.Nil, err
	}
	holder, err := familyRoleKey(ctx, tx, FamilyRoleHolder)
	if err == nil && m.RoleID != holder {
		err = fault.ErrForbidden
	}
	return f, holder, err
}

func move(f *ent.Company) event.FamilyMove { return event.FamilyMove{FamilyID: f.ID, Name: f.Name} }

// UpdateFamilySettings changes the name of a family, which only a holder may,
// and whether the caller's own orders earn into its card.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, INVALID_ID, NOT_FOUND, REQUIRED, TOO_LONG, INVALID_VALUE.
func (p *People) UpdateFamilySettings(ctx context.Context, in UpdateFamilySettingsInput) (*Family, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		f, m, err := lockFamily(ctx, tx, in.FamilyID, "input", "familyId")
		if err != nil {
			return err
		}
		if in.Name != nil {
			name, err := familyName(in.Name)
			if err != nil {
				return err
			}
			if _, _, err := heldFamily(ctx, tx, in.FamilyID); err != nil {
				return err
			}
			if err := tx.Company.UpdateOneID(f.ID).SetName(name).AddRevision(1).Exec(asSystem(ctx)); err != nil {
				return err
			}
		}
		if in.EarnToFamily == nil {
			return nil
		}
		return earnTo(ctx, tx, v.UserID, m.ID, *in.EarnToFamily)
	})
	if err != nil {
		return nil, err
	}
	return p.family(ctx, in.FamilyID.UUID)
}

// earnTo says whether a person's orders earn into the family of a membership.
// They do into one at most: the last one chosen.
func earnTo(ctx context.Context, tx *store.Tx, user, member uuid.UUID, yes bool) error {
	if err := tx.Lock(ctx, "users", "id", user); err != nil {
		return err
	}
	if yes {
		if _, err := tx.Exec(ctx, `UPDATE memberships SET earns_to_owner = ?, updated_at = ? WHERE user_id = ? AND earns_to_owner AND id <> ?`, false, tx.Now, user, member); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE memberships SET earns_to_owner = ?, updated_at = ? WHERE id = ?`, yes, tx.Now, member)
	return err
}

// ChangeFamilyRole gives a member another role. Holders only.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, INVALID_ID, NOT_FOUND, LAST_HOLDER.
func (p *People) ChangeFamilyRole(ctx context.Context, in ChangeFamilyRoleInput) (*Family, error) {
	if _, err := me(ctx); err != nil {
		return nil, err
	}
	var id uuid.UUID
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		f, m, holder, err := memberOf(ctx, tx, in.MemberID)
		if err != nil {
			return err
		}
		id = f.ID
		key, err := familyRoleKey(ctx, tx, in.Role)
		if err != nil || key == m.RoleID {
			return err
		}
		if m.RoleID == holder {
			if err := notLastHolder(ctx, tx, f.ID, holder); err != nil {
				return err
			}
		}
		if err := tx.Membership.UpdateOneID(m.ID).SetRoleID(key).AddRevision(1).Exec(asSystem(ctx)); err != nil {
			return err
		}
		tx.Tell(event.FamilyRoleChanged{FamilyMove: move(f), UserID: m.UserID, Role: string(in.Role)}, store.ToUser(m.UserID), store.ToCompany(f.ID))
		return tx.Audit(ctx, "account.change_family_role", f.ID, m.GlobalID(), map[string]any{"role": string(in.Role)})
	})
	if err != nil {
		return nil, err
	}
	return p.family(ctx, id)
}

// memberOf finds a member of a family that the caller holds. A member of any
// other family is not there.
func memberOf(ctx context.Context, tx *store.Tx, id scalar.ID) (f *ent.Company, m *ent.Membership, holder uuid.UUID, err error) {
	key, err := id.As("mbr")
	if err != nil {
		return nil, nil, holder, fault.ErrInvalidID.At("input", "memberId")
	}
	find := tx.Membership.Query().Where(membership.ID(key), membership.KindEQ(membership.KindFAMILY), membership.StatusEQ(membership.StatusACTIVE))
	if m, err = find.Clone().Only(asSystem(ctx)); err == nil {
		if f, holder, err = heldFamily(ctx, tx, scalar.ID{Prefix: "com", UUID: m.OwnerID}, "input", "memberId"); err == nil {
			m, err = find.Only(asSystem(ctx)) // as it is under the lock
		}
	}
	if ent.IsNotFound(err) {
		err = fault.ErrNotFound.At("input", "memberId")
	}
	return f, m, holder, err
}

// notLastHolder refuses to take the role from the one who is left with it.
func notLastHolder(ctx context.Context, tx *store.Tx, family, holder uuid.UUID) error {
	n, err := tx.Membership.Query().Where(membership.OwnerID(family), membership.KindEQ(membership.KindFAMILY), membership.StatusEQ(membership.StatusACTIVE),
		membership.RoleID(holder)).Count(asSystem(ctx))
	if err == nil && n < 2 {
		err = ErrLastHolder
	}
	return err
}

// RemoveFamilyMember takes a member out of a family, at once. Holders only.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, INVALID_ID, NOT_FOUND, LAST_HOLDER.
func (p *People) RemoveFamilyMember(ctx context.Context, in RemoveFamilyMemberInput) (*Family, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	var id uuid.UUID
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		f, m, holder, err := memberOf(ctx, tx, in.MemberID)
		if err != nil {
			return err
		}
		if id = f.ID; m.RoleID == holder {
			if err := notLastHolder(ctx, tx, f.ID, holder); err != nil {
				return err
			}
		}
		return leave(ctx, tx, f, m, m.UserID != v.UserID)
	})
	if err != nil {
		return nil, err
	}
	f, err := p.family(ctx, id)
	if fault.KindOf(err) == fault.NotFound { // he took himself out
		return nil, nil
	}
	return f, err
}

// leave ends a membership. The row goes: who comes back is a new member.
func leave(ctx context.Context, tx *store.Tx, f *ent.Company, m *ent.Membership, removed bool) error {
	if err := tx.Membership.DeleteOneID(m.ID).Exec(asSystem(ctx)); err != nil {
		return err
	}
	tx.Tell(event.FamilyLeft{FamilyMove: move(f), UserID: m.UserID, Removed: removed}, store.ToUser(m.UserID), store.ToCompany(f.ID))
	return tx.Audit(ctx, "account.leave_family", f.ID, scalar.ID{Prefix: "usr", UUID: m.UserID}, map[string]any{"removed": removed})
}

// LeaveFamily takes the caller out of a family. The last holder cannot, unless
// he is the last member and the card is empty: then the family is closed.
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND, LAST_HOLDER.
func (p *People) LeaveFamily(ctx context.Context, in LeaveFamilyInput) ([]*Family, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		f, m, err := lockFamily(ctx, tx, in.FamilyID, "input", "familyId")
		if err != nil {
			return err
		}
		members, err := tx.Membership.Query().Where(membership.OwnerID(f.ID), membership.StatusEQ(membership.StatusACTIVE)).Count(asSystem(ctx))
		if err != nil {
			return err
		}
		if members > 1 {
			holder, err := familyRoleKey(ctx, tx, FamilyRoleHolder)
			if err == nil && m.RoleID == holder {
				err = notLastHolder(ctx, tx, f.ID, holder)
			}
			if err != nil {
				return err
			}
		} else if err := closeFamily(ctx, tx, f.ID); err != nil {
			return err
		}
		return leave(ctx, tx, f, m, false)
	})
	if err != nil {
		return nil, err
	}
	return p.families(ctx, v.UserID)
}

// closeFamily closes a family whose last member leaves, if nothing is lost by it.
func closeFamily(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	full, err := tx.LedgerAccount.Query().Where(ledgeraccount.OwnerID(id), ledgeraccount.Or(
		ledgeraccount.ActiveNEQ(0), ledgeraccount.PendingNEQ(0), ledgeraccount.HeldNEQ(0))).Exist(asSystem(ctx))
	if err == nil && full {
		err = ErrLastHolder
	}
	if err != nil {
		return err
	}
	_, err = tx.Invitation.Update().Where(invitation.OwnerID(id), invitation.StatusEQ(invitation.StatusOPEN)).SetStatus(invitation.StatusWITHDRAWN).Save(asSystem(ctx))
	if err != nil {
		return err
	}
	return tx.Company.UpdateOneID(id).SetStatus(company.StatusBLOCKED).AddRevision(1).Exec(asSystem(ctx))
}
