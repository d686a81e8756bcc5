package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// secrets are what signs for an endpoint; their JSON is sealed.
type secrets struct {
	Now    []byte    `json:"now"`
	Former []byte    `json:"former,omitempty"`
	Until  time.Time `json:"until,omitzero"` // of the former one
}

const (
	secretPrefix = "whsec_"
	secretBytes  = 32
)

// newSecret makes one, at random.
func newSecret() []byte {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails
	return b
}

// shown is a secret as Standard Webhooks writes it.
func shown(secret []byte) string { return secretPrefix + base64.StdEncoding.EncodeToString(secret) }

// rotated puts a new secret beside the one that signs now, which holds until.
// The one before that ends: never more than two sign.
func (s secrets) rotated(secret []byte, now, until time.Time) secrets {
	next := secrets{Now: secret}
	if until.After(now) {
		next.Former, next.Until = s.Now, until
	}
	return next
}

// signing are those that sign at a time, the new one first.
func (s secrets) signing(now time.Time) [][]byte {
	if len(s.Former) == 0 || !now.Before(s.Until) {
		return [][]byte{s.Now}
	}
	return [][]byte{s.Now, s.Former}
}

// place is what the secrets of an endpoint are sealed for.
func place(id uuid.UUID) string { return "webhook_endpoint.secrets:" + id.String() }

func (w *Webhooks) seal(s secrets, id uuid.UUID) ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return w.Sealer.Seal(b, place(id)), nil
}

func (w *Webhooks) open(sealed []byte, id uuid.UUID) (s secrets, err error) {
	b, err := w.Sealer.Open(sealed, place(id))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}
