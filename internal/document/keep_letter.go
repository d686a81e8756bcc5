package document

import (
	"context"
	"io"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// KeepUpload keeps a file that came without a link, such as by mail, by the
// rules of an upload: bounded, sniffed, scanned. PutUpload makes a document of
// it. Faults: FILE_TOO_LARGE, FILE_EMPTY, FILE_TYPE_REFUSED, FILE_INFECTED; of
// what is refused nothing is kept.
func (s *Documents) KeepUpload(ctx context.Context, r io.Reader) (Bytes, error) {
	b := Bytes{key: s.newKey()}
	err := s.keepSniffed(ctx, &b, &most{r: r, left: mostBytes, limit: mostBytes})
	if err != nil {
		_ = s.Blobs.Delete(ctx, b.key) // else the janitor finds it
		return Bytes{}, err
	}
	return b, nil
}

// PutUpload is an upload of somebody, there at once, in the caller's
// transaction and within what he may keep. What the House keeps is bounded by
// whoever takes it. The caller's fence holds. Faults: QUOTA_EXCEEDED,
// TOO_MANY_ITEMS.
func (s *Documents) PutUpload(ctx context.Context, tx *store.Tx, owner uuid.UUID, user *uuid.UUID, title string, b Bytes) (*ent.Document, error) {
	if owner != viewer.House {
		if err := tx.Lock(ctx, "users", "id", owner); err != nil {
			return nil, err
		}
		if err := s.room(ctx, tx, owner, entdocument.KindUPLOAD, b.size); err != nil {
			return nil, err
		}
	}
	return s.Put(ctx, tx, NewDocument{Owner: owner, User: user, Kind: entdocument.KindUPLOAD.String(), Title: title, Bytes: b}, nil)
}

// Content opens the bytes of a document for a letter that carries them. The
// caller is the system, and has asked whether its reader may have them. Faults:
// NOT_FOUND.
func (s *Documents) Content(ctx context.Context, id uuid.UUID) (io.ReadCloser, error) {
	if !viewer.From(ctx).IsSystem() {
		return nil, fault.ErrForbidden
	}
	g, err := s.give(ctx, id)
	if err != nil {
		return nil, err
	}
	return g.Content, nil
}

// GiveTo makes uploads of the House somebody's, beyond his quota: they were
// kept already. The caller is the system.
func (s *Documents) GiveTo(ctx context.Context, tx *store.Tx, ids []uuid.UUID, owner uuid.UUID) error {
	if !viewer.From(ctx).IsSystem() {
		return fault.ErrForbidden
	}
	_, err := tx.Document.Update().Where(entdocument.IDIn(ids...), entdocument.OwnerID(viewer.House), entdocument.KindEQ(entdocument.KindUPLOAD)).
		SetOwnerID(owner).SetUserID(owner).Save(ctx)
	return err
}
