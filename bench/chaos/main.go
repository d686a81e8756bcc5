// Command chaos tries to make Kabinet lose an event, tell it twice or in the
// wrong order, and counts how often it did: several instances, an outside NATS
// and PostgreSQL run as processes of their own, points and orders are written,
// hundreds of clients follow accountEvents over WebSocket and SSE, and by a
// seeded schedule everything is killed, frozen, cut off and held up. What each
// client received is compared with the log, event by event.
//
//	go run ./chaos                                 # a look: 20,000 deliveries
//	go run ./chaos -control                        # must find gaps, see below
//	go run ./chaos -deliveries 1000000 -beside 20000 -out results/chaos.md
//
// -control builds Kabinet with the tag chaos_control, by which a listener
// believes the doorbell and does not read what it missed. A run that finds no
// gap there could not find one elsewhere either. The last line is the proof: a
// long run, the control after it, and both in one report.
//
// It ends with 1 when anything was lost, repeated, out of order or wrong, when
// the clients did not catch up, or when any was told what would keep it away;
// a control, when nothing was lost.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	deliveries int           // go on until so many
	atMost     time.Duration // and no longer than this
	seed       uint64
	instances  int
	clients    int
	people     int // share the clients
	writers    int
	pause      time.Duration // of a writer between two writes
	sse        float64       // share of the clients
	every      time.Duration // between two faults, in the mean
	patience   time.Duration // for the clients to catch up
	control    bool
	beside     int  // deliveries of a control after it; 0: none
	keep       bool // logs and data
	binary     string
	out        string
	log        io.Writer
}

// inCompany is how many people act for one company, and how many of all do so:
// one in three.
const (
	inCompany = 4
	companies = 3
)

// Children die with the thread that started the first of them: it has to be
// one that lasts.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) == 3 && os.Args[1] == brokerCommand {
		fatal(serveBroker(os.Args[2]))
		return
	}
	debug.SetGCPercent(400) // the clients live in this process
	o, err := parse(os.Args[1:])
	fatal(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	passed := true
	var runs []*report
	for _, o := range o.runs() {
		r, err := run(ctx, o)
		fatal(err)
		passed = r.passed() && passed
		runs = append(runs, r)
		if o.out != "" { // each time: a control that cannot be run takes nothing with it
			fatal(os.WriteFile(o.out, []byte(paper(runs)), 0o644))
		}
	}
	stop()
	fmt.Print(paper(runs))
	if !passed {
		os.Exit(1)
	}
}

// runs are what is to be run: it, and the control beside it.
func (o options) runs() []options {
	if o.beside == 0 {
		return []options{o}
	}
	control := o
	control.control, control.binary, control.deliveries = true, "", o.beside
	return []options{o, control}
}

func fatal(err error) {
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	}
}

func parse(args []string) (options, error) {
	o := options{log: os.Stderr}
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.IntVar(&o.deliveries, "deliveries", 20_000, "go on until so many events were delivered; what moves a cursor alone is none")
	f.DurationVar(&o.atMost, "at-most", time.Hour, "and no longer than this")
	f.Uint64Var(&o.seed, "seed", 1, "of the schedule of faults and of what is written")
	f.IntVar(&o.instances, "instances", 3, "of Kabinet")
	f.IntVar(&o.clients, "clients", 300, "that listen")
	f.IntVar(&o.people, "people", 30, "whose clients they are; one in three acts for a company")
	f.IntVar(&o.writers, "writers", 4, "that write, each one thing at a time")
	f.DurationVar(&o.pause, "pause", 0, "of a writer between two writes")
	f.Float64Var(&o.sse, "sse", 0.5, "share of the clients that listen over SSE, the others over WebSocket")
	f.DurationVar(&o.every, "every", 1500*time.Millisecond, "between two faults, in the mean")
	f.DurationVar(&o.patience, "patience", 2*time.Minute, "for the clients to catch up at the end")
	f.BoolVar(&o.control, "control", false, "the gap check of Kabinet's feeds is off: gaps must be found")
	f.IntVar(&o.beside, "beside", 0, "deliveries of a control that is run after it, for the same report; 0: none")
	f.BoolVar(&o.keep, "keep", false, "leave logs and data behind")
	f.StringVar(&o.binary, "binary", "", "a kabinet built already; built from the tree without")
	f.StringVar(&o.out, "out", "", "file for the report")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	return o, o.check()
}

func (o options) check() error {
	switch {
	case o.instances < 1 || o.people < 1 || o.writers < 1 || o.clients < o.people:
		return errors.New("at least one instance, person and writer, and a client for each person")
	case o.sse < 0 || o.sse > 1:
		return errors.New("-sse is a share, from 0 to 1")
	case o.every <= 0 || o.deliveries < 1:
		return errors.New("-every and -deliveries are above 0")
	case o.beside < 0 || o.beside > 0 && o.control:
		return errors.New("-beside is how many deliveries a control beside has; a control has none itself")
	case o.deliveries/o.clients > 8000:
		return errors.New("a stream keeps 10,000 events: more clients are needed for so many deliveries")
	}
	return nil
}

// run is the whole of it.
func run(ctx context.Context, o options) (*report, error) {
	w, err := newWorld(ctx, o)
	if err != nil {
		return nil, err
	}
	defer w.close()
	if err := w.begin(ctx); err != nil {
		return nil, err
	}
	w.say("%d instances listen", len(w.instances))
	if err := w.probe(ctx); err != nil {
		return nil, err
	}
	r := &report{options: w.options, source: w.source, began: time.Now()}
	f := newFleet(w)
	f.listen()
	defer f.hangUp()
	pens := newWriters(w)
	pens.begin(ctx)
	defer pens.end()
	chaos := newChaos(w, f)
	chaos.begin(ctx)
	if err := f.until(ctx, o.deliveries, o.atMost, pens); err != nil {
		chaos.end()
		return nil, err
	}
	chaos.end()
	r.stormed = time.Since(r.began)
	r.faults = chaos.counts
	calm := time.Now()
	pens.end()
	w.say("faults are over: %d deliveries so far", f.deliveries())
	if r.late, err = w.settle(ctx, f); err != nil {
		return nil, err
	}
	r.converged = time.Since(calm)
	f.hangUp()
	return r, r.judge(ctx, w, f, pens)
}
