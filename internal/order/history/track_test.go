package history_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/order/history"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// shipped is an order on its way, with its parcel.
func (s *shelf) shipped(key int) (*ent.Order, *ent.Shipment) {
	s.t.Helper()
	s.arrived(key, 1, &s.alice, "Lamp", func(in *order.UpsertOrderInput) {
		in.PaymentStatus, in.FulfillmentStatus = ptr(entorder.PaymentStatusPAID), ptr(entorder.FulfillmentStatusSHIPPED)
	})
	o, err := s.Store.Client.Order.Query().Where(entorder.ExternalID(fmt.Sprint(key))).WithShipments().Only(storetest.System())
	check(s.t, err)
	return o, o.Edges.Shipments[0]
}

func (s *shelf) says(parcel *ent.Shipment, key string) history.AddTrackingEventInput {
	return history.AddTrackingEventInput{
		ShipmentID: parcel.GlobalID(), External: &scalar.ExternalKey{Source: "cdek", ID: key}, Status: history.TrackingInTransit, OccurredAt: s.db.Clock.Now(),
	}
}

func code(err error) string {
	f, ok := fault.As(err)
	if !ok {
		return fmt.Sprint(err)
	}
	return f.Code + " " + strings.Join(f.Path, ".")
}

// What a carrier sends many times at once is written down once, and the book
// keeps its numbers without holes, also while the order moves.
func TestTrackRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		_, parcel := s.shipped(1)
		var fresh atomic.Int64
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				done, err := s.history.Track(s.asStaff(), s.says(parcel, fmt.Sprint(i%3)))
				if err != nil {
					t.Errorf("%d: %v", i, err)
					return
				}
				if !*done.Replayed {
					fresh.Add(1)
				}
			})
		}
		wg.Wait()
		if fresh.Load() != 3 {
			t.Errorf("%d events are new, want 3", fresh.Load())
		}
		rows, err := history.Events(storetest.As(s.alice), parcel)
		check(t, err)
		if len(rows) != 3 {
			t.Errorf("the parcel has %d events, want 3", len(rows))
		}
	})
}

func TestTrackRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		_, parcel := s.shipped(1)
		_, other := s.shipped(2)
		staff := s.asStaff()
		for i := range 100 {
			_, err := s.history.Track(staff, s.says(parcel, fmt.Sprint(i)))
			check(t, err)
		}
		cases := map[string]func(in *history.AddTrackingEventInput){
			"TOO_MANY_ITEMS input.shipmentId": func(*history.AddTrackingEventInput) {},
			"DUPLICATE_KEY input.external":    func(in *history.AddTrackingEventInput) { in.ShipmentID, in.External.ID = other.GlobalID(), "7" },
			"REQUIRED input.external":         func(in *history.AddTrackingEventInput) { in.External = nil },
			"REQUIRED input.external.id":      func(in *history.AddTrackingEventInput) { in.External.ID = " " },
			"TOO_LONG input.external.source":  func(in *history.AddTrackingEventInput) { in.External.Source = strings.Repeat("s", 51) },
			"OUT_OF_RANGE input.occurredAt":   func(in *history.AddTrackingEventInput) { in.OccurredAt = in.OccurredAt.Add(61 * time.Minute) },
			"TOO_LONG input.place":            func(in *history.AddTrackingEventInput) { in.Place = ptr(strings.Repeat("п", 301)) },
			"INVALID_VALUE input.note":        func(in *history.AddTrackingEventInput) { in.Note = ptr("\x00") },
			"INVALID_ID input.shipmentId":     func(in *history.AddTrackingEventInput) { in.ShipmentID.Prefix = "order" },
			"NOT_FOUND input.shipmentId":      func(in *history.AddTrackingEventInput) { in.ShipmentID.UUID[15]++ },
		}
		for want, spoil := range cases {
			in := s.says(parcel, "new")
			spoil(&in)
			if _, err := s.history.Track(staff, in); code(err) != want {
				t.Errorf("got %s, want %s", code(err), want)
			}
		}
		if done, err := s.history.Track(staff, s.says(parcel, "7")); err != nil || !*done.Replayed {
			t.Errorf("a repeat past the limit: %v", err)
		}
		if _, err := s.history.Track(storetest.As(s.alice), s.says(other, "mine")); code(err) != "FORBIDDEN " { // the directive is the first fence, this the second
			t.Error("a customer writes what a carrier says")
		}
	})
}

// What is said of a parcel is told once, and not at all where it was known.
func TestUpdateShipment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		_, parcel := s.shipped(1)
		in := history.UpdateShipmentInput{
			ShipmentID: parcel.GlobalID(), Carrier: graphql.OmittableOf(ptr("Post")), PromisedFromAt: graphql.OmittableOf(ptr(db.Clock.Now())),
			Point: graphql.OmittableOf(&schema.DeliveryPoint{Name: "Corner", Hours: ptr("9–21")}),
		}
		for range 2 {
			got, err := s.history.UpdateShipment(s.asStaff(), in)
			check(t, err)
			if *got.Carrier != "Post" || got.Point.Name != "Corner" || *got.Point.Hours != "9–21" || got.PromisedToAt != nil {
				t.Errorf("the parcel is %v", got)
			}
		}
		if got := s.told("order.shipment_changed"); got != 1 {
			t.Errorf("it is told %d times", got)
		}
		_, err := s.history.UpdateShipment(s.asStaff(), history.UpdateShipmentInput{ShipmentID: parcel.GlobalID(), PromisedToAt: graphql.OmittableOf(ptr(db.Clock.Now().Add(-time.Second)))})
		if code(err) != "OUT_OF_RANGE input.promisedToAt" {
			t.Error(code(err))
		}
		_, err = s.history.UpdateShipment(s.asStaff(), history.UpdateShipmentInput{ShipmentID: parcel.GlobalID(), Point: graphql.OmittableOf(&schema.DeliveryPoint{Name: strings.Repeat("п", 301)})})
		if code(err) != "TOO_LONG input.point.name" {
			t.Error(code(err))
		}
		got, err := s.history.UpdateShipment(s.asStaff(), history.UpdateShipmentInput{ShipmentID: parcel.GlobalID(), Carrier: graphql.OmittableOf[*string](nil), Point: graphql.OmittableOf[*schema.DeliveryPoint](nil)})
		check(t, err)
		if got.Carrier != nil || got.Point != nil || got.PromisedFromAt == nil {
			t.Errorf("cleared it is %v", got)
		}
	})
}

func (s *shelf) told(kind string) (n int) {
	s.t.Helper()
	rows, err := s.db.Query(storetest.System(), `SELECT count(DISTINCT event_id) FROM account_events WHERE kind = ?`, kind)
	check(s.t, err)
	defer rows.Close()
	for rows.Next() {
		check(s.t, rows.Scan(&n))
	}
	return n
}

// The steps' times are those of the book, whichever way the order came there.
func TestStepsOfAnOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		o, _ := s.shipped(1)
		var got []string
		for _, step := range history.Steps("en", o) {
			got = append(got, fmt.Sprint(step.Kind, " ", step.State, " ", step.At != nil, " ", step.Label))
		}
		want := []string{"PAYMENT_CONFIRMED DONE true Payment confirmed", "ASSEMBLED DONE false Put together", "SHIPPED DONE true Shipped", "RECEIVED AHEAD false Received"}
		if !slices.Equal(got, want) {
			t.Errorf("the steps are %q", got)
		}
	})
}
