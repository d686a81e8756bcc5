package document

import (
	"context"
	"encoding/hex"
	"io"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Given is a file on its way out. Content is closed by whoever gets it.
type Given struct {
	Name     string
	Mime     string
	Tag      string // the same as long as the bytes are
	Modified time.Time
	Content  io.ReadSeekCloser
}

// Download opens what a link leads to. The link is the proof: it was made for a
// session that saw the document, is good for minutes and dies with the session.
// Who presents another person's session with it gets nothing. Whatever is wrong
// is the same NOT_FOUND (security J5).
func (s *Documents) Download(ctx context.Context, id, signature string) (*Given, error) {
	asked, err := scalar.ParseID(id)
	if err != nil {
		return nil, fault.ErrNotFound
	}
	purpose := "get"
	if asked.Prefix != "doc" {
		purpose = lent(asked.Prefix)
	}
	if l, err := s.unsealed(signature, mailed(asked.Prefix)); err == nil {
		return s.giveMailed(ctx, asked, l)
	}
	l, err := s.open(ctx, signature, purpose)
	if err != nil {
		return nil, err
	}
	if v := viewer.From(ctx); asked.UUID != l.document || v.SignedIn() && v.UserID != l.user {
		return nil, fault.ErrNotFound
	}
	if asked.Prefix == "doc" {
		return s.give(ctx, l.document)
	}
	if s.Lent == nil {
		return nil, fault.ErrNotFound
	}
	behind, err := s.Lent(ctx, asked, l.user)
	if err != nil {
		return nil, err
	}
	return s.give(ctx, behind)
}

// giveMailed opens what somebody without an account was sent a link to.
func (s *Documents) giveMailed(ctx context.Context, asked scalar.ID, l link) (*Given, error) {
	if s.Mailed == nil || asked.UUID != l.document {
		return nil, fault.ErrNotFound
	}
	behind, err := s.Mailed(ctx, asked, l.user)
	if err != nil {
		return nil, err
	}
	return s.give(ctx, behind)
}

// Picture opens a person's picture by the key of its address. Faults: NOT_FOUND.
func (s *Documents) Picture(ctx context.Context, key string) (*Given, error) {
	id, ok := pictureID(key)
	if !ok {
		return nil, fault.ErrNotFound
	}
	return s.give(ctx, id, entdocument.KindEQ(entdocument.KindAVATAR))
}

func (s *Documents) give(ctx context.Context, id uuid.UUID, which ...predicate.Document) (*Given, error) {
	d, err := s.Store.Client.Document.Query().Where(entdocument.ID(id), entdocument.BlobKeyNotNil()).Where(which...).Only(viewer.AsSystem(ctx, "document.link"))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	if !ready(d.Status) || d.ExpiresAt != nil && !s.Store.Now().Before(*d.ExpiresAt) {
		return nil, fault.ErrNotFound
	}
	if s.May != nil {
		if err := s.May(ctx, d); err != nil {
			return nil, err
		}
	}
	content, err := s.Blobs.Open(ctx, *d.BlobKey)
	if err != nil {
		return nil, err
	}
	g := &Given{Name: nameOf(d), Mime: "application/octet-stream", Modified: d.UpdatedAt, Content: content}
	if d.Mime != nil {
		g.Mime = *d.Mime
	}
	if d.Sha256 != nil {
		g.Tag = hex.EncodeToString((*d.Sha256)[:min(16, len(*d.Sha256))])
	}
	return g, nil
}

// nameOf is what a document is called when it is downloaded. The bytes of a paper
// that is not valid any more stay what was issued, so its name says so.
func nameOf(d *ent.Document) string {
	if d.Status != entdocument.StatusVOID {
		return d.Title
	}
	lang := locale.English
	if d.Locale != nil {
		lang = *d.Locale
	}
	return locale.Text(lang, "paper.void", map[string]any{"title": d.Title})
}

// SHA256 is the hash of a document's bytes in hex; nil until they came.
func SHA256(d *ent.Document) *string {
	if d.Sha256 == nil {
		return nil
	}
	text := hex.EncodeToString(*d.Sha256)
	return &text
}

// Of is a page of what a person can download, newest first: of all kinds where
// none are named, about all where nothing is. Of anybody but the
// caller it is empty. Faults: INVALID_CURSOR.
func (s *Documents) Of(ctx context.Context, owner uuid.UUID, kinds []entdocument.Kind, about *scalar.ID, page Page) (*ent.DocumentConnection, error) {
	if v := viewer.From(ctx); !v.IsSystem() && owner != v.UserID && owner != v.OwnerID {
		return &ent.DocumentConnection{Edges: []*ent.DocumentEdge{}}, nil
	}
	q := s.Store.Client.Document.Query().Where(entdocument.OwnerID(owner), entdocument.KindNEQ(entdocument.KindAVATAR), entdocument.StatusNEQ(entdocument.StatusPENDING))
	if len(kinds) > 0 {
		q.Where(entdocument.KindIn(kinds...))
	}
	if about != nil {
		q.Where(entdocument.SubjectKind(about.Prefix), entdocument.SubjectID(about.UUID))
	}
	c, err := q.Paginate(ctx, page.After, page.First, page.Before, page.Last,
		ent.WithDocumentOrder(&ent.DocumentOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultDocumentOrder.Field}))
	return c, store.Translate(err)
}
