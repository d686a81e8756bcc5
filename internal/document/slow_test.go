package document_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/document"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// security J4: who sends slowly, over many links, keeps nobody else waiting.
func TestSlowSenders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, _ := w.person("Alice")
		bob, _ := w.person("Bob")
		done := make(chan error, 8)
		var pipes []*io.PipeWriter
		for range 8 {
			u, err := w.Upload(alice, document.UploadDocumentInput{Title: "slow.pdf", Size: len(paper)})
			w.must(err)
			r, pipe := io.Pipe()
			pipes = append(pipes, pipe)
			go func() {
				_, err := w.Receive(context.Background(), token(u.Link), r, -1)
				done <- err
			}()
			if _, err := pipe.Write([]byte(paper[:1])); err != nil { // the first byte is taken
				t.Fatal(err)
			}
		}
		begun := time.Now()
		w.upload(bob, "quick.pdf", paper)
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("Bob waited %s", took)
		}
		for _, pipe := range pipes {
			_, err := pipe.Write([]byte(paper[1:]))
			w.must(err)
			w.must(pipe.Close())
			w.must(<-done)
		}
	})
}

// Of an erased person the papers of the books stay, bytes too.
func TestDeleteAllOfKeepsPapers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, a := w.person("Alice")
		w.upload(alice, "mine.pdf", paper)
		for _, kind := range []string{"ACT", "RECEIPT", "STATEMENT"} {
			b, err := w.Write(alice, "application/pdf", strings.NewReader(kind))
			w.must(err)
			w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := w.Put(ctx, tx, document.NewDocument{Owner: a.ID, Kind: kind, Title: kind, Bytes: b}, nil)
				return err
			}))
		}
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { return w.DeleteAllOf(ctx, tx, a.ID) }))
		w.work()
		left, err := db.Client.Document.Query().Where(entdocument.OwnerID(a.ID)).All(storetest.System())
		w.must(err)
		for _, d := range left {
			if d.Kind != entdocument.KindACT && d.Kind != entdocument.KindRECEIPT {
				t.Errorf("a %s is left", d.Kind)
			}
		}
		if len(left) != 2 || len(w.blobs()) != 2 {
			t.Errorf("%d papers, %v", len(left), w.blobs())
		}
	})
}
