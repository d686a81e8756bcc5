package order

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/orderline"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/generated/shipment"
	"kabinet/internal/batch"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// findCustomers finds whose the orders are. An item whose customer is not
// known is refused.
func (s *Orders) findCustomers(ctx context.Context, tx *store.Tx, items []*arrival) error {
	var refs []CustomerRef
	place := map[string]int{} // of a reference among those asked for
	keys := make([]string, len(items))
	for i, a := range items {
		ref := a.in.Customer
		if a.Out() {
			continue
		}
		if ref == nil {
			a.owner = viewer.House
			continue
		}
		key, err := refKey(ref)
		if err != nil {
			a.nobody()
			continue
		}
		if _, known := place[key]; !known {
			place[key] = len(refs)
			refs = append(refs, *ref)
		}
		keys[i] = key
	}
	if len(refs) == 0 {
		return nil
	}
	people, err := s.Known(viewer.AsSystem(ctx, "order.customer"), tx, refs)
	if err != nil {
		return err
	}
	for i, a := range items {
		if keys[i] == "" {
			continue
		}
		id := people[place[keys[i]]]
		if id == uuid.Nil {
			a.nobody()
			continue
		}
		a.owner, a.user = id, &id
	}
	return nil
}

// nobody leaves out a customer whom nobody knows: a new order is a guest's
// then, until its customer comes, and one that is stored keeps its own.
func (a *arrival) nobody() {
	a.owner = viewer.House
	a.same = a.Spare(fault.ErrNotFound.At(a.Path("customer")...))
}

// refKey tells one reference from another. Faults: NOT_FOUND for what cannot
// be anybody.
func refKey(ref *CustomerRef) (string, error) {
	switch {
	case ref.ID != nil && ref.ID.Prefix == "usr":
		return "id:" + ref.ID.String(), nil
	case ref.Email != nil && lookable(*ref.Email):
		return "email:" + *ref.Email, nil
	case ref.External != nil && lookable(ref.External.Source, ref.External.ID):
		return "external:" + ref.External.Source + "\x00" + ref.External.ID, nil
	}
	return "", fault.ErrNotFound
}

// findStored holds and reads the orders that are there already, each by the
// key of its own source: another source's order is never found.
func findStored(ctx context.Context, tx *store.Tx, items []*arrival) (map[scalar.ExternalKey]*ent.Order, error) {
	bySource := map[string][]string{}
	for _, a := range items {
		if !a.Out() {
			bySource[a.in.External.Source] = append(bySource[a.in.External.Source], a.in.External.ID)
		}
	}
	stored := map[scalar.ExternalKey]*ent.Order{}
	if len(bySource) == 0 {
		return stored, nil
	}
	var wanted []predicate.Order
	for source, ids := range bySource {
		wanted = append(wanted, entorder.And(entorder.Source(source), entorder.ExternalIDIn(ids...)))
	}
	orders, err := tx.Order.Query().Where(entorder.Or(wanted...), tx.Locking()).Order(entorder.ByID()).WithLines().WithPayments().All(viewer.AsSystem(ctx, "order.upsert"))
	for _, o := range orders {
		stored[scalar.ExternalKey{Source: *o.Source, ID: *o.ExternalID}] = o
	}
	return stored, err
}

// findShelf finds the products that the lines of new orders name, and refuses
// new orders whose number is somebody else's.
func findShelf(ctx context.Context, tx *store.Tx, items []*arrival, stored map[scalar.ExternalKey]*ent.Order) (map[string]uuid.UUID, error) {
	skus, numbers := map[string]bool{}, map[string]*arrival{}
	for _, a := range items {
		if a.Out() || stored[*a.in.External] != nil {
			continue
		}
		if numbers[a.number()] != nil {
			a.Refuse(fault.ErrInvalidValue.At(a.Path("number")...))
			continue
		}
		numbers[a.number()] = a
		for _, l := range a.lines {
			skus[l.Sku] = true
		}
	}
	system := viewer.AsSystem(ctx, "order.upsert")
	if len(numbers) > 0 {
		taken, err := tx.Order.Query().Where(entorder.NumberIn(slices.Collect(maps.Keys(numbers))...)).
			Select(entorder.FieldNumber, entorder.FieldSource, entorder.FieldExternalID).All(system)
		if err != nil {
			return nil, err
		}
		for _, o := range taken {
			a := numbers[o.Number]
			if same(o.Source, &a.in.External.Source) && same(o.ExternalID, &a.in.External.ID) {
				return nil, batch.ErrCameMeanwhile
			}
			a.Refuse(fault.ErrInvalidValue.At(a.Path("number")...))
		}
	}
	shelf := map[string]uuid.UUID{}
	for part := range slices.Chunk(slices.Collect(maps.Keys(skus)), 10*atOnce) {
		products, err := tx.Product.Query().Where(product.SkuIn(part...)).Select(product.FieldID, product.FieldSku).All(system)
		if err != nil {
			return nil, err
		}
		for _, p := range products {
			shelf[p.Sku] = p.ID
		}
	}
	return shelf, nil
}

