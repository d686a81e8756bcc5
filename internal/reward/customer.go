package reward

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/audience"
	"kabinet/internal/viewer"
)

// customer is by whom what an owner has is counted: a company is one, and in a
// family each person is, with what he had in any family and by himself: a
// family is made in a moment, and each new one would have everything once more.
func customer(ctx context.Context, q audience.Reader, owner uuid.UUID) (uuid.UUID, error) {
	person := viewer.From(ctx).UserID
	if owner == person || person == uuid.Nil {
		return owner, nil
	}
	rows, err := q.Query(ctx, `SELECT id FROM companies WHERE id = ? AND kind = 'FAMILY'`, owner)
	if err != nil {
		return owner, err
	}
	defer rows.Close()
	if rows.Next() {
		owner = person
	}
	return owner, rows.Err()
}

// hadBy are the exchanges of a customer, who is named twice; he need not be in
// the family any more.
const hadBy = `(SELECT reward_id, created_at, quantity, refund_entry_id FROM reward_redemptions WHERE owner_id = ?
	UNION ALL SELECT f.reward_id, f.created_at, f.quantity, f.refund_entry_id FROM memberships m
		JOIN reward_redemptions f ON f.owner_id = m.owner_id AND f.user_id = m.user_id WHERE m.user_id = ? AND m.kind = 'FAMILY') d`
