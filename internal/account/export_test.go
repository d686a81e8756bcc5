package account

import "context"

// Hashed is how many passwords were hashed so far.
func (p *People) Hashed() int64 { return p.hashes.Done() }

// Hold takes a slot of the hasher and runs f in it.
func (p *People) Hold(ctx context.Context, f func() error) error { return p.hashes.Hold(ctx, f) }

// Slots is how many there are.
func (p *People) Slots() int { return p.hashes.Slots() }

// Verify is the hash of a password and nothing else.
func (p *People) Verify(password, hash string) bool {
	fits, _, err := p.hashes.Verify(password, hash)
	return fits && err == nil
}
