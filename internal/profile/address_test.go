package profile_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/profile"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func TestAddresses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, boris := w.person("anna"), w.person("boris")
		ctx := storetest.As(anna)
		home, err := w.SaveAddress(ctx, profile.SaveAddressInput{Label: text("Home"), Lines: lines(" Main Street 1 ", ""), Country: text("gb"), City: text("Leeds"), PostalCode: text("ls11aa"),
			Phone: text("0113 496 0018"), IsDefault: some(true)})
		w.must(err)
		if home.OwnerID != anna || *home.HolderID != anna || *home.Country != "GB" || !slices.Equal(home.Lines, []string{"Main Street 1"}) || !home.IsDefault ||
			*home.PostalCode != "LS1 1AA" || *home.Phone != "+441134960018" {
			t.Errorf("%+v", home)
		}
		if got := strings.Join(w.Formatted(home), "|"); got != "Main Street 1|Leeds|LS1 1AA" {
			t.Error(got)
		}
		work, err := w.SaveAddress(ctx, profile.SaveAddressInput{Lines: lines("Office 2"), IsDefault: some(true)})
		w.must(err)
		if n := w.number(`SELECT count(*) FROM addresses WHERE is_default`); n != 1 || !work.IsDefault {
			t.Errorf("%d defaults", n)
		}
		id, two, stale := home.GlobalID(), 2, 1
		if _, err := w.SaveAddress(ctx, profile.SaveAddressInput{ID: &id, Revision: &stale, City: text("London")}); codes(err) != "STALE_OBJECT input.revision" {
			t.Error(err)
		}
		home, err = w.SaveAddress(ctx, profile.SaveAddressInput{ID: &id, Revision: &two, City: text("London"), Label: null()})
		w.must(err)
		if home.Label != nil || *home.City != "London" || *home.Country != "GB" || home.IsDefault || len(home.Lines) != 1 || *home.Phone != "+441134960018" {
			t.Errorf("%+v", home)
		}
		for what, c := range map[string]struct {
			in   profile.SaveAddressInput
			want string
		}{
			"no lines":       {profile.SaveAddressInput{City: text("London")}, "REQUIRED input.lines"},
			"null lines":     {profile.SaveAddressInput{ID: &id, Lines: lines()}, "REQUIRED input.lines"},
			"six lines":      {profile.SaveAddressInput{Lines: lines("1", "2", "3", "4", "5", "6")}, "TOO_LONG input.lines"},
			"two at once":    {profile.SaveAddressInput{Lines: lines(strings.Repeat("x", 201)), City: text(strings.Repeat("x", 101))}, "TOO_LONG input.city, TOO_LONG input.lines"},
			"no country":     {profile.SaveAddressInput{Lines: lines("1"), Country: text("ZZ")}, "INVALID_VALUE input.country"},
			"retired":        {profile.SaveAddressInput{Lines: lines("1"), Country: text("SU")}, "INVALID_VALUE input.country"},
			"alpha-3":        {profile.SaveAddressInput{Lines: lines("1"), Country: text("GBR")}, "TOO_LONG input.country"},
			"no phone":       {profile.SaveAddressInput{Lines: lines("1"), Phone: text("call me")}, "INVALID_PHONE input.phone"},
			"phone of where": {profile.SaveAddressInput{Lines: lines("1"), Phone: text("0113 496 0018")}, "INVALID_PHONE input.phone"},
			"too little":     {profile.SaveAddressInput{Lines: lines("1"), Country: text("US"), Region: text("Bavaria"), PostalCode: text("A")}, "REQUIRED input.city, INVALID_VALUE input.region, INVALID_POSTAL_CODE input.postalCode"},
			"cleared":        {profile.SaveAddressInput{ID: &id, City: null()}, "REQUIRED input.city"},
			"another kind":   {profile.SaveAddressInput{ID: &scalar.ID{Prefix: "usr", UUID: home.ID}}, "INVALID_ID input.id"},
			"a recipient":    {profile.SaveAddressInput{ID: &scalar.ID{Prefix: "rcp", UUID: home.ID}}, "INVALID_ID input.id"},
			"no such thing":  {profile.SaveAddressInput{ID: &scalar.ID{Prefix: "adr", UUID: uuid.New()}}, "NOT_FOUND input.id"},
		} {
			if _, err := w.SaveAddress(ctx, c.in); codes(err) != c.want {
				t.Errorf("%s: %v, want %v", what, codes(err), c.want)
			}
		}
		// Somebody else's is not there (security F1, F7).
		if _, err := w.SaveAddress(storetest.As(boris), profile.SaveAddressInput{ID: &id, City: text("Minsk")}); codes(err) != "NOT_FOUND input.id" {
			t.Error(err)
		}
		if _, err := w.DeleteAddress(storetest.As(boris), profile.DeleteAddressInput{ID: id}); codes(err) != "NOT_FOUND input.id" {
			t.Error(err)
		}
		gone, err := w.DeleteAddress(ctx, profile.DeleteAddressInput{ID: id})
		if err != nil || *gone != id {
			t.Errorf("%v %v", gone, err)
		}
		if _, err := w.DeleteAddress(ctx, profile.DeleteAddressInput{ID: id}); codes(err) != "NOT_FOUND input.id" {
			t.Error(err)
		}
	})
}

