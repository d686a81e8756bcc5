package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "github.com/lib/pq" // the driver

	"kabinet/bench/cluster"
	"kabinet/internal/store"
)

// world is everything that runs, but for clients and writers.
type world struct {
	options
	dir       string // of everything that does not stay
	self      string
	source    string // what the product is built from
	cluster   *cluster.Cluster
	url       string
	db        *sql.DB      // for faults and the truth
	store     *store.Store // for what is there at the start
	epoch     string
	broker    *process
	instances []*process
	addresses []string // of the instances
	house     house

	stop    context.CancelFunc
	running sync.WaitGroup
}

// settings are those of a database that is killed: what was committed is there
// after a crash of its processes, and it is back soon.
var settings = []string{
	"shared_buffers=256MB", "synchronous_commit=on", "full_page_writes=on", "checkpoint_timeout=30s", "max_wal_size=256MB",
	"autovacuum=on", "track_commit_timestamp=on", "client_connection_check_interval=2s",
}

// newWorld starts the database and fills it with people.
func newWorld(ctx context.Context, o options) (w *world, err error) {
	w = &world{options: o, stop: func() {}, source: "nobody knows what: a binary that was there"}
	if w.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if w.dir, err = os.MkdirTemp("", "kabinet-chaos-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if err := os.Chmod(w.dir, 0o755); err != nil { // PostgreSQL is another user
		return w, err
	}
	if w.binary == "" {
		w.say("building kabinet")
		if w.binary, w.source, err = build(ctx, w.dir, o.control); err != nil {
			return w, err
		}
	}
	w.say("PostgreSQL, and %d people in it", o.people)
	if w.cluster, err = cluster.Start(ctx, w.dir, settings...); err != nil {
		return w, err
	}
	return w, w.found(ctx)
}

// build compiles Kabinet as a release does, or as the control, and says what of.
func build(ctx context.Context, dir string, control bool) (binary, from string, err error) {
	binary = filepath.Join(dir, "kabinet")
	args := []string{"build", "-o", binary}
	if control {
		args = append(args, "-tags", "chaos_control")
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "kabinet").Output()
	if err != nil {
		return "", "", fmt.Errorf("run it inside bench: go list kabinet: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = strings.TrimSpace(string(root))
	from = source(ctx, cmd.Dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("build kabinet: %w\n%s", err, out)
	}
	return binary, from, nil
}

// found makes the database, its tables and who lives in it.
func (w *world) found(ctx context.Context) (err error) {
	if err := w.cluster.Create(ctx, "chaos"); err != nil {
		return err
	}
	w.url = w.cluster.URL("chaos")
	for _, args := range [][]string{{"migrate", "up"}, {"user", "create", "--admin", "--email", staffLogin, "--name", "Chaos"}} {
		cmd := w.command("")
		cmd.Args = append(cmd.Args[:1], args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("kabinet %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	own := w.url + "&application_name=" + ours
	if w.db, err = sql.Open("postgres", own); err != nil {
		return err
	}
	if err := w.watchCommits(ctx); err != nil {
		return err
	}
	if w.store, err = store.Open(ctx, store.Options{URL: own}); err != nil {
		return err
	}
	if w.epoch, err = w.store.Epoch(ctx); err != nil {
		return err
	}
	w.house, err = populate(ctx, w.store, w.people)
	return err
}

// command is an instance of Kabinet.
func (w *world) command(listen string) *exec.Cmd {
	cmd := exec.Command(w.binary, "serve")
	cmd.Dir = w.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(),
		"KABINET_DATABASE_URL=" + w.url, "KABINET_LOG_LEVEL=warn", "KABINET_PASSWORD=" + staffWord,
		"KABINET_SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "KABINET_DRAIN=5s",
		// Who comes back faster than dead sockets are noticed is not to be refused for it.
		"KABINET_RATE_NODES=0", "KABINET_SOCKETS_PER_USER=1000", "KABINET_SOCKET_INIT=30s", "KABINET_STAFF_SESSION_IDLE=12h",
	}
	if listen != "" {
		cmd.Env = append(cmd.Env, "KABINET_LISTEN="+listen, "KABINET_NATS_URL=nats://"+w.broker.name)
	}
	return cmd
}

// begin starts the broker and the instances and waits until all listen.
func (w *world) begin(ctx context.Context) error {
	free, err := freeAddresses(1 + w.options.instances)
	if err != nil {
		return err
	}
	logs := func(name string) string { return filepath.Join(w.dir, name+".log") }
	w.broker = &process{name: free[0], log: logs("broker"), command: brokerAt(w.self, free[0])}
	w.addresses = free[1:]
	all := []*process{w.broker}
	for i, address := range w.addresses {
		p := &process{name: address, log: logs(fmt.Sprintf("kabinet-%d", i+1)), command: func() *exec.Cmd { return w.command(address) }}
		w.instances = append(w.instances, p)
		all = append(all, p)
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	for _, p := range all {
		w.running.Go(func() { p.keep(life) })
	}
	return w.allUp(ctx, all...)
}

// allUp waits until each of them listens.
func (w *world) allUp(ctx context.Context, all ...*process) error {
	limit := time.Now().Add(time.Minute)
	for _, p := range all {
		for !p.up.Load() {
			if time.Now().After(limit) {
				return fmt.Errorf("%s does not listen:\n%s", p.log, p.complaints())
			}
			if err := sleep(ctx, 20*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// life names the present run of an instance; 0: it is down.
func (w *world) life(address string) int64 {
	for _, p := range w.instances {
		if p.name == address && p.up.Load() {
			return p.starts.Load()
		}
	}
	return 0
}

// close ends everything and removes it.
func (w *world) close() {
	w.stop()
	w.running.Wait()
	if w.store != nil {
		_ = w.store.Close()
	}
	if w.db != nil {
		_ = w.db.Close()
	}
	if w.cluster != nil {
		w.cluster.Stop()
	}
	if w.keep {
		w.say("left behind: %s", w.dir)
		return
	}
	_ = os.RemoveAll(w.dir) // nothing of worth is in it
}

func (w *world) say(format string, args ...any) {
	_, _ = fmt.Fprintf(w.log, time.Now().UTC().Format("15:04:05 ")+format+"\n", args...)
}

func freeAddresses(n int) (free []string, err error) {
	for range n {
		ln, lerr := net.Listen("tcp", "127.0.0.1:0")
		if lerr != nil {
			return nil, errors.Join(err, lerr)
		}
		defer ln.Close() // all at once, so that they differ
		free = append(free, ln.Addr().String())
	}
	return free, nil
}
