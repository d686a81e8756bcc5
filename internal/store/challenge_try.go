package store

import (
	"context"

	"github.com/google/uuid"
)

// CountTry takes one of the tries of a challenge that is proven by something
// else than its secret, and says whether there was one left. It is a
// transaction of its own, as TryChallenge.
func (s *Store) CountTry(ctx context.Context, id uuid.UUID, purpose string) (left bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := tx.Exec(ctx, `UPDATE challenges SET attempts = attempts + 1
			WHERE id = ? AND purpose = ? AND consumed_at IS NULL AND expires_at > ? AND attempts < max_attempts`, id, purpose, tx.Now)
		left = n == 1
		return err
	})
	return left, err
}

// SpendChallenge consumes a challenge that is proven by something else than
// its secret, and that has not expired. NOT_FOUND as UseChallenge.
func (tx *Tx) SpendChallenge(ctx context.Context, sealer *Sealer, id uuid.UUID, purpose string) (Challenge, error) {
	return tx.consume(ctx, sealer, Challenge{ID: id, Purpose: purpose}, `expires_at > ?`, tx.Now)
}

// Refund takes back one of each use, which turned out not to be a failure:
// counted beforehand, so that twins cannot pass together, and given back here.
// What failed before stays counted.
func (tx *Tx) Refund(ctx context.Context, uses ...Use) error {
	for _, u := range inOrder(uses) {
		_, err := tx.Exec(ctx, `UPDATE rate_limits SET blocked_until_at = CASE WHEN count <= ? THEN NULL ELSE blocked_until_at END,
			count = CASE WHEN count > 0 THEN count - 1 ELSE 0 END WHERE key = ?`, u.Limit.Free, u.key())
		if err != nil {
			return err
		}
	}
	return nil
}
