package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kabinet/internal/store"
)

// NoteSpent notes on an order how many points were spent on it, in the
// transaction that spends them and holds the order's row; whoever calls has
// proven whose order it is. A cancel sets it to 0 again.
func (s *Orders) NoteSpent(ctx context.Context, tx *store.Tx, orderID uuid.UUID, points int64) error {
	n, err := tx.Exec(ctx, `UPDATE orders SET points_spent = points_spent + ?, revision = revision + 1, updated_at = ? WHERE id = ?`, points, tx.Now, orderID)
	if err == nil && n != 1 {
		err = fmt.Errorf("order: %s is not there to note spent points on", orderID)
	}
	return err
}
