package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/clockevent"
	"kabinet/ent/generated/membership"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/clock"
	"kabinet/internal/viewer"
)

// world is a database with alice and bob, who are customers, and sam of the
// staff, whose tickets have clocks.
type world struct {
	*storetest.DB
	tickets         *support.Tickets
	clocks          *clock.Clocks
	alice, bob, sam uuid.UUID
}

func newWorld(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	w := &world{DB: db, tickets: &support.Tickets{Store: db.Store}, clocks: &clock.Clocks{Store: db.Store}}
	w.tickets.Clock = w.clocks.Note
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for name, id := range map[string]*uuid.UUID{"Alice": &w.alice, "Bob": &w.bob, "Sam": &w.sam} {
			u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
			if err != nil {
				return err
			}
			*id = u.ID
		}
		return tx.Membership.Create().SetUserID(w.sam).SetOwnerID(viewer.House).SetKind(membership.KindSTAFF).SetRoleID(uuid.New()).Exec(ctx)
	})
	return w
}

func (w *world) write(t testing.TB, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := w.InTx(storetest.System(), f); err != nil {
		t.Fatal(err)
	}
}

// staff may do everything with tickets and the settings of support.
func (w *world) staff() context.Context {
	grants := map[viewer.Permission]viewer.Reach{}
	for _, r := range []string{"ticket", "support"} {
		grants[viewer.Permission{Resource: r, Operation: "read"}], grants[viewer.Permission{Resource: r, Operation: "write"}] = viewer.ReachAll, viewer.ReachAll
	}
	return viewer.With(context.Background(), viewer.Viewer{UserID: w.sam, OwnerID: w.sam, Staff: true, Locale: "en", TimeZone: "UTC", Grants: grants})
}

func (w *world) open(t testing.TB) *ent.Ticket {
	t.Helper()
	tkt, err := w.tickets.Open(storetest.As(w.alice), support.OpenTicketInput{Subject: "Where is it?", Body: "I am waiting."})
	if err != nil {
		t.Fatal(err)
	}
	return tkt
}

func (w *world) reply(t testing.TB, ctx context.Context, tkt *ent.Ticket) {
	t.Helper()
	if _, _, err := w.tickets.Reply(ctx, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "Hello"}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) now(t testing.TB, tkt *ent.Ticket) *ent.Ticket {
	t.Helper()
	now, err := w.Client.Ticket.Get(storetest.System(), tkt.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func (w *world) log(t testing.TB, tkt *ent.Ticket) []*ent.ClockEvent {
	t.Helper()
	all, err := w.Client.ClockEvent.Query().Where(clockevent.TicketID(tkt.ID)).Order(clockevent.BySeq()).All(storetest.System())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// kinds are the events of a target in short.
func (w *world) kinds(t testing.TB, tkt *ent.Ticket, target clockevent.Target) (all []string) {
	t.Helper()
	for _, e := range w.log(t, tkt) {
		if e.Target == target {
			all = append(all, string(e.Kind))
		}
	}
	return all
}

func (w *world) tick(t testing.TB) int {
	t.Helper()
	n, err := w.clocks.TickDue(storetest.System(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *world) hear(t testing.TB, hearers []store.Hearer) {
	t.Helper()
	_, err := w.Hear(storetest.System(), 100, hearers, func(_ context.Context, _ *store.Tx, h string, e event.Stored, err error) error {
		return errors.Join(errors.New(h+" failed on "+e.Kind), err)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantFault wants a code, at a path where one is given.
func wantFault(t testing.TB, err error, want *fault.Fault, path ...string) {
	t.Helper()
	_ = theFault(t, err, want, path...)
}

// theFault is wantFault that gives the fault, for its params.
func theFault(t testing.TB, err error, want *fault.Fault, path ...string) *fault.Fault {
	t.Helper()
	f, ok := fault.As(err)
	if !errors.Is(err, want) || !ok {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
	if len(path) > 0 && scalarPath(f.Path) != scalarPath(path) {
		t.Fatalf("%s at %v, want %v", f.Code, f.Path, path)
	}
	return f
}

func scalarPath(path []string) (s string) {
	for _, p := range path {
		s += "/" + p
	}
	return s
}

func ptr[T any](v T) *T { return &v }

func isStatus(t testing.TB, tkt *ent.Ticket, want entticket.LevelStatus) {
	t.Helper()
	if tkt.LevelStatus == nil || *tkt.LevelStatus != want {
		t.Fatalf("the level stands at %v, not %s", tkt.LevelStatus, want)
	}
}

func isAt(t testing.TB, what string, at *time.Time, want time.Time) {
	t.Helper()
	if at == nil || !at.Equal(want) {
		t.Fatalf("%s at %v, not %s", what, at, want)
	}
}
