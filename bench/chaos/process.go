package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ready is how the line begins by which a process says that it listens.
const ready = "listening on"

// process is a program that is started again whenever it ends, as a supervisor
// does.
type process struct {
	name    string
	log     string // file of what it complains of
	command func() *exec.Cmd

	busy   atomic.Bool  // a fault is at work on it
	up     atomic.Bool  // it has said that it listens
	starts atomic.Int64 // how often it got so far
	lapses atomic.Int64 // how often it ended by itself after that

	mu       sync.Mutex
	cmd      *exec.Cmd     // nil while there is none
	expected bool          // the end that comes is of our making
	down     time.Duration // how long it stays away then
}

// again is the pause after an end that nobody ordered: a start may fail while
// the database recovers.
const again = 300 * time.Millisecond

// keep runs it until ctx ends, and kills it then.
func (p *process) keep(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { p.signal(syscall.SIGKILL) })
	defer stop()
	for ctx.Err() == nil {
		if err := p.once(ctx); err != nil {
			p.note("%v", err)
		}
		p.mu.Lock()
		pause := again
		if p.expected {
			pause = p.down
		} else if p.up.Load() && ctx.Err() == nil {
			p.lapses.Add(1)
			p.note("it ended by itself")
		}
		p.expected, p.down = false, 0
		p.mu.Unlock()
		p.up.Store(false)
		_ = sleep(ctx, pause)
	}
}

// once is one life of it.
func (p *process) once(ctx context.Context) error {
	cmd := p.command()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the process has its own handle
	cmd.Stderr = log
	// It dies with us, whatever our end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.mu.Lock()
	if err = ctx.Err(); err == nil {
		err = cmd.Start()
	}
	if err == nil {
		p.cmd = cmd
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), ready) {
			p.up.Store(true)
			p.starts.Add(1)
			break
		}
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait() // its log says why
	p.mu.Lock()
	p.cmd = nil
	p.mu.Unlock()
	return nil
}

// signal reaches the process if there is one.
func (p *process) signal(s syscall.Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd != nil && syscall.Kill(-p.cmd.Process.Pid, s) == nil
}

// kill ends it by a signal, to come back after a while.
func (p *process) kill(s syscall.Signal, down time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || syscall.Kill(-p.cmd.Process.Pid, s) != nil {
		return false
	}
	p.expected, p.down = true, down
	return true
}

// note writes a line of ours into its log.
func (p *process) note(format string, args ...any) {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return // there is nothing to write on
	}
	defer func() { _ = log.Close() }()
	_, _ = fmt.Fprintf(log, "chaos: "+format+"\n", args...)
}

// complaints are the end of its log.
func (p *process) complaints() string {
	b, _ := os.ReadFile(p.log) // without it there is nothing to say
	return string(b[max(0, len(b)-3000):])
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
