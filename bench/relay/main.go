// Command relay measures how fast the log is relayed beside how fast its rows
// can be written at all: the loop that rings the doorbells, over the same rows
// that bare INSERTs made just before, in turns of one run, on both databases. It
// makes databases of its own:
//
//	go run ./relay                                                      # SQLite, in bench
//	go run ./internal/store/pgtest -- sh -c 'cd bench && go run ./relay'    # and PostgreSQL, from the root
//
// It ends with 1 when the relay is slower than half the INSERTs. A full run
// writes results/relay.md and RESULTS.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	results "kabinet/bench/report"
)

// least is the rate of the relay, of that of bare INSERTs a hundred in a
// transaction: the relay takes as many at a time.
const least = 0.5

// options are the flags.
type options struct {
	postgres             string
	rows, rounds, people int
	out                  string
}

func main() {
	var o options
	flag.StringVar(&o.postgres, "postgres", os.Getenv("KABINET_TEST_POSTGRES"), "`URL` of a server on which databases may be made; SQLite alone without")
	flag.IntVar(&o.rows, "rows", 20_000, "rows a turn; those with a transaction each are a tenth")
	flag.IntVar(&o.rounds, "rounds", 5, "turns of each side")
	flag.IntVar(&o.people, "people", 1000, "streams over which rows are spread")
	flag.StringVar(&o.out, "out", "", "file for the table; results/relay.md for a full run with PostgreSQL")
	flag.Parse()
	ok, err := run(context.Background(), o)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(2)
	case !ok:
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (ok bool, err error) {
	if o.rows < 1000 || o.rounds < 1 || o.people < 1 {
		return false, errors.New("-rows must be 1000 or more, -rounds and -people above 0")
	}
	dir, err := os.MkdirTemp("", "kabinet-relay-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	urls := []string{"sqlite://" + filepath.Join(dir, "kabinet.db")}
	if o.postgres != "" {
		url, drop, err := makeDatabase(o.postgres)
		if err != nil {
			return false, err
		}
		defer drop()
		urls = append(urls, url)
	}
	began := time.Now()
	var all []*rates
	for _, url := range urls {
		r, err := measure(ctx, o, url)
		if err != nil {
			return false, err
		}
		all = append(all, r)
	}
	text, ok := table(o, all, began)
	fmt.Print(text)
	return ok, write(o, text)
}

// write keeps a full run.
func write(o options, text string) error {
	if o.out != "" {
		return os.WriteFile(o.out, []byte(text), 0o600)
	}
	if o.postgres == "" || o.rows < 20_000 || o.rounds < 5 {
		return nil
	}
	if err := os.WriteFile(filepath.Join("results", "relay.md"), []byte(text), 0o644); err != nil { //nolint:gosec // to be read
		return fmt.Errorf("run it in bench: %w", err)
	}
	return results.Renew(".")
}

// rates are rows a second of each turn.
type rates struct {
	database                    string
	single, hundred, one, relay []float64
}

func table(o options, all []*rates, began time.Time) (text string, ok bool) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %d cores; %d turns of %d rows each, in turns, over %d streams; the median. Made by `bench/relay`; the figure is the ratio. It took %s.\n\n",
		began.UTC().Format("2006-01-02 15:04 UTC"), runtime.Version(), runtime.NumCPU(), o.rounds, o.rows, o.people, time.Since(began).Round(time.Second))
	b.WriteString("| database | relay, rows a second | bare INSERT, 100 in a transaction | ratio (aim: 0.5) | bare INSERT, one in a transaction | ratio | bare INSERT, 100 in a statement | ratio |\n|---|---|---|---|---|---|---|---|\n")
	ok = true
	for _, r := range all {
		relay := median(r.relay)
		ok = ok && relay >= least*median(r.hundred)
		fmt.Fprintf(&b, "| %s | %.0f | %.0f | **%.2f** | %.0f | %.2f | %.0f | %.2f |\n", r.database, relay,
			median(r.hundred), relay/median(r.hundred), median(r.single), relay/median(r.single), median(r.one), relay/median(r.one))
	}
	b.WriteString("\nThe rows are events as they are told, heard already and not relayed; the relay is the server's own loop: it reads them a hundred at a time, rings an embedded bus that nobody listens to, and marks them. Kabinet itself writes the rows of one transaction in one statement on PostgreSQL, mostly one to three, and the transaction has more to do than that.\n")
	return b.String(), ok
}

func median(of []float64) float64 {
	s := slices.Sorted(slices.Values(of))
	return s[len(s)/2]
}
