package account_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func text(s string) graphql.Omittable[*string] { return graphql.OmittableOf(&s) }

func null() graphql.Omittable[*string] { return graphql.OmittableOf[*string](nil) }

func TestUpdateProfile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := storetest.As(w.person("anna@example.com"))
		u, err := w.UpdateProfile(ctx, account.UpdateProfileInput{GivenName: text(" Anna "), FamilyName: text("Smith"), BirthOn: text("1990-05-17")})
		w.must(err)
		if *u.GivenName != "Anna" || *u.FamilyName != "Smith" || *u.BirthOn != "1990-05-17" || u.MiddleName != nil || u.DisplayName != "Anna" || u.Revision != 2 {
			t.Errorf("%+v", u)
		}
		stale := 1
		_, err = w.UpdateProfile(ctx, account.UpdateProfileInput{FamilyName: text("Stale"), Revision: &stale})
		if f, _ := fault.As(err); !errors.Is(err, fault.ErrStaleObject) || f.Params["revision"] != int64(2) {
			t.Error(err)
		}
		now := 2
		u, err = w.UpdateProfile(ctx, account.UpdateProfileInput{FamilyName: null(), BirthOn: null(), Revision: &now})
		w.must(err)
		if u.FamilyName != nil || u.BirthOn != nil || *u.GivenName != "Anna" || u.Revision != 3 {
			t.Errorf("%+v", u)
		}
		if u, err = w.UpdateProfile(ctx, account.UpdateProfileInput{}); err != nil || u.Revision != 3 {
			t.Errorf("nothing: %+v %v", u, err)
		}
		for field, c := range map[string]struct {
			in   account.UpdateProfileInput
			want error
		}{
			"displayName": {account.UpdateProfileInput{DisplayName: null()}, fault.ErrRequired},
			"givenName":   {account.UpdateProfileInput{GivenName: text(strings.Repeat("я", 101))}, fault.ErrTooLong},
			"middleName":  {account.UpdateProfileInput{MiddleName: text("a\x00b")}, fault.ErrInvalidValue},
			"birthOn":     {account.UpdateProfileInput{BirthOn: text("2026-11-23")}, fault.ErrOutOfRange},
		} {
			_, err := w.UpdateProfile(ctx, c.in)
			if f, _ := fault.As(err); !errors.Is(err, c.want) || !slices.Equal(f.Path, []string{"input", field}) {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := w.UpdateProfile(context.Background(), account.UpdateProfileInput{}); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Error(err)
		}
		// At once, each without a revision: all of them count.
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if _, err := w.UpdateProfile(ctx, account.UpdateProfileInput{FamilyName: text(fmt.Sprint("Smith ", i))}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := w.number(`SELECT revision FROM users`); n != 23 {
			t.Errorf("revision %d", n)
		}
	})
}

// Nothing can be set that the SDL does not name: there is no field for it.
func TestNoMassAssignment(t *testing.T) { // security F7
	t.Parallel()
	for in, want := range map[any]string{
		account.UpdateProfileInput{}:     "BirthOn DisplayName FamilyName GivenName MiddleName Revision",
		account.UpdatePreferencesInput{}: "Locale TimeZone",
	} {
		var names []string
		for f := range reflect.TypeOf(in).Fields() {
			names = append(names, f.Name)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%T has %s", in, got)
		}
	}
}

func TestUpdatePreferences(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := storetest.As(w.person("anna@example.com"))
		u, err := w.UpdatePreferences(ctx, account.UpdatePreferencesInput{Locale: text("ru"), TimeZone: null()})
		w.must(err)
		if u.Locale != "ru" || u.TimeZone != "UTC" || u.Revision != 2 {
			t.Errorf("%+v", u)
		}
		if u, err = w.UpdatePreferences(ctx, account.UpdatePreferencesInput{TimeZone: text("Asia/Tokyo")}); err != nil || u.TimeZone != "Asia/Tokyo" || u.Locale != "ru" {
			t.Errorf("%+v %v", u, err)
		}
		if _, err := w.UpdatePreferences(ctx, account.UpdatePreferencesInput{Locale: text("de")}); !errors.Is(err, fault.ErrInvalidValue) {
			t.Error(err)
		}
		token := w.token(from("", ""), "anna@example.com")
		if v := viewer.From(w.as(token)); v.Locale != "ru" || v.TimeZone != "Asia/Tokyo" {
			t.Errorf("%+v", v)
		}
	})
}

func lines(l ...string) graphql.Omittable[[]string] { return graphql.OmittableOf(l) }

