package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entbroadcast "kabinet/ent/generated/broadcast"
	entnotification "kabinet/ent/generated/notification"
	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

var hello = []broadcast.BroadcastText{
	{Locale: "en", Title: "Hello {{ customer.name }}", Body: "{{ if customer.givenName }}Dear {{ customer.givenName }}{{ else }}Dear customer{{ end }}"},
	{Locale: "ru", Title: "Привет, {{ customer.name }}", Body: "Новости"},
}

// draft saves a broadcast to those of a filter.
func (w *world) draft(t testing.TB, f *broadcast.SegmentFilter) *ent.Broadcast {
	t.Helper()
	in := broadcast.SaveBroadcastInput{Name: ptr("news"), Type: ptr("service.news"), Texts: hello}
	if f != nil {
		in.Filter = graphql.OmittableOf(f)
	}
	return ok[*ent.Broadcast](t)(w.Save(w.staff(), in))
}

func (w *world) begin(t testing.TB, one *ent.Broadcast, total int) *ent.Broadcast {
	t.Helper()
	return ok[*ent.Broadcast](t)(w.Start(w.staff(), broadcast.StartBroadcastInput{ID: one.GlobalID(), Revision: int(one.Revision), ExpectedTotal: total}))
}

func (w *world) look(t testing.TB, one *ent.Broadcast) *ent.Broadcast {
	t.Helper()
	return ok[*ent.Broadcast](t)(w.Broadcast(w.staff(), one.GlobalID()))
}

// wantEach wants each person to have the broadcast once, counted and told.
func (w *world) wantEach(t testing.TB, one *ent.Broadcast, people []uuid.UUID) {
	t.Helper()
	if n := w.number(t, `SELECT count(*) FROM notifications WHERE broadcast_id = ?`, one.ID); n != len(people) {
		t.Errorf("%d notifications for %d people", n, len(people))
	}
	if n := w.number(t, `SELECT count(DISTINCT user_id) FROM notifications WHERE broadcast_id = ?`, one.ID); n != len(people) {
		t.Errorf("they came to %d of %d people", n, len(people))
	}
	if n := w.number(t, `SELECT count(*) FROM account_events WHERE kind = 'notification.added'`); n != len(people) {
		t.Errorf("%d were told", n)
	}
	drifts, err := w.inbox.CheckCounts(context.Background())
	if err != nil || len(drifts) > 0 {
		t.Errorf("drift %+v, %v", drifts, err)
	}
}

// Every one of the audience gets it once, in his language; who is not of it does
// not; who does not want it has it archived and uncounted.
func TestBroadcastComesToEachOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		people := w.people(t, 1203)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.User.UpdateOneID(people[0]).SetGivenName("Ann").Exec(ctx); err != nil {
				return err
			}
			if err := tx.User.UpdateOneID(people[2]).SetNotify(&schema.NotifyPreferences{Choices: []schema.NotifyChoice{{Type: "service.news", Channel: "IN_APP"}}}).Exec(ctx); err != nil {
				return err
			}
			return tx.User.UpdateOneID(people[1202]).SetStatus(entuser.StatusBLOCKED).Exec(ctx)
		})
		people = people[:1202]
		one := w.begin(t, w.draft(t, nil), 1202)
		for i, want := range []string{"500 RUNNING", "1000 RUNNING", "1202 DONE"} {
			if did, err := w.Step(context.Background()); err != nil || !did {
				t.Fatal(did, err)
			}
			if one = w.look(t, one); fmt.Sprintf("%d %s", one.Done, one.Status) != want {
				t.Errorf("step %d: %d %s, want %s", i, one.Done, one.Status, want)
			}
		}
		if did, err := w.Step(context.Background()); err != nil || did {
			t.Error("it goes on when it is done", did, err)
		}
		w.wantEach(t, one, people)
		words := func(user uuid.UUID) string {
			n := ok[*ent.Notification](t)(db.Client.Notification.Query().Where(entnotification.UserID(user)).Only(storetest.System()))
			return n.Title + "|" + n.Body
		}
		for user, want := range map[uuid.UUID]string{people[0]: "Hello P0|Dear Ann", people[1]: "Привет, P1|Новости", people[4]: "Hello P4|Dear customer"} {
			if got := words(user); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		if n := w.number(t, `SELECT unread_count FROM users WHERE id = ?`, people[2]); n != 0 {
			t.Errorf("who does not want it has %d unread", n)
		}
		p := w.Progress(one)
		if p.Percent != 100 || p.Total != 1202 || p.Skipped != 0 {
			t.Errorf("%+v", p)
		}
		results := ok[[]*broadcast.BroadcastResult](t)(w.Results(w.staff(), one))
		if len(results) != 1 || results[0].Planned != 1202 || results[0].Skipped != 1 || results[0].Sent != 1201 {
			t.Errorf("%+v", results[0])
		}
	})
}

