package order

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/shipment"
	"kabinet/internal/batch"
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
	if err := c.sendKnown(ctx, tx); err != nil {
		return err
	}
	if err := c.writeBook(ctx, tx); err != nil {
		return err
	}
	if err := c.writeChanged(ctx, tx); err != nil {
		return err
	}
	lines := []struct {
		set    string
		orders []any
	}{
		{"shipped = quantity - cancelled", c.shipped},
		{"returned = quantity - cancelled", c.returned}, // before a cancel, as in the book
		{"cancelled = quantity - returned", c.cancelled},
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
		if err := tx.Shipment.Update().Where(shipment.OrderIDIn(orders...), shipment.ShippedAtIsNil()).SetShippedAt(move.at).Exec(ctx); err != nil {
			return err
		}
		if move.to == shipment.StatusDELIVERED {
			u.SetReceivedAt(move.at)
		}
		if err := u.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// writeChanged stores payments that are stored already and changed.
func (c *changes) writeChanged(ctx context.Context, tx *store.Tx) error {
	for _, p := range c.paidBack {
		u := tx.Payment.UpdateOneID(p.ID).SetStatus(p.Status).SetRefundedMinor(p.RefundedMinor).
			SetNillableProviderRef(p.ProviderRef).SetNillableFailure(p.Failure).
			SetNillableSource(p.Source).SetNillableExternalID(p.ExternalID).SetNillableSourceUpdatedAt(p.SourceUpdatedAt)
		if p.Status != payment.StatusPENDING {
			u.ClearURL()
		}
		if p.Status == payment.StatusSUCCEEDED { // whatever failed before
			u.ClearFailure()
		}
		if err := u.Exec(ctx); err != nil {
			return err
		}
	}
	for _, p := range c.renamed {
		if _, err := tx.Exec(ctx, `UPDATE payments SET amount_minor = ?, method = ?, occurred_at = ?, updated_at = ? WHERE id = ?`,
			p.AmountMinor, p.Method, p.OccurredAt, tx.Now, p.ID); err != nil {
			return err
		}
	}
	return nil
}

// sendKnown lets the parcels leave that orders have already, where an order was
// shipped: an outside system told of them before, and no other one is made.
func (c *changes) sendKnown(ctx context.Context, tx *store.Tx) error {
	if len(c.shipments) == 0 {
		return nil
	}
	orders := make([]uuid.UUID, len(c.shipments))
	for i, s := range c.shipments {
		orders[i] = s.OrderID
	}
	var known []uuid.UUID
	if err := tx.Shipment.Query().Where(shipment.OrderIDIn(orders...)).Unique(true).Select(shipment.FieldOrderID).Scan(ctx, &known); err != nil || len(known) == 0 {
		return err
	}
	c.shipments = slices.DeleteFunc(c.shipments, func(s *ent.Shipment) bool {
		if !slices.Contains(known, s.OrderID) {
			return false
		}
		c.send(parcelMove{s.Status, *s.ShippedAt}, s.OrderID)
		return true
	})
	return nil
}

func (c *changes) writeBook(ctx context.Context, tx *store.Tx) error {
	if c.many {
		return c.writeMany(ctx, tx)
	}
	err := bulk(c.payments, func(p *ent.Payment) *ent.PaymentCreate {
		return tx.Payment.Create().SetID(p.ID).SetOwnerID(p.OwnerID).SetNillableOrderID(p.OrderID).SetNillableInvoiceID(p.InvoiceID).SetKind(p.Kind).SetNillableParentID(p.ParentID).
			SetStatus(p.Status).SetCurrency(p.Currency).SetAmountMinor(p.AmountMinor).SetRefundedMinor(p.RefundedMinor).
			SetMethod(p.Method).SetNillableProvider(p.Provider).SetNillableProviderRef(p.ProviderRef).SetOccurredAt(p.OccurredAt).
			SetNillableSource(p.Source).SetNillableExternalID(p.ExternalID).SetNillableSourceUpdatedAt(p.SourceUpdatedAt).
			SetNillableMethodID(p.MethodID).SetNillableSource(p.Source).SetNillableExternalID(p.ExternalID).SetNillableSourceUpdatedAt(p.SourceUpdatedAt).
			SetNillableURL(p.URL).SetNillableReturnURL(p.ReturnURL).SetNillableFailure(p.Failure).SetNillableExpiresAt(p.ExpiresAt)
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

// writeMany is writeBook by plain rows: ent's builders take longer than the
// database for a thousand. Whoever brings a batch may write all orders, so
// nothing is asked of the fence.
func (c *changes) writeMany(ctx context.Context, tx *store.Tx) error {
	payments := batch.Sheet{Table: "payments", Columns: []string{"id", "created_at", "updated_at", "owner_id", "order_id", "invoice_id", "kind", "parent_id", "status", "currency",
		"amount_minor", "refunded_minor", "method", "provider", "provider_ref", "occurred_at", "source", "external_id", "source_updated_at", "method_id", "url", "return_url", "failure", "expires_at"}}
	for _, p := range c.payments {
		payments.Add(p.ID, tx.Now, tx.Now, p.OwnerID, p.OrderID, p.InvoiceID, string(p.Kind), p.ParentID, string(p.Status), p.Currency,
			p.AmountMinor, p.RefundedMinor, p.Method, p.Provider, p.ProviderRef, p.OccurredAt, p.Source, p.ExternalID, p.SourceUpdatedAt, p.MethodID, p.URL, p.ReturnURL, p.Failure, p.ExpiresAt)
	}
	shipments := batch.Sheet{Table: "shipments", Columns: []string{"id", "created_at", "updated_at", "owner_id", "order_id", "status", "carrier", "tracking_number", "tracking_url", "shipped_at", "received_at"}}
	for _, s := range c.shipments {
		shipments.Add(uuid.Must(uuid.NewV7()), tx.Now, tx.Now, s.OwnerID, s.OrderID, string(s.Status), s.Carrier, s.TrackingNumber, s.TrackingURL, s.ShippedAt, s.ReceivedAt)
	}
	events := batch.Sheet{Table: "order_events", Columns: []string{"id", "created_at", "owner_id", "order_id", "seq", "kind", "occurred_at", "currency", "amount_minor", "data", "actor_id"}}
	for _, e := range c.events {
		events.Add(uuid.Must(uuid.NewV7()), tx.Now, e.OwnerID, e.OrderID, e.Seq, string(e.Kind), e.OccurredAt, e.Currency, e.AmountMinor, batch.JSON(e.Data), e.ActorID)
	}
	return firstError(payments.Write(ctx, tx), shipments.Write(ctx, tx), events.Write(ctx, tx))
}

// createOrder is the insert of an order that was put together in memory.
func createOrder(tx *store.Tx, o *ent.Order) *ent.OrderCreate {
	b := tx.Order.Create().SetID(o.ID).SetOwnerID(o.OwnerID).SetNillableUserID(o.UserID).
		SetNillableSource(o.Source).SetNillableExternalID(o.ExternalID).SetNillableSourceUpdatedAt(o.SourceUpdatedAt).
		SetNumber(o.Number).SetStatus(o.Status).SetPaymentStatus(o.PaymentStatus).SetFulfillmentStatus(o.FulfillmentStatus).
		SetChannel(o.Channel).SetCurrency(o.Currency).SetSubtotalMinor(o.SubtotalMinor).SetDiscountMinor(o.DiscountMinor).
		SetShippingMinor(o.ShippingMinor).SetTaxMinor(o.TaxMinor).SetTotalMinor(o.TotalMinor).SetPaidMinor(o.PaidMinor).
		SetRefundedMinor(o.RefundedMinor).SetNillableNote(o.Note).SetPlacedAt(o.PlacedAt).SetNillableCancelledAt(o.CancelledAt).
		SetNillablePaymentConfirmedAt(o.PaymentConfirmedAt).SetNillableAssemblingAt(o.AssemblingAt).
		SetNillableShippedAt(o.ShippedAt).SetNillableReceivedAt(o.ReceivedAt).SetEventSeq(o.EventSeq)
	if o.Metadata != nil {
		b.SetMetadata(o.Metadata)
	}
	if o.Delivery != nil {
		b.SetDelivery(o.Delivery)
	}
	if o.Guest != nil {
		b.SetGuest(o.Guest)
	}
	return b.SetNillableRepeatOfID(o.RepeatOfID)
}

// createLine is the insert of a line that was put together in memory.
func createLine(tx *store.Tx, o *ent.Order, l *ent.OrderLine) *ent.OrderLineCreate {
	return tx.OrderLine.Create().SetOwnerID(o.OwnerID).SetOrderID(o.ID).SetPosition(l.Position).SetNillableProductID(l.ProductID).
		SetSku(l.Sku).SetTitle(l.Title).SetNillableCategory(l.Category).SetNillableImageURL(l.ImageURL).SetNillableURL(l.URL).
		SetQuantity(l.Quantity).SetCurrency(o.Currency).SetUnitPriceMinor(l.UnitPriceMinor).SetDiscountMinor(l.DiscountMinor).
		SetTaxMinor(l.TaxMinor).SetTotalMinor(l.TotalMinor)
}

// createLines inserts the lines of orders, hangs them on their orders and keeps
// the words that they are found by.
func (s *Orders) createLines(ctx context.Context, tx *store.Tx, orders ...*ent.Order) error {
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
	return s.index(ctx, tx, orders...)
}

// putLines inserts the lines of new orders of a batch, and keeps the words that
// they are found by.
func (s *Orders) putLines(ctx context.Context, tx *store.Tx, orders []*ent.Order) error {
	sheet := batch.Sheet{Table: "order_lines", Columns: []string{"id", "created_at", "updated_at", "owner_id", "order_id", "position", "product_id", "sku", "title", "category",
		"quantity", "currency", "unit_price_minor", "discount_minor", "tax_minor", "total_minor", "cancelled", "shipped", "returned"}}
	for _, o := range orders {
		for _, l := range o.Edges.Lines {
			l.ID, l.OwnerID, l.OrderID, l.Currency = uuid.Must(uuid.NewV7()), o.OwnerID, o.ID, o.Currency
			sheet.Add(l.ID, tx.Now, tx.Now, l.OwnerID, l.OrderID, l.Position, l.ProductID, l.Sku, l.Title, l.Category,
				l.Quantity, l.Currency, l.UnitPriceMinor, l.DiscountMinor, l.TaxMinor, l.TotalMinor, l.Cancelled, l.Shipped, l.Returned)
		}
	}
	if err := sheet.Write(ctx, tx); err != nil {
		return err
	}
	return s.index(ctx, tx, orders...)
}

// index keeps the words of orders; nobody does where no search is.
func (s *Orders) index(ctx context.Context, tx *store.Tx, orders ...*ent.Order) error {
	if s.Index == nil {
		return nil
	}
	return s.Index(ctx, tx, orders...)
}

// saveOrders stores orders that are held and were changed in memory, and raises
// their revisions; staff who may write all orders alone gets here.
func saveOrders(ctx context.Context, tx *store.Tx, orders []*ent.Order) error {
	for _, o := range orders {
		o.Revision++
	}
	return putOrders(ctx, tx, orders)
}

// putOrders stores orders that are held as they are in memory.
func putOrders(ctx context.Context, tx *store.Tx, orders []*ent.Order) error {
	sheet := batch.Sheet{Table: "orders", Key: "id", Columns: orderColumns, Fixed: []string{"id", "created_at", "number", "source", "external_id", "currency", "subtotal_minor", "discount_minor"}}
	for _, o := range orders {
		sheet.Add(o.ID, o.CreatedAt, tx.Now, o.Revision, o.OwnerID, o.UserID, o.Source, o.ExternalID, o.SourceUpdatedAt, batch.JSON(o.Metadata),
			o.Number, string(o.Status), string(o.PaymentStatus), string(o.FulfillmentStatus), string(o.Channel), o.Currency,
			o.SubtotalMinor, o.DiscountMinor, o.ShippingMinor, o.TaxMinor, o.TotalMinor, o.PaidMinor, o.RefundedMinor, o.PointsEarned, o.PointsSpent,
			o.PlacedAt, o.CancelledAt, o.PaymentConfirmedAt, o.AssemblingAt, o.ShippedAt, o.ReceivedAt, o.EventSeq)
	}
	return sheet.Write(ctx, tx)
}

var orderColumns = []string{
	"id", "created_at", "updated_at", "revision", "owner_id", "user_id", "source", "external_id", "source_updated_at", "metadata",
	"number", "status", "payment_status", "fulfillment_status", "channel", "currency",
	"subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor", "paid_minor", "refunded_minor", "points_earned", "points_spent",
	"placed_at", "cancelled_at", "payment_confirmed_at", "assembling_at", "shipped_at", "received_at", "event_seq",
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
		SetNillablePaymentConfirmedAt(o.PaymentConfirmedAt).SetNillableAssemblingAt(o.AssemblingAt).
		SetNillableShippedAt(o.ShippedAt).SetNillableReceivedAt(o.ReceivedAt).SetPlacedAt(o.PlacedAt).SetEventSeq(o.EventSeq)
	if o.Metadata != nil {
		u.SetMetadata(o.Metadata)
	}
	if o.Delivery != nil {
		u.SetDelivery(o.Delivery)
	}
	n, err := u.Save(ctx)
	if err == nil && n == 0 {
		return fault.ErrNotFound.At("input", "orderId")
	}
	return err
}
