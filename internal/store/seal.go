package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Sealer keeps what must be read back from being read in a dump of the
// database: AES-256-GCM, and HMAC-SHA-256 for secrets too short to be hashed
// plainly. Both keys are derived from KABINET_SECRET_KEY.
type Sealer struct {
	aead cipher.AEAD
	mac  []byte
}

// ErrSeal says that sealed bytes were made by another key, for another place,
// or were changed.
var ErrSeal = errors.New("store: sealed data cannot be opened")

// NewSealer derives the keys; secret must hold 32 bytes or more.
func NewSealer(secret []byte) (*Sealer, error) {
	if len(secret) < 32 {
		return nil, errors.New("store: the secret key is shorter than 32 bytes")
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "kabinet/seal/v1", 32)
	if err != nil {
		return nil, fmt.Errorf("store: derive key: %w", err)
	}
	mac, err := hkdf.Key(sha256.New, secret, nil, "kabinet/mac/v1", 32)
	if err != nil {
		return nil, fmt.Errorf("store: derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return &Sealer{aead: aead, mac: mac}, nil
}

// Seal encrypts plain for one place, such as "challenge:<id>": what is moved
// to another row does not open there.
func (s *Sealer) Seal(plain []byte, place string) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, see crypto/rand
	return s.aead.Seal(nonce, nonce, plain, []byte(place))
}

// Open decrypts what Seal made for the same place; ErrSeal.
func (s *Sealer) Open(sealed []byte, place string) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, ErrSeal
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(place))
	if err != nil {
		return nil, ErrSeal
	}
	return plain, nil
}

// MAC is the keyed hash of a short secret at one place; it cannot be tried out
// by whoever holds the database alone.
func (s *Sealer) MAC(secret, place string) []byte {
	h := hmac.New(sha256.New, s.mac)
	h.Write([]byte(place))
	h.Write([]byte{0})
	h.Write([]byte(secret))
	return h.Sum(nil)
}
