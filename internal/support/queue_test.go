package support_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/desk"
)

// wantExpired trims the stream past the cursor, and renews the epoch.
func wantExpired(t *testing.T, db *storetest.DB, w *world, id uuid.UUID, cursor string) {
	t.Helper()
	ctx, tkt := staff(w.sam), scalar.ID{Prefix: "tkt", UUID: id}
	w.tickets.Streams.Epoch = func(context.Context) (string, error) { return "two", nil }
	_, err := w.tickets.Updated(ctx, tkt, &cursor)
	wantFault(t, err, fault.ErrCursorExpired)
	w.tickets.Streams.Epoch = func(context.Context) (string, error) { return "one", nil }
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE account_events SET relayed = ?, heard = ?`, true, true)
		return err
	})
	db.Clock.Add(31 * 24 * time.Hour)
	if err := db.Trim(context.Background(), 30*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	_, err = w.tickets.Updated(ctx, tkt, &cursor)
	wantFault(t, err, fault.ErrCursorExpired)
}

// The queue hears of every fact about tickets once, after the customer's
// transaction; hearing of it tells nothing that is heard again.
func TestQueueIsToldByTheHearer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, storetest.As(w.alice))
		w.reply(t, staff(w.sam), tkt, "Hello")
		if _, err := w.tickets.AddNote(staff(w.sam), support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "note"}); err != nil {
			t.Fatal(err)
		}
		if told := w.told(t, store.StaffQueue); len(told) != 0 {
			t.Fatalf("told in the transaction: %v", told)
		}
		for range 3 { // hearing until nothing is left ends
			_, err := db.Hear(storetest.System(), 100, w.tickets.Hearers(), func(_ context.Context, _ *store.Tx, h string, e event.Stored, err error) error {
				return errors.Join(errors.New(h+" failed on "+e.Kind), err)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		told := w.told(t, store.StaffQueue)
		if len(told) != 3 {
			t.Fatalf("the queue was told %v", told)
		}
		for i, cause := range []string{"ticket.opened", "ticket.replied", "ticket.replied"} {
			var f event.TicketQueueChanged
			if err := json.Unmarshal(told[i].Payload, &f); err != nil {
				t.Fatal(err)
			}
			if f.Cause != cause || f.TicketID != tkt.ID || f.Number != tkt.Number || told[i].Visibility != event.ToStaff {
				t.Errorf("%d: %+v", i, f)
			}
		}
	})
}

func numbers(c *ent.TicketConnection) (n []string) {
	for _, e := range c.Edges {
		n = append(n, e.Node.Subject)
	}
	return n
}

func TestLists(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		order, _ := w.order(t, w.alice)
		made := map[string]*ent.Ticket{}
		for _, c := range []struct {
			name string
			ctx  context.Context
			in   support.OpenTicketInput
		}{
			{"a1", alice, support.OpenTicketInput{OrderID: &order}}, {"b1", storetest.As(w.bob), support.OpenTicketInput{}}, {"a2", alice, support.OpenTicketInput{}},
		} {
			db.Clock.Add(time.Minute)
			c.in.Subject, c.in.Body = c.name, "x"
			tkt, err := w.tickets.Open(c.ctx, c.in)
			if err != nil {
				t.Fatal(err)
			}
			made[c.name] = tkt
		}
		db.Clock.Add(time.Minute)
		w.reply(t, alice, made["a1"], "more")
		db.Clock.Add(time.Minute)
		if _, err := w.tickets.Close(sam, support.CloseTicketInput{TicketID: made["b1"].GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.desk().Assign(sam, desk.AssignTicketInput{TicketID: made["a2"].GlobalID(), AssigneeID: graphql.OmittableOf(&scalar.ID{Prefix: "usr", UUID: w.sue})}); err != nil {
			t.Fatal(err)
		}
		status := []ticket.Status{ticket.StatusOPEN}
		queue := func(f *desk.TicketQueueFilter, s *desk.TicketSort) func() (*ent.TicketConnection, error) {
			return func() (*ent.TicketConnection, error) { return w.desk().List(sam, f, s, desk.Page{}) }
		}
		user := func(id uuid.UUID) *scalar.ID { return &scalar.ID{Prefix: "usr", UUID: id} }
		for name, c := range map[string]struct {
			list func() (*ent.TicketConnection, error)
			want []string
		}{
			"alice's": {func() (*ent.TicketConnection, error) { return w.tickets.Of(alice, w.alice, nil, support.Page{}) }, []string{"a1", "a2"}},
			"about an order": {func() (*ent.TicketConnection, error) {
				return w.tickets.Of(alice, w.alice, &support.TicketFilter{OrderID: &order}, support.Page{})
			}, []string{"a1"}},
			"bob's of alice": {func() (*ent.TicketConnection, error) { return w.tickets.Of(alice, w.bob, nil, support.Page{}) }, nil}, // security F1
			"one at a time": {func() (*ent.TicketConnection, error) {
				return w.tickets.Of(alice, w.alice, nil, support.Page{First: ptr(1)})
			}, []string{"a1"}},
			"queue":      {queue(nil, nil), []string{"b1", "a1", "a2"}},
			"oldest":     {queue(nil, ptr(desk.SortOldestActive)), []string{"a2", "a1", "b1"}},
			"open":       {queue(&desk.TicketQueueFilter{Status: status}, nil), []string{"a1", "a2"}},
			"unassigned": {queue(&desk.TicketQueueFilter{Unassigned: ptr(true)}, nil), []string{"b1", "a1"}},
			"sue's":      {queue(&desk.TicketQueueFilter{AssigneeID: user(w.sue)}, nil), []string{"a2"}},
			"of bob":     {queue(&desk.TicketQueueFilter{CustomerID: user(w.bob)}, nil), []string{"b1"}},
		} {
			page, err := c.list()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got := numbers(page)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		_, err := w.desk().List(alice, nil, nil, desk.Page{})
		wantFault(t, err, fault.ErrForbidden)
		_, err = w.tickets.Of(alice, w.alice, &support.TicketFilter{OrderID: user(w.bob)}, support.Page{})
		wantFault(t, err, fault.ErrInvalidID, "filter", "orderId")
	})
}
