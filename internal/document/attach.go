package document

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Attachable gives uploads that the caller may hang on something of another
// domain, in the order of their ids: his own, whose bytes have come. To the
// system anybody's. Faults: NOT_FOUND for what is not his or no upload,
// INVALID_VALUE with params.status for one that has not come or is dangerous.
func (s *Documents) Attachable(ctx context.Context, tx *store.Tx, ids []uuid.UUID, path ...string) ([]*ent.Document, error) {
	q := tx.Document.Query().Where(entdocument.IDIn(ids...), entdocument.KindEQ(entdocument.KindUPLOAD))
	if v := viewer.From(ctx); !v.IsSystem() {
		q.Where(entdocument.OwnerID(v.UserID))
	}
	found, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]*ent.Document, len(found))
	for _, d := range found {
		byID[d.ID] = d
	}
	all := make([]*ent.Document, len(ids))
	for i, id := range ids {
		switch d := byID[id]; {
		case d == nil:
			return nil, fault.ErrNotFound.At(path...)
		case d.Status != entdocument.StatusREADY || d.Mime == nil || d.Size == nil:
			return nil, fault.ErrInvalidValue.At(path...).With("status", d.Status.String())
		default:
			all[i] = d
		}
	}
	return all, nil
}
