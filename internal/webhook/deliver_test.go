package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/webhookdelivery"
	"kabinet/ent/generated/webhookendpoint"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// desk is a domain over a test's database, and a member of staff.
type desk struct {
	*Webhooks
	ctx context.Context
	db  *storetest.DB
}

func newDesk(t *testing.T, db *storetest.DB) desk {
	t.Helper()
	must(t, job.Migrate(t.Context(), db.Store))
	must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { // whose row is locked where endpoints are counted
		return tx.Company.Create().SetID(viewer.House).SetKind(company.KindHOUSE).SetName("House").Exec(ctx)
	}))
	hooks, staff, err := over(db.Store)
	must(t, err)
	me := staff
	me.UserID = uuid.Must(uuid.NewV7())
	me.OwnerID = me.UserID
	return desk{db: db, ctx: viewer.With(t.Context(), me), Webhooks: hooks}
}

// over is the domain over a store, and what staff may.
func over(s *store.Store) (*Webhooks, viewer.Viewer, error) {
	sealer, err := store.NewSealer([]byte(strings.Repeat("k", 32)))
	staff := viewer.Viewer{Staff: true, Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "webhook", Operation: "read"}: viewer.ReachAll, {Resource: "webhook", Operation: "write"}: viewer.ReachAll, {Resource: "order", Operation: "read"}: viewer.ReachAll,
	}}
	role := uuid.Must(uuid.NewV7())
	return &Webhooks{
		Store: s, Sealer: sealer, Schema: small,
		Guard: func(_ context.Context, address string) string {
			if strings.Contains(address, "10.0.0.1") {
				return "NOT_PUBLIC"
			}
			return ""
		},
		Admits:    func(context.Context, *ast.FieldDefinition) bool { return true },
		StaffRole: func(context.Context, uuid.UUID) (uuid.UUID, error) { return role, nil },
		AsRole: func(context.Context, uuid.UUID) (viewer.Viewer, string, bool, error) {
			return staff, "Administrator", true, nil
		},
		Ask: func(context.Context, string, map[string]any) (json.RawMessage, error) {
			return json.RawMessage(`{"node":null}`), nil
		},
	}, staff, err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// endpoint makes one that is told of placed orders.
func (d desk) endpoint(t testing.TB, url string) *ent.WebhookEndpoint {
	t.Helper()
	name := "ERP"
	done, err := d.Save(d.ctx, SaveWebhookEndpointInput{Name: &name, URL: &url, Events: []string{"order.placed"}})
	must(t, err)
	return done.Endpoint
}

// tell lets the hearer hear that an order was placed, twice, as it may.
func (d desk) tell(t testing.TB, to *ent.WebhookEndpoint) *ent.WebhookDelivery {
	t.Helper()
	order := uuid.Must(uuid.NewV7())
	payload, err := json.Marshal(event.OrderPlaced{OrderID: order})
	must(t, err)
	e := event.Stored{EventID: uuid.Must(uuid.NewV7()), Kind: "order.placed", SubjectKind: "order", SubjectID: order, Payload: payload, CreatedAt: d.db.Clock.Now()}
	for range 2 {
		must(t, d.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { return d.hear(ctx, tx, e) }))
	}
	row, err := d.db.Client.WebhookDelivery.Query().Where(webhookdelivery.EndpointID(to.ID), webhookdelivery.EventID(e.EventID)).Only(storetest.System())
	must(t, err)
	return row
}

// became settles a try.
func (d desk) became(t testing.TB, row *ent.WebhookDelivery, try, status int, failure string) {
	t.Helper()
	a := &schema.WebhookAttempt{At: d.db.Clock.Now()}
	if status != 0 {
		a.ResponseStatus = &status
	}
	if failure != "" {
		a.Failure = &failure
	}
	must(t, d.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return d.settle(ctx, tx, deliver{Delivery: row.ID, Round: row.Round, Try: try}, outcome{attempt: a})
	}))
}

func (d desk) again(t testing.TB, row *ent.WebhookDelivery) *ent.WebhookDelivery {
	t.Helper()
	row, err := d.db.Client.WebhookDelivery.Get(storetest.System(), row.ID)
	must(t, err)
	return row
}

func (d desk) whole(t testing.TB, e *ent.WebhookEndpoint) *ent.WebhookEndpoint {
	t.Helper()
	e, err := d.db.Client.WebhookEndpoint.Get(storetest.System(), e.ID)
	must(t, err)
	return e
}

func (d desk) jobs(t testing.TB, kind string) (n int) {
	t.Helper()
	rows, err := d.db.Query(t.Context(), `SELECT count(*) FROM river_job WHERE kind = ?`, kind)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		must(t, rows.Scan(&n))
	}
	return n
}

