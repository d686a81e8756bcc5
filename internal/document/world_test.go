package document_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/adapter/blob"
	"kabinet/internal/document"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is documents over a test's database and a place in memory.
type world struct {
	*document.Documents
	t      *testing.T
	db     *storetest.DB
	bucket *blob.Bucket

	mu    sync.Mutex
	ended map[uuid.UUID]bool
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, ended: map[uuid.UUID]bool{}}
	w.must(job.Migrate(context.Background(), db.Store))
	sealer, err := store.NewSealer([]byte(strings.Repeat("k", 32)))
	w.must(err)
	w.bucket, err = blob.Open("mem://")
	w.must(err)
	t.Cleanup(func() { _ = w.bucket.Close() })
	w.Documents = &document.Documents{
		Store: db.Store, Sealer: sealer, Blobs: w.bucket, Public: &url.URL{Scheme: "https", Host: "account.example.com"}, Quota: 1000,
		Ended: func(_ context.Context, sessions []uuid.UUID) (map[uuid.UUID]bool, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			over := map[uuid.UUID]bool{}
			for _, s := range sessions {
				if w.ended[s] {
					over[s] = false
				}
			}
			return over, nil
		},
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) end(session uuid.UUID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended[session] = true
}

// person makes one and a session of his.
func (w *world) person(name string) (context.Context, *ent.User) {
	w.t.Helper()
	var u *ent.User
	w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
		u, err = tx.User.Create().SetDisplayName(name).SetStatus("ACTIVE").Save(ctx)
		return err
	}))
	return viewer.With(context.Background(), viewer.Viewer{UserID: u.ID, OwnerID: u.ID, SessionID: uuid.New(), Locale: "en"}), u
}

// put sends bytes to a link, as the door does: as nobody.
func (w *world) put(link *document.UploadLink, body string) (*document.Received, error) {
	return w.Receive(context.Background(), token(link), strings.NewReader(body), int64(len(body)))
}

func token(link *document.UploadLink) string {
	return link.URL[strings.LastIndexByte(link.URL, '/')+1:]
}

// paper makes a document that the business issued.
func (w *world) paper(owner uuid.UUID, kind entdocument.Kind, status entdocument.Status, visibility entdocument.Visibility) (d *ent.Document) {
	w.t.Helper()
	w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
		d, err = tx.Document.Create().SetOwnerID(owner).SetKind(kind).SetStatus(status).SetVisibility(visibility).SetTitle("Paper").Save(ctx)
		return err
	}))
	return d
}

// upload keeps a file of a person.
func (w *world) upload(ctx context.Context, title, body string) *document.ReceivedDocument {
	w.t.Helper()
	u, err := w.Upload(ctx, document.UploadDocumentInput{Title: title, Size: len(body)})
	w.must(err)
	got, err := w.put(u.Link, body)
	w.must(err)
	return got.Document
}

// fetch follows an address of a download.
func (w *world) fetch(ctx context.Context, address *string) (string, error) {
	w.t.Helper()
	if address == nil {
		w.t.Fatal("there is no address")
	}
	path, signature, _ := strings.Cut(strings.TrimPrefix(*address, "https://account.example.com/files/"), "?")
	g, err := w.Download(ctx, path, signature)
	if err != nil {
		return "", err
	}
	defer g.Content.Close()
	b, err := io.ReadAll(g.Content)
	return string(b), err
}

// blobs are the keys of all bytes.
func (w *world) blobs() (keys []string) {
	w.t.Helper()
	w.must(w.bucket.Older(context.Background(), "", w.db.Clock.Now().AddDate(100, 0, 0), func(key string) error {
		keys = append(keys, key)
		return nil
	}))
	return keys
}

// work does the jobs that were left, as the workers would.
func (w *world) work() {
	w.t.Helper()
	rows, err := w.db.Query(context.Background(), `SELECT args FROM river_job WHERE kind = 'drop-bytes'`)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var raw []byte
		w.must(rows.Scan(&raw))
		j := &river.Job[document.DropBytes]{}
		w.must(json.Unmarshal(raw, &j.Args))
		w.must(w.Drop(context.Background(), j))
	}
	w.must(rows.Err())
}

func (w *world) number(query string, args ...any) (n int64) {
	w.t.Helper()
	rows, err := w.db.Query(context.Background(), query, args...)
	w.must(err)
	defer rows.Close()
	if rows.Next() {
		w.must(rows.Scan(&n))
	}
	w.must(rows.Err())
	return n
}

func drawing(t *testing.T, width, height int) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width {
		img.Set(i, 0, color.RGBA{R: uint8(i), A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
