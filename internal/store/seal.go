package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Sealer keeps what must be read back from being read in a dump of the
// database: AES-256-GCM, and HMAC-SHA-256 for secrets too short to be hashed
// plainly. Its keys are derived from those of KABINET_SECRET_KEY: the first one
// seals, and any of them opens and compares, so that a new key can be put in
// front of the old one while people are signed in.
type Sealer struct{ keys []sealKey }

type sealKey struct {
	aead cipher.AEAD
	mac  []byte
}

// ErrSeal says that sealed bytes were made by another key, for another place,
// or were changed.
var ErrSeal = errors.New("store: sealed data cannot be opened")

// NewSealer derives the keys; each secret must hold 32 bytes or more.
func NewSealer(secret []byte, older ...[]byte) (*Sealer, error) {
	s := &Sealer{}
	for _, secret := range append([][]byte{secret}, older...) {
		k, err := deriveKey(secret)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

func deriveKey(secret []byte) (k sealKey, err error) {
	if len(secret) < 32 {
		return k, errors.New("store: the secret key is shorter than 32 bytes")
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "kabinet/seal/v1", 32)
	if err != nil {
		return k, fmt.Errorf("store: derive key: %w", err)
	}
	if k.mac, err = hkdf.Key(sha256.New, secret, nil, "kabinet/mac/v1", 32); err != nil {
		return k, fmt.Errorf("store: derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return k, fmt.Errorf("store: %w", err)
	}
	if k.aead, err = cipher.NewGCM(block); err != nil {
		return k, fmt.Errorf("store: %w", err)
	}
	return k, nil
}

// Seal encrypts plain for one place, such as "challenge:<id>": what is moved
// to another row does not open there.
func (s *Sealer) Seal(plain []byte, place string) []byte {
	aead := s.keys[0].aead
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, see crypto/rand
	return aead.Seal(nonce, nonce, plain, []byte(place))
}

// Open decrypts what Seal made for the same place; ErrSeal.
func (s *Sealer) Open(sealed []byte, place string) ([]byte, error) {
	plain, _, err := s.open(sealed, place)
	return plain, err
}

func (s *Sealer) open(sealed []byte, place string) (plain []byte, key int, err error) {
	for i, k := range s.keys {
		n := k.aead.NonceSize()
		if len(sealed) < n {
			break
		}
		if plain, err := k.aead.Open(nil, sealed[:n], sealed[n:], []byte(place)); err == nil {
			return plain, i, nil
		}
	}
	return nil, 0, ErrSeal
}

// Reseal gives what an older key sealed as the first one seals it, for the same
// place; nil where the first one sealed it already. ErrSeal.
func (s *Sealer) Reseal(sealed []byte, place string) ([]byte, error) {
	plain, key, err := s.open(sealed, place)
	if err != nil || key == 0 {
		return nil, err
	}
	return s.Seal(plain, place), nil
}

// MAC is the keyed hash of a short secret at one place; it cannot be tried out
// by whoever holds the database alone.
func (s *Sealer) MAC(secret, place string) []byte { return s.keys[0].hash(secret, place) }

// MACs are the hashes by every key, the first one's first.
func (s *Sealer) MACs(secret, place string) [][]byte {
	all := make([][]byte, len(s.keys))
	for i, k := range s.keys {
		all[i] = k.hash(secret, place)
	}
	return all
}

// Matches says whether a hash that is kept is the secret's, by any of the keys.
func (s *Sealer) Matches(kept []byte, secret, place string) bool {
	found := false
	for _, mac := range s.MACs(secret, place) {
		found = hmac.Equal(kept, mac) || found
	}
	return found
}

func (k sealKey) hash(secret, place string) []byte {
	h := hmac.New(sha256.New, k.mac)
	h.Write([]byte(place))
	h.Write([]byte{0})
	h.Write([]byte(secret))
	return h.Sum(nil)
}

// Sealed names what is sealed in a column for longer than a key may live.
type Sealed struct {
	Table, Column string
	Where         string                    // which rows; all that hold something when empty
	PlaceColumn   string                    // an id
	Place         func(id uuid.UUID) string // what it is sealed for
}

// Reseal seals with the first key what an older one sealed, row by row, beside
// whoever reads and changes them, and says how many rows that were. Those that
// no key opens are counted as lost and left alone. It may be run again.
func (s *Store) Reseal(ctx context.Context, sealer *Sealer, what Sealed) (anew, lost int, err error) {
	where := what.Column + ` IS NOT NULL`
	if what.Where != "" {
		where += ` AND ` + what.Where
	}
	rows, err := s.Query(ctx, `SELECT id, `+what.PlaceColumn+`, `+what.Column+` FROM `+what.Table+` WHERE `+where)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	type change struct {
		id       uuid.UUID
		was, now []byte
	}
	var changes []change
	for rows.Next() {
		var c change
		var of uuid.UUID
		if err := rows.Scan(&c.id, &of, &c.was); err != nil {
			return 0, 0, translate(err)
		}
		switch c.now, err = sealer.Reseal(c.was, what.Place(of)); {
		case errors.Is(err, ErrSeal):
			lost++
		case err != nil:
			return 0, 0, err
		case c.now != nil:
			changes = append(changes, c)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, 0, translate(err)
	}
	for _, c := range changes {
		err := s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
			// What was changed since was sealed by the first key.
			_, err := tx.Exec(ctx, `UPDATE `+what.Table+` SET `+what.Column+` = ? WHERE id = ? AND `+what.Column+` = ?`, c.now, c.id, c.was)
			return err
		})
		if err != nil {
			return anew, lost, err
		}
		anew++
	}
	return anew, lost, nil
}
