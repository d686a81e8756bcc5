package profile_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/profile"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestUpdateProfile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := storetest.As(w.person("anna"))
		u, err := w.UpdateProfile(ctx, profile.UpdateProfileInput{GivenName: text(" Anna "), FamilyName: text("Smith"), BirthOn: text("1990-05-17"),
			Nickname: text("annie"), Sex: some(profile.SexFemale), JobTitle: text("Engineer"), Region: text("Leeds"), Interests: lines("tea", " Tea ", "", "books")})
		w.must(err)
		if *u.GivenName != "Anna" || *u.FamilyName != "Smith" || *u.BirthOn != "1990-05-17" || u.MiddleName != nil || *u.Nickname != "annie" ||
			*u.Sex != entuser.SexFEMALE || *u.JobTitle != "Engineer" || *u.Region != "Leeds" || !slices.Equal(u.Interests, []string{"tea", "books"}) || u.Revision != 2 {
			t.Errorf("%+v", u)
		}
		stale, now := 1, 2
		if _, err := w.UpdateProfile(ctx, profile.UpdateProfileInput{FamilyName: text("Stale"), Revision: &stale}); codes(err) != "STALE_OBJECT input.revision" {
			t.Error(err)
		}
		u, err = w.UpdateProfile(ctx, profile.UpdateProfileInput{FamilyName: null(), BirthOn: null(), Sex: graphql.OmittableOf[*profile.Sex](nil), Interests: graphql.OmittableOf[[]string](nil), Revision: &now})
		w.must(err)
		if u.FamilyName != nil || u.BirthOn != nil || u.Sex != nil || u.Interests != nil || *u.GivenName != "Anna" || u.Revision != 3 {
			t.Errorf("%+v", u)
		}
		if u, err = w.UpdateProfile(ctx, profile.UpdateProfileInput{}); err != nil || u.Revision != 3 {
			t.Errorf("nothing: %+v %v", u, err)
		}
		for want, in := range map[string]profile.UpdateProfileInput{
			"REQUIRED input.displayName":    {DisplayName: null()},
			"REQUIRED input.kind":           {Kind: graphql.OmittableOf[*entuser.Kind](nil)},
			"TOO_LONG input.givenName":      {GivenName: text(strings.Repeat("я", 101))},
			"TOO_LONG input.nickname":       {Nickname: text(strings.Repeat("я", 51))},
			"INVALID_VALUE input.jobTitle":  {JobTitle: text("a\x00b")},
			"OUT_OF_RANGE input.birthOn":    {BirthOn: text("2026-11-23")},
			"INVALID_VALUE input.interests": {Interests: lines("a\nb")},
			"TOO_LONG input.interests":      {Interests: many(51)},
		} {
			if _, err := w.UpdateProfile(ctx, in); codes(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
		if _, err := w.UpdateProfile(context.Background(), profile.UpdateProfileInput{}); codes(err) != "UNAUTHENTICATED" {
			t.Error(err)
		}
		// At once, each without a revision: all of them count.
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if _, err := w.UpdateProfile(ctx, profile.UpdateProfileInput{FamilyName: text(fmt.Sprint("Smith ", i))}); err != nil {
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

func many(n int) graphql.Omittable[[]string] {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint("interest ", i))
	}
	return graphql.OmittableOf(all)
}

// Nothing can be set that the SDL does not name: there is no field for it.
func TestNoMassAssignment(t *testing.T) { // security F7
	t.Parallel()
	for in, want := range map[any]string{
		&profile.UpdateProfileInput{}:      "BirthOn DisplayName FamilyName GivenName Interests JobTitle Kind MiddleName Nickname Region Revision Sex",
		&profile.UpdatePreferencesInput{}:  "ContactChannel Delivery Interface Locale Privacy Revision TimeZone",
		&profile.SaveAddressInput{}:        "City Country District ID IsDefault Label Lines Name Note Organization Phone PostalCode Region Revision SortingCode",
		&profile.SaveRecipientInput{}:      "Email ID IsDefault Label Name Note Phone Revision",
		&profile.UpdateOrganisationInput{}: "Account BankName Bic CorrespondentAccount Iban Inn Kpp LegalName Ogrn Ogrnip RegistrationNumber Revision",
	} {
		var names []string
		for f := range reflect.TypeOf(in).Elem().Fields() {
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
		anna, boris := w.person("anna"), w.person("boris")
		ctx := storetest.As(anna)
		u, err := w.UpdatePreferences(ctx, profile.UpdatePreferencesInput{Locale: text("ru"), TimeZone: null(), ContactChannel: some(profile.ContactChannelSms)})
		w.must(err)
		if p := w.PreferencesOf(u); p.Locale != "ru" || p.TimeZone != "UTC" || *p.ContactChannel != profile.ContactChannelSms || len(p.Interface) != 0 ||
			p.Delivery != nil || *p.Privacy != (profile.PrivacySettings{Personalisation: true, Analytics: true, NameShownTo: profile.NameVisibilityShortened}) {
			t.Errorf("%+v", p)
		}
		// Keys of the interface are merged, and null takes one away.
		_, err = w.UpdatePreferences(ctx, profile.UpdatePreferencesInput{Interface: graphql.OmittableOf(map[string]any{"theme": "dark", "columns": []any{"a"}})})
		w.must(err)
		u, err = w.UpdatePreferences(ctx, profile.UpdatePreferencesInput{Interface: graphql.OmittableOf(map[string]any{"columns": nil, "width": "wide"})})
		w.must(err)
		if !maps.Equal(u.UI, map[string]any{"theme": "dark", "width": "wide"}) {
			t.Errorf("%v", u.UI)
		}
		// Privacy keeps what is absent; null is the default.
		_, err = w.UpdatePreferences(ctx, profile.UpdatePreferencesInput{Privacy: &profile.PrivacySettingsInput{Analytics: some(false), Sharing: some(true)}})
		w.must(err)
		u, err = w.UpdatePreferences(ctx, profile.UpdatePreferencesInput{Privacy: &profile.PrivacySettingsInput{Sharing: graphql.OmittableOf[*bool](nil), NameShownTo: some(profile.NameVisibilityNobody)}})
		w.must(err)
		if p := w.PreferencesOf(u).Privacy; p.Analytics || p.Sharing || p.NameShownTo != profile.NameVisibilityNobody {
			t.Errorf("%+v", p)
		}
		home, err := w.SaveAddress(ctx, profile.SaveAddressInput{Lines: lines("Home 1")})
		w.must(err)
		foreign, err := w.SaveAddress(storetest.As(boris), profile.SaveAddressInput{Lines: lines("Boris 1")})
		w.must(err)
		mine, his := home.GlobalID(), foreign.GlobalID()
		to := func(d profile.DeliveryPreferenceInput) profile.UpdatePreferencesInput {
			return profile.UpdatePreferencesInput{Delivery: graphql.OmittableOf(&d)}
		}
		point := "PP-1"
		u, err = w.UpdatePreferences(ctx, to(profile.DeliveryPreferenceInput{Method: profile.DeliveryMethodCourier, AddressID: &mine}))
		w.must(err)
		d := w.PreferencesOf(u).Delivery
		if a, err := w.DeliveryAddress(ctx, d); err != nil || a.ID != home.ID {
			t.Errorf("%v %v", a, err)
		}
		_, err = w.DeleteAddress(ctx, profile.DeleteAddressInput{ID: mine})
		w.must(err)
		if a, err := w.DeliveryAddress(ctx, d); a != nil || err != nil {
			t.Errorf("an address that is gone: %v %v", a, err)
		}
		for want, in := range map[string]profile.UpdatePreferencesInput{
			"INVALID_VALUE input.locale":             {Locale: text("de")},
			"INVALID_VALUE input.interface":          {Interface: graphql.OmittableOf(map[string]any{"a": nested(9)})},
			"TOO_LONG input.interface":               {Interface: graphql.OmittableOf(map[string]any{"a": strings.Repeat("x", 17<<10)})},
			"NOT_FOUND input.delivery.addressId":     to(profile.DeliveryPreferenceInput{Method: profile.DeliveryMethodCourier, AddressID: &his}), // security F8
			"INVALID_ID input.delivery.addressId":    to(profile.DeliveryPreferenceInput{Method: profile.DeliveryMethodCourier, AddressID: &scalar.ID{Prefix: "usr", UUID: uuid.New()}}),
			"REQUIRED input.delivery.pointId":        to(profile.DeliveryPreferenceInput{Method: profile.DeliveryMethodLocker}),
			"INVALID_VALUE input.delivery.pointId":   to(profile.DeliveryPreferenceInput{Method: profile.DeliveryMethodPost, PointID: &point}),
			"INVALID_VALUE input.delivery.addressId": to(profile.DeliveryPreferenceInput{Method: profile.DeliveryMethodShop, AddressID: &mine}),
		} {
			if _, err := w.UpdatePreferences(ctx, in); codes(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	})
}

func nested(n int) any {
	v := any("x")
	for range n {
		v = []any{v}
	}
	return v
}

func TestOrganisations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := storetest.As(w.person("anna"))
		if _, err := w.UpdateOrganisation(ctx, profile.UpdateOrganisationInput{LegalName: text("ИП Смит")}); codes(err) != "NOT_FOR_THIS_KIND input" {
			t.Error(err)
		}
		_, err := w.UpdateProfile(ctx, profile.UpdateProfileInput{Kind: some(entuser.KindSOLE_TRADER)})
		w.must(err)
		done, err := w.UpdateOrganisation(ctx, profile.UpdateOrganisationInput{LegalName: text("ИП Смит"), Inn: text("5001 0073 2259"), Ogrnip: text("304500116000157"), Bic: text("deutdeff"), Iban: text("DE89 3704 0044 0532 0130 00")})
		w.must(err)
		if o := done.Organisation; *o.Inn != "500100732259" || *o.Iban != "DE89370400440532013000" || *o.Bic != "DEUTDEFF" || o.Kpp != nil || o.Kind != entuser.KindSOLE_TRADER || done.Revision != 3 {
			t.Errorf("%+v", done)
		}
		if done, err = w.UpdateOrganisation(ctx, profile.UpdateOrganisationInput{Inn: text("500100732259")}); err != nil || done.Revision != 3 {
			t.Errorf("the same again: %+v %v", done, err)
		}
		if _, err := w.UpdateOrganisation(ctx, profile.UpdateOrganisationInput{Inn: text("500100732258"), Kpp: text("773601001")}); codes(err) != "CHECK_DIGITS_WRONG input.inn, NOT_FOR_THIS_KIND input.kpp" {
			t.Error(err)
		}
		if _, err := w.UpdateProfile(ctx, profile.UpdateProfileInput{Kind: some(entuser.KindLEGAL_ENTITY)}); codes(err) != "NOT_FOR_THIS_KIND input.kind" {
			t.Error(err)
		}
	})
}