// A lot costs as many statements for many as for few.
func TestLotsCostTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		if !strings.HasPrefix(db.URL, "postgres") {
			return // SQLite tells each person by a statement of his own: there is no journey to save
		}
		cost := func(n int) int {
			w.people(t, n)
			total := w.number(t, `SELECT count(*) FROM users`)
			w.begin(t, w.draft(t, nil), total)
			_, _ = w.Step(context.Background()) // settings are read
			one := w.begin(t, w.draft(t, nil), total)
			_ = one
			count, _ := db.Statements(func() {
				if _, err := w.Step(context.Background()); err != nil {
					t.Fatal(err)
				}
			})
			return count
		}
		if few, many := cost(10), cost(400); many > few {
			t.Errorf("%d statements for 410 people, %d for 10", many, few)
		}
	})
}

// errKilled is where an instance dies.
var errKilled = errors.New("killed")

// Two instances at once, and lots that die on their way, give nobody two and
// leave nobody out.
func TestBroadcastSurvivesKillsAndTwins(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		people := w.people(t, 2600)
		one := w.begin(t, w.draft(t, nil), 2600)
		var died atomic.Int32
		twins := make([]*broadcast.Broadcasts, 3)
		for i := range twins {
			twin := &broadcast.Broadcasts{Store: w.Broadcasts.Store, Inbox: w.inbox, Settings: w.Settings}
			twin.Between = func() error { // after the notifications, before the progress
				if died.Add(1)%3 == 1 {
					return errKilled
				}
				return nil
			}
			twins[i] = twin
		}
		var wg sync.WaitGroup
		for _, twin := range twins {
			wg.Go(func() {
				for range 200 {
					did, err := twin.Step(context.Background())
					if err != nil && !errors.Is(err, errKilled) {
						t.Error(err)
						return
					}
					if err == nil && !did {
						return
					}
				}
			})
		}
		wg.Wait()
		if one = w.look(t, one); one.Status != entbroadcast.StatusDONE || one.Done != 2600 || one.Skipped != 0 {
			t.Errorf("%s, %d done, %d skipped", one.Status, one.Done, one.Skipped)
		}
		if died.Load() < 3 {
			t.Error("nothing died")
		}
		w.wantEach(t, one, people)
	})
}

// What staff may do with a broadcast depends on how it stands, and takes hold
// between two lots.
func TestBroadcastIsHeldAndEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.people(t, 600)
		one := w.draft(t, nil)
		_, err := w.Start(w.staff(), broadcast.StartBroadcastInput{ID: one.GlobalID(), Revision: 1, ExpectedTotal: 590, Tolerance: ptr(9)})
		wantFault(t, err, broadcast.ErrAudienceChanged, "input", "expectedTotal")
		if f, _ := fault.As(err); fmt.Sprint(f.Params) != "map[actual:600 expected:590]" {
			t.Errorf("%v", f.Params)
		}
		_, err = w.Pause(w.staff(), broadcast.PauseBroadcastInput{ID: one.GlobalID()})
		wantFault(t, err, broadcast.ErrIllegalTransition)
		at := db.Clock.Now().Add(time.Hour)
		one = ok[*ent.Broadcast](t)(w.Start(w.staff(), broadcast.StartBroadcastInput{ID: one.GlobalID(), Revision: 1, ExpectedTotal: 590, Tolerance: ptr(10), StartsAt: &at}))
		id := one.GlobalID()
		_, err = w.Save(w.staff(), broadcast.SaveBroadcastInput{ID: &id, Revision: ptr(2), Name: ptr("y")})
		wantFault(t, err, broadcast.ErrIllegalTransition)
		step := func() bool {
			t.Helper()
			return ok[bool](t)(w.Step(context.Background()))
		}
		if one.Status != entbroadcast.StatusSCHEDULED || step() {
			t.Fatal(one.Status)
		}
		ok[*ent.Broadcast](t)(w.Pause(w.staff(), broadcast.PauseBroadcastInput{ID: id}))
		db.Clock.Add(2 * time.Hour)
		if step() {
			t.Error("it goes on while it is held")
		}
		ok[*ent.Broadcast](t)(w.Resume(w.staff(), broadcast.ResumeBroadcastInput{ID: id}))
		if begins, lot := step(), step(); !begins || !lot {
			t.Error("it does not go on")
		}
		one = ok[*ent.Broadcast](t)(w.Pause(w.staff(), broadcast.PauseBroadcastInput{ID: id}))
		if one.Done != 500 || *one.Total != 600 || step() || w.Progress(one).Percent != 83 {
			t.Errorf("%d of %d, %+v", one.Done, *one.Total, w.Progress(one))
		}
		one = ok[*ent.Broadcast](t)(w.Cancel(w.staff(), broadcast.CancelBroadcastInput{ID: id}))
		if one.EndedAt == nil || step() {
			t.Error("it goes on though it ended")
		}
		_, err = w.Resume(w.staff(), broadcast.ResumeBroadcastInput{ID: id})
		wantFault(t, err, broadcast.ErrIllegalTransition)
	})
}

