package history

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/shipment"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// event names a field of one of the item's events.
func (s *sending) event(i int, fields ...string) []string {
	return s.Path(append([]string{"events", strconv.Itoa(i)}, fields...)...)
}

// writing is one attempt at a batch of parcels.
type writing struct {
	tx               *store.Tx
	byKey            map[scalar.ExternalKey]*ent.Shipment
	byOrder          map[uuid.UUID][]*ent.Shipment
	said             map[scalar.ExternalKey]uuid.UUID // what carriers said is known, and of which parcel
	count            map[uuid.UUID]int                // of what was said, by parcel
	told             map[uuid.UUID]int64              // entries that the books of orders get
	parcels, entries batch.Sheet
	news             []news
	created, updated int
	actor            *uuid.UUID
}

func newWriting(ctx context.Context, tx *store.Tx) *writing {
	return &writing{
		tx: tx, told: map[uuid.UUID]int64{}, actor: viewer.From(ctx).Actor(),
		parcels: batch.Sheet{Table: "shipments", Key: "id", Fixed: []string{"id", "created_at", "owner_id", "order_id"}, Columns: []string{
			"id", "created_at", "updated_at", "owner_id", "source", "external_id", "source_updated_at", "order_id", "status",
			"carrier", "tracking_number", "tracking_url", "point", "promised_from_at", "promised_to_at", "shipped_at", "received_at",
		}},
		entries: batch.Sheet{Table: "order_events", Columns: []string{
			"id", "created_at", "owner_id", "order_id", "seq", "kind", "occurred_at", "currency", "amount_minor", "data",
			"shipment_id", "source", "external_id", "actor_id",
		}},
	}
}

// news is what is told of one parcel.
type news struct {
	o       *ent.Order
	id      uuid.UUID
	changed []string
	status  TrackingStatus
}

// find reads the parcels that are there and what is known of them: three
// statements, however many items there are.
func (w *writing) find(ctx context.Context, items []*sending, orderOf func(order.OrderRef) *ent.Order) error {
	system := viewer.AsSystem(ctx, "order.upsert")
	var ids []uuid.UUID
	bySource, events := map[string][]string{}, map[string][]string{}
	for _, s := range items {
		if o := orderOf(*s.in.Order); o != nil {
			ids = append(ids, o.ID)
		}
		bySource[s.in.External.Source] = append(bySource[s.in.External.Source], s.in.External.ID)
		for _, e := range s.in.Events {
			events[e.External.Source] = append(events[e.External.Source], e.External.ID)
		}
	}
	wanted := []predicate.Shipment{shipment.OrderIDIn(ids...)}
	for source, keys := range bySource {
		wanted = append(wanted, shipment.And(shipment.Source(source), shipment.ExternalIDIn(keys...)))
	}
	parcels, err := w.tx.Shipment.Query().Where(shipment.Or(wanted...)).Order(shipment.ByCreatedAt(), shipment.ByID()).All(system)
	if err != nil {
		return err
	}
	w.byKey, w.byOrder = map[scalar.ExternalKey]*ent.Shipment{}, map[uuid.UUID][]*ent.Shipment{}
	all := make([]uuid.UUID, len(parcels))
	for i, p := range parcels {
		all[i] = p.ID
		w.byOrder[p.OrderID] = append(w.byOrder[p.OrderID], p)
		if p.Source != nil && p.ExternalID != nil {
			w.byKey[scalar.ExternalKey{Source: *p.Source, ID: *p.ExternalID}] = p
		}
	}
	return w.findSaid(system, all, events)
}

