package privacy_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/privacy"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// read opens an archive.
func read(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	return files
}

// security F15: an export holds the person's rows and files, no secret and
// nothing of anybody else; J9: no hash, no token.
func TestExportHoldsOnlyOnesOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		db.Tampered()
		ctx := storetest.System()
		me, other := &filler{t: t, db: db, me: uuid.Must(uuid.NewV7()), ids: map[string]uuid.UUID{}}, &filler{t: t, db: db, me: uuid.Must(uuid.NewV7()), ids: map[string]uuid.UUID{}}
		me.fill(ctx)
		other.fill(ctx)
		w.exec(`UPDATE documents SET status = 'READY'`)
		asked, err := w.RequestExport(storetest.As(me.me))
		if err != nil || asked.Status != privacy.ExportWaiting {
			t.Fatal(err)
		}
		if n, err := w.ExportsDue(ctx, 10); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		all, err := w.Exports(storetest.As(me.me), me.me)
		if err != nil || len(all) != 1 || all[0].Status != privacy.ExportReady || all[0].Document == nil || all[0].Progress.Current != all[0].Progress.Target {
			t.Fatalf("%v: %+v", err, all)
		}
		files := read(t, w.files[all[0].Document.ID])
		var whole strings.Builder
		for name, text := range files {
			whole.WriteString(name + text)
			if !strings.HasSuffix(name, ".json") {
				continue
			}
			var rows []map[string]any
			if err := json.Unmarshal([]byte(text), &rows); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if table := strings.TrimSuffix(name, ".json"); len(rows) == 0 {
				t.Errorf("%s is empty", table)
			}
		}
		if strings.Contains(whole.String(), "canary-"+other.me.String()[24:]) || strings.Contains(whole.String(), other.me.String()) ||
			strings.Contains(whole.String(), (scalar.ID{Prefix: "usr", UUID: other.me}).String()) {
			t.Error("another person is in it")
		}
		for _, secret := range []string{"token_hash", "refresh_hash", `"secret"`, "blob_key", "code_key", "value_key", "private_metadata", `"hash"`, "blocked_note", "cause_key", "vwd_"} {
			if strings.Contains(whole.String(), secret) {
				t.Errorf("%s is in it", secret)
			}
		}
		for name, word := range map[string]string{"contact_points.json": "canary-", "orders.json": `"id":"order_`, "addresses.json": `"owner_id":"usr_`, "README.txt": "contact_points.json", "users.json": "display_name"} {
			if !strings.Contains(files[name], word) {
				t.Errorf("%s lacks %s:\n%s", name, word, files[name])
			}
		}
		if !slices.ContainsFunc(keys(files), func(n string) bool { return strings.HasPrefix(n, "documents/doc_") }) {
			t.Errorf("no document is in %v", keys(files))
		}
		if seen, err := w.Exports(storetest.As(other.me), me.me); err != nil || len(seen) != 0 {
			t.Errorf("another sees %v %v", seen, err)
		}
	})
}

func keys(m map[string]string) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

// Every id of an export is one that the API shows.
func TestExportNamesIds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		db.Tampered()
		me := &filler{t: t, db: db, me: uuid.Must(uuid.NewV7()), ids: map[string]uuid.UUID{}}
		me.fill(storetest.System())
		if _, err := w.RequestExport(storetest.As(me.me)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ExportsDue(storetest.System(), 10); err != nil {
			t.Fatal(err)
		}
		all, err := w.Exports(storetest.As(me.me), me.me)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range read(t, w.files[all[0].Document.ID]) {
			var rows []map[string]any
			if json.Unmarshal([]byte(text), &rows) != nil {
				continue
			}
			for _, row := range rows {
				for column, v := range row {
					s, _ := v.(string)
					if _, err := uuid.Parse(s); err == nil && !strings.HasPrefix(column, "subject") {
						t.Errorf("%s: %s is %s", name, column, s)
					}
				}
			}
		}
	})
}

func TestExportOnceADayAndOneAtATime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		ctx := storetest.As(me)
		ids := make([]scalar.ID, 8)
		var asks sync.WaitGroup
		for i := range ids {
			asks.Go(func() {
				e, err := w.RequestExport(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = e.ID
			})
		}
		asks.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("two exports at a time: %v", ids)
			}
		}
		if n, err := w.ExportsDue(context.Background(), 10); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		if _, err := w.RequestExport(ctx); code(t, err) != "EXPORT_TOO_SOON" {
			t.Error(err)
		}
		db.Clock.Add(25 * time.Hour)
		if e, err := w.RequestExport(ctx); err != nil || e.ID == ids[0] {
			t.Errorf("%v: a day later: %+v", err, e)
		}
		db.Clock.Add(7 * 24 * time.Hour)
		all, err := w.Exports(ctx, me)
		if err != nil || len(all) != 2 || all[1].Status != privacy.ExportExpired || all[1].Document != nil {
			t.Errorf("%v: a week later: %+v", err, all[1])
		}
		if _, err := w.RequestExport(context.Background()); code(t, err) != "UNAUTHENTICATED" {
			t.Error(err)
		}
	})
}

// An export whose maker died is begun again; one that fails may be asked for
// again at once; an erased person gets none.
func TestExportGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me, gone := w.person("anna"), w.person("gone")
		ctx := storetest.As(me)
		if _, err := w.RequestExport(ctx); err != nil {
			t.Fatal(err)
		}
		w.exec(`UPDATE tasks SET status = 'RUNNING'`)
		if n, err := w.ExportsDue(context.Background(), 10); err != nil || n != 0 {
			t.Errorf("one that is being made: %d %v", n, err)
		}
		db.Clock.Add(20 * time.Minute)
		if n, err := w.ExportsDue(context.Background(), 10); err != nil || n != 1 {
			t.Errorf("one whose maker died: %d %v", n, err)
		}
		db.Clock.Add(25 * time.Hour)
		write := w.Write
		w.Write = func(context.Context, io.Reader) (privacy.Kept, error) { return nil, io.ErrShortWrite }
		if _, err := w.RequestExport(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ExportsDue(context.Background(), 10); err == nil {
			t.Error("the disk is full, and nobody said so")
		}
		w.Write = write
		if all, err := w.Exports(ctx, me); err != nil || all[0].Status != privacy.ExportFailed {
			t.Errorf("%v: %+v", err, all[0])
		}
		if _, err := w.RequestExport(ctx); err != nil {
			t.Errorf("again after a failure: %v", err)
		}
		if _, err := w.RequestExport(storetest.As(gone)); err != nil {
			t.Fatal(err)
		}
		w.exec(`UPDATE users SET status = 'ERASED' WHERE id = ?`, gone)
		if _, err := w.ExportsDue(context.Background(), 10); err != nil {
			t.Error(err)
		}
		if len(w.files) != 2 {
			t.Errorf("%d files", len(w.files))
		}
	})
}