// A delivery is tried 8 times and given up; a retry begins a new round, in
// which what is left of the former one does nothing.
func TestRounds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		row := d.tell(t, d.endpoint(t, "https://erp.example.com/a"))
		if d.jobs(t, "webhook_deliver") != 1 {
			t.Fatal("a fact that is heard twice is sent once")
		}
		for try := 1; try <= tries; try++ {
			d.became(t, row, try, 500, "STATUS")
			got, want := d.again(t, row), webhookdelivery.StatusFAILED
			if try == tries {
				want = webhookdelivery.StatusDEAD
			}
			if got.Status != want || len(got.Attempts) != try || (got.DueAt != nil) != (try < tries) {
				t.Fatalf("%d: %+v", try, got)
			}
		}
		if n := d.jobs(t, "webhook_deliver"); n != tries {
			t.Errorf("%d jobs", n)
		}
		d.became(t, row, 1, 200, "") // a job that died and is done again
		if got := d.again(t, row); got.Status != webhookdelivery.StatusDEAD || len(got.Attempts) != tries {
			t.Errorf("%+v", got)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := d.Retry(d.ctx, RetryWebhookDeliveryInput{ID: row.GlobalID()}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		next := d.again(t, row)
		if next.Round != 2 || next.Status != webhookdelivery.StatusQUEUED || d.jobs(t, "webhook_deliver") != tries+1 {
			t.Errorf("%+v, %d jobs", next, d.jobs(t, "webhook_deliver"))
		}
		d.became(t, row, 3, 200, "") // of the former round
		if got := d.again(t, row); got.Status != webhookdelivery.StatusQUEUED {
			t.Errorf("%+v", got)
		}
		d.became(t, next, 1, 204, "")
		if got := d.again(t, row); got.Status != webhookdelivery.StatusDELIVERED || got.DeliveredAt == nil || len(got.Attempts) != tries+1 {
			t.Errorf("%+v", got)
		}
	})
}

// After 20 failures over an hour an endpoint is paused: what comes is held, and
// goes when it is made active again.
func TestPauses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		e := d.endpoint(t, "https://erp.example.com/a")
		for i := range pauseFailures {
			if i == pauseFailures-1 {
				db.Clock.Add(pauseOver)
			}
			if got := d.whole(t, e); got.Status != webhookendpoint.StatusACTIVE || got.Failures != i {
				t.Fatalf("%d: %+v", i, got)
			}
			d.became(t, d.tell(t, e), 1, 0, "CONNECTION")
		}
		e = d.whole(t, e)
		if e.Status != webhookendpoint.StatusPAUSED || *e.StatusReason != webhookendpoint.StatusReasonREPEATED_FAILURE || e.Failures != pauseFailures {
			t.Fatalf("%+v", e)
		}
		held := d.tell(t, e)
		must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return d.settle(ctx, tx, deliver{Delivery: held.ID, Round: 1, Try: 1}, outcome{})
		}))
		if got := d.again(t, held); got.Status != webhookdelivery.StatusHELD || len(got.Attempts) != 0 {
			t.Fatalf("%+v", got)
		}
		_, err := d.Retry(d.ctx, RetryWebhookDeliveryInput{ID: held.GlobalID()})
		if f, _ := fault.As(err); !errors.Is(err, ErrNotActive) || f.Params["status"] != "PAUSED" {
			t.Error(err)
		}
		active, revision, id := EndpointActive, int(e.Revision), e.GlobalID()
		done, err := d.Save(d.ctx, SaveWebhookEndpointInput{ID: &id, Revision: &revision, Status: &active})
		must(t, err)
		if done.Secret != nil || done.Endpoint.Failures != 0 || done.Endpoint.FailingSinceAt != nil || d.jobs(t, "webhook_release") != 1 {
			t.Errorf("%+v", done.Endpoint)
		}
	})
}

// Who answers that nobody is there any more is not asked again, and an endpoint
// that is switched off is sent nothing.
// security I4
func TestGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		e, well := d.endpoint(t, "https://erp.example.com/a"), d.endpoint(t, "https://erp.example.com/b")
		first, second := d.tell(t, e), d.tell(t, e)
		d.became(t, first, 1, 410, "STATUS")
		if got := d.whole(t, e); got.Status != webhookendpoint.StatusDISABLED || *got.StatusReason != webhookendpoint.StatusReasonGONE {
			t.Fatalf("%+v", got)
		}
		if got := d.whole(t, well); got.Status != webhookendpoint.StatusACTIVE || got.Failures != 0 {
			t.Errorf("%+v", got)
		}
		must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return d.settle(ctx, tx, deliver{Delivery: second.ID, Round: 1, Try: 1}, outcome{})
		}))
		if a, b := d.again(t, first), d.again(t, second); a.Status != webhookdelivery.StatusDEAD || b.Status != webhookdelivery.StatusSKIPPED {
			t.Errorf("%s %s", a.Status, b.Status)
		}
	})
}

