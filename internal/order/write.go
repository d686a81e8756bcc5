package order

import (
	"context"
	"slices"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/shipment"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// atOnce is how many rows one statement inserts: with 20 columns each it stays
// below what both databases take as parameters.
const atOnce = 500

// bulk inserts rows a chunk at a time.
func bulk[T, B any](rows []T, build func(T) B, insert func([]B) error) error {
	for part := range slices.Chunk(rows, atOnce) {
		builders := make([]B, len(part))
		for i, row := range part {
			builders[i] = build(row)
		}
		if err := insert(builders); err != nil {
			return err
		}
	}
	return nil
}

// write stores what was gathered; the orders themselves and their lines are
// stored by then.
func (c *changes) write(ctx context.Context, tx *store.Tx) error {
	if err := c.writeBook(ctx, tx); err != nil {
		return err
	}
	for _, p := range c.paidBack {
		err := tx.Payment.UpdateOneID(p.ID).SetStatus(p.Status).SetRefundedMinor(p.RefundedMinor).Exec(ctx)
		if err != nil {
			return err
		}
	}
	lines := []struct {
		set    string
		orders []any
	}{
		{"shipped = quantity - cancelled", c.shipped},
		{"cancelled = quantity - returned", c.cancelled},
		{"returned = quantity - cancelled", c.returned},
	}
	for _, l := range lines {
		if len(l.orders) == 0 {
			continue
		}
		args := append([]any{tx.Now}, l.orders...)
		if _, err := tx.Exec(ctx, `UPDATE order_lines SET `+l.set+`, updated_at = ? WHERE order_id IN (`+marks(len(l.orders))+`)`, args...); err != nil {
			return err
		}
	}
	for move, orders := range c.parcels {
		u := tx.Shipment.Update().Where(shipment.OrderIDIn(orders...),
			shipment.StatusIn(shipment.StatusPREPARING, shipment.StatusIN_TRANSIT, shipment.StatusAT_PICKUP_POINT)).SetStatus(move.to)
		if move.to == shipment.StatusDELIVERED {
			u.SetReceivedAt(move.at)
		}
		if err := u.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *changes) writeBook(ctx context.Context, tx *store.Tx) error {
	err := bulk(c.payments, func(p *ent.Payment) *ent.PaymentCreate {
		return tx.Payment.Create().SetID(p.ID).SetOwnerID(p.OwnerID).SetNillableOrderID(p.OrderID).SetKind(p.Kind).SetNillableParentID(p.ParentID).
			SetStatus(p.Status).SetCurrency(p.Currency).SetAmountMinor(p.AmountMinor).SetRefundedMinor(p.RefundedMinor).
			SetMethod(p.Method).SetNillableProvider(p.Provider).SetNillableProviderRef(p.ProviderRef).SetOccurredAt(p.OccurredAt)
	}, func(b []*ent.PaymentCreate) error { return tx.Payment.CreateBulk(b...).Exec(ctx) })
	if err != nil {
		return err
	}
	err = bulk(c.shipments, func(s *ent.Shipment) *ent.ShipmentCreate {
		return tx.Shipment.Create().SetOwnerID(s.OwnerID).SetOrderID(s.OrderID).SetStatus(s.Status).SetNillableCarrier(s.Carrier).
			SetNillableTrackingNumber(s.TrackingNumber).SetNillableTrackingURL(s.TrackingURL).
			SetNillableShippedAt(s.ShippedAt).SetNillableReceivedAt(s.ReceivedAt)
	}, func(b []*ent.ShipmentCreate) error { return tx.Shipment.CreateBulk(b...).Exec(ctx) })
	if err != nil {
		return err
	}
	return bulk(c.events, func(e *ent.OrderEvent) *ent.OrderEventCreate {
		b := tx.OrderEvent.Create().SetOwnerID(e.OwnerID).SetOrderID(e.OrderID).SetSeq(e.Seq).SetKind(e.Kind).SetOccurredAt(e.OccurredAt).
			SetCurrency(e.Currency).SetAmountMinor(e.AmountMinor).SetNillableActorID(e.ActorID)
		if e.Data != nil {
			b.SetData(e.Data)
		}
		return b
	}, func(b []*ent.OrderEventCreate) error { return tx.OrderEvent.CreateBulk(b...).Exec(ctx) })
}

// createOrder is the insert of an order that was put together in memory.
func createOrder(tx *store.Tx, o *ent.Order) *ent.OrderCreate {
	b := tx.Order.Create().SetID(o.ID).SetOwnerID(o.OwnerID).SetNillableUserID(o.UserID).
		SetNillableSource(o.Source).SetNillableExternalID(o.ExternalID).SetNillableSourceUpdatedAt(o.SourceUpdatedAt).
		SetNumber(o.Number).SetStatus(o.Status).SetPaymentStatus(o.PaymentStatus).SetFulfillmentStatus(o.FulfillmentStatus).
		SetChannel(o.Channel).SetCurrency(o.Currency).SetSubtotalMinor(o.SubtotalMinor).SetDiscountMinor(o.DiscountMinor).
		SetShippingMinor(o.ShippingMinor).SetTaxMinor(o.TaxMinor).SetTotalMinor(o.TotalMinor).SetPaidMinor(o.PaidMinor).
		SetRefundedMinor(o.RefundedMinor).SetNillableNote(o.Note).SetPlacedAt(o.PlacedAt).SetNillableCancelledAt(o.CancelledAt).
		SetEventSeq(o.EventSeq)
	if o.Metadata != nil {
		b.SetMetadata(o.Metadata)
	}
	if o.Delivery != nil {
		b.SetDelivery(o.Delivery)
	}
	return b
}

// createLine is the insert of a line that was put together in memory.
func createLine(tx *store.Tx, o *ent.Order, l *ent.OrderLine) *ent.OrderLineCreate {
	return tx.OrderLine.Create().SetOwnerID(o.OwnerID).SetOrderID(o.ID).SetPosition(l.Position).SetNillableProductID(l.ProductID).
		SetSku(l.Sku).SetTitle(l.Title).SetNillableCategory(l.Category).SetNillableImageURL(l.ImageURL).SetNillableURL(l.URL).
		SetQuantity(l.Quantity).SetCurrency(o.Currency).SetUnitPriceMinor(l.UnitPriceMinor).SetDiscountMinor(l.DiscountMinor).
		SetTaxMinor(l.TaxMinor).SetTotalMinor(l.TotalMinor)
}

// createLines inserts the lines of orders and hangs them on their orders.
func createLines(ctx context.Context, tx *store.Tx, orders ...*ent.Order) error {
	byID := map[any]*ent.Order{}
	var rows []*ent.OrderLineCreate
	for _, o := range orders {
		byID[o.ID] = o
		for _, l := range o.Edges.Lines {
			rows = append(rows, createLine(tx, o, l))
		}
		o.Edges.Lines = nil
	}
	for part := range slices.Chunk(rows, atOnce) {
		lines, err := tx.OrderLine.CreateBulk(part...).Save(ctx)
		if err != nil {
			return err
		}
		for _, l := range lines {
			o := byID[l.OrderID]
			o.Edges.Lines = append(o.Edges.Lines, l)
		}
	}
	return nil
}

// saveOrder stores an order that was changed in memory and raises its
// revision. Fault: NOT_FOUND where the viewer may read but not write it.
func saveOrder(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	u := tx.Order.Update().Where(entorder.ID(o.ID)).AddRevision(1).
		SetOwnerID(o.OwnerID).SetNillableUserID(o.UserID).SetNillableSourceUpdatedAt(o.SourceUpdatedAt).
		SetStatus(o.Status).SetPaymentStatus(o.PaymentStatus).SetFulfillmentStatus(o.FulfillmentStatus).SetChannel(o.Channel).
		SetShippingMinor(o.ShippingMinor).SetTaxMinor(o.TaxMinor).SetTotalMinor(o.TotalMinor).SetPaidMinor(o.PaidMinor).
		SetRefundedMinor(o.RefundedMinor).SetPointsEarned(o.PointsEarned).SetPointsSpent(o.PointsSpent).
		SetNillableCancelReason(o.CancelReason).SetNillableCancelNote(o.CancelNote).SetNillableCancelledAt(o.CancelledAt).
		SetPlacedAt(o.PlacedAt).SetEventSeq(o.EventSeq)
	if o.Metadata != nil {
		u.SetMetadata(o.Metadata)
	}
	n, err := u.Save(ctx)
	if err == nil && n == 0 {
		return fault.ErrNotFound.At("input", "orderId")
	}
	return err
}