// Of a company's details its members read and write what their role lets them.
func TestOrganisationOfCompany(t *testing.T) { // security F2
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna")
		var acme *ent.Company
		w.write(func(ctx context.Context, tx *store.Tx) (err error) {
			acme, err = tx.Company.Create().SetName("Acme").Save(ctx)
			return err
		})
		as := func(operations ...string) context.Context {
			v := viewer.Viewer{UserID: anna, OwnerID: acme.ID, Grants: map[viewer.Permission]viewer.Reach{}}
			for _, o := range operations {
				v.Grants[viewer.Permission{Resource: "company", Operation: o}] = viewer.ReachOwner
			}
			return viewer.With(context.Background(), v)
		}
		in := profile.UpdateOrganisationInput{LegalName: text("ООО Акме"), Inn: text("7707083893"), Kpp: text("773601001"), Ogrn: text("1027700132195")}
		if _, err := w.UpdateOrganisation(as("read"), in); codes(err) != "FORBIDDEN" {
			t.Error(err)
		}
		done, err := w.UpdateOrganisation(as("read", "write"), in)
		w.must(err)
		if o := done.Organisation; o.Kind != entuser.KindLEGAL_ENTITY || *o.Inn != "7707083893" || done.Revision != 2 {
			t.Errorf("%+v", done)
		}
		acme, err = db.Client.Company.Get(storetest.System(), acme.ID)
		w.must(err)
		if *acme.LegalName != "ООО Акме" || *acme.TaxID != "7707083893" {
			t.Errorf("%+v", acme)
		}
		if w.OrganisationOfCompany(as("read"), acme) == nil || w.OrganisationOfCompany(as(), acme) != nil || w.OrganisationOfCompany(storetest.As(anna), acme) != nil {
			t.Error("who reads it")
		}
		if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'company.update_organisation'`); n != 1 {
			t.Errorf("%d times on record", n)
		}
		if u, err := db.Client.User.Get(storetest.System(), anna); err != nil || u.Requisites != nil {
			t.Errorf("the person's own: %v %v", u, err)
		}
	})
}

func TestCompleteness(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna")
		ctx := storetest.As(anna)
		w.Rewarded = func(context.Context, uuid.UUID) (*profile.Reward, error) {
			return &profile.Reward{Items: []profile.ProfileItem{profile.ProfileItemBirthOn}, Points: 50}, nil
		}
		u, err := w.UpdateProfile(ctx, profile.UpdateProfileInput{GivenName: text("Anna"), FamilyName: text("Smith"), Interests: lines("tea")})
		w.must(err)
		c, err := w.Completeness(ctx, u)
		w.must(err)
		var missing []string
		for _, gap := range c.Missing {
			if gap.Reason == "" || strings.HasPrefix(gap.Reason, "profile.") || (gap.Points != nil) != (gap.Field == profile.ProfileItemBirthOn) {
				t.Errorf("%+v", gap)
			}
			missing = append(missing, string(gap.Field))
		}
		if got := strings.Join(missing, " "); c.Percent != 50 || got != "VERIFIED_PHONE BIRTH_ON ADDRESS CONTACT_CHANNEL" {
			t.Errorf("%d%% %s", c.Percent, got)
		}
		if c, err := w.Completeness(storetest.As(w.person("boris")), u); err != nil || c.Percent != 0 || len(c.Missing) != 0 {
			t.Errorf("of somebody else: %+v %v", c, err)
		}
	})
}
