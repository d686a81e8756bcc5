// Package cluster owns the bench's PostgreSQL: a cluster in the cache that
// lives from run to run, reached by a socket alone, and the databases in it.
// What is measured runs on clones, so that no run spoils the next.
package cluster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq" // also the driver

	"kabinet/bench/proc"
)

const superuser = "postgres"

// settings: all of the data is in memory and the disk is out of the picture,
// so that CPU is what is measured. Autovacuum would come and go in the slices;
// a soak turns it on.
var settings = []string{
	"listen_addresses=", "max_connections=300", "shared_buffers=2GB", "work_mem=16MB", "effective_cache_size=6GB", "random_page_cost=1.1",
	"fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=1GB", "checkpoint_timeout=1h",
	"wal_level=minimal", "max_wal_senders=0", "jit=off", "dynamic_shared_memory_type=mmap", "shared_memory_type=mmap",
	"timezone=UTC", "log_timezone=UTC", "shared_preload_libraries=pg_stat_statements",
}

// Cluster is a running server.
type Cluster struct {
	Version string
	socket  string
	server  *exec.Cmd
	ended   chan struct{}
	admin   *sql.DB
}

// Start starts the cluster in dir, making it at first. More settings go before
// those of the bench.
func Start(ctx context.Context, dir string, more ...string) (*Cluster, error) {
	bin, version, err := locate(ctx)
	if err != nil {
		return nil, err
	}
	dir, err = filepath.Abs(filepath.Join(dir, "postgres-"+strings.Split(version, ".")[0]))
	if err != nil {
		return nil, err
	}
	as, err := serverUser()
	if err != nil {
		return nil, err
	}
	socket, err := os.MkdirTemp("", "kabinet-bench-")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if as != nil {
		if err := errors.Join(os.Chown(dir, int(as.Uid), int(as.Gid)), os.Chown(socket, int(as.Uid), int(as.Gid))); err != nil {
			return nil, err
		}
	}
	c := &Cluster{Version: version, socket: socket, ended: make(chan struct{})}
	data := filepath.Join(dir, "data")
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		init := command(ctx, as, socket, filepath.Join(bin, "initdb"), "-D", data, "-U", superuser, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
		if out, err := init.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("initdb: %w\n%s", err, out)
		}
	}
	args := []string{"-D", data, "-k", socket}
	for _, s := range slices.Concat(settings, more) { // of two the later holds
		args = append(args, "-c", s)
	}
	c.server = command(context.WithoutCancel(ctx), as, socket, filepath.Join(bin, "postgres"), args...)
	return c, c.run(ctx, filepath.Join(dir, "log"))
}

