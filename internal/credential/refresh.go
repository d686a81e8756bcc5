package credential

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base32"
	"strings"

	"github.com/google/uuid"
)

// MAC is a keyed hash of a secret at one place, such as store.Sealer's.
type MAC func(secret, place string) []byte

// A refresh token is the id of its session, 128 bits that are random in the
// first one, and a tag that only the server can make: an old one, of which
// nothing is stored any more, is still known for one of the family.
const (
	refreshPrefix = "kabr_"
	refreshIDs    = 16
	refreshSecret = 16
	refreshTag    = 16
)

var unpadded = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewRefresh is the first refresh token of a session, or one that owes nothing
// to those before it.
func NewRefresh(session uuid.UUID, mac MAC) string {
	secret := make([]byte, refreshSecret)
	_, _ = rand.Read(secret) // never fails, see crypto/rand
	return refreshOf(session, secret, mac)
}

func refreshOf(session uuid.UUID, secret []byte, mac MAC) string {
	b := append(append(make([]byte, 0, refreshIDs+refreshSecret+refreshTag), session[:]...), secret...)
	return refreshPrefix + strings.ToLower(unpadded.EncodeToString(append(b, mac(string(b), "refresh/tag")[:refreshTag]...)))
}

// ReadRefresh says of which session a refresh token is or was; false for what
// this server has not made.
func ReadRefresh(token string, mac MAC) (uuid.UUID, bool) {
	text, ok := strings.CutPrefix(token, refreshPrefix)
	if !ok || len(text) != unpadded.EncodedLen(refreshIDs+refreshSecret+refreshTag) {
		return uuid.Nil, false
	}
	b, err := unpadded.DecodeString(strings.ToUpper(text))
	if err != nil {
		return uuid.Nil, false
	}
	made, tag := b[:refreshIDs+refreshSecret], b[refreshIDs+refreshSecret:]
	return uuid.UUID(made[:refreshIDs]), hmac.Equal(tag, mac(string(made), "refresh/tag")[:refreshTag])
}

// NextRefresh gives what a refresh token is exchanged for. It is the same each
// time, so that two who ask at once get one answer and nothing readable need
// be stored; without the server's key nobody can work it out.
func NextRefresh(session uuid.UUID, token string, mac MAC) (refresh, access string) {
	refresh = refreshOf(session, mac(token, "refresh/next")[:refreshSecret], mac)
	return refresh, tokenOf(mac(token, "refresh/access")[:tokenBytes])
}
