package wallet

import (
	"context"

	"kabinet/internal/store"
)

// TidyDue does what the clock brings, at most limit rows of each kind, and says
// how many: payments that were not made in time, gift cards past their end,
// quotes nobody confirmed. Each step is one statement that judges again, so two
// instances at once, or one that was cut off, do no harm.
func (s *Wallets) TidyDue(ctx context.Context, limit int) (most int, err error) {
	now := s.Store.Now()
	for _, step := range []struct {
		query string
		args  []any
	}{
		{`UPDATE top_ups SET status = 'EXPIRED', url = NULL, settled_at = ?, updated_at = ? WHERE status = 'PENDING' AND id IN (
			SELECT id FROM top_ups WHERE status = 'PENDING' AND expires_at <= ? ORDER BY expires_at LIMIT ?)`, []any{now, now, now, limit}},
		{`UPDATE gift_cards SET status = 'EXPIRED', remaining_minor = 0, updated_at = ? WHERE remaining_minor > 0 AND status IN ('ISSUED', 'ACTIVE') AND id IN (
			SELECT id FROM gift_cards WHERE remaining_minor > 0 AND expires_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?)`, []any{now, now, limit}},
		// A quote is kept a day, so that who confirms it late gets a new one.
		{`DELETE FROM transfers WHERE status = 'QUOTED' AND id IN (
			SELECT id FROM transfers WHERE status = 'QUOTED' AND expires_at <= ? ORDER BY expires_at LIMIT ?)`, []any{now.AddDate(0, 0, -1), limit}},
		{`DELETE FROM invoice_quotes WHERE status = 'QUOTED' AND id IN (
			SELECT id FROM invoice_quotes WHERE status = 'QUOTED' AND expires_at <= ? ORDER BY expires_at LIMIT ?)`, []any{now.AddDate(0, 0, -1), limit}},
	} {
		err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.Exec(ctx, step.query, step.args...)
			most = max(most, int(n))
			return err
		})
		if err != nil {
			return most, err
		}
	}
	return most, nil
}
