package account

import (
	"context"
	"time"

	"kabinet/internal/store"
)

// Ended sessions are kept for a while: a device is known by them.
const keepEnded = 90 * 24 * time.Hour

// Housekeeping forgets challenges and counts that are over, sessions that
// ended long ago, and registrations that were never confirmed.
func (p *People) Housekeeping(ctx context.Context) error {
	if err := p.Store.ForgetChallenges(ctx); err != nil {
		return err
	}
	if err := p.Store.ForgetLimits(ctx); err != nil {
		return err
	}
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE expires_at < ? OR revoked_at < ?`, tx.Now.Add(-keepEnded), tx.Now.Add(-keepEnded))
		if err != nil {
			return err
		}
		// Without a challenge nobody can confirm him any more; he owns nothing.
		_, err = tx.Exec(ctx, `DELETE FROM users WHERE status = 'PENDING' AND created_at < ?
			AND NOT EXISTS (SELECT 1 FROM challenges c WHERE c.user_id = users.id)
			AND NOT EXISTS (SELECT 1 FROM contact_points p WHERE p.user_id = users.id)`, tx.Now.Add(-48*time.Hour))
		return err
	})
}
