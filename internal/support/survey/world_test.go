package survey_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/surveyrequest"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/survey"
	"kabinet/internal/viewer"
)

// world is a database with people in it: alice and bob are customers, carol and
// dave work for acme, sam is staff.
type world struct {
	*storetest.DB
	tickets                            *support.Tickets
	surveys                            *survey.Surveys
	alice, bob, carol, dave, sam, acme uuid.UUID
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	w := &world{DB: db, tickets: &support.Tickets{Store: db.Store}, acme: uuid.Must(uuid.NewV7())}
	w.surveys = &survey.Surveys{Store: db.Store, Tickets: w.tickets}
	db.Hearing(w.surveys.Hearers())
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for name, id := range map[string]*uuid.UUID{"Alice": &w.alice, "Bob": &w.bob, "Carol": &w.carol, "Dave": &w.dave, "Sam": &w.sam} {
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

func (w *world) write(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := w.InTx(storetest.System(), f); err != nil {
		t.Fatal(err)
	}
}

func customer(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Locale: "en"})
}

func staff(id uuid.UUID) context.Context {
	all := map[viewer.Permission]viewer.Reach{}
	for _, resource := range []string{"ticket", "support"} {
		for _, operation := range []string{"read", "write"} {
			all[viewer.Permission{Resource: resource, Operation: operation}] = viewer.ReachAll
		}
	}
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Staff: true, Locale: "en", Grants: all})
}

func member(id, company uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: company, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "ticket", Operation: "read"}: viewer.ReachOwner, {Resource: "ticket", Operation: "write"}: viewer.ReachOwner,
	}})
}

// plain is a survey of one score that must be given, and words.
func plain() survey.SaveSurveyInput {
	return survey.SaveSurveyInput{
		Name:  "After a request",
		Texts: []*survey.SurveyTextInput{{Locale: "en", Title: "How was it?", Thanks: ptr("Thank you!")}, {Locale: "ru", Title: "Как вам?"}},
		Questions: []*survey.SurveyQuestionInput{
			{Handle: "overall", Kind: survey.KindScore, Required: ptr(true), Texts: []*survey.SurveyQuestionTextInput{{Locale: "en", Text: "In all?"}, {Locale: "ru", Text: "В целом?"}}},
			{Handle: "why", Kind: survey.KindText, Texts: []*survey.SurveyQuestionTextInput{{Locale: "ru", Text: "Почему?"}}},
		},
	}
}

func (w *world) save(t *testing.T, in survey.SaveSurveyInput) *survey.Survey {
	t.Helper()
	s, err := w.surveys.Save(staff(w.sam), in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) open(t *testing.T, ctx context.Context) *ent.Ticket {
	t.Helper()
	tkt, err := w.tickets.Open(ctx, support.OpenTicketInput{Subject: "Where is it?", Body: "I am waiting."})
	if err != nil {
		t.Fatal(err)
	}
	return tkt
}

// close closes a ticket by staff, and lets it be heard.
func (w *world) close(t *testing.T, tkt *ent.Ticket) {
	t.Helper()
	if _, err := w.tickets.Close(staff(w.sam), support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
		t.Fatal(err)
	}
	w.hear(t)
}

func (w *world) reopen(t *testing.T, ctx context.Context, tkt *ent.Ticket) {
	t.Helper()
	if _, err := w.tickets.Reopen(ctx, support.ReopenTicketInput{TicketID: tkt.GlobalID()}); err != nil {
		t.Fatal(err)
	}
	w.hear(t)
}

func (w *world) hear(t *testing.T) {
	t.Helper()
	_, err := w.Hear(storetest.System(), 1000, w.surveys.Hearers(), func(_ context.Context, _ *store.Tx, hearer string, _ event.Stored, err error) error {
		t.Errorf("%s: %v", hearer, err)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// due is the clock until nothing is.
func (w *world) due(t *testing.T) {
	t.Helper()
	if _, err := w.surveys.Due(context.Background(), 100); err != nil {
		t.Fatal(err)
	}
}

// requests are those about a ticket, oldest first.
func (w *world) requests(t *testing.T, of uuid.UUID) []*ent.SurveyRequest {
	t.Helper()
	all, err := w.Client.SurveyRequest.Query().Where(surveyrequest.TicketID(of)).Order(surveyrequest.ByID()).All(storetest.System())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// stand wants how the requests about a ticket stand.
func (w *world) stand(t *testing.T, of uuid.UUID, want ...surveyrequest.Status) []*ent.SurveyRequest {
	t.Helper()
	all := w.requests(t, of)
	got := make([]surveyrequest.Status, len(all))
	for i, r := range all {
		got[i] = r.Status
	}
	if !slices.Equal(got, want) {
		t.Fatalf("they stand %v, want %v", got, want)
	}
	return all
}

func (w *world) now(t *testing.T, id uuid.UUID) *ent.Ticket {
	t.Helper()
	tkt, err := w.Client.Ticket.Query().Where(ticket.ID(id)).Only(storetest.System())
	if err != nil {
		t.Fatal(err)
	}
	return tkt
}

// told are the facts of a kind on a stream.
func (w *world) told(t *testing.T, stream uuid.UUID, kind string) (n int) {
	t.Helper()
	events, err := w.ReadStream(context.Background(), stream, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func wantFault(t *testing.T, err error, want *fault.Fault, path ...string) {
	t.Helper()
	_ = theFault(t, err, want, path...)
}

// theFault is wantFault that gives the fault, for its params.
func theFault(t *testing.T, err error, want *fault.Fault, path ...string) *fault.Fault {
	t.Helper()
	f, ok := fault.As(err)
	if !errors.Is(err, want) || !ok {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
	got, _ := json.Marshal(f.Path)
	if expect, _ := json.Marshal(path); len(path) > 0 && string(got) != string(expect) {
		t.Fatalf("%s at %s, want %s", f.Code, got, expect)
	}
	return f
}

func ptr[T any](v T) *T { return &v }
