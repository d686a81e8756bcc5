package order

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/orderline"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/generated/shipment"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// store writes a batch: new orders many at a time, changed ones each, what
// records it all together; then points and news, owner by owner.
func (s *Orders) store(ctx context.Context, tx *store.Tx, c *changes, fresh, changed []*touched) error {
	if len(fresh)+len(changed) == 0 {
		return nil
	}
	if err := storeFresh(ctx, tx, fresh); err != nil {
		return err
	}
	for _, t := range changed {
		if err := saveOrder(ctx, tx, t.o); err != nil {
			return err
		}
		if t.claimed {
			if err := claim(ctx, tx, t.o); err != nil {
				return err
			}
		}
	}
	if err := c.write(ctx, tx); err != nil {
		return err
	}
	all := slices.Concat(fresh, changed)
	slices.SortFunc(all, func(a, b *touched) int { // as everybody locks accounts
		return slices.Compare(append(a.o.OwnerID[:], a.o.ID[:]...), append(b.o.OwnerID[:], b.o.ID[:]...))
	})
	ids := make([]uuid.UUID, len(all))
	for i, t := range all {
		ids[i] = t.o.ID
		if err := s.finish(ctx, tx, t); err != nil {
			return err
		}
	}
	return tx.Audit(ctx, "order.upsert", uuid.Nil, scalar.ID{}, map[string]any{"created": len(fresh), "updated": len(changed), "orders": ids})
}

func storeFresh(ctx context.Context, tx *store.Tx, fresh []*touched) error {
	if len(fresh) == 0 {
		return nil
	}
	rows := make([]*ent.OrderCreate, len(fresh))
	for i, t := range fresh {
		rows[i] = createOrder(tx, t.o)
	}
	orders, err := tx.Order.CreateBulk(rows...).Save(ctx)
	if err != nil {
		return err
	}
	for i, o := range orders {
		o.Edges.Lines, o.Edges.Payments = fresh[i].o.Edges.Lines, fresh[i].o.Edges.Payments
		fresh[i].o = o
	}
	return createLines(ctx, tx, orders...)
}

// claim gives a guest's order to its customer: the owner stands on every row
// of the aggregate. The book lets this one column through.
func claim(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	_, err := tx.ReturnRequest.Update().Where(returnrequest.OrderID(o.ID)).SetOwnerID(o.OwnerID).SetNillableUserID(o.UserID).Save(ctx)
	return firstError(err,
		tx.OrderLine.Update().Where(orderline.OrderID(o.ID)).SetOwnerID(o.OwnerID).Exec(ctx),
		tx.OrderEvent.Update().Where(orderevent.OrderID(o.ID)).SetOwnerID(o.OwnerID).Exec(ctx),
		tx.Payment.Update().Where(payment.OrderID(o.ID)).SetOwnerID(o.OwnerID).Exec(ctx),
		tx.Shipment.Update().Where(shipment.OrderID(o.ID)).SetOwnerID(o.OwnerID).Exec(ctx),
	)
}

// finish gives points where an earning moment is reached, once for ever, and
// tells what happened.
func (s *Orders) finish(ctx context.Context, tx *store.Tx, t *touched) error {
	o, to := t.o, standing(t.o)
	cancelled := to.Status == entorder.StatusCANCELLED
	if t.fresh && cancelled {
		return s.cancelled(ctx, tx, o, true)
	}
	came := t.fresh || t.claimed && t.from.Fulfillment == to.Fulfillment // else moved sees to it
	if came && !cancelled && to.Fulfillment == entorder.FulfillmentStatusDELIVERED {
		if err := s.earn(ctx, tx, o, Delivered); err != nil {
			return err
		}
	}
	if t.fresh {
		return s.placed(ctx, tx, o)
	}
	if t.claimed && !cancelled {
		if err := s.earn(ctx, tx, o, Placed); err != nil {
			return err
		}
	}
	if t.edited != nil {
		streams, err := audience(ctx, tx, o)
		if err != nil {
			return err
		}
		tx.Tell(event.OrderEdited{
			OrderID: o.ID, OwnerID: o.OwnerID, UserID: o.UserID, Number: o.Number, Changed: t.edited,
			TotalMinor: o.TotalMinor, Currency: o.Currency,
		}, streams...)
	}
	switch {
	case to == t.from:
		return nil
	case cancelled && t.from.Status != to.Status:
		return s.cancelled(ctx, tx, o, true)
	}
	return s.moved(ctx, tx, o, t.from)
}
