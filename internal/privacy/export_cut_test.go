package privacy_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"kabinet/ent/generated/document"
	"kabinet/internal/fault"
	"kabinet/internal/privacy"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// An export that is cut off, by the end of its job's time or of the process,
// is begun again; after a few times it has failed and can be asked for anew.
func TestExportCutOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		ctx := storetest.As(me)
		write := w.Write
		cut := func() {
			t.Helper()
			job, end := context.WithCancel(context.Background())
			w.Write = func(ctx context.Context, _ io.Reader) (privacy.Kept, error) {
				end()
				return nil, ctx.Err()
			}
			if _, err := w.ExportsDue(job, 10); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			w.Write = write
		}
		status := func() privacy.DataExportStatus {
			t.Helper()
			all, err := w.Exports(ctx, me)
			if err != nil {
				t.Fatal(err)
			}
			return all[0].Status
		}
		first, err := w.RequestExport(ctx)
		if err != nil {
			t.Fatal(err)
		}
		cut()
		if s := status(); s != privacy.ExportWaiting {
			t.Fatalf("once cut off it is %s", s)
		}
		cut()
		if n, err := w.ExportsDue(context.Background(), 10); err != nil || n != 1 || status() != privacy.ExportReady {
			t.Fatalf("begun again: %d %v %s", n, err, status())
		}
		db.Clock.Add(25 * time.Hour)
		if _, err := w.RequestExport(ctx); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			cut()
		}
		if s := status(); s != privacy.ExportFailed {
			t.Fatalf("cut off three times it is %s", s)
		}
		if e, err := w.RequestExport(ctx); err != nil || e.Status != privacy.ExportWaiting || e.ID == first.ID {
			t.Errorf("asked anew: %+v %v", e, err)
		}
	})
}

// While the bytes of an export are written, nobody waits for the database.
func TestExportHoldsNobodyUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		write := w.Write
		w.Write = func(ctx context.Context, content io.Reader) (privacy.Kept, error) {
			soon, cancel := context.WithTimeout(storetest.System(), 2*time.Second)
			defer cancel()
			err := db.InTx(soon, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE users SET nickname = 'a' WHERE id = ?`, me)
				return err
			})
			if err != nil {
				t.Errorf("somebody else waits: %v", err)
			}
			return write(ctx, content)
		}
		if _, err := w.RequestExport(storetest.As(me)); err != nil {
			t.Fatal(err)
		}
		if n, err := w.ExportsDue(context.Background(), 10); err != nil || n != 1 {
			t.Fatal(n, err)
		}
	})
}

// A file that has not come, was refused or went meanwhile is named as absent.
func TestExportNamesAbsentFiles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		put := func(title string, status document.Status, key string) {
			w.do(func(ctx context.Context, tx *store.Tx) error {
				c := tx.Document.Create().SetOwnerID(me).SetKind(document.KindUPLOAD).SetStatus(status).SetTitle(title)
				if key != "" {
					c.SetBlobKey(key)
				}
				return c.Exec(ctx)
			})
		}
		put("here.txt", document.StatusREADY, "here")
		put("coming.txt", document.StatusPENDING, "coming")
		put("asked.txt", document.StatusPENDING, "")
		put("virus.txt", document.StatusQUARANTINED, "")
		put("gone.txt", document.StatusREADY, "gone")
		w.Open = func(_ context.Context, key string) (io.ReadCloser, error) {
			if key != "here" {
				return nil, fault.ErrNotFound
			}
			return io.NopCloser(strings.NewReader("its bytes")), nil
		}
		if _, err := w.RequestExport(storetest.As(me)); err != nil {
			t.Fatal(err)
		}
		if n, err := w.ExportsDue(context.Background(), 10); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		all, err := w.Exports(storetest.As(me), me)
		if err != nil || all[0].Status != privacy.ExportReady {
			t.Fatal(all[0], err)
		}
		files := read(t, w.files[all[0].Document.ID])
		held := strings.Join(keys(files), "\n")
		for _, name := range []string{"coming.txt", "asked.txt", "virus.txt", "gone.txt"} {
			if strings.Contains(held, name) || !strings.Contains(files["README.txt"], name) {
				t.Errorf("%s is not said to be absent:\n%s", name, files["README.txt"])
			}
		}
		if !strings.Contains(held, "here.txt") || strings.Contains(files["README.txt"], "here.txt") {
			t.Errorf("here.txt is not held:\n%s", held)
		}
	})
}