func TestRecipients(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, boris := w.person("anna"), w.person("boris")
		ctx := storetest.As(anna)
		gran, err := w.SaveRecipient(ctx, profile.SaveRecipientInput{Name: text("Vera Smith"), Phone: text("+44 113 496 0018"), Email: text(" Vera@Example.com "), IsDefault: some(true)})
		w.must(err)
		if id := gran.GlobalID(); id.Prefix != "rcp" || *gran.Phone != "+441134960018" || *gran.Email != "Vera@Example.com" || !gran.IsDefault || gran.HolderID != nil {
			t.Errorf("%+v", gran)
		}
		// Each kind has its own default.
		_, err = w.SaveAddress(ctx, profile.SaveAddressInput{Lines: lines("1"), IsDefault: some(true)})
		w.must(err)
		if n := w.number(`SELECT count(*) FROM addresses WHERE is_default`); n != 2 {
			t.Errorf("%d defaults", n)
		}
		id := gran.GlobalID()
		for what, c := range map[string]struct {
			in   profile.SaveRecipientInput
			want string
		}{
			"nobody":       {profile.SaveRecipientInput{Label: text("Grandmother")}, "REQUIRED input.name"},
			"name cleared": {profile.SaveRecipientInput{ID: &id, Name: null()}, "REQUIRED input.name"},
			"all wrong":    {profile.SaveRecipientInput{Phone: text("12"), Email: text("vera")}, "REQUIRED input.name, INVALID_PHONE input.phone, INVALID_EMAIL input.email"},
		} {
			if _, err := w.SaveRecipient(ctx, c.in); codes(err) != c.want {
				t.Errorf("%s: %v, want %v", what, codes(err), c.want)
			}
		}
		if _, err := w.SaveRecipient(storetest.As(boris), profile.SaveRecipientInput{ID: &id, Name: text("Mine")}); codes(err) != "NOT_FOUND input.id" {
			t.Error(err) // security F1
		}
		if _, err := w.DeleteRecipient(ctx, profile.DeleteRecipientInput{ID: id}); err != nil {
			t.Error(err)
		}
	})
}

// A hundred and no more, and one default, however many come at once.
func TestAddressRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna")
		w.write(func(ctx context.Context, tx *store.Tx) error {
			for range 90 {
				if err := tx.Address.Create().SetOwnerID(anna).SetHolderID(anna).SetLines([]string{"x"}).Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		var saved atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := w.SaveAddress(storetest.As(anna), profile.SaveAddressInput{Lines: lines("x"), IsDefault: some(true)})
				if err == nil {
					saved.Add(1)
				} else if codes(err) != "TOO_MANY_ITEMS" {
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
