package preference_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/consent"
	"kabinet/ent/generated/consentdocument"
	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/event"
	"kabinet/internal/notify/preference"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// world is a database with alice, who reads English in London, and boris, who
// reads Russian in Moscow.
type world struct {
	*storetest.DB
	preferences  *preference.Preferences
	alice, boris uuid.UUID
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	sealer, err := store.NewSealer([]byte("0123456789abcdef0123456789abcdef"))
	check(t, err)
	w := &world{DB: db, preferences: &preference.Preferences{Store: db.Store, Settings: &preference.Settings{Store: db.Store}, Sealer: sealer, Public: "https://shop.example"}}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		a, err := tx.User.Create().SetDisplayName("Alice <b>").SetLocale("en").SetTimeZone("Europe/London").Save(ctx)
		if err != nil {
			return err
		}
		b, err := tx.User.Create().SetDisplayName("Борис").SetLocale("ru").SetTimeZone("Europe/Moscow").Save(ctx)
		if err != nil {
			return err
		}
		w.alice, w.boris = a.ID, b.ID
		for _, id := range []uuid.UUID{a.ID, b.ID} {
			if err := tx.ContactPoint.Create().SetUserID(id).SetKind(contactpoint.KindEMAIL).SetValue(id.String() + "@example.com").SetValueKey(id.String() + "@example.com").
				SetVerifiedAt(tx.Now).SetIsPrimary(true).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *world) write(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	check(t, w.InTx(storetest.System(), f))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// user is alice's row, or another's, as it is.
func (w *world) user(t *testing.T, id uuid.UUID) *ent.User {
	t.Helper()
	u, err := w.Client.User.Get(storetest.System(), id)
	check(t, err)
	return u
}

// told counts what a person's stream says of his preferences.
func (w *world) told(t *testing.T, id uuid.UUID) (n int) {
	t.Helper()
	rows, err := w.Query(context.Background(), `SELECT count(*) FROM account_events WHERE stream_id = ? AND kind = ?`, id, event.NotificationPreferencesChanged{}.Kind())
	check(t, err)
	defer rows.Close()
	for rows.Next() {
		check(t, rows.Scan(&n))
	}
	check(t, rows.Err())
	return n
}

// agree puts a person's word on a marketing document on record; the document is
// made where it is not there.
func (w *world) agree(t *testing.T, of uuid.UUID, purpose consentdocument.Purpose, decision consent.Decision) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		d, err := tx.ConsentDocument.Query().Where(consentdocument.PurposeEQ(purpose)).First(ctx)
		if ent.IsNotFound(err) {
			d, err = tx.ConsentDocument.Create().SetHandle(string(purpose)).SetPurpose(purpose).SetTexts(map[string]map[string]string{"en": {"name": "News"}}).Save(ctx)
		}
		if err != nil {
			return err
		}
		return tx.Consent.Create().SetUserID(of).SetDocumentID(d.KeyID).SetVersion(d.Version).SetDecision(decision).SetLocale("en").Exec(ctx)
	})
}

// one is the preference of a type on a channel.
func one(t *testing.T, p *preference.NotificationPreferences, typ, channel string) *preference.NotificationPreference {
	t.Helper()
	for _, topic := range p.Topics(nil) {
		for _, k := range topic.Types {
			for _, o := range k.Preferences([]preference.NotificationChannel{preference.NotificationChannel(channel)}) {
				if k.Type == typ && string(o.Channel) == channel {
					return o
				}
			}
		}
	}
	t.Fatalf("%s %s is not there", typ, channel)
	return nil
}