func flag(b bool) graphql.Omittable[*bool] { return graphql.OmittableOf(&b) }

func TestAddresses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, boris := w.person("anna@example.com"), w.person("boris@example.com")
		ctx := storetest.As(anna)
		home, err := w.SaveAddress(ctx, account.SaveAddressInput{Label: text("Home"), Lines: lines(" Main Street 1 ", ""), Country: text("gb"), IsDefault: flag(true)})
		w.must(err)
		if home.OwnerID != anna || *home.HolderID != anna || *home.Country != "GB" || !slices.Equal(home.Lines, []string{"Main Street 1"}) || !home.IsDefault {
			t.Errorf("%+v", home)
		}
		work, err := w.SaveAddress(ctx, account.SaveAddressInput{Lines: lines("Office 2"), IsDefault: flag(true)})
		w.must(err)
		if n := w.number(`SELECT count(*) FROM addresses WHERE is_default`); n != 1 || !work.IsDefault {
			t.Errorf("%d defaults", n)
		}
		id, two, stale := home.GlobalID(), 2, 1
		_, err = w.SaveAddress(ctx, account.SaveAddressInput{ID: &id, Revision: &stale, City: text("London")})
		if f, _ := fault.As(err); !errors.Is(err, fault.ErrStaleObject) || f.Params["revision"] != int64(2) {
			t.Error(err)
		}
		home, err = w.SaveAddress(ctx, account.SaveAddressInput{ID: &id, Revision: &two, City: text("London"), Label: null()})
		w.must(err)
		if home.Label != nil || *home.City != "London" || *home.Country != "GB" || home.IsDefault || len(home.Lines) != 1 {
			t.Errorf("%+v", home)
		}
		for what, c := range map[string]struct {
			in   account.SaveAddressInput
			want error
		}{
			"no lines":      {account.SaveAddressInput{City: text("London")}, fault.ErrRequired},
			"null lines":    {account.SaveAddressInput{ID: &id, Lines: lines()}, fault.ErrRequired},
			"six lines":     {account.SaveAddressInput{Lines: lines("1", "2", "3", "4", "5", "6")}, fault.ErrTooLong},
			"a long line":   {account.SaveAddressInput{Lines: lines(strings.Repeat("x", 201))}, fault.ErrTooLong},
			"no country":    {account.SaveAddressInput{Lines: lines("1"), Country: text("ZZ")}, fault.ErrInvalidValue},
			"retired":       {account.SaveAddressInput{Lines: lines("1"), Country: text("SU")}, fault.ErrInvalidValue},
			"alpha-3":       {account.SaveAddressInput{Lines: lines("1"), Country: text("GBR")}, fault.ErrTooLong},
			"no phone":      {account.SaveAddressInput{Lines: lines("1"), Phone: text("call me")}, fault.ErrInvalidValue},
			"another kind":  {account.SaveAddressInput{ID: &scalar.ID{Prefix: "usr", UUID: home.ID}}, fault.ErrInvalidID},
			"no such thing": {account.SaveAddressInput{ID: &scalar.ID{Prefix: "adr", UUID: uuid.New()}}, fault.ErrNotFound},
		} {
			if _, err := w.SaveAddress(ctx, c.in); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", what, err, c.want)
			}
		}
		// Somebody else's is not there (security F7).
		if _, err := w.SaveAddress(storetest.As(boris), account.SaveAddressInput{ID: &id, City: text("Minsk")}); !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
		if _, err := w.DeleteAddress(storetest.As(boris), account.DeleteAddressInput{ID: id}); !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
		gone, err := w.DeleteAddress(ctx, account.DeleteAddressInput{ID: id})
		if err != nil || *gone != id {
			t.Errorf("%v %v", gone, err)
		}
		if _, err := w.DeleteAddress(ctx, account.DeleteAddressInput{ID: id}); !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
	})
}

// A hundred and no more, and one default, however many come at once.
func TestAddressRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			for range 90 {
				if err := tx.Address.Create().SetOwnerID(anna).SetHolderID(anna).SetLines([]string{"x"}).Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		}))
		var saved atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := w.SaveAddress(storetest.As(anna), account.SaveAddressInput{Lines: lines("x"), IsDefault: flag(true)})
				if err == nil {
					saved.Add(1)
				} else if !errors.Is(err, account.ErrTooManyItems) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if saved.Load() != 10 || w.number(`SELECT count(*) FROM addresses WHERE is_default`) != 1 {
			t.Errorf("%d saved", saved.Load())
		}
	})
}
