package document

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Bounds of what people send.
const (
	mostBytes    = 25 << 20 // of one upload
	avatarBytes  = 10 << 20 // of a picture
	defaultQuota = 200 << 20
	mostUploads  = 1000 // of one person
	mostPending  = 20   // links of one person that wait for their bytes
)

// made bounds how many links one person asks for.
var (
	madeUploads = store.Limit{Name: "document.upload", Free: 120, Forget: time.Hour, Window: true}
	madeAvatars = store.Limit{Name: "document.avatar", Free: 30, Forget: time.Hour, Window: true}
)

// Uploading is a document that waits for its bytes, and where they go.
type Uploading struct {
	Document *ent.Document
	Link     *UploadLink
}

// Upload makes room for a file and a link to send it to. Faults:
// UNAUTHENTICATED, REQUIRED, TOO_LONG, INVALID_VALUE, OUT_OF_RANGE,
// QUOTA_EXCEEDED, TOO_MANY_ITEMS, RATE_LIMITED.
func (s *Documents) Upload(ctx context.Context, in UploadDocumentInput) (Uploading, error) {
	title, err := fileTitle(in.Title)
	if err != nil {
		return Uploading{}, err
	}
	if in.Size < 1 || in.Size > mostBytes {
		return Uploading{}, fault.ErrOutOfRange.At("input", "size").With("min", 1).With("max", mostBytes)
	}
	return s.begin(ctx, entdocument.KindUPLOAD, title, int64(in.Size), madeUploads, papers)
}

// UploadAvatar makes a link to send one's picture to. Faults: UNAUTHENTICATED,
// OUT_OF_RANGE, TOO_MANY_ITEMS, RATE_LIMITED.
func (s *Documents) UploadAvatar(ctx context.Context, in UploadAvatarInput) (*UploadLink, error) {
	size := avatarBytes
	if in.Size != nil {
		size = *in.Size
	}
	if size < 1 || size > avatarBytes {
		return nil, fault.ErrOutOfRange.At("input", "size").With("min", 1).With("max", avatarBytes)
	}
	u, err := s.begin(ctx, entdocument.KindAVATAR, "avatar", int64(size), madeAvatars, pictures)
	return u.Link, err
}

// begin makes the row that waits, and its link.
func (s *Documents) begin(ctx context.Context, kind entdocument.Kind, title string, size int64, limit store.Limit, types []string) (Uploading, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() || v.SessionID == uuid.Nil {
		return Uploading{}, fault.ErrUnauthenticated
	}
	if err := s.count(ctx, store.Use{Limit: limit, Of: v.UserID.String()}); err != nil {
		return Uploading{}, err
	}
	var d *ent.Document
	var until time.Time
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// One at a time of one person: what is reserved is counted.
		if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil {
			return err
		}
		if err := s.room(ctx, tx, v.UserID, kind, size); err != nil {
			return err
		}
		// The address of a picture is all that guards it: no time is in it.
		id := uuid.Must(uuid.NewV7())
		if kind == entdocument.KindAVATAR {
			id = uuid.Must(uuid.NewRandom())
		}
		until = tx.Now.Add(uploadLife)
		var err error
		d, err = tx.Document.Create().SetID(id).SetOwnerID(v.UserID).SetUserID(v.UserID).SetKind(kind).SetTitle(title).SetSize(size).SetExpiresAt(until).Save(ctx)
		return err
	})
	if err != nil {
		return Uploading{}, err
	}
	token := s.seal(link{document: d.ID, session: v.SessionID, user: v.UserID, until: until}, "put")
	return Uploading{d.Unwrap(), &UploadLink{
		URL: s.address("files", "upload", token), Method: "PUT", MaxBytes: int(size), Types: types, ExpiresAt: until,
	}}, nil
}

// room counts what a person keeps and has reserved.
func (s *Documents) room(ctx context.Context, tx *store.Tx, owner uuid.UUID, kind entdocument.Kind, size int64) error {
	var uploads, pending, used int64
	err := tx.QueryRow(ctx, `SELECT coalesce(sum(CASE WHEN kind = 'UPLOAD' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN status = 'PENDING' THEN 1 ELSE 0 END), 0),
		coalesce(sum(CASE WHEN kind = 'UPLOAD' AND status <> 'QUARANTINED' THEN size ELSE 0 END), 0)
		FROM documents WHERE owner_id = ? AND kind IN ('UPLOAD', 'AVATAR') AND (status <> 'PENDING' OR expires_at > ?)`, owner, tx.Now).Scan(&uploads, &pending, &used)
	if err != nil {
		return err
	}
	if pending >= mostPending {
		return ErrTooManyItems.With("limit", mostPending)
	}
	if kind != entdocument.KindUPLOAD {
		return nil
	}
	quota := s.Quota
	if quota == 0 {
		quota = defaultQuota
	}
	switch {
	case uploads >= mostUploads:
		return ErrTooManyItems.With("limit", mostUploads)
	case used+size > quota:
		return ErrQuotaExceeded.At("input", "size").With("limit", quota).With("left", max(0, quota-used))
	}
	return nil
}

// count takes one of a limit's uses, in a transaction of its own.
func (s *Documents) count(ctx context.Context, use store.Use) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, use)
		if err == nil && wait > 0 {
			err = fault.ErrRateLimited.After(wait)
		}
		return err
	})
}

// DeleteDocument deletes one of the caller's uploads or exports and gives the
// id that is gone. Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND,
// DOCUMENT_KEPT.
func (s *Documents) DeleteDocument(ctx context.Context, in DeleteDocumentInput) (*scalar.ID, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	id, err := documentID(in.ID, "input", "id")
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		d, err := tx.Document.Query().Where(entdocument.ID(id), entdocument.OwnerID(v.UserID), entdocument.VisibilityEQ(entdocument.VisibilityALL), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "id")
		}
		if err != nil {
			return err
		}
		if d.Kind != entdocument.KindUPLOAD && d.Kind != entdocument.KindEXPORT {
			return ErrDocumentKept.At("input", "id").With("kind", d.Kind.String()).With("status", d.Status.String())
		}
		if err := s.Delete(ctx, tx, id); err != nil {
			return err
		}
		return tx.Audit(ctx, "document.delete", v.UserID, d.GlobalID(), map[string]any{"kind": d.Kind.String()})
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}
