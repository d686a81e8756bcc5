// Package document owns what can be downloaded: documents, the bytes behind
// them, the links by which they are sent and fetched, and people's pictures.
// It alone writes the table documents, and of users the columns avatar_id,
// avatar_width and avatar_height. It knows bytes by keys only: where they lie
// is the business of internal/adapter/blob.
//
// Bytes and rows are kept in step without a transaction over both: a key is
// new for every file and is written before the row that names it; bytes are
// deleted by a job of the transaction that deletes the row. What a crash left
// between the two is nobody's, and the janitor finds it by its age.
package document

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Blobs is where bytes lie. Keys are slash-separated ASCII made by this
// package. An error is nobody's fault but ours.
type Blobs interface {
	// Write keeps all of r under a key, or nothing at all.
	Write(ctx context.Context, key, mime string, r io.Reader) error
	// Open reads a key; fault.ErrNotFound where there is none.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// Delete forgets a key; one that is not there is no error.
	Delete(ctx context.Context, key string) error
	// Older calls back with each key below a prefix whose bytes were written
	// before a moment.
	Older(ctx context.Context, prefix string, before time.Time, each func(key string) error) error
}

// Documents is the service of this domain.
type Documents struct {
	Store  *store.Store
	Sealer *store.Sealer
	Blobs  Blobs
	// Public is where links begin.
	Public *url.URL
	// Quota is how many bytes of uploads one person may keep; 0: 200 MiB.
	Quota int64
	Log   *slog.Logger // nil: slog.Default()

	// Ended tells which of the sessions are over or locked; a link of such a
	// one is worth nothing. server.go fills it in; nil: sessions are not asked.
	Ended func(ctx context.Context, sessions []uuid.UUID) (map[uuid.UUID]bool, error)
	// May asks, when a file is fetched, whether its owner may still read what it
	// is of; NOT_FOUND where not. nil: nobody asks.
	May func(ctx context.Context, d *ent.Document) error
	// Lent is the document that stands behind something of another domain (by
	// its id at the edge, such as att_…) for a person, asked when a link of
	// LentURL is opened: NOT_FOUND where he may not have it at that moment. nil:
	// nothing is lent.
	Lent func(ctx context.Context, of scalar.ID, person uuid.UUID) (uuid.UUID, error)
	// Mailed is the same for a link that MailedURL made.
	Mailed func(ctx context.Context, of scalar.ID, reader uuid.UUID) (uuid.UUID, error)
	// Scan says whether bytes are dangerous; nil: only the test file of EICAR is.
	Scan func(ctx context.Context, r io.Reader) (dangerous bool, err error)
}

// NewDocument is a file about to be kept.
type NewDocument struct {
	Owner   uuid.UUID
	User    *uuid.UUID // who acted for the owner
	Kind    string     // of the SDL's DocumentKind
	Title   string     // the name of the download
	Mime    string     // empty: found from the bytes
	Bytes   Bytes      // what Write kept, where Put is given no reader
	Expires *time.Time // when it is deleted; nil: it stays
	About   *scalar.ID // what it is about
}

// What this domain says no with. Those of the doors (FILE_…, PICTURE_…) are
// answers to PUT, not userErrors.
var (
	// ErrQuotaExceeded: params.limit bytes in all, params.left of them free.
	ErrQuotaExceeded = fault.New(fault.Refused, "QUOTA_EXCEEDED")
	// ErrTooManyItems: params.limit documents are there already.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrDocumentKept: params.kind, params.status of what is not deleted by its owner.
	ErrDocumentKept = fault.New(fault.Refused, "DOCUMENT_KEPT")

	ErrFileTooLarge    = fault.New(fault.Invalid, "FILE_TOO_LARGE")
	ErrFileEmpty       = fault.New(fault.Invalid, "FILE_EMPTY")
	ErrFileTypeRefused = fault.New(fault.Invalid, "FILE_TYPE_REFUSED")
	ErrFileInfected    = fault.New(fault.Refused, "FILE_INFECTED")
	ErrPictureInvalid  = fault.New(fault.Invalid, "PICTURE_INVALID")
	ErrPictureTooLarge = fault.New(fault.Invalid, "PICTURE_TOO_LARGE")
)
