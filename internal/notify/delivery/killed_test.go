package delivery

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

const victimURL = "KABINET_TEST_DELIVERY_VICTIM"

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
		o := officeOver(s)
		o.Providers = []Provider{{Name: "smtp", Channel: "EMAIL", Timeout: time.Minute, Send: func(_ context.Context, m Message) (Reply, error) {
			fmt.Println("taken", m.ID)
			select {}
		}}}
		workers := river.NewWorkers()
		o.Work(workers)
		var c *job.Client
		if c, err = job.New(s, job.Options{Workers: workers, Queues: queues(1), Log: o.Log}); err == nil {
			err = c.Start(context.Background())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	time.Sleep(time.Minute)
	os.Exit(1)
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
		taken := kill(t, db.URL)
		if taken != row.GlobalID().String() {
			t.Errorf("the victim handed over %q", taken)
		}
		stands(t, o.one(t), entdelivery.StatusQUEUED, "")
		// The dead process holds the leadership for 15 s more; the test does not wait for that.
		must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM river_leader`)
			return err
		}))
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

// kill starts a process, lets it hand a message over, and kills it. It gives
// the id of the message.
func kill(t *testing.T, url string) string {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), victimURL+"="+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	must(t, err)
	return strings.TrimSpace(strings.TrimPrefix(line, "taken "))
}
