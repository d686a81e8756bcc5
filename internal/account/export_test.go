package account

import (
	"context"

	"github.com/alexedwards/argon2id"
)

// Hashed is how many passwords were hashed so far.
func (p *People) Hashed() int64 { return p.hashes.done.Load() }

// Hold takes a slot of the hasher and runs f in it.
func (p *People) Hold(ctx context.Context, f func() error) error { return p.hashes.hold(ctx, f) }

// Slots is how many there are.
func (p *People) Slots() int { return cap(p.hashes.slots) }

// ParseEmail gives the value and the key of an address.
func ParseEmail(s string) (value, key, to string, ok bool) {
	e, ok := parseEmail(s)
	return e.Value, e.Key, e.To, ok
}

// CheckPassword is the rule for the password of an address.
func CheckPassword(password, address string) error {
	of, _ := parseEmail(address)
	return checkPassword(password, of)
}

// Warnings are those of a password.
func Warnings(password string) []string { return warnings(password, email{}) }

// AddressClass is the network of an address.
var AddressClass = addressClass

// Verify compares a password with a stored hash.
func Verify(password, hash string) (fits, stale bool, err error) {
	return newHasher(1).verify(password, hash)
}

// OldHash is one made with other numbers than today's.
func OldHash(password string) (string, error) {
	return argon2id.CreateHash(composed(password), &argon2id.Params{Memory: 8 * 1024, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
}
