package document_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/document"
	"kabinet/internal/fault"
	"kabinet/internal/store/storetest"
)

// The bytes of an issued paper are taken once for a link: sniffed, capped, and
// only over those that the paper had when the link was made.
func TestPaperLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		staff, _ := w.person("clerk")
		_, alice := w.person("alice")
		d := w.paper(alice.ID, entdocument.KindACT, entdocument.StatusISSUED, entdocument.VisibilityALL).Unwrap()
		if got := w.DownloadURL(staff, d); got != nil {
			t.Errorf("without bytes it is at %s", *got)
		}
		link := w.PaperLink(staff, d, int64(len(paper)))
		for name, c := range map[string]struct {
			body string
			want error
		}{
			"too much": {paper + "x", document.ErrFileTooLarge}, "nothing": {"", document.ErrFileEmpty},
			"a page": {"<script>x", document.ErrFileTypeRefused},
		} {
			if _, err := w.put(link, c.body); !errors.Is(err, c.want) { // security J2, J4
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := len(w.blobs()); n != 0 {
			t.Errorf("what was refused left %d files", n)
		}
		var kept atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				switch _, err := w.put(link, paper); {
				case err == nil:
					kept.Add(1)
				case !errors.Is(err, fault.ErrNotFound):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if kept.Load() != 1 || len(w.blobs()) != 1 {
			t.Errorf("one link kept %d files, %d blobs", kept.Load(), len(w.blobs()))
		}
		got, err := w.Store.Client.Document.Query().Where(entdocument.ID(d.ID)).Only(storetest.System())
		w.must(err)
		if got.Status != entdocument.StatusISSUED || got.OwnerID != alice.ID || *got.Size != int64(len(paper)) || *got.Mime != "application/pdf" || !strings.HasSuffix(got.Title, ".pdf") {
			t.Errorf("%+v", got)
		}
		next := w.PaperLink(staff, got, 1000) // new bytes for old ones, which go
		if _, err := w.put(next, paper+"\n"); err != nil {
			t.Error(err)
		}
		w.work()
		if n := len(w.blobs()); n != 1 {
			t.Errorf("%d files are kept", n)
		}
		late := w.PaperLink(staff, got, 1000)
		db.Clock.Add(15 * time.Minute)
		if _, err := w.put(late, paper); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("too late: %v", err)
		}
	})
}
