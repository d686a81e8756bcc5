package account

import (
	"context"
	"time"
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
	now := p.Store.Now()
	ended := now.Add(-keepEnded)
	if err := p.Store.Sweep(ctx, "sessions", "id", `expires_at < ? OR revoked_at < ?`, ended, ended); err != nil {
		return err
	}
	// Without a challenge nobody can confirm him any more; he owns nothing but
	// what he registered with.
	err := p.Store.Sweep(ctx, "users", "id", `status = 'PENDING' AND created_at < ?
		AND NOT EXISTS (SELECT 1 FROM challenges c WHERE c.user_id = users.id)
		AND NOT EXISTS (SELECT 1 FROM contact_points p WHERE p.user_id = users.id)`, now.Add(-48*time.Hour))
	for _, table := range []string{"sessions", "identities"} {
		if err == nil {
			err = p.Store.Sweep(ctx, table, "id", `NOT EXISTS (SELECT 1 FROM users u WHERE u.id = `+table+`.user_id)`)
		}
	}
	return err
}
