package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

const benched = 1000

// BenchmarkPlan plans the messages of 1,000 notifications, 16 in a transaction,
// as facts are heard.
func BenchmarkPlan(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		o := newOffice(b, db)
		o.takes("smtp", "EMAIL")
		o.set(b, typ, func(*ent.NotificationSettingCreate) {})
		for b.Loop() {
			b.StopTimer()
			facts := o.facts(b, benched)
			b.StartTimer()
			o.plan(b, facts)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benched, "ns/notification")
	})
}

// BenchmarkSend sends the messages of 1,000 notifications through the queue.
func BenchmarkSend(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		o := newOffice(b, db)
		o.takes("smtp", "EMAIL")
		o.set(b, typ, func(*ent.NotificationSettingCreate) {})
		for b.Loop() {
			b.StopTimer()
			o.plan(b, o.facts(b, benched))
			b.StartTimer()
			o.workWithin(b, benchTime)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benched, "ns/notification")
	})
}

// facts makes notifications, and what is told of them.
func (o *office) facts(b testing.TB, n int) []event.Stored {
	b.Helper()
	all := make([]event.Stored, 0, n)
	must(b, o.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		all = all[:0]
		rows := make([]*ent.NotificationCreate, 0, n)
		for i := range n {
			id := uuid.Must(uuid.NewV7())
			rows = append(rows, tx.Notification.Create().SetID(id).SetUserID(o.user.ID).SetEventID(id).SetTopic(entnotification.TopicORDER).SetType(typ).
				SetTitle(fmt.Sprint("Parcel ", i)).SetBody("It is on its way"))
			payload, err := json.Marshal(event.NotificationAdded{NotificationID: id, Type: typ})
			if err != nil {
				return err
			}
			all = append(all, event.Stored{StreamID: o.user.ID, EventID: id, Kind: "notification.added", Payload: payload})
		}
		for len(rows) > 0 {
			lot := rows[:min(100, len(rows))]
			if err := tx.Notification.CreateBulk(lot...).Exec(ctx); err != nil {
				return err
			}
			rows = rows[len(lot):]
		}
		return nil
	}))
	return all
}

func (o *office) plan(b testing.TB, facts []event.Stored) {
	b.Helper()
	hear := o.Hearers()[0].On
	for len(facts) > 0 {
		lot := facts[:min(16, len(facts))]
		must(b, o.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			for _, e := range lot {
				if err := hear(ctx, tx, e); err != nil {
					return err
				}
			}
			return nil
		}))
		facts = facts[len(lot):]
	}
}
