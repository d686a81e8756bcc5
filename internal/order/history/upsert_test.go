package history_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/order"
	"kabinet/internal/order/history"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// Eight batches of the same parcels at the same time double nothing, and the
// books of the orders keep their numbers without holes.
func TestUpsertShipmentsAtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		var refs []*order.OrderRef
		for key := range 5 {
			o, _ := s.shipped(key + 1)
			id := o.GlobalID()
			refs = append(refs, &order.OrderRef{ID: &id})
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				var items []*history.UpsertShipmentInput
				for n := range 5 {
					at := (n + i) % 5
					items = append(items, &history.UpsertShipmentInput{
						External: &scalar.ExternalKey{Source: "wms", ID: fmt.Sprint("p", at)}, Order: refs[at], SourceUpdatedAt: db.Clock.Now().Add(time.Duration(i-100) * time.Minute),
						Carrier: graphql.OmittableOf(ptr(fmt.Sprint("carrier ", i))), Events: []*history.UpsertTrackingEventInput{{
							External: &scalar.ExternalKey{Source: "dhl", ID: fmt.Sprint("e", at, i%4)}, Status: history.TrackingInTransit, OccurredAt: db.Clock.Now(),
						}},
					})
				}
				if _, err := s.history.UpsertShipments(s.asStaff(), history.UpsertShipmentsInput{Shipments: items}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		rows, err := db.Store.Query(context.Background(), `SELECT (SELECT count(*) FROM shipments) || ' ' || (SELECT count(*) FROM shipments WHERE carrier = 'carrier 7') || ' ' || (SELECT count(*) FROM order_events WHERE kind = 'TRACKING')`)
		check(t, err)
		defer rows.Close()
		for rows.Next() {
			var got string
			check(t, rows.Scan(&got))
			if got != "5 5 20" {
				t.Error(got)
			}
		}
		check(t, rows.Err())
		if wrong, err := order.CheckTotals(context.Background(), db.Store); err != nil || len(wrong) > 0 {
			t.Error(wrong, err)
		}
	})
}
