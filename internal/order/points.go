package order

import (
	"context"
	"slices"
	"strings"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// earn gives the points of a moment, if the order earns any then, and notes on
// the order and its lines what they earned. Orders of guests earn nothing.
func (s *Orders) earn(ctx context.Context, tx *store.Tx, o *ent.Order, m Moment) error {
	if s.Earn == nil || o.OwnerID == viewer.House {
		return nil
	}
	points, err := s.Earn(ctx, tx, o, o.Edges.Lines, m)
	if err != nil || points == 0 {
		return err
	}
	o.PointsEarned += points
	if err := tx.Order.Update().Where(entorder.ID(o.ID)).SetPointsEarned(o.PointsEarned).Exec(ctx); err != nil {
		return err
	}
	return keepPoints(ctx, tx, o.Edges.Lines)
}

// keepPoints stores each line's share.
func keepPoints(ctx context.Context, tx *store.Tx, lines []*ent.OrderLine) error {
	for part := range slices.Chunk(lines, atOnce) {
		var which strings.Builder
		var args, ids []any
		for _, l := range part {
			if l.Points != 0 {
				which.WriteString(" WHEN ? THEN CAST(? AS bigint)")
				args, ids = append(args, l.ID, l.Points), append(ids, l.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		args = append(append(args, tx.Now), ids...)
		_, err := tx.Exec(ctx, `UPDATE order_lines SET points = CASE id`+which.String()+` END, updated_at = ? WHERE id IN (`+marks(len(ids))+`)`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}
