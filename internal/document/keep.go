package document

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/store"
)

// Bytes are bytes that are kept and that no document names yet: within a day
// one must, or they are deleted.
type Bytes struct {
	key    string
	mime   string
	size   int64
	sha256 []byte
}

// newKey is where bytes will lie: by the day, so that what was left over can be
// found, and by chance.
func (s *Documents) newKey() string {
	return s.Store.Now().UTC().Format(dayPath) + strings.ToLower(rand.Text())
}

const dayPath = "2006/01/02/"

// Write keeps bytes outside a transaction, for Put. An empty mime is found from
// the bytes.
func (s *Documents) Write(ctx context.Context, mime string, r io.Reader) (Bytes, error) {
	b := Bytes{key: s.newKey(), mime: mime}
	return b, s.write(ctx, &b, r)
}

// write keeps all of r and notes its size, hash and, where it is not said, type.
func (s *Documents) write(ctx context.Context, b *Bytes, r io.Reader) error {
	if b.mime == "" {
		head := make([]byte, sniffed)
		n, err := io.ReadFull(r, head)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		b.mime = mimeOf(head[:n])
		r = io.MultiReader(bytes.NewReader(head[:n]), r)
	}
	hash, count := sha256.New(), &counter{}
	if err := s.Blobs.Write(ctx, b.key, b.mime, io.TeeReader(r, io.MultiWriter(hash, count))); err != nil {
		return err
	}
	b.size, b.sha256 = count.n, hash.Sum(nil)
	return nil
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// Put makes a document of somebody, ready to be downloaded, of r or, where r is
// nil, of n.Bytes. What is large is written before the transaction, which a
// small database would hold up: by Write. The caller's fence holds.
func (s *Documents) Put(ctx context.Context, tx *store.Tx, n NewDocument, r io.Reader) (*ent.Document, error) {
	b := n.Bytes
	if r != nil {
		var err error
		if b, err = s.Write(ctx, n.Mime, r); err != nil {
			return nil, err
		}
	}
	if b.key == "" {
		return nil, errors.New("document: there are no bytes to put")
	}
	title, err := fileTitle(n.Title)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	c := tx.Document.Create().SetOwnerID(n.Owner).SetNillableUserID(n.User).SetKind(entdocument.Kind(n.Kind)).SetStatus(entdocument.StatusREADY).
		SetTitle(named(title, b.mime)).SetMime(b.mime).SetSize(b.size).SetSha256(b.sha256).SetBlobKey(b.key).SetNillableExpiresAt(n.Expires)
	if n.About != nil {
		c.SetSubjectKind(n.About.Prefix).SetSubjectID(n.About.UUID)
	}
	return c.Save(ctx)
}

// Delete deletes a document and, after the commit, its bytes. The caller's
// fence holds. Faults: NOT_FOUND.
func (s *Documents) Delete(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	d, err := tx.Document.Query().Where(entdocument.ID(id), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := tx.Document.DeleteOneID(id).Exec(ctx); err != nil {
		return err
	}
	return drop(ctx, tx, d)
}

// DeleteAllOf deletes an owner's documents and, after the commit, their bytes:
// of an erased person those that store's table of erasure deletes, his picture
// too, and not the papers that the law keeps. The caller's fence holds.
func (s *Documents) DeleteAllOf(ctx context.Context, tx *store.Tx, owner uuid.UUID) error {
	his := []predicate.Document{entdocument.OwnerID(owner), entdocument.KindNotIn(papersKept()...)}
	all, err := tx.Document.Query().Where(his...).Where(tx.Locking()).All(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	if _, err := tx.Document.Delete().Where(his...).Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.User.Update().Where(user.ID(owner), user.AvatarIDNotNil()).ClearAvatarID().SetAvatarWidth(0).SetAvatarHeight(0).Save(ctx); err != nil {
		return err
	}
	return drop(ctx, tx, all...)
}

func papersKept() (kinds []entdocument.Kind) {
	for _, k := range store.PapersKept {
		kinds = append(kinds, entdocument.Kind(k))
	}
	return kinds
}

// DropBytes is the job that deletes the bytes of documents that are gone. Keys
// are chance and say nothing.
type DropBytes struct {
	Keys []string `json:"keys"`
}

// Kind implements river.JobArgs.
func (DropBytes) Kind() string { return "drop-bytes" }

// drop has the bytes of documents deleted when the transaction commits.
func drop(ctx context.Context, tx *store.Tx, gone ...*ent.Document) error {
	var keys []string
	for _, d := range gone {
		if d.BlobKey != nil {
			keys = append(keys, *d.BlobKey)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return job.Enqueue(ctx, tx, DropBytes{keys}, nil)
}

// Drop does the job; what is gone already is no error.
func (s *Documents) Drop(ctx context.Context, j *river.Job[DropBytes]) error {
	for _, key := range j.Args.Keys {
		if err := s.Blobs.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// fileTitle is the name of a download, as somebody wrote it: the door makes it
// harmless where it goes out. Faults: REQUIRED, TOO_LONG, INVALID_VALUE.
func fileTitle(given string) (string, error) {
	s, err := credential.Line(&given, 255, "input", "title")
	if err != nil {
		return "", err
	}
	if s == nil {
		return "", fault.ErrRequired.At("input", "title")
	}
	return *s, nil
}