// Failures of one endpoint at once are all counted, the revision a staff member
// holds stays good, and of two who save at once one is told.
func TestAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		e := d.endpoint(t, "https://erp.example.com/a")
		rows := make([]*ent.WebhookDelivery, 8)
		for i := range rows {
			rows[i] = d.tell(t, e)
		}
		var wg sync.WaitGroup
		for _, row := range rows {
			wg.Go(func() { d.became(t, row, 1, 503, "STATUS") })
		}
		wg.Wait()
		if got := d.whole(t, e); got.Failures != len(rows) || got.Revision != e.Revision {
			t.Errorf("%+v", got)
		}
		var saved, late atomic.Int64
		id, revision := e.GlobalID(), int(e.Revision)
		for i := range 8 {
			wg.Go(func() {
				name := fmt.Sprint("Name ", i)
				switch _, err := d.Save(d.ctx, SaveWebhookEndpointInput{ID: &id, Revision: &revision, Name: &name}); {
				case err == nil:
					saved.Add(1)
				case errors.Is(err, fault.ErrStaleObject):
					late.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if saved.Load() != 1 || late.Load() != 7 {
			t.Errorf("%d saved, %d late", saved.Load(), late.Load())
		}
	})
}

// There are at most 50, each address once, whoever comes at the same time.
func TestSaveBounds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		for i := range mostEndpoints - 3 {
			d.endpoint(t, fmt.Sprintf("https://erp.example.com/%d", i))
		}
		save := func(url string) error {
			name := "ERP"
			_, err := d.Save(d.ctx, SaveWebhookEndpointInput{Name: &name, URL: &url, Events: []string{"order.placed"}})
			return err
		}
		if err := save("https://erp.example.com/1"); !errors.Is(err, ErrAddressTaken) {
			t.Error(err)
		}
		if err := save("https://10.0.0.1/1"); !errors.Is(err, ErrAddressRefused) {
			t.Error(err)
		}
		var made atomic.Int64
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				switch err := save(fmt.Sprintf("https://erp.example.com/new%d", i)); {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, ErrTooManyEndpoints):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 3 {
			t.Errorf("%d were made", made.Load())
		}
	})
}

// What is older than 30 days goes, by the time of its event.
func TestTrimDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		e := d.endpoint(t, "https://erp.example.com/a")
		d.tell(t, e)
		old := firstAt(db.Clock.Now().Add(-31 * 24 * time.Hour).UnixMilli())
		must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.WebhookDelivery.Create().SetEndpointID(e.ID).SetEventID(old).SetKind("order.placed").SetSubjectKind("order").SetSubjectID(uuid.Must(uuid.NewV7())).
				SetOccurredAt(tx.Now).SetPayload(json.RawMessage(`{}`)).SetAttempts([]schema.WebhookAttempt{}).SetDueAt(tx.Now).Exec(ctx)
		}))
		n, err := d.TrimDue(storetest.System(), 10)
		must(t, err)
		left, err := db.Client.WebhookDelivery.Query().Count(storetest.System())
		must(t, err)
		if n != 1 || left != 1 {
			t.Errorf("%d went, %d are left", n, left)
		}
	})
}

// Secrets are sealed, and can be sealed anew.
func TestReseal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		e := d.endpoint(t, "https://erp.example.com/a")
		old, err := d.open(e.Secrets, e.ID)
		must(t, err)
		if d.Sealer, err = store.NewSealer([]byte(strings.Repeat("n", 32)), []byte(strings.Repeat("k", 32))); err != nil {
			t.Fatal(err)
		}
		anew, lost, err := d.Reseal(storetest.System())
		must(t, err)
		d.Sealer, _ = store.NewSealer([]byte(strings.Repeat("n", 32)))
		now, err := d.open(d.whole(t, e).Secrets, e.ID)
		if anew != 1 || lost != 0 || err != nil || shown(now.Now) != shown(old.Now) {
			t.Errorf("%d %d %v", anew, lost, err)
		}
	})
}

// The fact leaves with ids and amounts as the API writes them.
func TestFactAtEdge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		id := uuid.Must(uuid.NewV7())
		raw := fmt.Sprintf(`{"orderId":%q,"ownerId":%q,"sessionId":%q,"number":"A-1","totalMinor":1250,"currency":"GBP","promotionIds":[%q],"fields":["note"]}`, id, id, id, id)
		got, err := d.factAtEdge(d.ctx, json.RawMessage(raw))
		must(t, err)
		want := fmt.Sprintf(`{"currency":"GBP","fields":["note"],"number":"A-1","orderId":%q,"ownerId":%q,"total":{"amount":"12.50","currency":"GBP"}}`,
			scalar.ID{Prefix: "order", UUID: id}, scalar.ID{Prefix: "com", UUID: id})
		if string(got) != want {
			t.Errorf("%s", got)
		}
	})
}
