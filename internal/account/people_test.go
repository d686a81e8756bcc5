package account_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestCreateUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.create(account.CreateUser{Email: "anna@example.com", Name: "Anna", Password: "kabinet-demo", Verified: true, AnyPassword: true, Source: "shop", ExternalID: "17850", Locale: "ru"})
		for what, c := range map[string]struct {
			in   account.CreateUser
			want error
		}{
			"taken":        {account.CreateUser{Email: "ANNA@example.com", Name: "A", Password: password}, account.ErrEmailTaken},
			"external":     {account.CreateUser{Email: "b@example.com", Name: "A", Password: password, Source: "shop", ExternalID: "17850"}, account.ErrEmailTaken},
			"no name":      {account.CreateUser{Email: "b@example.com", Password: password}, fault.ErrRequired},
			"no address":   {account.CreateUser{Email: "b", Name: "A", Password: password}, account.ErrInvalidEmail},
			"common":       {account.CreateUser{Email: "b@example.com", Name: "A", Password: "kabinet-demo"}, credential.ErrPasswordTooCommon},
			"unknown role": {account.CreateUser{Email: "b@example.com", Name: "A", Password: password, Staff: true, Role: "Owner"}, fault.ErrInvalidValue},
		} {
			if _, err := w.CreateUser(storetest.System(), c.in); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if n := w.number(`SELECT count(*) FROM users`); n != 1 {
			t.Errorf("%d people: a refused one was kept", n)
		}
		if _, err := w.CreateUser(storetest.As(id), account.CreateUser{Email: "b@example.com", Name: "A", Password: password}); !errors.Is(err, fault.ErrForbidden) {
			t.Error(err)
		}
		if n, err := w.Count(storetest.System()); n != 1 || err != nil {
			t.Error(n, err)
		}
	})
}

// Instances that start at once make one House.
func TestEnsureHouseAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `DELETE FROM roles`); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `DELETE FROM companies`)
			return err
		}))
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := w.EnsureHouse(storetest.System()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if roles, houses := w.number(`SELECT count(*) FROM roles`), w.number(`SELECT count(*) FROM companies`); roles != 9 || houses != 1 {
			t.Errorf("%d roles, %d houses", roles, houses)
		}
	})
}

func TestCustomers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.create(account.CreateUser{Email: "emma@example.com", Name: "Emma", Password: password, Verified: true, Source: "shop", ExternalID: "0007"})
		var keys []string
		for i := range 1200 {
			keys = append(keys, fmt.Sprintf("%04d", i), fmt.Sprintf("%04d", i))
		}
		find := func() (who map[string]uuid.UUID) {
			w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
				who, err = w.Customers(ctx, tx, "shop", keys, func(key string) (string, string) {
					return "Customer " + key, "customer-" + key + "@shop.example.com"
				})
				return err
			}))
			return who
		}
		var first map[string]uuid.UUID
		if n, _ := db.Statements(func() { first = find() }); n > 12 {
			t.Errorf("%d statements for 1,200 people", n)
		}
		if len(first) != 1200 || w.number(`SELECT count(*) FROM users`) != 1200 {
			t.Errorf("%d people", len(first))
		}
		if n, _ := db.Statements(func() {
			if again := find(); again["0042"] != first["0042"] {
				t.Error("another person the second time")
			}
		}); n > 4 {
			t.Errorf("%d statements for people who are there", n)
		}
		if n := w.number(`SELECT count(*) FROM users`); n != 1200 {
			t.Errorf("%d people after the second time", n)
		}
		emma, nobody := first["0007"], uuid.New()
		refs := []account.PersonRef{
			{ID: &emma}, {Email: "EMMA@example.com"}, {Source: "shop", Extern: "0007"},
			{}, {ID: &nobody}, {Email: "customer-0042@shop.example.com"}, {Email: "x"}, {Source: "erp", Extern: "0007"}, {Source: "erp"},
		}
		var known []uuid.UUID
		n, _ := db.Statements(func() {
			w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
				known, err = w.Known(ctx, tx, refs)
				return err
			}))
		})
		for i, id := range known {
			if want := i < 3; want != (id == emma) || !want && id != uuid.Nil {
				t.Errorf("%+v: %s", refs[i], id)
			}
		}
		if len(known) != len(refs) || n != 4 { // one for each kind and source
			t.Errorf("%d people by %d statements", len(known), n)
		}
	})
}

func staff(w *world) context.Context {
	w.create(account.CreateUser{Email: "root@example.com", Name: "Root", Password: password, Verified: true, Staff: true})
	return w.as(w.token(from("", ""), "root@example.com"))
}

// Staff see the record; customers do not, whatever they ask.
func TestLists(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		root := staff(w)
		page := account.Page{}
		c, err := w.AuditEntries(root, &account.AuditEntryFilter{SubjectID: &scalar.ID{Prefix: "usr", UUID: anna}}, page)
		w.must(err)
		if len(c.Edges) != 1 || c.Edges[0].Node.Action != "account.create_user" || c.Edges[0].Node.ActorKind != "SYSTEM:test" {
			t.Errorf("%+v", c.Edges)
		}
		actor := scalar.ID{Prefix: "usr", UUID: viewer.From(root).UserID}
		if c, err = w.AuditEntries(root, &account.AuditEntryFilter{ActorID: &actor}, page); err != nil || len(c.Edges) != 1 {
			t.Errorf("%v %v", c, err)
		}
		if c, err = w.AuditEntries(storetest.As(anna), nil, page); err != nil || len(c.Edges) != 0 {
			t.Errorf("a customer sees the record: %v %v", c, err)
		}
		if _, err = w.AuditEntries(root, &account.AuditEntryFilter{ActorID: &scalar.ID{Prefix: "com"}}, page); !errors.Is(err, fault.ErrInvalidID) {
			t.Error(err)
		}
	})
}

// A person sees the companies of his memberships by name, and no others.
func TestCompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, boris := w.person("anna@example.com"), w.person("boris@example.com")
		sys := storetest.System()
		acme, err := w.CreateCompany(sys, account.CreateCompany{Name: "Acme"})
		w.must(err)
		w.must(w.AddMember(sys, acme, anna, account.RoleOwner))
		id := scalar.ID{Prefix: "com", UUID: acme}
		if c, err := w.Company(storetest.As(anna), id); err != nil || c.Name != "Acme" {
			t.Errorf("%v %v", c, err)
		}
		for what, ctx := range map[string]context.Context{"another": storetest.As(boris), "nobody": context.Background()} {
			if _, err := w.Company(ctx, id); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
			if list, err := w.Memberships(ctx, anna); err != nil || len(list) != 0 {
				t.Errorf("%s: %v %v", what, list, err)
			}
			if list, err := w.Identities(ctx, anna); err != nil || len(list) != 0 {
				t.Errorf("%s: %v %v", what, list, err)
			}
		}
		if _, err := w.Company(storetest.As(anna), scalar.ID{Prefix: "usr", UUID: acme}); !errors.Is(err, fault.ErrInvalidID) {
			t.Error(err)
		}
		list, err := w.Memberships(storetest.As(anna), anna)
		w.must(err)
		if c, err := w.CompanyOf(storetest.As(anna), list[0]); err != nil || c.Name != "Acme" {
			t.Errorf("%v %v", c, err)
		}
		if c, err := w.Company(staff(w), id); err != nil || c.Name != "Acme" {
			t.Errorf("staff: %v %v", c, err)
		}
	})
}
