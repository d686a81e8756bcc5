package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is one process under measurement.
type server struct {
	name     string
	addr     string // host:port of its sockets
	cmd      *exec.Cmd
	ended    chan struct{}
	metrics  string // URL of its metrics, in Prometheus' text
	speak    dialect
	tell     func(ctx context.Context, user int) error        // makes one event for a user
	crowd    dialect                                          // of those who listen to what everybody is told
	announce func(ctx context.Context) (id string, err error) // tells everybody; "" where it has no name
	stir     func(ctx context.Context) error                  // makes it collect its garbage, at least a bit
	cheap    int                                              // so many times more events, where one is too little to measure
	open     string                                           // the metric that counts its subscribers
	db       func() (time.Duration, error)                    // CPU of its database; nil when that is in the process
}

// usage is what a server holds.
type usage struct {
	heap, stack, rss int64 // bytes; of the heap what is alive
	inuse            int64 // bytes of the heap's pages that hold anything
	goroutines       int64
}

// spent is CPU time so far.
type spent struct{ app, db time.Duration }

func (s spent) minus(t spent) spent { return spent{s.app - t.app, s.db - t.db} }

func (s spent) sum() time.Duration { return s.app + s.db }

func (s spent) over(n float64) spent {
	return spent{time.Duration(float64(s.app) / n), time.Duration(float64(s.db) / n)}
}

func (s *server) spent() (at spent, err error) {
	if at.app, err = cpuOf(s.cmd.Process.Pid, false); err == nil && s.db != nil {
		at.db, err = s.db()
	}
	return at, err
}

// start runs cmd and waits for the line on its output that begins with mark;
// what follows on that line is returned.
func start(cmd *exec.Cmd, mark string) (ended chan struct{}, rest string, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	var complaints strings.Builder
	if cmd.Stderr == nil {
		cmd.Stderr = &complaints
	}
	cmd.SysProcAttr = ownChild()
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), mark); ok {
			ended = make(chan struct{})
			go func() {
				_, _ = io.Copy(io.Discard, out)
				_ = cmd.Wait()
				close(ended)
			}()
			return ended, strings.TrimSpace(rest), nil
		}
	}
	_ = cmd.Wait()
	return nil, "", fmt.Errorf("%s ended at once: %s", cmd.Path, complaints.String())
}

// end asks the server to leave and waits until it has.
func (s *server) end(ctx context.Context) error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may be gone
	<-s.ended
}

// samples are the metrics without labels, by name.
type samples map[string]float64

func (s *server) sample(ctx context.Context) (samples, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.metrics, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", s.metrics, resp.Status)
	}
	return parseSamples(resp.Body)
}

func parseSamples(r io.Reader) (samples, error) {
	m := samples{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || strings.HasPrefix(name, "#") || strings.Contains(name, "{") {
			continue
		}
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", name, err)
		}
		m[name] = f
	}
	return m, lines.Err()
}

// until waits for the server to count n subscribers.
func (s *server) until(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		m, err := s.sample(ctx)
		if err != nil {
			return err
		}
		if int(m[s.open]) == n {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s counts %v subscribers, not %d: %w", s.name, m[s.open], n, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// usage makes the server collect its garbage twice and takes the least that was
// found alive. Nobody can ask Kabinet for a collection: it gets there by work,
// and when one is near is left alone, for what comes up during it counts as
// alive until the next.
func (s *server) usage(ctx context.Context) (u usage, err error) {
	const collections = "go_gc_duration_seconds_count"
	m, err := s.sample(ctx)
	if err != nil {
		return u, err
	}
	seen, patience := m[collections], time.Now().Add(4*time.Minute)
	for turns := 0; turns < 2; {
		if time.Now().After(patience) {
			return u, errors.New("it does not collect its garbage")
		}
		live, held, goal := m["go_gc_heap_live_bytes"], m["go_memstats_heap_alloc_bytes"], m["go_memstats_next_gc_bytes"]
		if held < live+0.65*(goal-live) { // Go begins at 0.7 at the earliest
			err = s.stir(ctx)
		} else {
			err = sleep(ctx, 50*time.Millisecond) // it has work of its own
		}
		if err != nil {
			return u, err
		}
		if m, err = s.sample(ctx); err != nil {
			return u, err
		}
		if m[collections] == seen {
			continue
		}
		seen = m[collections]
		turns++
		if live := int64(m["go_gc_heap_live_bytes"]); u.heap == 0 || live < u.heap {
			u.heap = live
		}
	}
	u.inuse, u.stack = int64(m["go_memstats_heap_inuse_bytes"]), int64(m["go_memstats_stack_inuse_bytes"])
	u.goroutines = int64(m["go_goroutines"])
	u.rss, err = rssOf(s.cmd.Process.Pid)
	return u, err
}
