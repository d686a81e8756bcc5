package privacy_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/internal/privacy"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func ptr[T any](v T) *T { return &v }

func staffContext(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Staff: true, Locale: "en",
		Grants: map[viewer.Permission]viewer.Reach{{Resource: "user", Operation: "write"}: viewer.ReachAll, {Resource: "user", Operation: "read"}: viewer.ReachAll}})
}

func texts() []*scalar.Translation {
	return []*scalar.Translation{{Locale: "en", Name: "Terms", Description: ptr("What you agree to.")}, {Locale: "ru", Name: "Условия"}}
}

func TestSaveConsentDocument(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		staff := staffContext(w.person("staff"))
		in := privacy.SaveConsentDocumentInput{Handle: ptr("terms"), Purpose: ptr(privacy.PurposeTerms), Required: ptr(true), Texts: texts(),
			URL: graphql.OmittableOf(ptr("https://example.com/terms"))}
		for name, c := range map[string]struct {
			change func(*privacy.SaveConsentDocumentInput)
			wants  string
		}{
			"no handle":             {func(in *privacy.SaveConsentDocumentInput) { in.Handle = nil }, "REQUIRED"},
			"no purpose":            {func(in *privacy.SaveConsentDocumentInput) { in.Purpose = nil }, "REQUIRED"},
			"no texts":              {func(in *privacy.SaveConsentDocumentInput) { in.Texts = nil }, "REQUIRED"},
			"a handle with a space": {func(in *privacy.SaveConsentDocumentInput) { in.Handle = ptr("our terms") }, "INVALID_VALUE"},
			"a URL of nothing":      {func(in *privacy.SaveConsentDocumentInput) { in.URL = graphql.OmittableOf(ptr("javascript:1")) }, "INVALID_VALUE"},
			"an unknown language": {func(in *privacy.SaveConsentDocumentInput) {
				in.Texts = []*scalar.Translation{{Locale: "xx", Name: "x"}}
			}, "INVALID_VALUE"},
			"one language twice": {func(in *privacy.SaveConsentDocumentInput) { in.Texts = append(texts(), texts()[0]) }, "DUPLICATE_KEY"},
			"another kind of id": {func(in *privacy.SaveConsentDocumentInput) { in.ID = &scalar.ID{Prefix: "usr"} }, "INVALID_ID"},
			"nobody's id": {func(in *privacy.SaveConsentDocumentInput) {
				in.ID, in.Handle, in.Version = &scalar.ID{Prefix: "cdo", UUID: uuid.New()}, nil, ptr(1)
			}, "NOT_FOUND"},
		} {
			bad := in
			c.change(&bad)
			if _, err := w.SaveDocument(staff, bad); code(t, err) != c.wants {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.SaveDocument(storetest.As(w.person("anna")), in); code(t, err) != "FORBIDDEN" {
			t.Errorf("a customer: %v", err)
		}
		d, err := w.SaveDocument(staff, in)
		if err != nil || d.Version != 1 || d.Name != "Terms" || !d.Required || *d.URL != "https://example.com/terms" {
			t.Fatalf("%v: %+v", err, d)
		}
		if _, err := w.SaveDocument(staff, in); code(t, err) != "HANDLE_TAKEN" {
			t.Error(err)
		}
		next, err := w.SaveDocument(staff, privacy.SaveConsentDocumentInput{ID: &d.ID, Version: ptr(1), URL: graphql.OmittableOf[*string](nil)})
		if err != nil || next.ID != d.ID || next.Version != 2 || next.URL != nil || next.Name != "Terms" || !next.Required {
			t.Fatalf("%v: %+v", err, next)
		}
		if _, err := w.SaveDocument(staff, privacy.SaveConsentDocumentInput{ID: &d.ID, Version: ptr(1)}); code(t, err) != "STALE_OBJECT" {
			t.Error(err)
		}
		if _, err := w.RetireDocument(staff, privacy.RetireConsentDocumentInput{ID: d.ID, Version: 2}); err != nil {
			t.Error(err)
		}
		if all, err := w.Documents(context.Background(), nil); err != nil || len(all) != 0 {
			t.Errorf("%v: in force: %v", err, all)
		}
	})
}

