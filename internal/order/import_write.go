package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
)

// write puts all that the batch made into the database, parents first.
func (b *portion) write(ctx context.Context) error {
	if err := b.writeShelf(ctx); err != nil {
		return err
	}
	orders, lines, payments := orderSheet, lineSheet, paymentSheet
	found := make([]*ent.Order, 0, len(b.fresh))
	for _, o := range b.fresh {
		b.row(&orders, o)
		found = append(found, o.words())
		for _, l := range o.lines {
			var product any
			if l.product != nil {
				product = l.product.id
			}
			lines.add(l.id, b.tx.Now, b.tx.Now, o.owner, o.id, l.position, product, l.sku, l.title,
				l.quantity, o.currency, l.price, l.quantity*l.price, l.quantity, l.returned)
		}
		if o.paid > 0 {
			payments.add(o.payment, b.tx.Now, b.tx.Now, o.owner, o.id, "PAYMENT", nil, "SUCCEEDED", o.currency,
				o.paid, o.paid-o.refundable, "EXTERNAL", o.at)
		}
	}
	for _, s := range []*sheet{&orders, &lines, &payments, &b.payments, &b.events, &b.returns} {
		if err := s.insert(ctx, b.tx); err != nil {
			return fmt.Errorf("insert %s: %w", s.table, err)
		}
	}
	if err := b.index(ctx, b.tx, found...); err != nil {
		return err
	}
	for _, o := range b.stored {
		if err := b.update(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (b *portion) row(orders *sheet, o *importedOrder) {
	orders.add(o.id, b.tx.Now, b.tx.Now, o.revision, o.owner, o.user, b.src.Name(), o.external, o.at,
		jsonText(map[string]any{"country": o.country}), o.number, "COMPLETED", o.paymentStatus(), o.fulfillmentStatus(), "ONLINE", o.currency,
		o.subtotal, o.total, o.paid, o.refunded, o.at, o.lastEvent)
}

// words are the order as it is found by text.
func (o *importedOrder) words() *ent.Order {
	words := &ent.Order{ID: o.id, OwnerID: o.owner, Number: o.number}
	for _, l := range o.lines {
		words.Edges.Lines = append(words.Edges.Lines, &ent.OrderLine{Sku: l.sku, Title: l.title})
	}
	return words
}

// update writes what returns changed on an order of a batch before.
func (b *portion) update(ctx context.Context, o *importedOrder) error {
	_, err := b.tx.Exec(ctx, `UPDATE orders SET total_minor = ?, refunded_minor = ?, payment_status = ?, fulfillment_status = ?,
		event_seq = ?, revision = ?, updated_at = ? WHERE id = ?`,
		o.total, o.refunded, o.paymentStatus(), o.fulfillmentStatus(), o.lastEvent, o.revision, b.tx.Now, o.id)
	if err != nil {
		return fmt.Errorf("update order %s: %w", o.external, err)
	}
	for _, l := range o.lines {
		if !l.changed {
			continue
		}
		if _, err := b.tx.Exec(ctx, `UPDATE order_lines SET returned = ?, updated_at = ? WHERE id = ?`, l.returned, b.tx.Now, l.id); err != nil {
			return fmt.Errorf("update line of order %s: %w", o.external, err)
		}
	}
	_, err = b.tx.Exec(ctx, `UPDATE payments SET refunded_minor = amount_minor - ?, updated_at = ? WHERE id = ? AND refunded_minor <> amount_minor - ?`,
		o.refundable, b.tx.Now, o.payment, o.refundable)
	return err
}

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
func (b *portion) points(ctx context.Context) error {
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
func (b *portion) earn(ctx context.Context, o *ent.Order, total int64) error {
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
func (b *portion) unearn(ctx context.Context, o *ent.Order) error {
	if err := b.Unearn(ctx, b.tx, o); err != nil {
		return err
	}
	_, err := b.tx.Exec(ctx, `UPDATE orders SET points_earned = 0, points_spent = 0 WHERE id = ? AND (points_earned <> 0 OR points_spent <> 0)`, o.ID)
	return err
}