// store writes a batch: new orders many at a time, changed ones each, what
// records it all together; then points and news, owner by owner.
func (s *Orders) store(ctx context.Context, tx *store.Tx, c *changes, fresh, changed []*touched) error {
	if len(fresh)+len(changed) == 0 {
		return nil
	}
	if err := s.storeFresh(ctx, tx, c, fresh); err != nil {
		return err
	}
	if err := s.storeChanged(ctx, tx, changed); err != nil {
		return err
	}
	if err := c.write(ctx, tx); err != nil {
		return err
	}
	paid := make([]uuid.UUID, len(changed)) // a new one has no papers yet
	for i, t := range changed {
		paid[i] = t.o.ID
	}
	if err := s.papers(ctx, tx, paid...); err != nil {
		return err
	}
	if err := s.repay(ctx, tx, c); err != nil {
		return err
	}
	all := slices.Concat(fresh, changed)
	slices.SortFunc(all, func(a, b *touched) int { // as everybody locks accounts
		return slices.Compare(append(a.o.OwnerID[:], a.o.ID[:]...), append(b.o.OwnerID[:], b.o.ID[:]...))
	})
	ids, orders := make([]uuid.UUID, len(all)), make([]*ent.Order, len(all))
	for i, t := range all {
		ids[i], orders[i] = t.o.ID, t.o
	}
	err := s.ending(ctx, tx, orders, func(e *ending) error {
		for _, t := range all {
			if err := e.finish(ctx, t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return tx.Audit(ctx, "order.upsert", uuid.Nil, scalar.ID{}, map[string]any{"created": len(fresh), "updated": len(changed), "orders": ids})
}

func (s *Orders) storeFresh(ctx context.Context, tx *store.Tx, c *changes, fresh []*touched) error {
	orders := make([]*ent.Order, len(fresh))
	for i, t := range fresh {
		orders[i] = t.o
		t.o.CreatedAt, t.o.UpdatedAt, t.o.Revision = tx.Now, tx.Now, 1
	}
	c.settleLines(orders)
	if err := putOrders(ctx, tx, orders); err != nil {
		return err
	}
	return s.putLines(ctx, tx, orders)
}

func (s *Orders) storeChanged(ctx context.Context, tx *store.Tx, changed []*touched) error {
	saved := make([]*ent.Order, len(changed))
	for i, t := range changed {
		saved[i] = t.o
	}
	if err := saveOrders(ctx, tx, saved); err != nil {
		return err
	}
	for _, t := range changed {
		if !t.claimed {
			continue
		}
		if err := s.claim(ctx, tx, t.o); err != nil {
			return err
		}
	}
	return nil
}

// claim gives a guest's order to its customer: the owner stands on every row
// of the aggregate, and he finds it. The book lets this one column through. The
// lines are in Edges.Lines.
func (s *Orders) claim(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	_, err := tx.ReturnRequest.Update().Where(returnrequest.OrderID(o.ID)).SetOwnerID(o.OwnerID).SetNillableUserID(o.UserID).Save(ctx)
	return firstError(err,
		tx.OrderLine.Update().Where(orderline.OrderID(o.ID)).SetOwnerID(o.OwnerID).Exec(ctx),
		tx.OrderEvent.Update().Where(orderevent.OrderID(o.ID)).SetOwnerID(o.OwnerID).Exec(ctx),
		tx.Payment.Update().Where(payment.OrderID(o.ID)).SetOwnerID(o.OwnerID).Exec(ctx),
		tx.Shipment.Update().Where(shipment.OrderID(o.ID)).SetOwnerID(o.OwnerID).Exec(ctx),
		s.index(ctx, tx, o),
	)
}

// ClaimFor gives a guest's order that is held, with all that belongs to it, to a
// person who has proven that it is his; it earns as his own from then on.
func (s *Orders) ClaimFor(ctx context.Context, tx *store.Tx, o *ent.Order, person uuid.UUID) error {
	o.OwnerID, o.UserID = person, &person
	c := &changes{actor: &person}
	c.note(o, orderevent.KindEDITED, tx.Now, 0, map[string]any{"changed": []string{"customer"}})
	if err := saveOrder(ctx, tx, o); err != nil {
		return err
	}
	if err := s.claim(ctx, tx, o); err != nil {
		return err
	}
	if err := c.write(ctx, tx); err != nil {
		return err
	}
	if err := s.papers(ctx, tx, o.ID); err != nil {
		return err
	}
	t := &touched{o: o, claimed: true, edited: []string{"customer"}, from: standing(o)}
	return s.ending(ctx, tx, []*ent.Order{o}, func(e *ending) error { return e.finish(ctx, t) })
}

// finish gives points where an earning moment is reached, once for ever, and
// tells what happened.
func (e *ending) finish(ctx context.Context, t *touched) error {
	o, to := t.o, standing(t.o)
	cancelled := to.Status == entorder.StatusCANCELLED
	if t.fresh && cancelled {
		return e.cancelled(ctx, o, true)
	}
	came := t.fresh || t.claimed && t.from.Fulfillment == to.Fulfillment // else moved sees to it
	if came && !cancelled && to.Fulfillment == entorder.FulfillmentStatusDELIVERED {
		if err := e.earn(ctx, o, Delivered); err != nil {
			return err
		}
	}
	if t.fresh {
		return e.placed(ctx, o)
	}
	if t.claimed && !cancelled {
		if err := e.earn(ctx, o, Placed); err != nil {
			return err
		}
	}
	if t.edited != nil {
		e.tx.Tell(event.OrderEdited{
			OrderID: o.ID, OwnerID: o.OwnerID, UserID: o.UserID, Number: o.Number, Changed: t.edited,
			TotalMinor: o.TotalMinor, Currency: o.Currency,
		}, e.to(o)...)
	}
	switch {
	case to == t.from:
		return nil
	case cancelled && t.from.Status != to.Status:
		return e.cancelled(ctx, o, true)
	}
	return e.moved(ctx, o, t.from)
}
