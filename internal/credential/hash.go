package credential

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"

	"kabinet/internal/fault"
)

// params are fixed: a default that follows the machine would make hashes that
// differ by it. 19 MiB, two passes, one lane, as OWASP advises.
var params = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Hashes made elsewhere are verified within these bounds (security A13).
const (
	mostMemory     = 128 * 1024 // KiB
	mostIterations = 10
	mostLanes      = 8
)

// A hash takes some 40 ms of one core and 19 MiB. What waits longer than
// patience, or behind a longer queue, is refused (security A9).
const (
	patience    = 4 * time.Second
	queuePerOne = 64
)

var errHashBounds = errors.New("credential: the stored hash asks for more than is allowed")

// Hasher bounds how many passwords are hashed at a time.
type Hasher struct {
	slots   chan struct{}
	waiting atomic.Int64
	done    atomic.Int64
}

// NewHasher is a Hasher that hashes n at once.
func NewHasher(n int) *Hasher { return &Hasher{slots: make(chan struct{}, n)} }

// Hold runs f while it holds one of the slots.
//
// Faults: RATE_LIMITED when too many wait.
func (h *Hasher) Hold(ctx context.Context, f func() error) error {
	if h.waiting.Add(1) > int64(queuePerOne*cap(h.slots)) {
		h.waiting.Add(-1)
		return fault.ErrRateLimited.After(time.Second)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		h.waiting.Add(-1)
	case <-timer.C:
		h.waiting.Add(-1)
		return fault.ErrRateLimited.After(time.Second)
	case <-ctx.Done():
		h.waiting.Add(-1)
		return fault.ErrUnavailable.Because(ctx.Err())
	}
	defer func() { <-h.slots }()
	return f()
}

// Hash makes the stored form of a new password.
func (h *Hasher) Hash(ctx context.Context, password string) (hash string, err error) {
	err = h.Hold(ctx, func() error {
		h.done.Add(1)
		hash, err = argon2id.CreateHash(composed(password), params)
		return err
	})
	return hash, err
}

// dummy is verified where there is no account, so that both cases cost the same.
var dummy = sync.OnceValues(func() (string, error) { return argon2id.CreateHash("nobody has this password", params) })

// Verify compares within a slot that the caller holds. An empty hash costs the
// same and never fits. stale says that the hash was made with other numbers.
func (h *Hasher) Verify(password, hash string) (fits, stale bool, err error) {
	nobody := hash == ""
	if nobody {
		if hash, err = dummy(); err != nil {
			return false, false, fmt.Errorf("credential: %w", err)
		}
	}
	p, _, _, err := argon2id.DecodeHash(hash)
	if err != nil {
		return false, false, fmt.Errorf("credential: %w", err)
	}
	if p.Memory > mostMemory || p.Iterations > mostIterations || p.Parallelism > mostLanes {
		return false, false, errHashBounds
	}
	h.done.Add(1)
	fits, err = argon2id.ComparePasswordAndHash(composed(password), hash)
	if err != nil {
		return false, false, fmt.Errorf("credential: %w", err)
	}
	return fits && !nobody, *p != *params, nil
}

// Done is how many hashes were computed, for tests of equal work.
func (h *Hasher) Done() int64 { return h.done.Load() }

// Slots is how many passwords are hashed at a time.
func (h *Hasher) Slots() int { return cap(h.slots) }
