// Bench compares kabinet with what else could answer the same screens, on the
// same data, in one interleaved run. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"kabinet/bench/graphjin"
	"kabinet/bench/limit"
	"kabinet/bench/scenario"
)

// The death signals of what is started are sent when the thread that started
// it ends, so that thread has to be one that lasts as long as we do.
func init() { runtime.LockOSThread() }

// options are the flags.
type options struct {
	scale     float64
	quick     bool
	rounds    int
	slice     time.Duration
	clients   int
	seed      uint64
	scenarios list
	targets   list
	kabinets  list // name=path
	cache     string
	write     bool
	curve     bool
	scales    bool
	soak      time.Duration
	dataOnly  bool
	profile   bool
	out       io.Writer
}

// list is a flag that may be repeated, or hold commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(v string) error {
	*l = append(*l, strings.Split(v, ",")...)
	return nil
}

func main() {
	debug.SetGCPercent(400) // memory is there; CPU is what the others are measured by
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 3 && strings.HasPrefix(args[0], "serve-") {
		return serve(ctx, args[0], args[1], args[2])
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	b, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	switch {
	case o.dataOnly:
		return b.makeData(ctx)
	case o.profile:
		return b.profiled(ctx)
	case o.soak > 0:
		return b.soak(ctx)
	case o.scales:
		return b.scales(ctx)
	case o.curve:
		return b.curve(ctx)
	}
	return b.compare(ctx)
}

// serve is what the processes of the targets of ours run.
func serve(ctx context.Context, what, url, address string) error {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	switch what {
	case "serve-limit":
		return limit.Serve(ctx, url, ln)
	case "serve-graphjin":
		return graphjin.Serve(ctx, url, ln, false)
	case "serve-graphjin" + scenario.Open:
		return graphjin.Serve(ctx, url, ln, true)
	}
	return fmt.Errorf("%s is nothing to serve", what)
}

func parse(args []string) (*options, error) {
	o := &options{out: os.Stdout}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.Float64Var(&o.scale, "scale", 1, "how much data: 1 is 20,000 users and about 490,000 orders, 10 ten times the users")
	f.BoolVar(&o.quick, "quick", false, "a smoke test: tiny data, one round, short slices; its numbers mean nothing")
	f.IntVar(&o.rounds, "rounds", 7, "how many times each target meets each scenario; medians are taken over them")
	f.DurationVar(&o.slice, "slice", 3*time.Second, "how long each time")
	f.IntVar(&o.clients, "clients", 8, "how many ask at once")
	f.Uint64Var(&o.seed, "seed", 1, "of the order of slices and the choice of users")
	f.Var(&o.scenarios, "scenarios", "which of "+strings.Join(scenario.Names(), ", ")+" (all)")
	f.Var(&o.targets, "targets", "which of "+strings.Join(targetNames, ", ")+" (all)")
	f.Var(&o.kabinets, "kabinet", "name=path/to/kabinet, may be repeated to compare builds; built from .. when not given")
	f.StringVar(&o.cache, "cache", ".cache", "where data and what was installed are kept")
	f.BoolVar(&scenario.Persisted, "persisted", false, "ask kabinet by the hashes of documents rather than by their texts")
	f.BoolVar(&o.write, "write", false, "write the result into results/ and RESULTS.md")
	f.BoolVar(&o.curve, "curve", false, "throughput of the dashboard over 1 to 64 clients, with a picture")
	f.BoolVar(&o.scales, "scales", false, "dashboard and history at scale 1 and at 10, or what -scale says, and of the heavy user")
	f.DurationVar(&o.soak, "soak", 0, "mixed load on one kabinet for so long, watching its memory")
	f.BoolVar(&o.profile, "profile", false, "CPU profile of kabinet under the first of -scenarios, as text")
	f.BoolVar(&o.dataOnly, "data", false, "make the data and end")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is no flag", f.Arg(0))
	}
	if o.quick {
		o.rounds, o.slice = 1, 200*time.Millisecond
	}
	return o, nil
}
