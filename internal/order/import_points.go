package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
)

// act is what an invoice means for points: a customer's order earns, and one
// whose goods came back gives up what they earned.
type act struct {
	order uuid.UUID
	total int64 // as bought
	undo  bool  // nothing is left
	part  bool  // a part came back
}

// points lets the batch's orders earn, in file order, when that was asked for.
// Facts that were told of it are dropped: history notifies nobody.
func (b *batch) points(ctx context.Context) error {
	if !b.opts.Earn || len(b.acts) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, 0, len(b.acts))
	for _, a := range b.acts {
		ids = append(ids, a.order)
	}
	found, err := b.tx.Order.Query().Where(entorder.IDIn(ids...)).WithLines().All(ctx)
	if err != nil {
		return err
	}
	byID := make(map[uuid.UUID]*ent.Order, len(found))
	for _, o := range found {
		byID[o.ID] = o
	}
	for _, a := range b.acts {
		o := byID[a.order]
		switch {
		case a.undo:
			err = b.unearn(ctx, o)
		case a.part:
			err = b.giveBackPoints(ctx, b.tx, o, o.Edges.Lines)
		default:
			err = b.earn(ctx, o, a.total)
		}
		if err != nil {
			return fmt.Errorf("points of order %s: %w", o.Number, err)
		}
	}
	b.tx.Hush()
	return nil
}

// earn gives the order's points as on the day it came: what returned later is
// not known yet.
func (b *batch) earn(ctx context.Context, o *ent.Order, total int64) error {
	bought := *o
	bought.TotalMinor, bought.RefundedMinor = total, 0
	lines := make([]*ent.OrderLine, len(o.Edges.Lines))
	for i, l := range o.Edges.Lines {
		line := *l
		line.Returned = 0
		lines[i] = &line
	}
	var sum int64
	for _, moment := range []Moment{Placed, Delivered} {
		points, err := b.Earn(ctx, b.tx, &bought, lines, moment)
		if err != nil {
			return err
		}
		sum += points
	}
	if sum == 0 {
		return nil
	}
	b.counts.Points += sum
	o.PointsEarned = sum
	if _, err := b.tx.Exec(ctx, `UPDATE orders SET points_earned = ? WHERE id = ?`, sum, o.ID); err != nil {
		return err
	}
	return keepPoints(ctx, b.tx, lines)
}

// unearn is what a cancel does, for an order that has nothing left.
func (b *batch) unearn(ctx context.Context, o *ent.Order) error {
	if err := b.Unearn(ctx, b.tx, o); err != nil {
		return err
	}
	_, err := b.tx.Exec(ctx, `UPDATE orders SET points_earned = 0, points_spent = 0 WHERE id = ? AND (points_earned <> 0 OR points_spent <> 0)`, o.ID)
	return err
}