func (w *writing) findSaid(ctx context.Context, parcels []uuid.UUID, events map[string][]string) error {
	w.said, w.count = map[scalar.ExternalKey]uuid.UUID{}, map[uuid.UUID]int{}
	if len(events) == 0 {
		return nil
	}
	var counts []struct {
		ShipmentID uuid.UUID `sql:"shipment_id"`
		Count      int       `sql:"count"`
	}
	err := w.tx.OrderEvent.Query().Where(orderevent.ShipmentIDIn(parcels...)).GroupBy(orderevent.FieldShipmentID).Aggregate(ent.Count()).Scan(ctx, &counts)
	if err != nil {
		return err
	}
	for _, c := range counts {
		w.count[c.ShipmentID] = c.Count
	}
	var any []predicate.OrderEvent
	for source, keys := range events {
		any = append(any, orderevent.And(orderevent.Source(source), orderevent.ExternalIDIn(keys...)))
	}
	known, err := w.tx.OrderEvent.Query().Where(orderevent.Or(any...)).All(ctx)
	for _, e := range known {
		var of uuid.UUID
		if e.ShipmentID != nil {
			of = *e.ShipmentID
		}
		w.said[scalar.ExternalKey{Source: *e.Source, ID: *e.ExternalID}] = of
	}
	return err
}

// take judges one item by what is stored, and writes it down.
func (w *writing) take(s *sending, o *ent.Order) {
	in := s.in
	if o == nil {
		s.Refuse(fault.ErrNotFound.At(s.Path("order")...))
		return
	}
	p, fresh := w.byKey[*in.External], false
	if p != nil && p.OrderID != o.ID {
		s.Refuse(fault.ErrInvalidValue.At(s.Path("order")...))
		return
	}
	if p == nil {
		p = w.nameless(o, in)
	}
	if fresh = p == nil; fresh {
		p = &ent.Shipment{ID: uuid.Must(uuid.NewV7()), CreatedAt: w.tx.Now, OwnerID: o.OwnerID, OrderID: o.ID, Status: shipment.StatusPREPARING}
	}
	events := w.fresh(s, p)
	if s.Out() {
		return
	}
	if err := batch.Stale(p.SourceUpdatedAt, in.SourceUpdatedAt, s.Path("sourceUpdatedAt")...); err != nil {
		s.Refuse(err)
		w.hear(o, p, events) // what was said stays said
		return
	}
	now, changed := s.put(p)
	if s.Out() {
		return
	}
	newer := p.SourceUpdatedAt == nil || in.SourceUpdatedAt.After(*p.SourceUpdatedAt)
	now.Source, now.ExternalID, now.SourceUpdatedAt = &in.External.Source, &in.External.ID, &in.SourceUpdatedAt
	if *p = now; fresh {
		w.byOrder[o.ID] = append(w.byOrder[o.ID], p)
	}
	s.ID, s.Outcome = p.ID, scalar.UpsertUnchanged
	w.keep(s, p, fresh, newer, len(changed) > 0)
	if fresh || len(changed) > 0 {
		w.news = append(w.news, news{o: o, id: p.ID, changed: changed})
	}
	if w.hear(o, p, events); len(events) > 0 && s.Outcome == scalar.UpsertUnchanged {
		s.Outcome = scalar.UpsertUpdated
		w.updated++
	}
}

// keep notes what becomes of a parcel, and writes the row where it is another.
func (w *writing) keep(s *sending, p *ent.Shipment, fresh, newer, changed bool) {
	switch {
	case fresh:
		s.Outcome = scalar.UpsertCreated
		w.created++
	case changed:
		s.Outcome = scalar.UpsertUpdated
		w.updated++
	}
	if fresh || newer || changed {
		w.parcels.Add(p.ID, p.CreatedAt, w.tx.Now, p.OwnerID, p.Source, p.ExternalID, p.SourceUpdatedAt, p.OrderID, string(p.Status),
			p.Carrier, p.TrackingNumber, p.TrackingURL, batch.JSON(p.Point), p.PromisedFromAt, p.PromisedToAt, p.ShippedAt, p.ReceivedAt)
	}
}

