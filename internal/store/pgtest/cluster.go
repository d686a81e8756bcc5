package main

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
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq" // the driver that asks whether the server is up
)

// superuser is the only role; it has no password, for none but its own system
// user and root can reach the socket.
const superuser = "postgres"

// settings trade durability for speed: the cluster never outlives us. Without
// autovacuum nobody but a test connects, so a template can always be cloned.
// Shared memory is a file of the cluster, for a container's /dev/shm is small.
var settings = []string{
	"listen_addresses=", "max_connections=200", "shared_buffers=128MB",
	"fsync=off", "synchronous_commit=off", "full_page_writes=off",
	"wal_level=minimal", "max_wal_senders=0", "autovacuum=off", "jit=off",
	"dynamic_shared_memory_type=mmap", "timezone=UTC", "log_timezone=UTC",
}

// cluster is a running server and the directory that holds all of it.
type cluster struct {
	dir    string
	server *exec.Cmd
	ended  chan struct{} // closed when the server is gone
}

// longestSocket is what fits into a socket's address, with the name
// PostgreSQL gives it, on every system.
const longestSocket = 103 - len("/.s.PGSQL.5432")

func startCluster(ctx context.Context, bin binaries) (*cluster, error) {
	dir, err := os.MkdirTemp("", "kabinet-pg-")
	if err == nil && len(dir) > longestSocket {
		err = errors.Join(fmt.Errorf("TMPDIR is too long for a socket: %s", dir), os.Remove(dir))
	}
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, ended: make(chan struct{})}
	if err := c.start(ctx, bin); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

func (c *cluster) start(ctx context.Context, bin binaries) error {
	as, err := serverUser()
	if err != nil {
		return err
	}
	if as != nil {
		if err := os.Chown(c.dir, int(as.Uid), int(as.Gid)); err != nil {
			return err
		}
	}
	if err := c.initdb(ctx, bin, as); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(c.dir, "log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has its own handle
	args := []string{"-D", c.data(), "-k", c.dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	c.server = c.command(context.WithoutCancel(ctx), as, filepath.Join(bin.dir, "postgres"), args...)
	c.server.Stdout, c.server.Stderr = log, log
	if err := c.server.Start(); err != nil {
		c.server = nil
		return err
	}
	go func() {
		_ = c.server.Wait() // its log says why, if anybody has to know
		close(c.ended)
	}()
	return c.ready(ctx)
}

// initdb takes the C library's C.UTF-8, which knows the letters of every
// alphabet; where there is none, ICU's root.
func (c *cluster) initdb(ctx context.Context, bin binaries, as *syscall.Credential) error {
	var out []byte
	var err error
	for _, locale := range [][]string{
		{"--locale=C.UTF-8"},
		{"--locale=C", "--locale-provider=icu", "--icu-locale=und"},
	} {
		if err = os.RemoveAll(c.data()); err != nil {
			return err
		}
		args := append([]string{"-D", c.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--no-sync"}, locale...)
		if out, err = c.command(ctx, as, filepath.Join(bin.dir, "initdb"), args...).CombinedOutput(); err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return fmt.Errorf("initdb: %w\n%s", err, tail(out, 2000))
}

// command runs a program of PostgreSQL with none of our PG* variables, in a
// directory its user may enter.
func (c *cluster) command(ctx context.Context, as *syscall.Credential, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = serverProc(as)
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "PG") && !strings.HasPrefix(pair, "LC_") && !strings.HasPrefix(pair, "LANG") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	return cmd
}

// ready waits for the first answer.
func (c *cluster) ready(ctx context.Context) error {
	db, err := sql.Open("postgres", c.url())
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	limit := time.After(60 * time.Second)
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.ended:
			return fmt.Errorf("the server ended at once:\n%s", c.log())
		case <-limit:
			return fmt.Errorf("the server does not answer: %w\n%s", err, c.log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the server and removes all of it. An immediate shutdown is right:
// nothing of the data is wanted.
func (c *cluster) stop() error {
	if c.server != nil {
		_ = c.server.Process.Signal(syscall.SIGQUIT) // fails only when it has ended
		select {
		case <-c.ended:
		case <-time.After(grace):
			_ = signalGroup(c.server.Process, syscall.SIGKILL)
			<-c.ended
		}
	}
	return os.RemoveAll(c.dir)
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *cluster) log() []byte {
	text, _ := os.ReadFile(filepath.Join(c.dir, "log")) // without a log there is nothing to say
	return tail(text, 2000)
}

// url is the form lib/pq reads: the socket's directory as an option.
func (c *cluster) url() string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/postgres"}
	u.RawQuery = url.Values{"host": {c.dir}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// serverUser is who the server runs as: PostgreSQL refuses root, so root steps
// down to the package's user, or to nobody. Anyone else is the right one.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var problems error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			problems = errors.Join(problems, err)
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("root may not run PostgreSQL and there is nobody to run it: %w", problems)
}
