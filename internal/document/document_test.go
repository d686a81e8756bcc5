package document_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/document"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

const paper = "%PDF-1.7\nhello"

func TestUploadAndDownload(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, a := w.person("Alice")
		bob, _ := w.person("Bob")
		// security J1: the name is kept as it was written; where it lies is chance.
		d := w.upload(alice, `..\../etc/passwd`, paper)
		if d.Mime != "application/pdf" || d.Title != `..\../etc/passwd.pdf` || d.Size != int64(len(paper)) {
			t.Errorf("%+v", d)
		}
		for _, key := range w.blobs() {
			if strings.Contains(key, "..") || strings.Contains(key, "passwd") {
				t.Errorf("kept under %q", key)
			}
		}
		if got, err := w.fetch(context.Background(), d.DownloadURL); err != nil || got != paper {
			t.Fatalf("%q %v", got, err)
		}
		if got, err := w.fetch(alice, d.DownloadURL); err != nil || got != paper {
			t.Errorf("%q %v", got, err)
		}
		if _, err := w.fetch(bob, d.DownloadURL); !errors.Is(err, fault.ErrNotFound) { // security J5
			t.Errorf("with Bob's session: %v", err)
		}
		list, err := w.Of(alice, a.ID, nil, nil, document.Page{})
		w.must(err)
		if len(list.Edges) != 1 || *document.SHA256(list.Edges[0].Node) == "" || w.DownloadURL(bob, list.Edges[0].Node) == nil {
			t.Errorf("%+v", list)
		}
		if list, err = w.Of(bob, a.ID, nil, nil, document.Page{}); err != nil || len(list.Edges) != 0 {
			t.Errorf("Bob sees %+v %v", list, err)
		}
		if list, err = w.Of(alice, a.ID, []entdocument.Kind{entdocument.KindEXPORT}, nil, document.Page{}); err != nil || len(list.Edges) != 0 {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// Every way in which a link can be wrong is the same NOT_FOUND.
//
// security J5
func TestLinks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, _ := w.person("Alice")
		d, other := w.upload(alice, "a.pdf", paper), w.upload(alice, "b.pdf", paper)
		sound := *d.DownloadURL
		id, signature, _ := strings.Cut(sound[strings.LastIndexByte(sound, '/')+1:], "?")
		made, err := w.Upload(alice, document.UploadDocumentInput{Title: "c.pdf", Size: 100})
		w.must(err)
		for name, c := range map[string][2]string{
			"another document": {other.ID, signature}, "no signature": {id, ""}, "nonsense": {id, "AAAA"}, "cut": {id, signature[:len(signature)-2]},
			"changed": {id, "B" + signature[1:]}, "the link of an upload": {id, token(made.Link)}, "another kind": {strings.Replace(id, "doc_", "usr_", 1), signature},
			"no id": {"", signature}, "long": {id, strings.Repeat("A", 4000)}, "padded": {id, signature + "="},
		} {
			if signature[0] == 'B' && name == "changed" {
				continue
			}
			if _, err := w.Download(context.Background(), c[0], c[1]); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.Receive(context.Background(), signature, strings.NewReader(paper), -1); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a download's link takes bytes: %v", err)
		}
		session := viewer.From(alice).SessionID
		w.end(session)
		if _, err := w.fetch(context.Background(), &sound); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("after the session: %v", err)
		}
		if _, err := w.put(made.Link, paper); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("an upload after the session: %v", err)
		}
		w.mu.Lock()
		delete(w.ended, session)
		w.mu.Unlock()
		db.Clock.Add(5 * time.Minute)
		if _, err := w.fetch(context.Background(), &sound); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("after five minutes: %v", err)
		}
		db.Clock.Add(10 * time.Minute)
		if _, err := w.put(made.Link, paper); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("an upload after a quarter of an hour: %v", err)
		}
		if nobody := w.DownloadURL(context.Background(), &ent.Document{Status: entdocument.StatusREADY}); nobody != nil {
			t.Errorf("nobody gets %s", *nobody)
		}
	})
}

