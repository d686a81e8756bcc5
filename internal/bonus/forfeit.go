package bonus

import (
	"context"

	"github.com/google/uuid"

	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Forfeit books all points of an owner as expired, in the caller's transaction:
// he is erased, and the books still balance. Points that are held stay.
func (p *Points) Forfeit(ctx context.Context, tx *store.Tx, owner uuid.UUID) error {
	ids, err := tx.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	books, err := p.Books().LockAll(ctx, tx, viewer.From(ctx).Actor(), ids...)
	if err != nil {
		return err
	}
	for _, id := range ids {
		b := books[id]
		if b == nil {
			continue
		}
		if err := b.Forfeit(ctx); err != nil {
			return err
		}
		if err := b.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}
