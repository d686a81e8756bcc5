// Package measure runs targets and scenarios against each other: rounds of
// short slices in a random but seeded order, so that whatever else the machine
// does falls on all alike, and medians over the rounds. The figure is CPU for a
// request, of the server and of the database; times of the wall are told too.
package measure

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"kabinet/bench/cluster"
	"kabinet/bench/data"
	"kabinet/bench/load"
	"kabinet/bench/scenario"
	"kabinet/bench/target"
)

// Pair is a target with a scenario it can do.
type Pair struct {
	Target   *target.Target
	Scenario *scenario.Scenario
}

// Sample is one slice.
type Sample struct {
	Requests int
	RPS      float64
	App, DB  float64 // CPU of a request, ms
	P50, P99 float64 // ms
	Mallocs  float64 // of a request; 0 where it is not known
	Bytes    float64 // of an answer
}

// Bench holds what all slices need.
type Bench struct {
	Cluster *cluster.Cluster
	Rounds  int
	Slice   time.Duration
	Clients int
	Seed    uint64
	Out     io.Writer

	worlds  map[string]*data.World // by the URL of a database
	sources map[Pair]*scenario.Source
	dbs     map[string]*sql.DB
}

// Pairs are all combinations that can be.
func Pairs(targets []*target.Target, scenarios []*scenario.Scenario) (pairs []Pair) {
	for _, s := range scenarios {
		for _, t := range targets {
			if _, ok := s.Way(t.Kind); ok {
				pairs = append(pairs, Pair{t, s})
			}
		}
	}
	return pairs
}

// Run checks, warms and measures pairs; samples are by round.
func (b *Bench) Run(ctx context.Context, pairs []Pair) (map[Pair][]Sample, error) {
	for _, p := range pairs {
		if err := b.Prepare(ctx, p); err != nil {
			return nil, fmt.Errorf("%s on %s: %w", p.Scenario.Name, p.Target.Name, err)
		}
	}
	samples := map[Pair][]Sample{}
	r := rand.New(rand.NewPCG(b.Seed, 0))
	for round := range b.Rounds {
		began := time.Now()
		for _, i := range r.Perm(len(pairs)) {
			p := pairs[i]
			s, err := b.One(ctx, p, b.Clients, b.Slice, r.Uint64())
			if err != nil && ctx.Err() == nil { // told and tried once more: a long run is not lost to one deadlock
				fmt.Fprintf(b.Out, "%s on %s, tried again: %v\n", p.Scenario.Name, p.Target.Name, err)
				s, err = b.One(ctx, p, b.Clients, b.Slice, r.Uint64())
			}
			if err != nil {
				return nil, fmt.Errorf("%s on %s: %w", p.Scenario.Name, p.Target.Name, err)
			}
			samples[p] = append(samples[p], s)
			p.Target.Tidy()
		}
		fmt.Fprintf(b.Out, "round %d of %d, %.0f s\n", round+1, b.Rounds, time.Since(began).Seconds())
	}
	return samples, nil
}

// Prepare proves once that a target gives a whole answer, and warms it.
func (b *Bench) Prepare(ctx context.Context, p Pair) error {
	if err := b.sessions(ctx, p.Target); err != nil {
		return err
	}
	w := b.worlds[p.Target.URL]
	way, _ := p.Scenario.Way(p.Target.Kind)
	c, err := load.Dial(p.Target.Address())
	if err != nil {
		return err
	}
	defer c.Close()
	if p.Target.Kind == scenario.Kabinet && (scenario.Persisted || !p.Scenario.Writes) { // shows the text with its hash
		if _, err := c.Do(way.Call(w, p.Scenario.Users(w)[0], scenario.Register).Bytes()); err != nil {
			return err
		}
	}
	source, err := p.Scenario.Source(w, p.Target.Kind, c.Do)
	if err != nil {
		return err
	}
	err = source.Each(load.Serial, func(u *data.Person, request []byte) error {
		body, err := c.Do(request)
		if err == nil {
			err = way.Check(u, body)
		}
		return err
	})
	if err != nil {
		return err
	}
	if b.sources == nil {
		b.sources = map[Pair]*scenario.Source{}
	}
	b.sources[p] = source
	return b.warm(ctx, p)
}

// warmth is how many requests a target meets before it counts: V8 wants some
// thousands until its code is what it will be.
const warmth = 4000

// warm asks until it is warm, or has had as long as it gets in all rounds.
func (b *Bench) warm(ctx context.Context, p Pair) error {
	for n, began := 0, time.Now(); ; {
		res, err := load.Run(ctx, p.Target.Address(), b.sources[p], b.Rules(p), b.Clients, b.Slice, b.Seed)
		if n += res.Requests; err != nil || n >= warmth || p.Scenario.Writes || time.Since(began) > time.Duration(b.Rounds)*b.Slice {
			return err
		}
	}
}

// Source gives the requests of a pair that Prepare has prepared.
func (b *Bench) Source(p Pair) *scenario.Source { return b.sources[p] }

