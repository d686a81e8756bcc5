package invoice

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// kept is what an idempotency key remembers: ids alone, read again later.
type kept struct {
	Invoice *uuid.UUID `json:"invoice,omitempty"`
	Order   *uuid.UUID `json:"order,omitempty"`
	Payment uuid.UUID  `json:"payment,omitzero"`
	Refund  *uuid.UUID `json:"refund,omitempty"`
}

// once runs a verb once per idempotency key, of which input is all that it
// stands for, or for show when dry: then show reads inside the transaction what
// is read after it else.
func (s *Bills) once(ctx context.Context, operation, key string, dry bool, input any, verb func(context.Context, *store.Tx) (kept, error), show func(context.Context, *store.Tx, kept) error) (k kept, replayed bool, err error) {
	said := struct { // the same for another owner is something else
		Owner uuid.UUID
		Input any
	}{viewer.From(ctx).OwnerID, input}
	err = s.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		k = kept{}
		replayed, err = tx.Once(ctx, operation, key, said, &k, func() (err error) {
			k, err = verb(ctx, tx)
			return err
		})
		if err != nil || !dry {
			return err
		}
		return show(ctx, tx, k)
	})
	return k, replayed, err
}
