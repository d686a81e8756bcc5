package delivery

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/contactpoint"
	entdelivery "kabinet/ent/generated/delivery"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/job"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/notify/preference"
	"kabinet/internal/notify/template"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// office is the room over a test's database, with a person who has a mailbox
// and a number, and with providers of the test's making.
type office struct {
	*Deliveries
	db   *storetest.DB
	user *ent.User
	mail *ent.ContactPoint

	mu   sync.Mutex
	said []Message
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newOffice(t testing.TB, db *storetest.DB) *office {
	t.Helper()
	must(t, job.Migrate(context.Background(), db.Store))
	o := officeOver(db.Store)
	o.db = db
	ctx := storetest.System()
	must(t, db.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err = tx.Company.Create().SetID(viewer.House).SetKind(company.KindHOUSE).SetName("The Shop").Exec(ctx); err != nil {
			return err
		}
		if o.user, err = tx.User.Create().SetDisplayName("Anna").SetStatus("ACTIVE").Save(ctx); err != nil {
			return err
		}
		if o.mail, err = tx.ContactPoint.Create().SetUserID(o.user.ID).SetKind(contactpoint.KindEMAIL).SetValue("anna@example.com").SetValueKey("anna@example.com").
			SetVerifiedAt(tx.Now).SetIsPrimary(true).Save(ctx); err != nil {
			return err
		}
		return tx.ContactPoint.Create().SetUserID(o.user.ID).SetKind(contactpoint.KindPHONE).SetValue("+442079460018").SetValueKey("+442079460018").
			SetVerifiedAt(tx.Now).SetIsPrimary(true).Exec(ctx)
	}))
	return o
}

// officeOver is the room over a database, without anybody in it.
func officeOver(s *store.Store) *office {
	sealer, err := store.NewSealer([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	preferences := &preference.Preferences{Store: s, Settings: &preference.Settings{Store: s}, Sealer: sealer, Public: "https://shop.example"}
	return &office{Deliveries: &Deliveries{
		Store: s, Sealer: sealer, Preferences: preferences, Templates: &template.Templates{Store: s, Preferences: preferences},
		Endpoints: &endpoint.Endpoints{Store: s, Sealer: sealer}, Site: "https://shop.example",
		Chance: func() float64 { return 0.5 }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}}
}

// takes is a provider that takes everything.
func (o *office) takes(name, channel string) {
	o.answers(name, channel, func(Message) (Reply, error) { return Reply{Ref: name + "-1", Status: 250}, nil })
}

// answers is a provider that answers as the test says.
func (o *office) answers(name, channel string, answer func(Message) (Reply, error)) {
	o.Providers = append(o.Providers, Provider{Name: name, Channel: channel, Timeout: 300 * time.Millisecond, Send: func(_ context.Context, m Message) (Reply, error) {
		r, err := answer(m)
		if err == nil {
			o.mu.Lock()
			o.said = append(o.said, m)
			o.mu.Unlock()
		}
		return r, err
	}})
}

// heard are the messages that were taken.
func (o *office) heard() []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]Message{}, o.said...)
}

// set says what the House wants of a type.
func (o *office) set(t testing.TB, typ string, change func(*ent.NotificationSettingCreate)) {
	t.Helper()
	must(t, o.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		c := tx.NotificationSetting.Create().SetType(typ).SetActive(true).SetChannels([]string{"IN_APP", "EMAIL"})
		change(c)
		return c.Exec(ctx)
	}))
	o.db.Clock.Add(3 * time.Second) // what was read of it before is believed no more
}

// prefers says what the person wants.
func (o *office) prefers(t testing.TB, p *schema.NotifyPreferences) {
	t.Helper()
	must(t, o.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.User.UpdateOneID(o.user.ID).SetNotify(p).Exec(ctx)
	}))
}

// give makes a notification and lets the room hear of it, twice, as it may.
func (o *office) give(t testing.TB, typ, title string) *ent.Notification {
	t.Helper()
	var n *ent.Notification
	must(t, o.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = tx.Notification.Create().SetUserID(o.user.ID).SetEventID(uuid.Must(uuid.NewV7())).SetTopic(entnotification.TopicORDER).SetType(typ).
			SetTitle(title).SetBody(title + ", says the body").Save(ctx)
		return err
	}))
	f := event.NotificationAdded{NotificationID: n.ID, Topic: "ORDER", Type: typ}
	payload, err := json.Marshal(f)
	must(t, err)
	for range 2 {
		must(t, o.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return o.Hearers()[0].On(ctx, tx, event.Stored{StreamID: o.user.ID, EventID: n.EventID, Kind: f.Kind(), Payload: payload})
		}))
	}
	return n
}

// queues are those of this room.
func queues(atOnce int) map[string]int {
	all := map[string]int{}
	for _, name := range Queues {
		all[name] = atOnce
	}
	return all
}

// work runs the queue until nothing of it can be done now.
func (o *office) work(t testing.TB) { t.Helper(); o.workWithin(t, 5*time.Second) }

// benchTime is for what benchmarks send.
const benchTime = 5 * time.Minute

func (o *office) workWithin(t testing.TB, within time.Duration) {
	t.Helper()
	ctx := context.Background()
	for {
		n, err := o.Due(ctx, 100)
		must(t, err)
		if n < 100 {
			break
		}
	}
	workers := river.NewWorkers()
	o.Work(workers)
	c, err := job.New(o.db.Store, job.Options{Workers: workers, Queues: queues(16), Log: o.Log})
	must(t, err)
	must(t, c.Start(ctx))
	for end := time.Now().Add(within); o.count(t, `SELECT count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded')`) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the queue does not come to an end: %s", o.failures(t))
		}
	}
	must(t, c.Stop(ctx))
}

// failures are what jobs failed with.
func (o *office) failures(t testing.TB) (all string) {
	t.Helper()
	text := `CAST(errors AS text)`
	if o.db.Dialect() == "sqlite3" {
		text = `json(errors)`
	}
	rows, err := o.db.Query(context.Background(), `SELECT coalesce(`+text+`, '') FROM river_job WHERE state <> 'completed'`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var s string
		must(t, rows.Scan(&s))
		all += s + "\n"
	}
	return all
}

func (o *office) count(t testing.TB, query string) (n int) {
	t.Helper()
	rows, err := o.db.Query(context.Background(), query)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		must(t, rows.Scan(&n))
	}
	must(t, rows.Err())
	return n
}

// rows are all deliveries, the first one first.
func (o *office) rows(t testing.TB) []*ent.Delivery {
	t.Helper()
	all, err := o.db.Client.Delivery.Query().Order(entdelivery.ByID()).All(storetest.System())
	must(t, err)
	return all
}

// one is the only delivery.
func (o *office) one(t testing.TB) *ent.Delivery {
	t.Helper()
	all := o.rows(t)
	if len(all) != 1 {
		t.Fatalf("%d deliveries", len(all))
	}
	return all[0]
}

// stands checks how a delivery stands.
func stands(t testing.TB, row *ent.Delivery, status entdelivery.Status, reason entdelivery.StatusReason) {
	t.Helper()
	got := entdelivery.StatusReason("")
	if row.StatusReason != nil {
		got = *row.StatusReason
	}
	if row.Status != status || got != reason {
		t.Errorf("%s stands at %s %s, want %s %s", row.Channel, row.Status, got, status, reason)
	}
}
