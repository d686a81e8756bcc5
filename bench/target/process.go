// Package target starts what is measured: kabinet by its binary, the others as
// small servers. Each is a process of its own, so that the kernel says what it
// costs. It sends no load.
package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kabinet/bench/data"
	"kabinet/bench/proc"
)

// Target is one server that can be measured.
type Target struct {
	Name     string
	Kind     string // of package scenario
	URL      string // of its database
	Database string // its name in the cluster; empty on SQLite
	Build    string // of kabinet: the binary
	Plan     data.Plan
	Profiler string // address of Go's profiler, where the binary was built with it

	start   func(t *Target, address, metrics string) *exec.Cmd
	metrics string // URL that tells go_memstats; empty where there is none
	address string
	cmd     *exec.Cmd
	ended   chan struct{}
	log     string
}

// Address is where it answers.
func (t *Target) Address() string { return t.address }

// PID is its process's.
func (t *Target) PID() int { return t.cmd.Process.Pid }

// Start starts it and waits until it listens.
func (t *Target) Start(ctx context.Context, logs string) error {
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return err
	}
	var metrics string
	var err error
	if t.address, err = FreeAddress(); err == nil {
		metrics, err = FreeAddress()
	}
	if err != nil {
		return err
	}
	t.log = filepath.Join(logs, t.Name+".log")
	log, err := os.OpenFile(t.log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the process has its own handle
	t.cmd = t.start(t, t.address, metrics)
	t.cmd.Stdout, t.cmd.Stderr = log, log
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := t.cmd.Start(); err != nil {
		return err
	}
	t.ended = make(chan struct{})
	go func() {
		_ = t.cmd.Wait() // its log says why
		close(t.ended)
	}()
	return t.listening(ctx)
}

func (t *Target) listening(ctx context.Context) error {
	for limit := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", t.address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.ended:
			text, _ := os.ReadFile(t.log) // without it there is nothing to say
			return fmt.Errorf("%s ended at once:\n%s", t.Name, text)
		default:
		}
		if time.Now().After(limit) {
			return fmt.Errorf("%s does not listen: %w", t.Name, err)
		}
	}
}

// Stop ends it.
func (t *Target) Stop() {
	if t.ended == nil {
		return
	}
	_ = t.cmd.Process.Signal(syscall.SIGTERM) // fails only when it has ended
	select {
	case <-t.ended:
	case <-time.After(10 * time.Second):
		_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL)
		<-t.ended
	}
	t.ended = nil
}

// Tidy empties its log, which would fill the disk in the end.
func (t *Target) Tidy() { _ = os.Truncate(t.log, 0) }

// Log is the end of what it wrote.
func (t *Target) Log() string {
	b, _ := os.ReadFile(t.log) // without it there is nothing to say
	return string(b[max(0, len(b)-3000):])
}

// CPU is what it has used so far.
func (t *Target) CPU() (time.Duration, error) { return proc.CPU(t.PID()) }

// Memory gives numbers of Go's runtime by their Prometheus names, none where
// the target is not ours to ask.
func (t *Target) Memory(names ...string) (map[string]float64, error) {
	if t.metrics == "" {
		return nil, nil
	}
	res, err := http.Get(t.metrics)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	found := map[string]float64{}
	for line := range strings.SplitSeq(string(body), "\n") {
		for _, name := range names {
			if rest, ok := strings.CutPrefix(line, name+" "); ok {
				if found[name], err = strconv.ParseFloat(strings.TrimSpace(rest), 64); err != nil {
					return nil, err
				}
			}
		}
	}
	return found, nil
}

// FreeAddress is one that nobody listens on now.
func FreeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}
