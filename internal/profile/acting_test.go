package profile_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"kabinet/ent/generated/auditentry"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/profile"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// security F14: what staff changes while acting for somebody is on record with
// the names of the fields, and the member of staff is who did it.
func TestActingIsOnRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, support := w.person("anna"), w.person("support")
		ctx := viewer.With(context.Background(), viewer.Viewer{UserID: anna, OwnerID: anna, ActingStaff: support, SessionID: uuid.New(), Locale: "en"})
		address, recipient := profile.SaveAddressInput{Name: text("Anna"), Country: text("DE"), Lines: lines("Weg 1"), City: text("Kiel"), PostalCode: text("24103")}, profile.SaveRecipientInput{Name: text("Boris")}
		at, err := w.SaveAddress(ctx, address)
		w.must(err)
		to, err := w.SaveRecipient(ctx, recipient)
		w.must(err)
		_, err = w.DeleteAddress(ctx, profile.DeleteAddressInput{ID: at.GlobalID()})
		w.must(err)
		_, err = w.DeleteRecipient(ctx, profile.DeleteRecipientInput{ID: to.GlobalID()})
		w.must(err)
		_, err = w.UpdateProfile(ctx, profile.UpdateProfileInput{GivenName: text("Anna"), Kind: some(entuser.KindSOLE_TRADER)})
		w.must(err)
		_, err = w.UpdatePreferences(ctx, profile.UpdatePreferencesInput{Locale: text("ru")})
		w.must(err)
		_, err = w.UpdateOrganisation(ctx, profile.UpdateOrganisationInput{BankName: text("Bank")})
		w.must(err)
		_, err = w.UpdateProfile(storetest.As(anna), profile.UpdateProfileInput{Nickname: text("A")}) // her own
		w.must(err)
		want := []string{"[addresses]", "[recipients]", "[addresses]", "[recipients]", "[givenName kind]", "[locale]", "[organisation]"}
		all, err := db.Client.AuditEntry.Query().Where(auditentry.OwnerID(anna)).Order(auditentry.ByID()).All(storetest.System())
		w.must(err)
		if len(all) != len(want) {
			t.Fatalf("%d acts are on record, want %d", len(all), len(want))
		}
		for i, e := range all {
			if e.Action != "account.update_profile" || e.ActorKind != "STAFF" || e.ActorID == nil || *e.ActorID != support || fmt.Sprint(e.Changes["changed"]) != want[i] {
				t.Errorf("act %d: %+v, want %s", i, e, want[i])
			}
		}
		events, err := db.ReadStream(context.Background(), anna, 0, 20)
		w.must(err)
		for i, e := range events {
			if by := map[bool]uuid.UUID{true: support, false: anna}[i < len(want)]; e.ActorID == nil || *e.ActorID != by {
				t.Errorf("event %d is by %v, want %s", i, e.ActorID, by)
			}
		}
		if len(events) != len(want)+1 {
			t.Errorf("%d events", len(events))
		}
	})
}
