package history

import (
	"context"
	"slices"
	"strings"
	"time"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Tracked is what became of addTrackingEvent.
type Tracked struct {
	Event    *TrackingEvent
	Replayed *bool
}

// clockSkew is how far ahead of ours the clock of a carrier may be.
const clockSkew = time.Hour

// Track writes into an order's book what a carrier said of its parcel, once by
// the carrier's key. Faults: NOT_FOUND, INVALID_ID, REQUIRED, TOO_LONG,
// INVALID_VALUE, OUT_OF_RANGE, DUPLICATE_KEY where the key is another parcel's
// or order's, TOO_MANY_ITEMS.
func (h *History) Track(ctx context.Context, in AddTrackingEventInput) (Tracked, error) {
	if err := checkTrack(in, h.Store.Now()); err != nil {
		return Tracked{}, err
	}
	var e *ent.OrderEvent
	var replayed bool
	err := h.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		e, replayed, err = track(ctx, tx, in)
		return err
	})
	switch {
	case store.IsUnique(err): // of another order, at this moment
		return Tracked{}, order.ErrDuplicateKey.With("externalId", in.External.ID).At("input", "external")
	case err != nil:
		return Tracked{}, err
	}
	return Tracked{Event: tracking(viewer.From(ctx).Locale, e), Replayed: &replayed}, nil
}

func checkTrack(in AddTrackingEventInput, now time.Time) error {
	if _, err := in.ShipmentID.As("shp"); err != nil {
		return fault.ErrInvalidID.At("input", "shipmentId")
	}
	if in.External == nil {
		return fault.ErrRequired.At("input", "external")
	}
	for _, key := range []struct {
		field, text string
		most        int
	}{{"source", in.External.Source, 50}, {"id", in.External.ID, 100}} {
		if strings.TrimSpace(key.text) == "" {
			return fault.ErrRequired.At("input", "external", key.field)
		}
		if err := checkText(&key.text, key.most, "input", "external", key.field); err != nil {
			return err
		}
	}
	if latest := now.Add(clockSkew); in.OccurredAt.After(latest) {
		return fault.ErrOutOfRange.With("max", latest.Format(time.RFC3339Nano)).At("input", "occurredAt")
	}
	if err := checkText(in.Place, maxPlace, "input", "place"); err != nil {
		return err
	}
	return checkText(in.Note, maxNote, "input", "note")
}

func track(ctx context.Context, tx *store.Tx, in AddTrackingEventInput) (e *ent.OrderEvent, replayed bool, err error) {
	s, o, err := parcel(ctx, tx, in.ShipmentID.UUID)
	if err != nil {
		return nil, false, err
	}
	e, err = tx.OrderEvent.Query().Where(orderevent.Source(in.External.Source), orderevent.ExternalID(in.External.ID)).Only(ctx)
	switch {
	case err == nil && e.ShipmentID != nil && *e.ShipmentID == s.ID:
		return e, true, nil
	case err == nil:
		return nil, false, order.ErrDuplicateKey.With("externalId", in.External.ID).At("input", "external")
	case !ent.IsNotFound(err):
		return nil, false, err
	}
	n, err := tx.OrderEvent.Query().Where(orderevent.ShipmentID(s.ID)).Count(ctx)
	if err != nil {
		return nil, false, err
	}
	if n >= maxTracking {
		return nil, false, ErrTooManyItems.With("limit", maxTracking).At("input", "shipmentId")
	}
	data := map[string]any{"status": string(in.Status)}
	for name, text := range map[string]*string{"place": in.Place, "note": in.Note} {
		if text != nil && *text != "" {
			data[name] = *text
		}
	}
	if err := tx.Order.Update().Where(entorder.ID(o.ID)).SetEventSeq(o.EventSeq + 1).Exec(ctx); err != nil {
		return nil, false, err
	}
	e, err = tx.OrderEvent.Create().SetOwnerID(o.OwnerID).SetOrderID(o.ID).SetSeq(o.EventSeq + 1).SetKind(orderevent.KindTRACKING).
		SetShipmentID(s.ID).SetSource(in.External.Source).SetExternalID(in.External.ID).SetOccurredAt(in.OccurredAt.UTC().Truncate(time.Microsecond)).
		SetCurrency(o.Currency).SetData(data).SetNillableActorID(viewer.From(ctx).Actor()).Save(ctx)
	if err != nil {
		return nil, false, err
	}
	if err := tell(ctx, tx, o, s.ID, []string{"events"}, in.Status); err != nil {
		return nil, false, err
	}
	return e, false, tx.Audit(ctx, "shipment.track", o.OwnerID, scalar.ID{Prefix: "shp", UUID: s.ID}, map[string]any{"number": o.Number, "status": in.Status})
}

// Events are what the carrier said of a parcel, oldest first; loaded with the
// parcel where it was collected.
func Events(ctx context.Context, s *ent.Shipment) ([]*TrackingEvent, error) {
	rows, err := s.Tracking(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	rows = slices.SortedFunc(slices.Values(rows), func(a, b *ent.OrderEvent) int {
		if by := a.OccurredAt.Compare(b.OccurredAt); by != 0 {
			return by
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	lang := viewer.From(ctx).Locale
	events := make([]*TrackingEvent, len(rows))
	for i, e := range rows {
		events[i] = tracking(lang, e)
	}
	return events, nil
}

// tracking shows an entry of the book. What a person's erasure took out of it
// is no longer there to tell.
func tracking(lang string, e *ent.OrderEvent) *TrackingEvent {
	text := func(name string) *string {
		if s, ok := e.Data[name].(string); ok {
			return &s
		}
		return nil
	}
	t := &TrackingEvent{ID: e.GlobalID(), Status: TrackingOther, OccurredAt: e.OccurredAt, Place: text("place"), Note: text("note")}
	if status := text("status"); status != nil {
		t.Status = TrackingStatus(*status)
	}
	t.Label = locale.Text(lang, "order.tracking."+strings.ToLower(string(t.Status)), nil)
	return t
}
