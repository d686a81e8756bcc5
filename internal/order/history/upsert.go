package history

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/shipment"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ShipmentResult is what became of one parcel of a batch.
type ShipmentResult struct {
	Shipment *ent.Shipment // nil where the item was not taken
	Outcome  scalar.UpsertOutcome
	Err      error // faults: why it was refused, or which fields were left out
}

// sending is one parcel as a batch says it, judged by itself.
type sending struct {
	batch.Item
	in *UpsertShipmentInput
}

// UpsertShipments takes over parcels of an outside system with what their
// carriers said. One result for each item, in their order. Faults of the whole:
// REQUIRED, TOO_LONG, FORBIDDEN, CONFLICT. Of an item: OUTDATED,
// DUPLICATE_KEY, NOT_FOUND of the order, INVALID_VALUE where the key is another
// order's parcel, TOO_MANY_ITEMS, and those of texts and times.
func (h *History) UpsertShipments(ctx context.Context, input UpsertShipmentsInput) ([]ShipmentResult, error) {
	if viewer.From(ctx).Reach("order", "write") != viewer.ReachAll {
		return nil, fault.ErrForbidden
	}
	if err := batch.Size(len(input.Shipments), "shipments"); err != nil {
		return nil, err
	}
	how := batch.As(input.ErrorPolicy, input.DryRun)
	items, now := make([]*sending, len(input.Shipments)), h.Store.Now()
	keys, said := map[scalar.ExternalKey]bool{}, map[scalar.ExternalKey]bool{}
	for i, in := range input.Shipments {
		own := *in // fields may be left out of it
		s := &sending{in: &own}
		s.Begin(how, "shipments", i)
		items[i] = s
		if s.read(now, said); s.Out() {
			continue
		}
		if keys[*in.External] {
			s.Refuse(batch.ErrDuplicateKey.With("externalId", in.External.ID).At(s.Path("external")...))
		}
		keys[*in.External] = true
	}
	done, err := batch.Run(ctx, h.Store, how, items, upsertShipments)
	if err != nil {
		return nil, err
	}
	return h.sent(ctx, done)
}

// sent reads the parcels that the payload selects, all at once.
func (h *History) sent(ctx context.Context, done []*sending) ([]ShipmentResult, error) {
	byID := map[uuid.UUID]*ent.Shipment{}
	if ids := batch.IDs(done); len(ids) > 0 {
		q, err := h.Store.Client.Shipment.Query().Where(shipment.IDIn(ids...)).CollectUnder(ctx, "results", "shipment")
		if err != nil {
			return nil, err
		}
		rows, err := q.All(ctx)
		if err != nil {
			return nil, store.Translate(err)
		}
		for _, s := range rows {
			byID[s.ID] = s
		}
	}
	results := make([]ShipmentResult, len(done))
	for i, s := range done {
		results[i] = ShipmentResult{Outcome: s.Outcome, Err: s.Err()}
		if s.Written() {
			results[i].Shipment = byID[s.ID]
		}
	}
	return results, nil
}

// more is the item as the input of a change by hand.
func (s *sending) more() UpdateShipmentInput {
	in := s.in
	return UpdateShipmentInput{
		Carrier: in.Carrier, TrackingNumber: in.TrackingNumber, TrackingURL: in.TrackingURL, Point: in.Point,
		PromisedFromAt: in.PromisedFromAt, PromisedToAt: in.PromisedToAt,
	}
}

// here gives a fault of the input of a change by hand the item's path.
func (s *sending) here(err error) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	return f.At(s.Path(f.Path[1:]...)...)
}

// read judges an item by itself; said are the keys of what carriers said.
func (s *sending) read(now time.Time, said map[scalar.ExternalKey]bool) {
	in := s.in
	for _, err := range []error{
		batch.Key(in.External, s.Path("external")...),
		batch.NotAhead(in.SourceUpdatedAt, now, s.Path("sourceUpdatedAt")...),
	} {
		if err != nil {
			s.Refuse(err)
			return
		}
	}
	if in.Order == nil {
		s.Refuse(fault.ErrNotFound.At(s.Path("order")...))
		return
	}
	for err := checkShipment(s.more()); err != nil; err = checkShipment(s.more()) {
		f, _ := fault.As(err)
		if !s.Spare(s.here(err)) {
			return
		}
		s.drop(f.Path[1])
	}
	for _, t := range []struct {
		field string
		drop  bool
	}{{"shippedAt", ahead(in.ShippedAt.Value(), now)}, {"receivedAt", ahead(in.ReceivedAt.Value(), now)}} {
		if t.drop && s.Spare(fault.ErrOutOfRange.With("max", now.Add(batch.Skew).Format(time.RFC3339Nano)).At(s.Path(t.field)...)) {
			s.drop(t.field)
		}
	}
	s.readEvents(now, said)
}

func ahead(t *time.Time, now time.Time) bool { return t != nil && t.After(now.Add(batch.Skew)) }

// drop leaves one field out.
func (s *sending) drop(field string) {
	var none UpsertShipmentInput
	switch field {
	case "carrier":
		s.in.Carrier = none.Carrier
	case "trackingNumber":
		s.in.TrackingNumber = none.TrackingNumber
	case "trackingUrl":
		s.in.TrackingURL = none.TrackingURL
	case "point":
		s.in.Point = none.Point
	case "promisedFromAt", "promisedToAt":
		s.in.PromisedFromAt, s.in.PromisedToAt = none.PromisedFromAt, none.PromisedToAt
	case "shippedAt":
		s.in.ShippedAt = none.ShippedAt
	case "receivedAt":
		s.in.ReceivedAt = none.ReceivedAt
	}
}

func (s *sending) readEvents(now time.Time, said map[scalar.ExternalKey]bool) {
	if len(s.in.Events) > maxTracking {
		s.Refuse(ErrTooManyItems.With("limit", maxTracking).At(s.Path("events")...))
		return
	}
	var good []*UpsertTrackingEventInput
	for i, e := range s.in.Events {
		err := s.readEvent(i, e, now)
		if err == nil && said[*e.External] {
			err = batch.ErrDuplicateKey.With("externalId", e.External.ID).At(s.event(i, "external")...)
		}
		if err != nil {
			if !s.Spare(err) {
				return
			}
			continue
		}
		said[*e.External] = true
		good = append(good, e)
	}
	s.in.Events = good
}

func (s *sending) readEvent(i int, e *UpsertTrackingEventInput, now time.Time) error {
	for _, err := range []error{
		batch.Key(e.External, s.event(i, "external")...),
		batch.NotAhead(e.OccurredAt, now, s.event(i, "occurredAt")...),
		batch.Text(e.Place, maxPlace, s.event(i, "place")...),
		batch.Text(e.Note, maxNote, s.event(i, "note")...),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func upsertShipments(ctx context.Context, tx *store.Tx, items []*sending) error {
	live := batch.InOrder(items, func(s *sending) string { return s.in.External.Source + "\x00" + s.in.External.ID })
	if len(live) == 0 {
		return nil
	}
	refs := make([]order.OrderRef, len(live))
	for i, s := range live {
		refs[i] = *s.in.Order
	}
	orderOf, err := order.HeldBy(ctx, tx, refs)
	if err != nil {
		return err
	}
	w := newWriting(ctx, tx)
	if err := w.find(ctx, live, orderOf); err != nil {
		return err
	}
	for _, s := range live {
		w.take(s, orderOf(*s.in.Order))
	}
	return w.end(ctx)
}

// blank says that a text is not there.
func blank(s *string) bool { return s == nil || strings.TrimSpace(*s) == "" }
