package order

import (
	"context"
	"fmt"
)

// write puts all that the batch made into the database, parents first.
func (b *batch) write(ctx context.Context) error {
	if err := b.writeShelf(ctx); err != nil {
		return err
	}
	orders, lines, payments := orderSheet, lineSheet, paymentSheet
	for _, o := range b.fresh {
		b.row(&orders, o)
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
	for _, o := range b.stored {
		if err := b.update(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) row(orders *sheet, o *importedOrder) {
	orders.add(o.id, b.tx.Now, b.tx.Now, o.revision, o.owner, o.user, b.src.Name(), o.external, o.at,
		jsonText(map[string]any{"country": o.country}), o.number, "COMPLETED", o.paymentStatus(), o.fulfillmentStatus(), "ONLINE", o.currency,
		o.subtotal, o.total, o.paid, o.refunded, o.at, o.lastEvent)
}

// update writes what returns changed on an order of a batch before.
func (b *batch) update(ctx context.Context, o *importedOrder) error {
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