func TestRecordConsent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		staff, me := staffContext(w.person("staff")), w.person("anna")
		ctx := viewer.With(context.Background(), viewer.Viewer{UserID: me, OwnerID: me, Locale: "ru", IP: "192.0.2.7", UserAgent: "Firefox"})
		terms, err := w.SaveDocument(staff, privacy.SaveConsentDocumentInput{Handle: ptr("terms"), Purpose: ptr(privacy.PurposeTerms), Required: ptr(true), Texts: texts()})
		if err != nil {
			t.Fatal(err)
		}
		mail, err := w.SaveDocument(staff, privacy.SaveConsentDocumentInput{Handle: ptr("mail"), Purpose: ptr(privacy.PurposeEmailMarketing), Texts: texts()})
		if err != nil {
			t.Fatal(err)
		}
		say := func(d *privacy.ConsentDocument, version int, given bool) error {
			return w.Record(ctx, privacy.RecordConsentInput{Consents: []*privacy.ConsentInput{{DocumentID: d.ID, Version: version, Given: given}}})
		}
		due := func(want string) {
			t.Helper()
			all, err := w.Due(ctx, me)
			var handles []string
			for _, d := range all {
				handles = append(handles, d.Handle)
			}
			if got := strings.Join(handles, " "); err != nil || got != want {
				t.Errorf("%v: due %q, want %q", err, got, want)
			}
		}
		due("terms")
		for name, c := range map[string]struct {
			err   error
			wants string
		}{
			"another version":        {say(terms, 7, true), "CONSENT_OUTDATED"},
			"against a required one": {say(terms, 1, false), "CONSENT_REQUIRED"},
			"nothing":                {w.Record(ctx, privacy.RecordConsentInput{}), "REQUIRED"},
			"nobody":                 {w.Record(context.Background(), privacy.RecordConsentInput{}), "UNAUTHENTICATED"},
			"no document":            {w.Record(ctx, privacy.RecordConsentInput{Consents: []*privacy.ConsentInput{{DocumentID: scalar.ID{Prefix: "cdo", UUID: uuid.New()}}}}), "NOT_FOUND"},
			"another kind":           {w.Record(ctx, privacy.RecordConsentInput{Consents: []*privacy.ConsentInput{{DocumentID: scalar.ID{Prefix: "usr"}}}}), "INVALID_ID"},
			"twice":                  {w.Record(ctx, privacy.RecordConsentInput{Consents: []*privacy.ConsentInput{{DocumentID: terms.ID, Version: 1, Given: true}, {DocumentID: terms.ID}}}), "DUPLICATE_KEY"},
			"many":                   {w.Record(ctx, privacy.RecordConsentInput{Consents: make([]*privacy.ConsentInput, 51)}), "TOO_LONG"},
			"one wrong, none is kept": {w.Record(ctx, privacy.RecordConsentInput{Consents: []*privacy.ConsentInput{{DocumentID: mail.ID, Version: 1, Given: true},
				{DocumentID: terms.ID, Version: 9, Given: true}}}), "CONSENT_OUTDATED"},
		} {
			if code(t, c.err) != c.wants {
				t.Errorf("%s: %v", name, c.err)
			}
		}
		var n int
		one(t, db, `SELECT count(*) FROM consents`, &n)
		if n != 0 {
			t.Errorf("%d are on record", n)
		}
		var same sync.WaitGroup // the same word many times is one record
		for range 8 {
			same.Go(func() {
				if err := say(terms, 1, true); err != nil {
					t.Error(err)
				}
			})
		}
		same.Wait()
		due("")
		for _, given := range []bool{false, true, true, false, false, true} { // a withdrawal of nothing, then given, withdrawn, given
			if err := say(mail, 1, given); err != nil {
				t.Error(err)
			}
		}
		one(t, db, `SELECT count(*) FROM consents WHERE ip = '192.0.2.7' AND user_agent = 'Firefox' AND locale = 'ru'`, &n)
		if n != 4 {
			t.Errorf("%d are on record, want 4", n)
		}
		if _, err := w.SaveDocument(staff, privacy.SaveConsentDocumentInput{ID: &terms.ID, Version: ptr(1)}); err != nil {
			t.Fatal(err)
		}
		due("terms")
		all, err := w.Consents(ctx, me)
		if err != nil || len(all) != 2 || all[0].IsCurrent || !all[0].Given || all[0].Version != 1 || all[0].Document.Version != 2 || !all[1].IsCurrent || all[1].Locale != "ru" {
			t.Errorf("%v: %+v %+v", err, all[0], all[1])
		}
		if seen, err := w.Consents(storetest.As(w.person("bob")), me); err != nil || len(seen) != 0 { // security F1
			t.Errorf("another sees %v %v", seen, err)
		}
		if err := w.change(`UPDATE consents SET decision = 'GIVEN'`); err == nil {
			t.Error("a record was changed")
		}
		if err := w.change(`UPDATE consents SET ip = '192.0.2.8'`); err == nil {
			t.Error("an address was changed")
		}
		if err := w.change(`DELETE FROM consents`); err == nil {
			t.Error("a record was deleted")
		}
	})
}

