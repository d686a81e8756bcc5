package support_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/membership"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/desk"
	"kabinet/internal/viewer"
)

// world is a database with people in it: alice and bob are customers, carol
// and dave work for acme, sam and sue are staff.
type world struct {
	*storetest.DB
	tickets                                 *support.Tickets
	alice, bob, carol, dave, sam, sue, acme uuid.UUID
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	w := &world{DB: db, tickets: &support.Tickets{Store: db.Store}, acme: uuid.Must(uuid.NewV7())}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for name, id := range map[string]*uuid.UUID{"Alice": &w.alice, "Bob": &w.bob, "Carol": &w.carol, "Dave": &w.dave, "Sam": &w.sam, "Sue": &w.sue} {
			u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
			if err != nil {
				return err
			}
			*id = u.ID
		}
		for _, id := range []uuid.UUID{w.sam, w.sue} {
			err := tx.Membership.Create().SetUserID(id).SetOwnerID(viewer.House).SetKind(membership.KindSTAFF).SetRoleID(uuid.New()).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
	w.tickets.Streams = follow(t, db)
	return w
}

// follow runs what the server runs: a hub, its bells and its safety net.
func follow(t *testing.T, db *storetest.DB) *live.Streams {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	hub := live.NewHub(live.HubOptions{Heads: db.Heads, ResyncEvery: 20 * time.Millisecond})
	done := make(chan struct{})
	go func() { hub.Watch(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done; hub.Close() })
	return &live.Streams{Hub: hub, Read: db.ReadStream, Heads: db.Heads, Epoch: func(context.Context) (string, error) { return "one", nil }}
}

// desk is where tickets are given to members of staff.
func (w *world) desk() *desk.Queue { return &desk.Queue{Store: w.Store, Tickets: w.tickets} }

func (w *world) write(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := w.InTx(storetest.System(), f); err != nil {
		t.Fatal(err)
	}
}

// staff is a member of staff who may do everything with tickets.
func staff(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Staff: true, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "ticket", Operation: "read"}: viewer.ReachAll, {Resource: "ticket", Operation: "write"}: viewer.ReachAll,
	}})
}

// member acts for a company with the given reach.
func member(id, company uuid.UUID, read, write viewer.Reach) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: company, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "ticket", Operation: "read"}: read, {Resource: "ticket", Operation: "write"}: write,
	}})
}

func (w *world) open(t *testing.T, ctx context.Context) *ent.Ticket {
	t.Helper()
	tkt, err := w.tickets.Open(ctx, support.OpenTicketInput{Subject: "Where is it?", Body: "I am waiting."})
	if err != nil {
		t.Fatal(err)
	}
	return tkt
}

func (w *world) reply(t *testing.T, ctx context.Context, tkt *ent.Ticket, body string) (*ent.TicketMessage, *ent.Ticket) {
	t.Helper()
	m, after, err := w.tickets.Reply(ctx, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return m, after
}

func (w *world) unread(t *testing.T, ctx context.Context, id scalar.ID) int {
	t.Helper()
	tkt, err := w.tickets.Store.Client.Ticket.Get(ctx, id.UUID)
	if err != nil {
		t.Fatal(err)
	}
	n, err := w.tickets.UnreadCount(ctx, tkt)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// order makes an order of an owner, and a bonus entry of the same.
func (w *world) order(t *testing.T, owner uuid.UUID) (order, entry scalar.ID) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		o, err := tx.Order.Create().SetNumber(uuid.NewString()).SetCurrency("EUR").SetSubtotalMinor(100).SetTotalMinor(100).
			SetOwnerID(owner).SetUserID(owner).SetPlacedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		e, err := tx.LedgerEntry.Create().SetOwnerID(owner).SetAccountID(uuid.New()).SetSeq(1).SetKind(ledgerentry.KindACCRUAL).SetAmount(5).
			SetBucket(ledgerentry.BucketACTIVE).SetContraID(uuid.New()).SetContraBucket(ledgerentry.ContraBucketACTIVE).SetUnit("PTS:x").
			SetBalanceAfter(5).SetCauseKey(uuid.NewString()).SetHash([]byte{1}).Save(ctx)
		if err != nil {
			return err
		}
		order, entry = o.GlobalID(), scalar.ID{Prefix: "ent", UUID: e.ID}
		return nil
	})
	return order, entry
}

// told are the facts on a stream, in order.
func (w *world) told(t *testing.T, stream uuid.UUID) []event.Stored {
	t.Helper()
	events, err := w.ReadStream(context.Background(), stream, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// wantFault wants a code, at a path where one is given.
func wantFault(t *testing.T, err error, want *fault.Fault, path ...string) {
	t.Helper()
	f, ok := fault.As(err)
	if !errors.Is(err, want) || !ok {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
	if len(path) > 0 {
		got, _ := json.Marshal(f.Path)
		if expect, _ := json.Marshal(path); string(got) != string(expect) {
			t.Fatalf("%s at %s, want %s", f.Code, got, expect)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// take reads n messages of a stream within a few seconds.
func take[T any](t *testing.T, from <-chan *T, n int) []*T {
	t.Helper()
	var got []*T
	timeout := time.After(10 * time.Second)
	for len(got) < n {
		select {
		case m, open := <-from:
			if !open {
				t.Fatalf("the stream ended after %d of %d", len(got), n)
			}
			got = append(got, m)
		case <-timeout:
			t.Fatalf("%d messages came, not %d", len(got), n)
		}
	}
	return got
}

// quiet wants that nothing more comes for a while.
func quiet[T any](t *testing.T, from <-chan *T) {
	t.Helper()
	select {
	case m, open := <-from:
		t.Fatalf("unexpected: %+v (open: %v)", m, open)
	case <-time.After(150 * time.Millisecond):
	}
}