// put is the parcel as the item says it, and what is other than it was.
func (s *sending) put(p *ent.Shipment) (now ent.Shipment, changed []string) {
	now = *p
	changed, err := change(&now, s.more())
	if err != nil {
		if !s.Spare(s.here(err)) {
			return now, nil
		}
		s.drop("promisedToAt")
		now = *p
		changed, _ = change(&now, s.more())
	}
	in := s.in
	if in.Status != nil && *in.Status != now.Status {
		now.Status = *in.Status
		changed = append(changed, "status")
	}
	return now, slices.Concat(changed, putTime(&now.ShippedAt, in.ShippedAt, "shippedAt"), putTime(&now.ReceivedAt, in.ReceivedAt, "receivedAt"))
}

// nameless is the parcel of an order that the item means though no outside
// system named it yet: the one with its number, or the only one without any.
func (w *writing) nameless(o *ent.Order, in *UpsertShipmentInput) *ent.Shipment {
	var blanks []*ent.Shipment
	for _, p := range w.byOrder[o.ID] {
		switch {
		case p.Source != nil:
		case blank(p.TrackingNumber):
			blanks = append(blanks, p)
		case in.TrackingNumber.Value() != nil && *in.TrackingNumber.Value() == *p.TrackingNumber:
			return p
		}
	}
	if len(blanks) == 1 {
		return blanks[0]
	}
	return nil
}

// fresh are those events of the item that are not written down yet. One that
// is another parcel's, or one too many, is refused.
func (w *writing) fresh(s *sending, p *ent.Shipment) (events []*UpsertTrackingEventInput) {
	for i, e := range s.in.Events {
		of, known := w.said[*e.External]
		switch {
		case known && of == p.ID:
			continue
		case known:
			if !s.Spare(batch.ErrDuplicateKey.With("externalId", e.External.ID).At(s.event(i, "external")...)) {
				return nil
			}
		case w.count[p.ID]+len(events) >= maxTracking:
			if !s.Spare(ErrTooManyItems.With("limit", maxTracking).At(s.event(i)...)) {
				return nil
			}
		default:
			events = append(events, e)
		}
	}
	return events
}

// hear writes down what a carrier said.
func (w *writing) hear(o *ent.Order, p *ent.Shipment, events []*UpsertTrackingEventInput) {
	for _, e := range events {
		w.told[o.ID]++
		o.EventSeq++
		data := map[string]any{"status": string(e.Status)}
		for name, text := range map[string]*string{"place": e.Place, "note": e.Note} {
			if text != nil && *text != "" {
				data[name] = *text
			}
		}
		w.entries.Add(uuid.Must(uuid.NewV7()), w.tx.Now, o.OwnerID, o.ID, o.EventSeq, string(orderevent.KindTRACKING), e.OccurredAt.UTC().Truncate(time.Microsecond),
			o.Currency, int64(0), batch.JSON(data), p.ID, e.External.Source, e.External.ID, w.actor)
		w.news = append(w.news, news{o: o, id: p.ID, changed: []string{"events"}, status: e.Status})
	}
}

// end stores what was gathered and tells it.
func (w *writing) end(ctx context.Context) error {
	if err := w.parcels.Write(ctx, w.tx); err != nil {
		return err
	}
	if err := w.entries.Write(ctx, w.tx); err != nil {
		return err
	}
	byCount := map[int64][]uuid.UUID{} // a few numbers, however many orders
	for id, n := range w.told {
		byCount[n] = append(byCount[n], id)
	}
	for n, ids := range byCount {
		if err := w.tx.Order.Update().Where(entorder.IDIn(ids...)).AddEventSeq(n).Exec(ctx); err != nil {
			return err
		}
	}
	for _, n := range w.news {
		if err := tell(ctx, w.tx, n.o, n.id, n.changed, n.status); err != nil {
			return err
		}
	}
	if w.created+w.updated == 0 {
		return nil
	}
	return w.tx.Audit(ctx, "shipment.upsert", uuid.Nil, scalar.ID{}, map[string]any{"created": w.created, "updated": w.updated, "said": w.entries.Len()})
}
