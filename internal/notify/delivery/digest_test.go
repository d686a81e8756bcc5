package delivery

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/ent/schema"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// What was gathered goes in one message, a list with the rest counted; all of it
// is on record as sent with the first.
func TestDigest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.prefers(t, &schema.NotifyPreferences{Digests: []schema.NotifyDigest{{Channel: "EMAIL", Schedule: "DAILY", At: "18:00"}}})
		for i := range 23 {
			o.give(t, typ, fmt.Sprintf("Parcel %02d", i))
			db.Clock.Add(time.Second)
		}
		o.work(t)
		if n := len(o.heard()); n != 0 {
			t.Fatalf("%d messages before their time", n)
		}
		db.Clock.Add(o.rows(t)[0].DueAt.Sub(db.Clock.Now()))
		o.work(t)
		said := o.heard()
		if len(said) != 1 {
			t.Fatalf("%d messages", len(said))
		}
		m := said[0]
		for _, want := range []string{"Parcel 00", "Parcel 19", "and 3 more"} {
			if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
				t.Errorf("nothing of %q in\n%s", want, m.Text)
			}
		}
		if m.Title != "23 notifications for you" || strings.Contains(m.Text, "Parcel 20") || m.Data.Items != 23 || m.UnsubscribeURL == "" {
			t.Errorf("%s\n%s", m.Title, m.Text)
		}
		all := o.rows(t)
		for i, row := range all {
			stands(t, row, entdelivery.StatusSENT, "")
			if i > 0 && (row.SentWithID == nil || *row.SentWithID != all[0].ID) || i == 0 && row.SentWithID != nil {
				t.Errorf("%d went with %v", i, row.SentWithID)
			}
		}
		if found, err := o.Hear(context.Background(), Said{Type: SaidDelivered, Channel: "EMAIL", ID: m.ID}); !found || err != nil {
			t.Fatal(found, err)
		}
		for _, row := range o.rows(t) {
			stands(t, row, entdelivery.StatusDELIVERED, "")
		}
	})
}

// A window of the House: the first goes at once, what follows together; one that
// nobody wants any more is left out, and what is alone goes as it is.
func TestBatch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(c *ent.NotificationSettingCreate) {
			c.SetBatch(&schema.NotificationBatch{Kind: "SLIDING", Seconds: 60, LimitSeconds: 100, LeadImmediately: true})
		})
		o.give(t, typ, "one")
		o.work(t)
		if said := o.heard(); len(said) != 1 || said[0].Title != "one" {
			t.Fatalf("%+v", said)
		}
		for _, title := range []string{"two", "three", "four"} {
			db.Clock.Add(20 * time.Second)
			o.give(t, typ, title)
		}
		all := o.rows(t)
		for _, row := range all[1:] { // the window has slid to the last one's minute, within its limit
			stands(t, row, entdelivery.StatusHELD, entdelivery.StatusReasonDIGEST)
			if d := row.DueAt.Sub(all[1].CreatedAt); d > 100*time.Second || !row.DueAt.Equal(*all[3].DueAt) {
				t.Errorf("%s is due after %s", row.ID, d)
			}
		}
		must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Notification.DeleteOneID(all[1].NotificationID).Exec(ctx)
		}))
		db.Clock.Add(2 * time.Minute)
		o.work(t)
		stands(t, o.rows(t)[1], entdelivery.StatusSKIPPED, entdelivery.StatusReasonGONE)
		o.work(t) // those that it would have gone with have found another
		said := o.heard()
		if len(said) != 2 || said[1].Title != "2 notifications for you" {
			t.Fatalf("%+v", said)
		}
		db.Clock.Add(time.Hour)
		o.give(t, typ, "five")
		o.work(t)
		if said = o.heard(); len(said) != 3 || said[2].Title != "five" {
			t.Fatalf("%+v", said)
		}
	})
}

// Too many of a type in a window are skipped, and the window ends.
func TestThrottle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(c *ent.NotificationSettingCreate) {
			c.SetThrottle(&schema.NotificationThrottle{Limit: 2, Seconds: 3600})
		})
		for range 4 {
			o.give(t, typ, "again")
		}
		o.work(t)
		all := o.rows(t)
		stands(t, all[1], entdelivery.StatusSENT, "")
		stands(t, all[2], entdelivery.StatusSKIPPED, entdelivery.StatusReasonTHROTTLED)
		stands(t, all[3], entdelivery.StatusSKIPPED, entdelivery.StatusReasonTHROTTLED)
		db.Clock.Add(time.Hour + time.Second)
		o.give(t, typ, "again")
		o.work(t)
		stands(t, o.rows(t)[4], entdelivery.StatusSENT, "")
	})
}

// A text goes only if the letter was of no use: not read in time.
func TestEscalation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.takes("gateway", "SMS")
		o.set(t, typ, func(c *ent.NotificationSettingCreate) {
			c.SetEscalation([]schema.NotificationEscalation{{Channel: "SMS", After: 600, Unless: "READ"}})
		})
		read, unread := o.give(t, typ, "read"), o.give(t, typ, "unread")
		o.work(t)
		db.Clock.Add(5 * time.Minute)
		must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Notification.UpdateOneID(read.ID).SetReadAt(tx.Now).Exec(ctx)
		}))
		o.work(t)
		if n := len(o.heard()); n != 2 {
			t.Fatalf("%d messages before the time of the step", n)
		}
		db.Clock.Add(5 * time.Minute)
		o.work(t)
		for _, row := range o.rows(t) {
			switch {
			case row.Channel == "EMAIL":
				stands(t, row, entdelivery.StatusSENT, "")
			case row.NotificationID == read.ID:
				stands(t, row, entdelivery.StatusSKIPPED, entdelivery.StatusReasonREAD)
			case row.NotificationID == unread.ID:
				stands(t, row, entdelivery.StatusSENT, "")
			}
		}
		if said := o.heard(); len(said) != 3 || said[2].To != "+442079460018" || !strings.Contains(said[2].Text, "unread") {
			t.Errorf("%+v", said)
		}
	})
}

// Where the whole digest fails for good, a member of staff drives all of it
// again as one message; what was cancelled leaves the others to go.
func TestDigestDead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		refuses := true
		o.answers("smtp", "EMAIL", func(Message) (Reply, error) {
			if refuses {
				return Reply{}, ErrPermanent
			}
			return Reply{}, nil
		})
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.prefers(t, &schema.NotifyPreferences{Digests: []schema.NotifyDigest{{Channel: "EMAIL", Schedule: "HOURLY"}}})
		for _, title := range []string{"one", "two", "three"} {
			o.give(t, typ, title)
		}
		db.Clock.Add(time.Hour)
		o.work(t)
		all := o.rows(t)
		for _, row := range all {
			stands(t, row, entdelivery.StatusDEAD, entdelivery.StatusReasonREFUSED)
		}
		refuses = false
		must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { return again(ctx, tx, all) }))
		o.work(t)
		for _, row := range o.rows(t) {
			stands(t, row, entdelivery.StatusSENT, "")
		}
		if said := o.heard(); len(said) != 1 || said[0].Data.Items != 3 {
			t.Errorf("%+v", said)
		}
	})
}

// What is older than 90 days is forgotten.
func TestTrimDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.give(t, typ, "old")
		o.work(t)
		db.Clock.Add(90 * 24 * time.Hour)
		if n, err := o.TrimDue(t.Context(), 10); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		db.Clock.Add(time.Minute)
		o.give(t, typ, "new")
		if n, err := o.TrimDue(t.Context(), 10); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		o.one(t)
	})
}
