package webhook

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"kabinet/ent/generated/webhookdelivery"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

const victimURL = "KABINET_TEST_WEBHOOK_VICTIM"

// TestMain is also the process that TestKilled kills.
func TestMain(m *testing.M) {
	if url := os.Getenv(victimURL); url != "" {
		victim(url)
	}
	os.Exit(m.Run())
}

// victim hands a message over and never hears the end of it.
func victim(url string) {
	s, err := store.Open(context.Background(), store.Options{URL: url})
	if err == nil {
		_, err = working(s, time.Minute, func(_ context.Context, m Message) Reply {
			fmt.Println("taken", m.ID)
			select {}
		}, job.Options{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	time.Sleep(time.Minute)
	os.Exit(1)
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
		self, err := os.Executable()
		must(t, err)
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), victimURL+"="+db.URL)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		must(t, cmd.Process.Kill())
		_ = cmd.Wait()
		must(t, err)
		taken := strings.TrimSpace(strings.TrimPrefix(line, "taken "))
		if got := d.again(t, row); taken == "" || got.Status != webhookdelivery.StatusQUEUED || len(got.Attempts) != 0 {
			t.Fatalf("%q was handed over: %+v", taken, got)
		}
		// The dead process holds the leadership for 15 s more; the test does not wait for that.
		must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM river_leader`)
			return err
		}))
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
