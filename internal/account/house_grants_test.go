package account_test

import (
	"context"
	"slices"
	"testing"

	"kabinet/ent/generated/role"
	"kabinet/ent/generated/setting"
	"kabinet/ent/schema"
	"kabinet/internal/account"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// A House from before wallets gets the new grants once; what staff took away
// afterwards stays taken.
func TestNewGrantsReachOldRoles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := storetest.System()
		administrator := func() *schemaRole { return roleOf(t, db, account.RoleAdministrator) }
		old := slices.DeleteFunc(slices.Clone(administrator().grants), func(g schema.Grant) bool { return g.Resource == "wallet" || g.Resource == "marketing" })
		if _, err := w.People.SaveRole(ctx, viewer.House, account.RoleAdministrator, role.AudienceSTAFF, old); err != nil {
			t.Fatal(err)
		}
		if err := w.People.EnsureHouse(ctx); err != nil {
			t.Fatal(err)
		}
		if administrator().may("wallet", "write") {
			t.Fatal("what staff took away came back")
		}
		forget := func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Setting.Delete().Where(setting.Kind("house"), setting.Handle("granted")).Exec(ctx)
			return err
		}
		if err := db.Store.InTx(ctx, forget); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := w.People.EnsureHouse(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if a := administrator(); !a.may("wallet", "write") || !a.may("marketing", "read") || !a.may("order", "write") {
			t.Fatalf("the new grants did not reach the old role: %v", a.grants)
		}
	})
}

type schemaRole struct{ grants []schema.Grant }

func (r *schemaRole) may(resource, operation string) bool {
	return slices.ContainsFunc(r.grants, func(g schema.Grant) bool { return g.Resource == resource && g.Operation == operation })
}

func roleOf(t *testing.T, db *storetest.DB, name string) *schemaRole {
	t.Helper()
	r, err := db.Store.Client.Role.Query().Where(role.OwnerID(viewer.House), role.Name(name), role.RetiredAtIsNil()).Only(storetest.System())
	if err != nil {
		t.Fatal(err)
	}
	return &schemaRole{r.Permissions}
}