// Rules tell its good answers from bad ones.
func (b *Bench) Rules(p Pair) load.Rules {
	w, _ := p.Scenario.Way(p.Target.Kind)
	return load.Rules{Must: w.Must, Not: w.Not()}
}

// One measures one prepared pair for a time.
func (b *Bench) One(ctx context.Context, p Pair, clients int, d time.Duration, seed uint64) (s Sample, err error) {
	if err := b.sessions(ctx, p.Target); err != nil {
		return s, err
	}
	before, err := b.meter(p.Target)
	if err != nil {
		return s, err
	}
	res, err := load.Run(ctx, p.Target.Address(), b.sources[p], b.Rules(p), clients, d, seed)
	if err != nil {
		return s, err
	}
	if p.Scenario.Writes {
		if err := b.drain(ctx, p.Target); err != nil {
			return s, err
		}
	}
	after, err := b.meter(p.Target)
	if err != nil {
		return s, err
	}
	n := float64(res.Requests)
	return Sample{
		Requests: res.Requests, RPS: n / res.Wall.Seconds(), Bytes: float64(res.Bytes) / n,
		App: ms(after.app-before.app) / n, DB: ms(after.db-before.db) / n, Mallocs: (after.mallocs - before.mallocs) / n,
		P50: ms(res.Quantile(0.5)), P99: ms(res.Quantile(0.99)),
	}, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// reading is what the meters show.
type reading struct {
	app, db time.Duration
	mallocs float64
}

func (b *Bench) meter(t *target.Target) (r reading, err error) {
	const mallocs = "go_memstats_mallocs_total"
	memory, err := t.Memory(mallocs)
	if err != nil {
		return r, err
	}
	r.mallocs = memory[mallocs]
	if r.app, err = t.CPU(); err != nil {
		return r, fmt.Errorf("%w\n%s", err, t.Log())
	}
	if t.Database != "" {
		r.db, err = b.Cluster.CPU()
	}
	return r, err
}

func (b *Bench) open(t *target.Target) (*sql.DB, error) {
	if db := b.dbs[t.URL]; db != nil {
		return db, nil
	}
	if b.dbs == nil {
		b.dbs = map[string]*sql.DB{}
	}
	var err error
	if path, ok := strings.CutPrefix(t.URL, "sqlite://"); ok {
		b.dbs[t.URL], err = data.OpenSQLite(path, "&_txlock=immediate")
	} else {
		b.dbs[t.URL], err = sql.Open("postgres", t.URL)
	}
	if err == nil {
		b.dbs[t.URL].SetMaxOpenConns(1)
	}
	return b.dbs[t.URL], err
}

// Close closes the bench's own connections.
func (b *Bench) Close() {
	for _, db := range b.dbs {
		_ = db.Close()
	}
}

// sessions opens the users' sessions anew.
func (b *Bench) sessions(ctx context.Context, t *target.Target) error {
	db, err := b.open(t)
	if err != nil {
		return err
	}
	w := b.worlds[t.URL]
	if w == nil {
		if w, err = t.Plan.ReadWorld(ctx, db); err != nil {
			return err
		}
		if err := t.Plan.OpenHouse(ctx, db, w); err != nil {
			return err
		}
		if b.worlds == nil {
			b.worlds = map[string]*data.World{}
		}
		b.worlds[t.URL] = w
	}
	return t.Plan.OpenSessions(ctx, db, w)
}

// drain waits until what the requests left behind is done (notifications are
// made from facts after the answer), so that its CPU counts.
func (b *Bench) drain(ctx context.Context, t *target.Target) error {
	db, err := b.open(t)
	if err != nil {
		return err
	}
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		var waiting bool
		if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM account_events WHERE NOT heard)`).Scan(&waiting); err != nil {
			return err
		}
		if !waiting {
			return nil
		}
	}
	return fmt.Errorf("%s has not heard all facts after a minute:\n%s", t.Name, t.Log())
}

// Statements counts those of one request, by PostgreSQL's own count over many
// requests of one client; BEGIN and COMMIT count too.
func (b *Bench) Statements(ctx context.Context, pairs []Pair) (map[Pair]float64, error) {
	counts := map[Pair]float64{}
	if err := b.Cluster.Counting(ctx, true); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		if p.Target.Database == "" {
			continue
		}
		if err := b.sessions(ctx, p.Target); err != nil {
			return nil, err
		}
		before, err := b.Cluster.Statements(ctx, p.Target.Database)
		if err != nil {
			return nil, err
		}
		res, err := load.Run(ctx, p.Target.Address(), b.sources[p], b.Rules(p), 1, min(b.Slice, time.Second), b.Seed)
		if err == nil && p.Scenario.Writes {
			err = b.drain(ctx, p.Target)
		}
		if err != nil {
			return nil, err
		}
		after, err := b.Cluster.Statements(ctx, p.Target.Database)
		if err != nil {
			return nil, err
		}
		counts[p] = float64(after-before) / float64(res.Requests)
	}
	return counts, b.Cluster.Counting(ctx, false)
}
