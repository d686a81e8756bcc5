// Command idle measures what ten thousand silent subscribers cost: Kabinet,
// started as its own process from its own binary, beside bare servers that
// only hold WebSockets (gorilla, coder, centrifuge), in one run.
//
//	go run ./idle                      # SQLite
//	go run ./idle -postgres URL        # PostgreSQL, in databases of its own
//	go run ./idle -n 500 -targets 100  # a quick look
//	go run ./idle -resume              # only the return after a restart
//	go run ./idle -announce            # only what is told to all at once
//	go run ./idle -sse                 # Kabinet by event streams
//
// Servers are judged by what the system says of their processes; the clients
// live in this one. It ends with 1 when a bound is broken. It writes no table
// of a database it did not make.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	n, targets, rounds int
	small              int // subscribers of the small server
	postgres           string
	binary             string
	profile            string
	out                string
	gogc               string
	only               string
	resume, sse        bool
	announce           bool
	dir                string // of everything that does not stay
	root               string // of Kabinet's module
}

// Children die with the thread that started them: it has to be one that lasts.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) == 3 && os.Args[1] == "bare" {
		if err := serveBare(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "idle:", err)
			os.Exit(2)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ok, err := run(ctx)
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(2)
	case !ok:
		os.Exit(1)
	}
}

func run(ctx context.Context) (ok bool, err error) {
	o := options{small: 100, rounds: 5}
	flag.IntVar(&o.n, "n", 10_000, "subscribers")
	flag.IntVar(&o.targets, "targets", 200, "targeted events a round, of five")
	flag.StringVar(&o.postgres, "postgres", "", "`URL` of a PostgreSQL whose user may create databases; SQLite without")
	flag.StringVar(&o.binary, "binary", "", "a kabinet built already; built from the tree without")
	flag.StringVar(&o.profile, "profile", "", "`directory` for profiles of an idle Kabinet; builds one that can be asked")
	flag.StringVar(&o.out, "out", "", "file for the table; bench/results/idle*.md for a full run")
	flag.StringVar(&o.only, "only", "", "one of "+strings.Join(subjects, ", "))
	flag.StringVar(&o.gogc, "gogc", "", "GOGC of every server; each its own without")
	flag.BoolVar(&o.resume, "resume", false, "only the return of all clients after a restart")
	flag.BoolVar(&o.announce, "announce", false, "only announcements to all")
	flag.BoolVar(&o.sse, "sse", false, "Kabinet's clients listen by event streams in place of sockets")
	flag.Parse()
	if o.n <= o.small || o.targets < 1 || o.only != "" && !slices.Contains(subjects, o.only) {
		return false, errors.New("-n must be above 100, -targets above 0, -only a name of the list")
	}
	if o.gogc != "" {
		if err := os.Setenv("GOGC", o.gogc); err != nil { // bare servers inherit it
			return false, err
		}
	}
	if err := raiseFiles(uint64(o.n + o.small + 500)); err != nil {
		return false, err
	}
	if o.root, err = rootDir(ctx); err != nil {
		return false, err
	}
	if o.dir, err = os.MkdirTemp("", "kabinet-idle-"); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	r := &report{options: o, began: time.Now()}
	if err := measureAll(ctx, o, r); err != nil {
		return false, err
	}
	return r.finish(ctx)
}

// subjects in the order of the run; Kabinet is last, so that nothing is left
// running when it is measured.
var subjects = []string{"gorilla", "coder", "centrifuge", "kabinet"}

func measureAll(ctx context.Context, o options, r *report) error {
	for _, name := range subjects {
		if o.only != "" && o.only != name || o.resume && name != "kabinet" {
			continue
		}
		if name == "kabinet" {
			if err := measureKabinet(ctx, o, r); err != nil {
				return fmt.Errorf("kabinet: %w", err)
			}
			continue
		}
		if err := measureBare(ctx, o, name, r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func measureBare(ctx context.Context, o options, name string, r *report) error {
	big, err := startBare(ctx, name)
	if err != nil {
		return err
	}
	defer big.kill()
	if !o.announce {
		small, err := startBare(ctx, name)
		if err != nil {
			return err
		}
		defer small.kill()
		row, fleet, err := measure(ctx, o, small, big)
		if err != nil {
			return err
		}
		fleet.close()
		r.rows = append(r.rows, row)
	}
	return r.announced(announce(ctx, o, big))
}

func measureKabinet(ctx context.Context, o options, r *report) error {
	big, err := newKabinet(ctx, o, "big")
	if err != nil {
		return err
	}
	defer big.close()
	if !o.announce {
		if err := measureEach(ctx, o, big, r); err != nil {
			return err
		}
	}
	if o.resume {
		return nil
	}
	return r.announced(announce(ctx, o, big.server))
}

// measureEach measures subscribers who are each told what is his, and the return
// of all of them.
func measureEach(ctx context.Context, o options, big *kabinet, r *report) error {
	if o.resume {
		fleet, err := dial(ctx, big.server, o.n)
		if err != nil {
			return err
		}
		defer fleet.close()
		return r.resumed(resume(ctx, big, fleet))
	}
	o.binary = big.binary
	small, err := newKabinet(ctx, o, "small")
	if err != nil {
		return err
	}
	defer small.close()
	row, fleet, err := measure(ctx, o, small.server, big.server)
	if err != nil {
		return err
	}
	defer fleet.close()
	r.rows = append(r.rows, row)
	small.close()
	if o.profile != "" {
		if err := big.saveProfiles(ctx, o.profile); err != nil {
			return err
		}
	}
	return r.resumed(resume(ctx, big, fleet))
}

// rootDir is where the module kabinet lies, from wherever in bench we run.
func rootDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "kabinet").Output()
	if err != nil {
		return "", fmt.Errorf("run it inside bench: go list kabinet: %w", err)
	}
	return filepath.Clean(strings.TrimSpace(string(out))), nil
}
