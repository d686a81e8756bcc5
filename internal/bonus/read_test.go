package bonus_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// An account is made at first need, whoever is first, once.
func TestAccountIsMadeOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		ids := make([]uuid.UUID, 16)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				if i%4 == 0 {
					b.give(alice, 5, 0)
				}
				a, err := b.points.AccountOf(storetest.As(alice), alice, nil)
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = a.ID
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] || id == uuid.Nil {
				t.Fatalf("two accounts: %v", ids)
			}
		}
		b.want(alice, 20, 0)
	})
}

func TestAccountStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		a := b.account(alice)
		if a.Balance() != 0 || a.Pending != 0 {
			t.Errorf("%+v", a)
		}
		for range 30 {
			b.give(alice, 1, 0)
		}
		if n, log := b.Statements(func() { b.account(alice) }); n != 1 {
			t.Errorf("an account is read in one statement: %v", log)
		}
		if n, log := b.Statements(func() { b.must(b.spend(alice, 15, nil)) }); n > 14 {
			t.Errorf("%d statements to spend 15 lots: %v", n, log)
		}
	})
}

// security F1: another person's account is as if it were not there, and no
// reader makes it.
func TestAccountsOfOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice, bob, carol := b.customer("alice"), b.customer("bob"), b.customer("carol")
		b.give(alice, 10, 0)
		for _, who := range []uuid.UUID{alice, carol} { // one with an account, one without
			_, err := b.points.AccountOf(storetest.As(bob), who, nil)
			wantErr(t, err, fault.ErrNotFound)
			all, err := b.points.AccountsOf(storetest.As(bob), who)
			if len(all) != 0 || err != nil {
				t.Errorf("%v %v", all, err)
			}
			_, err = b.points.AccountOf(context.Background(), who, nil)
			wantErr(t, err, fault.ErrNotFound)
		}
		if n, err := b.Client.LedgerAccount.Query().Where(ledgeraccount.OwnerID(carol)).Count(storetest.System()); n != 0 || err != nil {
			t.Errorf("%d accounts were made by others, %v", n, err)
		}
		lots, err := b.points.Lots(storetest.As(bob), b.account(alice))
		if len(lots) != 0 || err != nil {
			t.Errorf("%v %v", lots, err)
		}
		a, err := b.points.CustomerAccount(b.staff(), usr(alice), nil)
		if err != nil || a.Balance() != 10 {
			t.Errorf("%+v %v", a, err)
		}
		if a, err = b.points.CustomerAccount(b.staff(), usr(carol), nil); err != nil || a.Balance() != 0 {
			t.Errorf("%+v %v", a, err)
		}
		_, err = b.points.CustomerAccount(b.staff(), usr(uuid.Must(uuid.NewV7())), nil)
		wantErr(t, err, fault.ErrNotFound)
		all, err := b.points.AccountsOf(storetest.As(bob), bob)
		if len(all) != 1 || err != nil {
			t.Errorf("one's own is always there: %v %v", all, err)
		}
	})
}

func TestPrograms(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		var wg sync.WaitGroup
		for range 8 { // instances that start at once, after the first
			wg.Go(func() {
				if err := (&bonus.Points{Store: db.Store}).EnsureDefaultProgram(storetest.System()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		all, err := b.points.Programs(context.Background())
		if len(all) != 1 || err != nil || all[0].Unit != "PTS:points" || !all[0].IsDefault {
			t.Fatalf("%v %v", all, err)
		}
		for lang, want := range map[string][3]string{
			"en": {"Points", "points", "1 point for every £1.00 spent on an item, given when the order is delivered. Points that can be spent expire after 365 days."},
			"ru": {"Баллы", "баллы", "1 балл за каждые 1,00 £, потраченные на товар; начисляется после доставки заказа. Доступные баллы сгорают через 365 дней."},
		} {
			ctx := viewer.With(context.Background(), viewer.Viewer{Locale: lang})
			for i, which := range []string{"name", "unit", "terms"} {
				if got := bonus.ProgramText(ctx, all[0], which); got != want[i] {
					t.Errorf("%s %s: %q, want %q", lang, which, got, want[i])
				}
			}
		}
		id := all[0].GlobalID()
		if p, err := b.points.Program(context.Background(), &id); err != nil || p.KeyID != id.UUID {
			t.Errorf("%v %v", p, err)
		}
		_, err = b.points.Program(context.Background(), &scalar.ID{Prefix: "acc", UUID: id.UUID})
		wantErr(t, err, fault.ErrInvalidID)
		// A change made by another instance is seen soon.
		b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.BonusProgram.Update().SetRetiredAt(tx.Now).Exec(ctx)
		}))
		b.Clock.Add(6 * time.Second)
		_, err = b.points.Program(context.Background(), nil)
		wantErr(t, err, bonus.ErrProgramNotFound)
	})
}

// Many instances start on an empty database.
func TestEnsureDefaultProgramAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		errs := make([]error, 10)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = (&bonus.Points{Store: db.Store}).EnsureDefaultProgram(storetest.System()) })
		}
		wg.Wait()
		p := &bonus.Points{Store: db.Store}
		all, err := p.Programs(context.Background())
		if err := errors.Join(append(errs, err)...); err != nil || len(all) != 1 {
			t.Errorf("%d programmes, %v", len(all), err)
		}
		checkBooks(t, p)
	})
}
