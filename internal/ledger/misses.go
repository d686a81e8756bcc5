package ledger

import (
	"context"
	"time"

	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// misses bounds how often one person asks for people who are not there, to give
// them points or money: asking must not become a way to find out who has an
// account.
var misses = store.Limit{Name: "wallet.recipient", Free: 20, Forget: time.Hour, Window: true}

// Misses does what looks a recipient up, unless the caller asked too often for
// people who are not there; a refusal with the code of miss is counted. Faults:
// RATE_LIMITED.
func Misses(ctx context.Context, s *store.Store, miss *fault.Fault, do func() error) error {
	use := store.Use{Limit: misses, Of: viewer.From(ctx).UserID.String()}
	if wait, err := s.Blocked(ctx, use); err != nil || wait > 0 {
		if err == nil {
			err = fault.ErrRateLimited.After(wait)
		}
		return err
	}
	err := do()
	if f, ok := fault.As(err); ok && f.Code == miss.Code {
		counted := s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Strike(ctx, use) })
		if counted != nil {
			return counted
		}
	}
	return err
}