// security J2, J3, J4
func TestRefusedFiles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, _ := w.person("Alice")
		link, err := w.Upload(alice, document.UploadDocumentInput{Title: "a.png", Size: 100})
		w.must(err)
		for name, c := range map[string]struct {
			body string
			want error
		}{
			"empty": {"", document.ErrFileEmpty}, "a byte too many": {paper + strings.Repeat("x", 101-len(paper)), document.ErrFileTooLarge},
			"html": {"<!doctype html><script>alert(1)</script>", document.ErrFileTypeRefused}, "svg": {"<svg xmlns='http://www.w3.org/2000/svg'/>", document.ErrFileTypeRefused},
			"program": {"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff", document.ErrFileTypeRefused},
		} {
			// Whether the length was said or not.
			for _, length := range []int64{-1, int64(len(c.body))} {
				if _, err := w.Receive(context.Background(), token(link.Link), strings.NewReader(c.body), length); !errors.Is(err, c.want) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		if _, err := w.Receive(context.Background(), token(link.Link), io.MultiReader(strings.NewReader(paper), broken{}), -1); err == nil {
			t.Error("half a file was kept")
		}
		if left := w.blobs(); len(left) != 0 {
			t.Errorf("left over: %v", left)
		}
		// After all that the link is good still, once.
		if _, err := w.put(link.Link, paper); err != nil {
			t.Fatal(err)
		}
		if _, err := w.put(link.Link, paper); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("twice: %v", err)
		}
		link, err = w.Upload(alice, document.UploadDocumentInput{Title: "virus.txt", Size: 100})
		w.must(err)
		if _, err := w.put(link.Link, `X5O!P%@AP[4\PZX54(P^)7CC)7}$`+`EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`); !errors.Is(err, document.ErrFileInfected) {
			t.Errorf("EICAR: %v", err)
		}
		w.work()
		if n := w.number(`SELECT count(*) FROM documents WHERE status = 'QUARANTINED' AND blob_key IS NULL`); n != 1 || len(w.blobs()) != 1 {
			t.Errorf("%d quarantined, %v", n, w.blobs())
		}
		w.Scan = func(context.Context, io.Reader) (bool, error) { return false, errors.New("the scanner is down") }
		link, err = w.Upload(alice, document.UploadDocumentInput{Title: "b.txt", Size: 100})
		w.must(err)
		if _, err := w.put(link.Link, "hello"); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("unscanned: %v", err)
		}
		for _, in := range []document.UploadDocumentInput{{Title: "", Size: 1}, {Title: "a\x00", Size: 1}, {Title: "a\u202etxt.exe", Size: 1}, {Title: strings.Repeat("я", 256), Size: 1}, {Title: "a", Size: 0}, {Title: "a", Size: 25<<20 + 1}} {
			if _, err := w.Upload(alice, in); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%.20q: %v", in.Title, err)
			}
		}
		if _, err := w.Upload(context.Background(), document.UploadDocumentInput{Title: "a", Size: 1}); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Error(err)
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// The room is exact however many ask at once, and a link is one file's.
//
// security J4
func TestQuota(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, a := w.person("Alice")
		var made atomic.Int64
		var last sync.Map
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				u, err := w.Upload(alice, document.UploadDocumentInput{Title: "a.pdf", Size: 100})
				switch {
				case err == nil:
					made.Add(1)
					last.Store("link", u.Link)
				case !errors.Is(err, document.ErrQuotaExceeded):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 10 {
			t.Errorf("%d links for room of 10", made.Load())
		}
		link, _ := last.Load("link")
		var kept atomic.Int64
		for range 20 {
			wg.Go(func() {
				_, err := w.put(link.(*document.UploadLink), paper)
				switch {
				case err == nil:
					kept.Add(1)
				case !errors.Is(err, fault.ErrConflict) && !errors.Is(err, fault.ErrNotFound):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if kept.Load() != 1 || len(w.blobs()) != 1 {
			t.Errorf("one link kept %d files, %d blobs", kept.Load(), len(w.blobs()))
		}
		// What never came gives its room back; what came takes what it has.
		db.Clock.Add(15 * time.Minute)
		u, err := w.Upload(alice, document.UploadDocumentInput{Title: "a.pdf", Size: 1000 - len(paper)})
		w.must(err)
		_, err = w.Upload(alice, document.UploadDocumentInput{Title: "a.pdf", Size: 1})
		if f, _ := fault.As(err); !errors.Is(err, document.ErrQuotaExceeded) || f.Params["left"] != int64(0) {
			t.Errorf("%v", err)
		}
		db.Clock.Add(26 * time.Minute)
		n, err := w.TidyDue(storetest.System(), 100)
		if err != nil || n != 10 {
			t.Errorf("tidied %d, %v", n, err)
		}
		if left := w.number(`SELECT count(*) FROM documents WHERE owner_id = ?`, a.ID); left != 1 {
			t.Errorf("%d rows left", left)
		}
		if _, err := w.put(u.Link, paper); !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
		// Small ones: so many links wait at a time.
		for i := range 21 {
			_, err := w.Upload(alice, document.UploadDocumentInput{Title: fmt.Sprint(i), Size: 1})
			if i < 20 && err != nil || i == 20 && !errors.Is(err, document.ErrTooManyItems) {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}

// Who deletes loses the bytes with the row; what is issued stays.
//
// security F8
func TestDeleteDocument(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, a := w.person("Alice")
		bob, _ := w.person("Bob")
		d := w.upload(alice, "a.pdf", paper)
		id := parse(t, d.ID)
		if _, err := w.DeleteDocument(bob, document.DeleteDocumentInput{ID: id}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("Bob: %v", err)
		}
		if _, err := w.DeleteDocument(alice, document.DeleteDocumentInput{ID: parse(t, a.GlobalID().String())}); !errors.Is(err, fault.ErrInvalidID) {
			t.Errorf("another kind: %v", err)
		}
		if _, err := w.DeleteDocument(alice, document.DeleteDocumentInput{ID: id}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.DeleteDocument(alice, document.DeleteDocumentInput{ID: id}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.fetch(context.Background(), d.DownloadURL); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("deleted and fetched: %v", err)
		}
		if len(w.blobs()) != 1 { // until the job: a crash now loses nothing
			t.Errorf("%v", w.blobs())
		}
		w.work()
		w.work()
		if len(w.blobs()) != 0 {
			t.Errorf("%v", w.blobs())
		}
		issued := w.paper(a.ID, entdocument.KindACT, entdocument.StatusISSUED, entdocument.VisibilityALL)
		if _, err := w.DeleteDocument(alice, document.DeleteDocumentInput{ID: issued.GlobalID()}); !errors.Is(err, document.ErrDocumentKept) {
			t.Errorf("an act: %v", err)
		}
		inner := w.paper(a.ID, entdocument.KindOTHER, entdocument.StatusREADY, entdocument.VisibilitySTAFF)
		if there, err := db.Client.Document.Query().Where(entdocument.ID(inner.ID)).Exist(alice); err != nil || there {
			t.Errorf("a paper of staff is shown: %v %v", there, err)
		}
	})
}

// What others put: an export, kept outside the transaction or in it, gone with
// its time or its owner; what a rollback left is found by its age.
func TestPut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, a := w.person("Alice")
		until := db.Clock.Now().Add(24 * time.Hour)
		b, err := w.Write(alice, "application/zip", strings.NewReader("PK"))
		w.must(err)
		var d *ent.Document
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
			d, err = w.Put(ctx, tx, document.NewDocument{Owner: a.ID, User: &a.ID, Kind: "EXPORT", Title: "data.zip", Bytes: b, Expires: &until}, nil)
			return err
		}))
		if got, err := w.fetch(context.Background(), w.DownloadURL(alice, d)); err != nil || got != "PK" {
			t.Errorf("%q %v", got, err)
		}
		failed := errors.New("rolled back")
		err = db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			if _, err := w.Put(ctx, tx, document.NewDocument{Owner: a.ID, Kind: "RECEIPT", Title: "r", Mime: "text/plain"}, strings.NewReader("lost")); err != nil {
				return err
			}
			return failed
		})
		if !errors.Is(err, failed) || len(w.blobs()) != 2 {
			t.Fatalf("%v, %v", err, w.blobs())
		}
		db.Clock.Add(25 * time.Hour)
		if got := w.DownloadURL(alice, d); got != nil {
			t.Errorf("past its time: %s", *got)
		}
		if n, err := w.TidyDue(storetest.System(), 100); err != nil || n != 1 {
			t.Errorf("%d %v", n, err)
		}
		w.work()
		db.Clock.Add(400 * 24 * time.Hour) // far from the time of the test's own machine
		w.must(w.DropLoose(storetest.System()))
		w.upload(alice, "kept.pdf", paper)
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { return w.DeleteAllOf(ctx, tx, a.ID) }))
		w.work()
		if n := w.number(`SELECT count(*) FROM documents`); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}

// What a rollback left goes; what a row names stays.
func TestDropLoose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.Blobs = &aged{w.bucket}
		alice, _ := w.person("Alice")
		w.upload(alice, "kept.pdf", paper)
		if _, err := w.Write(alice, "text/plain", strings.NewReader("lost")); err != nil {
			t.Fatal(err)
		}
		w.must(w.DropLoose(storetest.System()))
		if len(w.blobs()) != 2 { // of today: somebody may still name it
			t.Errorf("%v", w.blobs())
		}
		db.Clock.Add(48 * time.Hour)
		w.must(w.DropLoose(storetest.System()))
		if len(w.blobs()) != 1 {
			t.Errorf("%v", w.blobs())
		}
	})
}

// aged takes all bytes for old ones: the test's clock is not the machine's.
type aged struct{ document.Blobs }

func (a *aged) Older(ctx context.Context, prefix string, _ time.Time, each func(string) error) error {
	return a.Blobs.Older(ctx, prefix, time.Now().Add(time.Hour), each)
}

func TestReceiveNeedsARealToken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for _, bad := range []string{"", "x", strings.Repeat("A", 112), uuid.NewString()} {
			if _, err := w.Receive(context.Background(), bad, strings.NewReader(paper), -1); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}
