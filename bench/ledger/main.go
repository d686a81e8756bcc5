// Command ledger measures what the books of points cost on PostgreSQL:
// redemptions spread over many accounts beside the same statements written by
// hand, one hot account beside the bare conditional UPDATE, and the checker as
// the books grow. It makes databases of its own on the server it is given:
//
//	go run ./internal/store/pgtest -- sh -c 'cd bench && go run ./ledger'   # from the root
//	go run ./ledger -postgres URL -durable -out results/ledger.md
//
// All rates are of one run, in turns, so that what shares the machine falls on
// all alike; the figure is the ratio. It writes no table of a database that it
// did not make.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	_ "github.com/lib/pq" // the driver that kabinet uses

	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// options are the flags.
type options struct {
	postgres          string
	accounts, writers int
	rounds            int
	slice             time.Duration
	entries           string
	durable           bool
	out               string
}

func main() {
	var o options
	flag.StringVar(&o.postgres, "postgres", os.Getenv("KABINET_TEST_POSTGRES"), "a server on which databases may be made")
	flag.IntVar(&o.accounts, "accounts", 10_000, "over which redemptions are spread")
	flag.IntVar(&o.writers, "writers", 16, "of the spread")
	flag.IntVar(&o.rounds, "rounds", 5, "turns of each side")
	flag.DurationVar(&o.slice, "slice", 3*time.Second, "of a turn")
	flag.StringVar(&o.entries, "entries", "250000,500000,1000000", "sizes of the books that are checked; empty for none")
	flag.BoolVar(&o.durable, "durable", false, "let the server write to the disk at each commit, as one does in earnest")
	flag.StringVar(&o.out, "out", "", "where the results go; else to the terminal")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "ledger:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	ctx := viewer.AsSystem(context.Background(), "bench")
	admin, err := sql.Open("postgres", o.postgres)
	if err != nil {
		return err
	}
	defer admin.Close()
	how := "fsync=off, as tests have it"
	if o.durable {
		how = "fsync=on, synchronous_commit=on"
		for _, set := range []string{`ALTER SYSTEM SET fsync = on`, `ALTER SYSTEM SET synchronous_commit = on`, `SELECT pg_reload_conf()`} {
			if _, err := admin.Exec(set); err != nil {
				return err
			}
		}
	}
	var r strings.Builder
	fmt.Fprintf(&r, "PostgreSQL (%s), %d cores shared with other work, %d turns of %s each, in turns. Made by `bench/ledger`; the figure is the ratio.\n", how, runtime.NumCPU(), o.rounds, o.slice)
	w, err := newWorld(ctx, admin, o.postgres)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.people(ctx, o.accounts); err != nil {
		return err
	}
	if err := w.spread(ctx, o, &r); err != nil {
		return err
	}
	if err := w.hot(ctx, o, &r); err != nil {
		return err
	}
	if err := w.prove(ctx, "after all of it", &r); err != nil {
		return err
	}
	if o.entries != "" {
		if err := w.grow(ctx, o.entries, &r); err != nil {
			return err
		}
	}
	if o.out == "" {
		fmt.Print(r.String())
		return nil
	}
	return os.WriteFile(o.out, []byte(r.String()), 0o644)
}

// world is a database with kabinet's tables in it.
type world struct {
	name  string
	admin *sql.DB
	store *store.Store
	books *ledger.Books
	hand  *sql.DB
	owner []person
}

func newWorld(ctx context.Context, admin *sql.DB, at string) (*world, error) {
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	w := &world{name: fmt.Sprintf("ledger_bench_%d", time.Now().UnixNano()), admin: admin}
	if _, err := admin.Exec(`CREATE DATABASE ` + w.name); err != nil {
		return nil, err
	}
	u.Path = "/" + w.name
	if w.store, err = store.Open(ctx, store.Options{URL: u.String()}); err != nil {
		return nil, err
	}
	if _, err := w.store.Migrate(ctx); err != nil {
		return nil, err
	}
	w.books = &ledger.Books{Store: w.store}
	w.hand, err = sql.Open("postgres", u.String())
	w.hand.SetMaxOpenConns(100)
	w.hand.SetMaxIdleConns(100)
	return w, err
}

func (w *world) close() {
	_ = w.hand.Close()
	_ = w.store.Close()
	_, _ = w.admin.Exec(`DROP DATABASE ` + w.name + ` WITH (FORCE)`)
}

// median of rates or ratios.
func median(of []float64) float64 {
	s := slices.Clone(of)
	slices.Sort(s)
	return s[len(s)/2]
}

// prove runs the checker.
func (w *world) prove(ctx context.Context, when string, r *strings.Builder) error {
	sum, err := w.books.Check(ctx, func(f ledger.Finding) { fmt.Fprintln(r, f) })
	if err == nil && sum.Findings > 0 {
		err = fmt.Errorf("the books do not balance %s: %s", when, r)
	}
	fmt.Fprintf(r, "\nThe checker %s: %s.\n", when, sum)
	return err
}
