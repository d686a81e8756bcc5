package campaign

import (
	"context"

	"kabinet/internal/store"
)

// Reseal seals the secrets of campaigns with the first key and says how many an
// older one had sealed, and how many no key opens.
func (s *Campaigns) Reseal(ctx context.Context) (anew, lost int, err error) {
	return s.Store.Reseal(ctx, s.Sealer, store.Sealed{Table: "campaigns", Column: "seed", PlaceColumn: "id", Place: place})
}
