package account

import (
	"context"
	"slices"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/role"
	"kabinet/ent/schema"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// firstCells are the cells that ready-made roles could grant before the House
// kept a list of them.
var firstCells = []string{
	"audit_entry/read", "bonus/read", "bonus/write", "company/read", "company/write", "order/read", "order/write", "product/read", "product/write",
	"setting/read", "setting/write", "task/read", "task/write", "ticket/read", "ticket/write", "user/read", "user/write",
}

// grantNewCells adds, to the ready-made roles of a House from before this
// release, the grants of things that release did not know. What staff edited
// stays: a cell that was known once is theirs to give or take.
func grantNewCells(ctx context.Context, tx *store.Tx, before bool) error {
	var known []string
	found, err := tx.ReadSetting(ctx, "house", "granted", &known)
	if err != nil {
		return err
	}
	if !found {
		known = firstCells
	}
	var all []string
	for _, r := range readyRoles {
		var added []schema.Grant
		for _, g := range r.grants {
			cell := g.Resource + "/" + g.Operation
			if all = append(all, cell); !slices.Contains(known, cell) {
				added = append(added, g)
			}
		}
		if before && len(added) > 0 {
			if err := grantMore(ctx, tx, r.name, added); err != nil {
				return err
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if found && !slices.ContainsFunc(all, func(cell string) bool { return !slices.Contains(known, cell) }) {
		return nil
	}
	return tx.SaveSetting(ctx, "house", "granted", all)
}

// grantMore puts a new version of a ready-made role in force; none where staff
// took the role away.
func grantMore(ctx context.Context, tx *store.Tx, name string, added []schema.Grant) error {
	old, err := tx.Role.Query().Where(role.OwnerID(viewer.House), role.Name(name), role.RetiredAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = saveRole(ctx, tx, viewer.House, name, old.Audience, append(slices.Clone(old.Permissions), added...))
	return err
}
