package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
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

// NoteEarned notes on an order by how much what it earned changes, as NoteSpent
// does.
func (s *Orders) NoteEarned(ctx context.Context, tx *store.Tx, orderID uuid.UUID, points int64) error {
	n, err := tx.Exec(ctx, `UPDATE orders SET points_earned = points_earned + ?, revision = revision + 1, updated_at = ? WHERE id = ?`, points, tx.Now, orderID)
	if err == nil && n != 1 {
		err = fmt.Errorf("order: %s is not there to note earned points on", orderID)
	}
	return err
}

// returned gives the points of an order back whose goods all came back.
func (s *Orders) returned(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	if s.Return == nil || o.OwnerID == viewer.House {
		return nil
	}
	lines := make([]*ent.OrderLine, len(o.Edges.Lines))
	for i, l := range o.Edges.Lines {
		back := *l
		back.Returned = back.Quantity - back.Cancelled
		lines[i] = &back
	}
	return s.giveBackPoints(ctx, tx, o, lines)
}

// giveBackPoints lets an order's points follow what remains of its lines.
func (s *Orders) giveBackPoints(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine) error {
	earned, spent, err := s.Return(ctx, tx, o, lines)
	if err != nil || earned == o.PointsEarned && spent == o.PointsSpent {
		return err
	}
	o.PointsEarned, o.PointsSpent = earned, spent
	_, err = tx.Exec(ctx, `UPDATE orders SET points_earned = ?, points_spent = ? WHERE id = ?`, earned, spent, o.ID)
	return err
}
