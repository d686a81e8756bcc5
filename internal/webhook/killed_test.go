package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"kabinet/ent/generated/webhookdelivery"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// TestMain is also the process that TestKilled kills: it hands a message over
// and never hears the end of it.
func TestMain(m *testing.M) {
	storetest.Main(m, func(s *store.Store) error {
		_, err := working(s, time.Minute, func(_ context.Context, m Message) Reply {
			fmt.Println(m.ID)
			select {}
		}, job.Options{})
		return err
	})
}

// working does the jobs of webhooks.
func working(s *store.Store, timeout time.Duration, send func(context.Context, Message) Reply, o job.Options) (*job.Client, error) {
	hooks, _, err := over(s)
	if err != nil {
		return nil, err
	}
	hooks.Send = send
	o.Workers, o.Queues, o.Timeout, o.Log = river.NewWorkers(), map[string]int{Queue: 1}, timeout, slog.New(slog.DiscardHandler)
	hooks.Work(o.Workers)
	c, err := job.New(s, o)
	if err != nil {
		return nil, err
	}
	return c, c.Start(context.Background())
}

// A process that is killed after a receiver took a message, and before it could
// note that, loses nothing: the message goes again with the same id.
func TestKilled(t *testing.T) { // security L2, L10
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		row := d.tell(t, d.endpoint(t, "https://erp.example.com/a"))
		taken := storetest.Kill(t, db)
		if got := d.again(t, row); taken == "" || got.Status != webhookdelivery.StatusQUEUED || len(got.Attempts) != 0 {
			t.Fatalf("%q was handed over: %+v", taken, got)
		}
		time.Sleep(600 * time.Millisecond) // longer than Rescue
		again := make(chan string, 8)
		c, err := working(db.Store, 400*time.Millisecond, func(_ context.Context, m Message) Reply {
			again <- m.ID
			return Reply{Status: 200}
		}, job.Options{Rescue: 500 * time.Millisecond})
		must(t, err)
		defer func() { must(t, c.Stop(context.Background())) }()
		select {
		case id := <-again:
			if id != taken {
				t.Errorf("%s goes again as %s", taken, id)
			}
		case <-time.After(40 * time.Second):
			t.Fatal("the message of the killed process was lost")
		}
		for end := time.Now().Add(10 * time.Second); d.again(t, row).Status != webhookdelivery.StatusDELIVERED; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%+v", d.again(t, row))
			}
		}
		if len(again) != 0 {
			t.Error("it goes a third time")
		}
	})
}
