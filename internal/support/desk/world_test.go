package desk_test

import (
	"context"
	"errors"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/supportteam"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/desk"
	"kabinet/internal/viewer"
)

// world is a database with people in it: alice and bob are customers; sam, sue
// and sid are staff, boss may change the settings too.
type world struct {
	*storetest.DB
	tickets                         *support.Tickets
	queue                           *desk.Queue
	alice, bob, sam, sue, sid, boss uuid.UUID
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	tickets := &support.Tickets{Store: db.Store}
	w := &world{DB: db, tickets: tickets, queue: &desk.Queue{Store: db.Store, Tickets: tickets}}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for name, id := range map[string]*uuid.UUID{"Alice": &w.alice, "Bob": &w.bob, "Sam": &w.sam, "Sue": &w.sue, "Sid": &w.sid, "Boss": &w.boss} {
			u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
			if err != nil {
				return err
			}
			*id = u.ID
		}
		for _, id := range []uuid.UUID{w.sam, w.sue, w.sid, w.boss} {
			err := tx.Membership.Create().SetUserID(id).SetOwnerID(viewer.House).SetKind(membership.KindSTAFF).SetRoleID(uuid.New()).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *world) write(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := w.InTx(storetest.System(), f); err != nil {
		t.Fatal(err)
	}
}

func grants(resources map[string][]string) map[viewer.Permission]viewer.Reach {
	all := map[viewer.Permission]viewer.Reach{}
	for resource, operations := range resources {
		for _, o := range operations {
			all[viewer.Permission{Resource: resource, Operation: o}] = viewer.ReachAll
		}
	}
	return all
}

// agent works on tickets, and reads the settings.
func agent(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Staff: true, Locale: "en",
		Grants: grants(map[string][]string{"ticket": {"read", "write"}, "support": {"read"}, "user": {"read"}})})
}

// head changes the settings too.
func head(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Staff: true, Locale: "en",
		Grants: grants(map[string][]string{"ticket": {"read", "write"}, "support": {"read", "write"}, "user": {"read"}})})
}

// reader sees tickets and settings, and writes neither.
func reader(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Staff: true, Locale: "en",
		Grants: grants(map[string][]string{"ticket": {"read"}, "support": {"read"}})})
}

// customer is a person in his language.
func customer(id uuid.UUID, lang string) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Locale: lang, TimeZone: "UTC"})
}

func (w *world) open(t *testing.T, ctx context.Context, in support.OpenTicketInput) *ent.Ticket {
	t.Helper()
	if in.Subject == "" {
		in.Subject = "Where is it?"
	}
	in.Body = "I am waiting."
	tkt, err := w.tickets.Open(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return w.read(t, tkt.ID)
}

func (w *world) read(t *testing.T, id uuid.UUID) *ent.Ticket {
	t.Helper()
	tkt, err := w.Client.Ticket.Get(storetest.System(), id)
	if err != nil {
		t.Fatal(err)
	}
	return tkt
}

// hear lets the desk hear all that was told.
func (w *world) hear(t *testing.T) {
	t.Helper()
	for range 5 {
		n, err := w.Hear(storetest.System(), 100, w.queue.Hearers(), func(_ context.Context, _ *store.Tx, h string, e event.Stored, err error) error {
			return errors.Join(errors.New(h+" failed on "+e.Kind), err)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func (w *world) team(t *testing.T, in desk.SaveSupportTeamInput) *ent.SupportTeam {
	t.Helper()
	if in.Assignment == nil {
		in.Assignment = ptr(supportteam.AssignmentROUND_ROBIN)
	}
	team, err := w.queue.SaveTeam(head(w.boss), in)
	if err != nil {
		t.Fatal(err)
	}
	return team
}

func (w *world) operator(t *testing.T, user uuid.UUID, team *ent.SupportTeam, in desk.SaveOperatorInput) *ent.Operator {
	t.Helper()
	in.UserID = usr(user)
	if team != nil {
		id := team.GlobalID()
		in.TeamID = graphql.OmittableOf(&id)
	}
	o, err := w.queue.SaveOperator(head(w.boss), in)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func usr(id uuid.UUID) scalar.ID { return scalar.ID{Prefix: "usr", UUID: id} }

// given is a field that names somebody.
func given(id uuid.UUID) graphql.Omittable[*scalar.ID] { return graphql.OmittableOf(ptr(usr(id))) }

func ptr[T any](v T) *T { return &v }

func has(tkt *ent.Ticket, person uuid.UUID) bool {
	return tkt.AssigneeID != nil && *tkt.AssigneeID == person
}

// wantFault wants a code and gives the fault.
func wantFault(t *testing.T, err error, want *fault.Fault) {
	t.Helper()
	_ = theFault(t, err, want)
}

// theFault is wantFault that gives the fault, for its params.
func theFault(t *testing.T, err error, want *fault.Fault) *fault.Fault {
	t.Helper()
	f, ok := fault.As(err)
	if !errors.Is(err, want) || !ok {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
	return f
}
