package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"kabinet/bench/cluster"
	"kabinet/bench/data"
	"kabinet/bench/measure"
	"kabinet/bench/scenario"
	"kabinet/bench/target"
)

// targetNames are what -targets may say.
var targetNames = []string{"postgres", "sqlite", "limit", "postgraphile", "graphjin", "postgraphile-open", "graphjin-open"}

// directLimit is the scale from which data is never cloned for a run, and
// writes are left out.
const directLimit = 5

// clones says whether a run works on copies of the data, so that no build's
// migrations and no write of one run meet the next.
func (b *bench) clones() bool { return b.scale < directLimit }

// bench is one run of this program.
type bench struct {
	*options
	cluster      *cluster.Cluster
	self         string
	postgraphile string // the directory it is installed in
	kabinets     []build
	scenarios    []*scenario.Scenario
	running      []*target.Target
	drop         []string // databases of this run
	remove       []string // files of this run
}

// build is a binary of kabinet.
type build struct{ name, path string }

// open starts the cluster and finds what is to be compared.
func open(ctx context.Context, o *options) (*bench, error) {
	b := &bench{options: o}
	var err error
	if b.cache, err = filepath.Abs(o.cache); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return nil, err
	}
	if b.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if b.postgraphile, err = filepath.Abs("postgraphile"); err != nil {
		return nil, err
	}
	if _, err := os.Stat(target.Node(b.postgraphile)); err != nil && (b.wants("postgraphile") || b.wants("postgraphile-open")) {
		return nil, errors.New("PostGraphile is not installed: run npm ci in postgraphile, or make bench, or leave it out with -targets")
	}
	if b.scenarios, err = scenario.Named(o.scenarios); err != nil {
		return nil, err
	}
	for _, name := range o.targets {
		if !slices.Contains(targetNames, name) {
			return nil, fmt.Errorf("no target %q; there are %s", name, strings.Join(targetNames, ", "))
		}
	}
	if b.kabinets, err = b.builds(ctx); err != nil {
		return nil, err
	}
	b.cluster, err = cluster.Start(ctx, b.cache)
	return b, err
}

// close stops everything and removes what was made for this run alone.
func (b *bench) close() {
	b.stop()
	for _, name := range b.drop {
		if err := b.cluster.Drop(context.Background(), name); err != nil {
			fmt.Fprintln(b.out, "left behind:", err)
		}
	}
	for _, path := range b.remove {
		removeSQLite(path)
	}
	b.cluster.Stop()
}

func (b *bench) stop() {
	for _, t := range b.running {
		t.Stop()
	}
	b.running = nil
}

func (b *bench) wants(name string) bool {
	return len(b.options.targets) == 0 || slices.Contains(b.options.targets, name)
}

// builds are those of -kabinet, or one built now.
func (b *bench) builds(ctx context.Context) (list []build, err error) {
	for _, k := range b.options.kabinets {
		name, path, ok := strings.Cut(k, "=")
		if !ok {
			return nil, fmt.Errorf("-kabinet %s: say name=path", k)
		}
		if path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
		list = append(list, build{name, path})
	}
	if len(list) > 0 {
		return list, nil
	}
	path := filepath.Join(b.cache, "kabinet")
	fmt.Fprintln(b.out, "building kabinet")
	cmd := exec.CommandContext(ctx, "go", "build", "-C", "..", "-o", path, ".") // stripping changes nothing that is measured
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build kabinet: %w\n%s", err, out)
	}
	return []build{{"kabinet", path}}, nil
}

// targets makes and starts those that are wanted. Where anything is written,
// each build of kabinet has a copy of its own: it hears what others tell.
func (b *bench) targets(ctx context.Context, p data.Plan) ([]*target.Target, error) {
	clone := b.clones()
	var list []*target.Target
	var shared target.Database
	for _, k := range b.kabinets {
		db, err := b.postgres(ctx, p, k.name, clone)
		if err != nil {
			return nil, err
		}
		if shared.Name == "" {
			shared = db
		}
		if b.wants("postgres") {
			list = append(list, target.Kabinet(k.name+"-postgres", k.path, db))
		}
		if b.wants("sqlite") {
			file, err := b.sqlite(ctx, p, k.name, clone)
			if err != nil {
				return nil, err
			}
			list = append(list, target.Kabinet(k.name+"-sqlite", k.path, file))
		}
	}
	others, err := b.others(ctx, shared)
	if err != nil {
		return nil, err
	}
	return b.start(ctx, append(list, others...))
}

// others are the targets that are not kabinet.
func (b *bench) others(_ context.Context, db target.Database) (list []*target.Target, err error) {
	if b.wants("limit") {
		list = append(list, target.Limit(b.self, db))
	}
	for _, open := range []string{"", scenario.Open} {
		if b.wants("postgraphile" + open) {
			list = append(list, target.PostGraphile(b.postgraphile, db, open))
		}
		if b.wants("graphjin" + open) {
			list = append(list, target.GraphJin(b.self, db, open))
		}
	}
	return list, nil
}

func (b *bench) start(ctx context.Context, list []*target.Target) ([]*target.Target, error) {
	for _, t := range list {
		if err := t.Start(ctx, filepath.Join(b.cache, "logs")); err != nil {
			return nil, err
		}
		b.running = append(b.running, t)
	}
	return list, nil
}

func (b *bench) measure() *measure.Bench {
	return &measure.Bench{Cluster: b.cluster, Rounds: b.rounds, Slice: b.slice, Clients: b.options.clients, Seed: b.seed, Out: b.out}
}