func (c *Cluster) run(ctx context.Context, logPath string) error {
	log, err := os.Create(logPath)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has its own handle
	c.server.Stdout, c.server.Stderr = log, log
	if err := c.server.Start(); err != nil {
		return err
	}
	go func() {
		_ = c.server.Wait() // its log says why
		close(c.ended)
	}()
	if c.admin, err = sql.Open("postgres", c.URL("postgres")); err != nil {
		return err
	}
	for limit := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if err = c.admin.PingContext(ctx); err == nil {
			break
		}
		select {
		case <-c.ended:
			text, _ := os.ReadFile(logPath) // without it there is nothing to say
			return fmt.Errorf("PostgreSQL ended at once:\n%s", text)
		default:
		}
		if time.Now().After(limit) {
			return err
		}
	}
	if _, err := c.admin.ExecContext(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`); err != nil {
		return err
	}
	if err := c.Autovacuum(ctx, false); err != nil { // a run that was cut off may have left both on
		return err
	}
	return c.Counting(ctx, false)
}

// Stop ends the server; the data stays.
func (c *Cluster) Stop() {
	if c.admin != nil {
		_ = c.admin.Close()
	}
	_ = c.server.Process.Signal(syscall.SIGINT) // fails only when it has ended
	select {
	case <-c.ended:
	case <-time.After(time.Minute):
		_ = c.server.Process.Kill()
		<-c.ended
	}
	_ = os.RemoveAll(c.socket)
}

// PID is the postmaster's.
func (c *Cluster) PID() int { return c.server.Process.Pid }

// URL is the form lib/pq and node-postgres read: the socket's directory as an
// option.
func (c *Cluster) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Host: "", Path: "/" + database}
	u.RawQuery = url.Values{"host": {c.socket}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// Has says whether there is a database.
func (c *Cluster) Has(ctx context.Context, name string) (there bool, err error) {
	err = c.admin.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&there)
	return there, err
}

// Create makes a database, anew if it is there.
func (c *Cluster) Create(ctx context.Context, name string) error {
	if err := c.Drop(ctx, name); err != nil {
		return err
	}
	_, err := c.admin.ExecContext(ctx, `CREATE DATABASE `+pq.QuoteIdentifier(name))
	return err
}

// Clone makes a copy of a database that nobody is connected to.
func (c *Cluster) Clone(ctx context.Context, from, to string) error {
	if err := c.Drop(ctx, to); err != nil {
		return err
	}
	_, err := c.admin.ExecContext(ctx, `CREATE DATABASE `+pq.QuoteIdentifier(to)+` TEMPLATE `+pq.QuoteIdentifier(from)+` STRATEGY file_copy`)
	return err
}

// Rename is the last step of what must be whole or not there.
func (c *Cluster) Rename(ctx context.Context, from, to string) error {
	_, err := c.admin.ExecContext(ctx, `ALTER DATABASE `+pq.QuoteIdentifier(from)+` RENAME TO `+pq.QuoteIdentifier(to))
	return err
}

// Drop removes a database, whoever is connected.
func (c *Cluster) Drop(ctx context.Context, name string) error {
	_, err := c.admin.ExecContext(ctx, `DROP DATABASE IF EXISTS `+pq.QuoteIdentifier(name)+` WITH (FORCE)`)
	return err
}

// Counting turns the counting of statements on or off; it costs a little, so
// it is off while CPU is measured.
func (c *Cluster) Counting(ctx context.Context, on bool) error {
	track := "none"
	if on {
		track = "top"
	}
	if _, err := c.admin.ExecContext(ctx, `ALTER SYSTEM SET pg_stat_statements.track = '`+track+`'`); err != nil {
		return err
	}
	return c.reload(ctx)
}

// Autovacuum turns the vacuum of its own on or off.
func (c *Cluster) Autovacuum(ctx context.Context, on bool) error {
	if _, err := c.admin.ExecContext(ctx, fmt.Sprintf(`ALTER SYSTEM SET autovacuum = %t`, on)); err != nil {
		return err
	}
	return c.reload(ctx)
}

func (c *Cluster) reload(ctx context.Context) error {
	_, err := c.admin.ExecContext(ctx, `SELECT pg_reload_conf()`)
	time.Sleep(200 * time.Millisecond) // until every backend has read it
	return err
}

// Statements is how many were counted in a database so far.
func (c *Cluster) Statements(ctx context.Context, database string) (n int64, err error) {
	err = c.admin.QueryRowContext(ctx, `SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements s
		JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1`, database).Scan(&n)
	return n, err
}

// serverUser is who the server runs as: PostgreSQL refuses root.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
}

// command runs a program of PostgreSQL with none of our PG* variables. The
// server ends with us, whatever our end.
func command(ctx context.Context, as *syscall.Credential, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true, Pdeathsig: syscall.SIGINT}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "PG") && !strings.HasPrefix(pair, "LC_") && !strings.HasPrefix(pair, "LANG") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	return cmd
}

// CPU is what the server has used so far, with all its processes.
func (c *Cluster) CPU() (time.Duration, error) { return proc.CPU(c.PID()) }
