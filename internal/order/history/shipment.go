package history

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/shipment"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// UpdateShipment says more of a parcel, by staff; where all of it is known
// nothing happens and nobody is told. Faults: NOT_FOUND, INVALID_ID, TOO_LONG,
// REQUIRED of a point's name, INVALID_VALUE, OUT_OF_RANGE of a promise that
// ends before it begins.
func (h *History) UpdateShipment(ctx context.Context, in UpdateShipmentInput) (*ent.Shipment, error) {
	id, err := in.ShipmentID.As("shp")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "shipmentId")
	}
	if err := checkShipment(in); err != nil {
		return nil, err
	}
	err = h.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		s, o, err := parcel(ctx, tx, id)
		if err != nil {
			return err
		}
		changed, err := change(s, in)
		if err != nil || len(changed) == 0 {
			return err
		}
		if err := save(ctx, tx, s); err != nil {
			return err
		}
		if err := tell(ctx, tx, o, id, changed, ""); err != nil {
			return err
		}
		return tx.Audit(ctx, "shipment.update", o.OwnerID, s.GlobalID(), map[string]any{"number": o.Number, "changed": changed})
	})
	if err != nil {
		return nil, err
	}
	s, err := h.Store.Client.Shipment.Query().Where(shipment.ID(id)).Only(ctx)
	return s, store.Translate(err)
}

func checkShipment(in UpdateShipmentInput) error {
	for field, text := range map[string]graphql.Omittable[*string]{"carrier": in.Carrier, "trackingNumber": in.TrackingNumber} {
		if err := checkText(text.Value(), maxCarrier, "input", field); err != nil {
			return err
		}
	}
	p := in.Point.Value()
	if p == nil {
		return nil
	}
	if strings.TrimSpace(p.Name) == "" {
		return fault.ErrRequired.At("input", "point", "name")
	}
	for field, text := range map[string]*string{"name": &p.Name, "address": p.Address, "code": p.Code, "hours": p.Hours} {
		if err := checkText(text, maxPlace, "input", "point", field); err != nil {
			return err
		}
	}
	return nil
}

// checkText holds a text to its length in characters; nil is none. A NUL is
// refused, since PostgreSQL cannot keep one.
func checkText(s *string, most int, path ...string) error {
	switch {
	case s == nil:
		return nil
	case strings.ContainsRune(*s, 0) || !utf8.ValidString(*s):
		return fault.ErrInvalidValue.At(path...)
	case utf8.RuneCountInString(*s) > most:
		return fault.ErrTooLong.With("limit", most).At(path...)
	}
	return nil
}

// parcel reads a parcel for a change, its order held: both verbs of a parcel
// wait for each other there, and for what moves the order. Faults: NOT_FOUND,
// FORBIDDEN where the viewer does not write everybody's orders.
func parcel(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Shipment, *ent.Order, error) {
	if viewer.From(ctx).Reach("order", "write") != viewer.ReachAll {
		return nil, nil, fault.ErrForbidden
	}
	s, err := tx.Shipment.Query().Where(shipment.ID(id)).Only(ctx)
	if err == nil {
		var o *ent.Order
		if o, err = order.Held(ctx, tx, s.OrderID); err == nil {
			s, err = tx.Shipment.Query().Where(shipment.ID(id)).Only(ctx)
			return s, o, err
		}
	}
	if ent.IsNotFound(err) || fault.KindOf(err) == fault.NotFound {
		err = fault.ErrNotFound.At("input", "shipmentId")
	}
	return nil, nil, err
}

// change puts what was said on the parcel and names what is new.
func change(s *ent.Shipment, in UpdateShipmentInput) (changed []string, err error) {
	changed = slices.Concat(
		put(&s.Carrier, in.Carrier, "carrier"), put(&s.TrackingNumber, in.TrackingNumber, "trackingNumber"),
		put(&s.TrackingURL, in.TrackingURL, "trackingUrl"), putTime(&s.PromisedFromAt, in.PromisedFromAt, "promisedFromAt"),
		putTime(&s.PromisedToAt, in.PromisedToAt, "promisedToAt"),
	)
	if p, said := in.Point.ValueOK(); said && !samePoint(s.Point, p) {
		s.Point = p
		changed = append(changed, "point")
	}
	if s.PromisedFromAt != nil && s.PromisedToAt != nil && s.PromisedToAt.Before(*s.PromisedFromAt) {
		return nil, fault.ErrOutOfRange.With("min", s.PromisedFromAt.UTC().Format(time.RFC3339Nano)).At("input", "promisedToAt")
	}
	return changed, nil
}

func put(at **string, v graphql.Omittable[*string], field string) []string {
	given, said := v.ValueOK()
	if given != nil && *given == "" {
		given = nil
	}
	if !said || same(*at, given) {
		return nil
	}
	*at = given
	return []string{field}
}

func putTime(at **time.Time, v graphql.Omittable[*time.Time], field string) []string {
	given, said := v.ValueOK()
	if !said || given == nil && *at == nil || given != nil && *at != nil && given.Equal(**at) {
		return nil
	}
	*at = given
	return []string{field}
}

// same compares values that may be absent.
func same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func samePoint(a, b *schema.DeliveryPoint) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Name == b.Name && same(a.Address, b.Address) && same(a.Code, b.Code) && same(a.Hours, b.Hours)
}

// save stores what is said of a parcel.
func save(ctx context.Context, tx *store.Tx, s *ent.Shipment) error {
	u := tx.Shipment.UpdateOneID(s.ID)
	store.SetOr(s.Carrier, u.SetCarrier, u.ClearCarrier)
	store.SetOr(s.TrackingNumber, u.SetTrackingNumber, u.ClearTrackingNumber)
	store.SetOr(s.TrackingURL, u.SetTrackingURL, u.ClearTrackingURL)
	store.SetOr(s.PromisedFromAt, u.SetPromisedFromAt, u.ClearPromisedFromAt)
	store.SetOr(s.PromisedToAt, u.SetPromisedToAt, u.ClearPromisedToAt)
	if s.Point == nil {
		return u.ClearPoint().Exec(ctx)
	}
	return u.SetPoint(s.Point).Exec(ctx)
}

// tell tells what is new of a parcel; status is what its carrier said.
func tell(ctx context.Context, tx *store.Tx, o *ent.Order, id uuid.UUID, changed []string, status TrackingStatus) error {
	to, err := order.StreamsOf(ctx, tx, o)
	if err != nil {
		return err
	}
	tx.Tell(event.ShipmentChanged{
		OrderID: o.ID, OwnerID: o.OwnerID, UserID: o.UserID, Number: o.Number, ShipmentID: id, Changed: changed, Status: string(status),
	}, to...)
	return nil
}