// change tries a statement of somebody with the database's password.
func (w *world) change(query string) error {
	return w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, query)
		return err
	})
}

// The books let exactly the columns of ADR 0032 become null. security F15
func TestBooksOnlyBlank(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		db.Tampered()
		me := &filler{t: t, db: db, me: uuid.Must(uuid.NewV7()), ids: map[string]uuid.UUID{}}
		me.fill(storetest.System())
		for table, columns := range map[string]string{"ledger_entries": "note", "tier_changes": "note", "audit_entries": "changes ip user_agent", "order_events": "data", "consents": "ip user_agent"} {
			for _, c := range strings.Fields(columns) {
				other := `'"x"'`
				if err := w.change(`UPDATE ` + table + ` SET ` + c + ` = ` + other); err == nil {
					t.Errorf("%s.%s was changed", table, c)
				}
				if err := w.change(`UPDATE ` + table + ` SET ` + c + ` = NULL`); err != nil {
					t.Errorf("%s.%s was not blanked: %v", table, c, err)
				}
				if err := w.change(`UPDATE ` + table + ` SET ` + c + ` = ` + other); err == nil {
					t.Errorf("%s.%s was filled again", table, c)
				}
			}
			if err := w.change(`UPDATE ` + table + ` SET created_at = created_at`); err == nil {
				t.Errorf("%s.created_at was changed", table)
			}
			if err := w.change(`DELETE FROM ` + table); err == nil {
				t.Errorf("%s was deleted from", table)
			}
		}
	})
}

// Who registers must tick what is required, in the version in force.
func TestAcceptAtRegistration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		staff, me := staffContext(w.person("staff")), w.person("anna")
		for handle, required := range map[string]bool{"terms": true, "mail": false} {
			if _, err := w.SaveDocument(staff, privacy.SaveConsentDocumentInput{Handle: ptr(handle), Purpose: ptr(privacy.PurposeOther), Required: ptr(required), Texts: texts()}); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			ticked []privacy.Accepted
			wants  string
		}{
			{nil, "CONSENT_REQUIRED"},
			{[]privacy.Accepted{{Handle: "mail", Version: 1}}, "CONSENT_REQUIRED"},
			{[]privacy.Accepted{{Handle: "terms", Version: 2}}, "CONSENT_OUTDATED"},
			{[]privacy.Accepted{{Handle: "nothing", Version: 1}}, "NOT_FOUND"},
			{[]privacy.Accepted{{Handle: "terms", Version: 1}}, ""},
		} {
			err := db.InTx(storetest.As(me), func(ctx context.Context, tx *store.Tx) error { return w.Accept(ctx, tx, me, c.ticked) })
			if code(t, err) != c.wants {
				t.Errorf("%v: %v", c.ticked, err)
			}
		}
		if all, err := w.Consents(storetest.As(me), me); err != nil || len(all) != 1 || !all[0].IsCurrent {
			t.Errorf("%v: %v", err, all)
		}
	})
}
