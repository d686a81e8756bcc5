package after

import (
	"crypto/subtle"
	"encoding/base64"

	"github.com/google/uuid"

	"kabinet/internal/store"
)

// A guest's token is the order's id and a keyed hash of it: nothing is stored,
// and whoever has not been given it cannot make it. It is worth nothing once the
// order was claimed, for then it is no guest's.

const tokenPlace = "order/guest"

// macLength is how many bytes of the hash a token holds.
const macLength = 16

// tokenOf makes the token of a guest's order.
func tokenOf(sealer *store.Sealer, order uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString(append(order[:], sealer.MAC(order.String(), tokenPlace)[:macLength]...))
}

// orderOf reads a token; false for what is none of ours. Older keys count too.
func orderOf(sealer *store.Sealer, token string) (uuid.UUID, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != len(uuid.UUID{})+macLength {
		return uuid.Nil, false
	}
	id := uuid.UUID(b[:16])
	for _, mac := range sealer.MACs(id.String(), tokenPlace) {
		if subtle.ConstantTimeCompare(mac[:macLength], b[16:]) == 1 {
			return id, true
		}
	}
	return uuid.Nil, false
}
