package delivery

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// TestMain is also the process that TestKilled kills: it hands a message over
// and never hears the end of it.
func TestMain(m *testing.M) {
	storetest.Main(m, func(s *store.Store) error {
		o := officeOver(s)
		o.Providers = []Provider{{Name: "smtp", Channel: "EMAIL", Timeout: time.Minute, Send: func(_ context.Context, m Message) (Reply, error) {
			fmt.Println(m.ID)
			select {}
		}}}
		workers := river.NewWorkers()
		o.Work(workers)
		c, err := job.New(s, job.Options{Workers: workers, Queues: queues(1), Log: o.Log})
		if err != nil {
			return err
		}
		return c.Start(context.Background())
	})
}

// A process that is killed after the other side took a message, and before it
// could note that, loses nothing: the message goes again with the same id.
func TestKilled(t *testing.T) { // security L2, L10
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.give(t, typ, "It is on its way")
		row := o.one(t)
		taken := storetest.Kill(t, db)
		if taken != row.GlobalID().String() {
			t.Errorf("the victim handed over %q", taken)
		}
		stands(t, o.one(t), entdelivery.StatusQUEUED, "")
		time.Sleep(600 * time.Millisecond) // longer than Rescue
		// As long as Rescue is, where no test hurries it, after the clock of the dead process.
		db.Clock.Add(time.Since(db.Clock.Now()))
		db.Clock.Add(5 * time.Minute)
		workers := river.NewWorkers()
		o.Work(workers)
		c, err := job.New(db.Store, job.Options{Workers: workers, Queues: queues(1), Log: o.Log, Timeout: 400 * time.Millisecond, Rescue: 500 * time.Millisecond})
		must(t, err)
		must(t, c.Start(context.Background()))
		defer func() { must(t, c.Stop(context.Background())) }()
		for end := time.Now().Add(40 * time.Second); len(o.heard()) == 0 || o.one(t).Status != entdelivery.StatusSENT; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the message of the killed process was lost")
			}
		}
		if m := o.heard(); len(m) != 1 || m[0].ID != taken {
			t.Errorf("%+v, not %s again", m, taken)
		}
	})
}
