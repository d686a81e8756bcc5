package privacy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/auditentry"
	"kabinet/ent/generated/consent"
	"kabinet/ent/generated/document"
	"kabinet/internal/privacy"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Why somebody goes comes through the code, stands in the audit log for staff,
// and is gone with him.
func TestDeletionReason(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		reason := "too many letters"
		asked, err := w.RequestDeletion(storetest.As(me), &privacy.RequestAccountDeletionInput{Reason: &reason})
		if err != nil || asked.Challenge == nil {
			t.Fatalf("%+v %v", asked, err)
		}
		if _, err := w.ConfirmDeletion(storetest.As(me), privacy.ConfirmAccountDeletionInput{ChallengeID: asked.Challenge.ID, Code: theCode}); err != nil {
			t.Fatal(err)
		}
		said := func() (found bool) {
			all, err := db.Client.AuditEntry.Query().Where(auditentry.OwnerID(me)).All(storetest.System())
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range all {
				text, _ := e.Changes["reason"].(string)
				found = found || e.Action == "account.deletion_requested" && text == reason
			}
			return found
		}
		if !said() {
			t.Error("nobody reads why he goes")
		}
		db.Clock.Add(w.Delay + time.Minute)
		w.run()
		if said() {
			t.Error("it is still there")
		}
	})
}

// Papers of the books stay without the words on their rows; the others go.
func TestPapersOfTheErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		for i, kind := range []document.Kind{document.KindINVOICE, document.KindCONTRACT, document.KindSTATEMENT, document.KindOTHER, document.KindUPLOAD} {
			w.do(func(ctx context.Context, tx *store.Tx) error {
				return tx.Document.Create().SetOwnerID(me).SetKind(kind).SetStatus(document.StatusISSUED).SetTitle("For Anna.pdf").SetMetadata(map[string]any{"to": "Anna"}).
					SetSeries("A").SetNumber(strings.Repeat("7", i+1)).SetCurrency("RUB").SetAmountMinor(100).SetBlobKey(kind.String()).Exec(ctx)
			})
		}
		w.schedule(me)
		db.Clock.Add(w.Delay + time.Minute)
		w.run()
		all, err := db.Client.Document.Query().Where(document.OwnerID(me)).Order(document.ByID()).All(storetest.System())
		if err != nil || len(all) != 2 {
			t.Fatalf("%v %v", all, err)
		}
		for _, d := range all {
			if d.Title != d.Kind.String() || d.Metadata != nil || d.Number == nil || d.BlobKey == nil {
				t.Errorf("left is %+v", d)
			}
		}
	})
}

// Whose registration is forgotten, from there nobody learns where he agreed.
func TestStrangersAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		anna, boris := w.person("anna"), w.person("boris")
		for _, id := range []uuid.UUID{anna, boris} {
			w.do(func(ctx context.Context, tx *store.Tx) error {
				return tx.Consent.Create().SetUserID(id).SetDocumentID(uuid.New()).SetVersion(1).SetDecision(consent.DecisionGIVEN).SetLocale("en").
					SetIP("203.0.113.7").SetUserAgent("test").Exec(ctx)
			})
		}
		w.do(func(ctx context.Context, tx *store.Tx) error { return w.ForgetStrangers(ctx, tx, []uuid.UUID{boris}) })
		all, err := db.Client.Consent.Query().All(storetest.System())
		if err != nil || len(all) != 2 {
			t.Fatal(all, err)
		}
		for _, c := range all {
			if known := c.UserID == anna; (c.IP != nil) != known || (c.UserAgent != nil) != known {
				t.Errorf("%+v", c)
			}
		}
	})
}

// A review is few statements, so that a list of people can show it.
func TestReviewIsFewStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		var err error
		n, log := db.Statements(func() { _, err = w.Review(storetest.As(me), me) })
		if err != nil || n > 6 {
			t.Errorf("%d statements, %v:\n%v", n, err, log)
		}
	})
}
