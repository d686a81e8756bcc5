// Package privacy holds a person's rights over his data: what he agreed to, a
// file with everything stored about him, and the end of it. It never says how
// something is sent, nor what a point is worth: server.go fills the func fields.
//
// It writes consents and consent_documents, the deletion dates of users, tasks
// of its kinds through store, and by store's table of erasure what is left of
// a person in every other table.
package privacy

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Privacy is the service of this domain.
type Privacy struct {
	Store *store.Store
	Delay time.Duration // between a confirmed deletion and its end

	// Ask makes a challenge of the purpose, which keeps the reason sealed, and
	// sends its code to the person's main address; nil where he has none that is
	// proven.
	Ask func(ctx context.Context, tx *store.Tx, user uuid.UUID, purpose, reason string) (*Asked, error)
	// Try counts one try of a code, before the transaction; Use takes it there
	// and gives the reason back.
	Try func(ctx context.Context, id scalar.ID, purpose, code string) (uuid.UUID, error)
	Use func(ctx context.Context, tx *store.Tx, id uuid.UUID, purpose, code string) (user uuid.UUID, reason string, err error)
	// News tells the person of a change of his account at all his proven
	// addresses. It seals them, so that a letter leaves though they are deleted
	// in the same transaction.
	News func(ctx context.Context, tx *store.Tx, user uuid.UUID, change string, subject scalar.ID, details map[string]any) error
	// MayGo refuses to let the last one go who can let others in.
	MayGo func(ctx context.Context, q store.Reader, user uuid.UUID) error
	// End ends the person's sessions.
	End func(ctx context.Context, tx *store.Tx, user uuid.UUID) error
	// Forfeit books a person's points as expired, all that is left.
	Forfeit func(ctx context.Context, tx *store.Tx, user uuid.UUID) error
	// Write keeps the bytes of a finished export, outside any transaction.
	Write func(ctx context.Context, content io.Reader) (Kept, error)
	// Open reads the bytes of one of the person's documents.
	Open func(ctx context.Context, key string) (io.ReadCloser, error)
	// Drop deletes the person's files and the cards he saved, also where they
	// are kept outside.
	Drop func(ctx context.Context, tx *store.Tx, user uuid.UUID) error
}

// Kept are bytes that were written: in a transaction they become a document of
// the person, about its task, until when.
type Kept func(ctx context.Context, tx *store.Tx, user uuid.UUID, name string, about scalar.ID, until time.Time) error

// What a person is told: the names of account's news.
const (
	newsExportRequested   = "export_requested"
	newsExportReady       = "export_ready"
	newsDeletionRequested = "deletion_requested"
	newsDeletionCancelled = "deletion_cancelled"
	newsDeletionSoon      = "deletion_soon"
	newsDeletionPutOff    = "deletion_put_off"
	newsDeleted           = "deleted"
)
