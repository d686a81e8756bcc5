package promotion

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/store"
)

// Take takes a use for an order, as Reduce does.
func (p *Promotions) Take(ctx context.Context, tx *store.Tx, row *ent.Promotion, code *uuid.UUID, owner uuid.UUID) error {
	_, err := p.take(ctx, tx, taking{promotion: row, code: code, owner: owner, order: new(uuid.New()), currency: "GBP"})
	return err
}

// ReleaseOverdue releases what was read before.
var ReleaseOverdue = releaseOverdue
