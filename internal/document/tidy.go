package document

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/store"
)

// grace is how long after its end a body of an upload link may still come.
const grace = 10 * time.Minute

// TidyDue deletes documents whose time is over and uploads that never came,
// with their bytes, and says how many; fewer than limit are the last.
func (s *Documents) TidyDue(ctx context.Context, limit int) (n int, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		due, err := tx.Document.Query().Where(entdocument.Or(
			entdocument.And(entdocument.StatusEQ(entdocument.StatusPENDING), entdocument.ExpiresAtLTE(tx.Now.Add(-grace))),
			entdocument.And(entdocument.StatusNEQ(entdocument.StatusPENDING), entdocument.ExpiresAtLTE(tx.Now)),
		)).Order(entdocument.ByExpiresAt()).Limit(limit).All(ctx)
		if err != nil {
			return err
		}
		n = len(due)
		if n == 0 {
			return nil
		}
		ids := make([]uuid.UUID, n)
		for i, d := range due {
			ids[i] = d.ID
		}
		if _, err := tx.Document.Delete().Where(entdocument.IDIn(ids...)).Exec(ctx); err != nil {
			return err
		}
		return drop(ctx, tx, due...)
	})
	return n, err
}

// How long bytes may lie without a document, and how far back the janitor looks.
const (
	looseLife = 24 * time.Hour
	lookBack  = 60 // days
)

// DropLoose deletes bytes that no document names: a transaction was rolled
// back after they were written, or the process died between.
func (s *Documents) DropLoose(ctx context.Context) error {
	now := s.Store.Now()
	for day := 1; day <= lookBack; day++ {
		var keys []string
		err := s.Blobs.Older(ctx, now.UTC().AddDate(0, 0, -day).Format(dayPath), now.Add(-looseLife), func(key string) error {
			keys = append(keys, key)
			return nil
		})
		if err != nil {
			return err
		}
		for some := range slices.Chunk(keys, 200) {
			if err := s.dropLoose(ctx, some); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Documents) dropLoose(ctx context.Context, keys []string) error {
	named, err := s.Store.Client.Document.Query().Where(entdocument.BlobKeyIn(keys...)).Select(entdocument.FieldID, entdocument.FieldBlobKey).All(ctx)
	if err != nil {
		return store.Translate(err)
	}
	for _, key := range keys {
		if slices.ContainsFunc(named, func(d *ent.Document) bool { return *d.BlobKey == key }) {
			continue
		}
		if err := s.Blobs.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
