package factor

import (
	"context"

	"kabinet/internal/store"
)

// Reseal seals the secrets of authenticator apps with the first key and says
// how many an older one had sealed, and how many no key opens.
func (f *Factors) Reseal(ctx context.Context) (anew, lost int, err error) {
	return f.Store.Reseal(ctx, f.sealer, store.Sealed{Table: "identities", Column: "secret", Where: `kind = 'TOTP'`, PlaceColumn: "user_id", Place: totpPlace})
}