// A broadcast keeps the filter it began with, whatever becomes of its segments.
func TestBroadcastKeepsItsFilter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.people(t, 20) // half of them read Russian
		russian := broadcast.SegmentFilter{Locales: []string{"ru"}}
		out := ok[*ent.Segment](t)(w.SaveSegment(w.staff(), broadcast.SaveSegmentInput{Name: ptr("out"), Filter: &russian}))
		outID := out.GlobalID()
		one := w.begin(t, w.draft(t, &broadcast.SegmentFilter{NotIn: []scalar.ID{outID}}), 10)
		nobody := broadcast.SegmentFilter{Locales: []string{"en"}}
		if _, err := w.SaveSegment(w.staff(), broadcast.SaveSegmentInput{ID: &outID, Revision: ptr(1), Filter: &nobody}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.DeleteSegment(w.staff(), broadcast.DeleteSegmentInput{ID: outID}); err != nil {
			t.Fatal(err)
		}
		ok[bool](t)(w.Step(context.Background()))
		if one = w.look(t, one); one.Done != 10 || one.Status != entbroadcast.StatusDONE {
			t.Errorf("%d, %s", one.Done, one.Status)
		}
		if n := w.number(t, `SELECT count(*) FROM notifications n JOIN users u ON u.id = n.user_id WHERE u.locale = 'ru'`); n != 0 {
			t.Errorf("%d of those who were left out have it", n)
		}
	})
}

// What cannot be sent is refused when it is saved.
func TestDraftsAreChecked(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := newWorld(t, db)
	good := broadcast.SaveBroadcastInput{Name: ptr("n"), Type: ptr("service.news"), Texts: hello}
	for name, c := range map[string]struct {
		change func(*broadcast.SaveBroadcastInput)
		want   string
		path   string
	}{
		"no name":          {func(in *broadcast.SaveBroadcastInput) { in.Name = nil }, "REQUIRED", "[input name]"},
		"a type of a fact": {func(in *broadcast.SaveBroadcastInput) { in.Type = ptr("order.shipped") }, "INVALID_VALUE", "[input type]"},
		"a reminder":       {func(in *broadcast.SaveBroadcastInput) { in.Type = ptr("reminder.due") }, "INVALID_VALUE", "[input type]"},
		"no type at all":   {func(in *broadcast.SaveBroadcastInput) { in.Type = ptr("nonsense") }, "INVALID_VALUE", "[input type]"},
		"no English":       {func(in *broadcast.SaveBroadcastInput) { in.Texts = hello[1:] }, "REQUIRED", "[input texts]"},
		"another language": {func(in *broadcast.SaveBroadcastInput) {
			in.Texts = []broadcast.BroadcastText{{Locale: "de", Title: "x", Body: "x"}}
		}, "INVALID_VALUE", "[input texts 0 locale]"},
		"twice": {func(in *broadcast.SaveBroadcastInput) { in.Texts = []broadcast.BroadcastText{hello[0], hello[0]} }, "INVALID_VALUE", "[input texts 1 locale]"},
		"no body": {func(in *broadcast.SaveBroadcastInput) {
			in.Texts = []broadcast.BroadcastText{{Locale: "en", Title: "x"}}
		}, "REQUIRED", "[input texts 0 body]"},
		"an unknown variable": {func(in *broadcast.SaveBroadcastInput) {
			in.Texts = []broadcast.BroadcastText{{Locale: "en", Title: "x", Body: "{{ customer.password }}"}}
		}, "UNKNOWN_VARIABLE", "[input texts 0 body]"},
		"a broken text": {func(in *broadcast.SaveBroadcastInput) {
			in.Texts = []broadcast.BroadcastText{{Locale: "en", Title: "{{ if customer.name }}", Body: "x"}}
		}, "TEMPLATE_INVALID", "[input texts 0 title]"},
		"a headline of two lines": {func(in *broadcast.SaveBroadcastInput) {
			in.Texts = []broadcast.BroadcastText{{Locale: "en", Title: "x\ny", Body: "x"}}
		}, "INVALID_VALUE", "[input texts 0 title]"},
	} {
		t.Run(name, func(t *testing.T) {
			in := good
			c.change(&in)
			_, err := w.Save(w.staff(), in)
			f, _ := fault.As(err)
			if f == nil || f.Code != c.want || fmt.Sprint(f.Path) != c.path {
				t.Errorf("%v, want %s at %s", err, c.want, c.path)
			}
		})
	}
	for _, ctx := range []context.Context{context.Background(), storetest.As(w.sam)} {
		if _, err := w.Save(ctx, good); fault.KindOf(err) != fault.Unauthenticated && fault.KindOf(err) != fault.Forbidden {
			t.Errorf("somebody saves a broadcast: %v", err)
		}
	}
}
