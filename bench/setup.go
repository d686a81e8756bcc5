package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
var targetNames = []string{"postgres", "sqlite", "limit", "postgraphile", "graphjin"}

// directLimit is the scale from which data is never cloned for a run, and
// writes are left out.
const directLimit = 5

// clones says whether a run works on copies of the data: reads leave it as it is.
func (b *bench) clones() bool {
	return b.scale < directLimit && slices.ContainsFunc(b.scenarios, func(s *scenario.Scenario) bool { return s.Writes })
}

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
	if _, err := os.Stat(target.Node(b.postgraphile)); err != nil && b.wants("postgraphile") {
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

// plan is that of the flags.
func (b *bench) plan() data.Plan {
	if b.quick {
		return data.Tiny()
	}
	return data.Scale(b.scale)
}

// postgres makes sure of the data of a plan and gives a database to work on.
func (b *bench) postgres(ctx context.Context, p data.Plan, run string, clone bool) (target.Database, error) {
	db := target.Database{Plan: p, Name: "bench_" + p.Name()}
	there, err := b.cluster.Has(ctx, db.Name)
	if err == nil && !there {
		err = b.fillPostgres(ctx, p, db.Name)
	}
	if err != nil {
		return db, err
	}
	if clone {
		from := db.Name
		db.Name = "run_" + run
		b.drop = append(b.drop, db.Name)
		err = b.cluster.Clone(ctx, from, db.Name)
	}
	db.URL = b.cluster.URL(db.Name)
	return db, err
}

// makeData makes what a later run would.
func (b *bench) makeData(ctx context.Context) error {
	_, err := b.postgres(ctx, b.plan(), "", false)
	if err == nil && b.wants("sqlite") {
		_, err = b.sqlite(ctx, b.plan(), "", false)
	}
	return err
}

func (b *bench) fillPostgres(ctx context.Context, p data.Plan, name string) error {
	fmt.Fprintf(b.out, "making the data on PostgreSQL: %d users\n", p.Users)
	unfinished := name + "_new"
	if err := b.cluster.Create(ctx, unfinished); err != nil {
		return err
	}
	if err := b.house(ctx, b.cluster.URL(unfinished)); err != nil {
		return err
	}
	if err := data.Postgres(ctx, b.cluster.URL(unfinished), p, b.out); err != nil {
		return err
	}
	return b.cluster.Rename(ctx, unfinished, name)
}

// house has kabinet migrate a database and make what it starts with.
func (b *bench) house(ctx context.Context, url string) error {
	cmd := exec.CommandContext(ctx, b.kabinets[0].path, "user", "create", "--email="+data.Administrator, "--admin", "--name=Bench")
	cmd.Env = append(target.Environment(url), "KABINET_PASSWORD=correct horse battery staple")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("kabinet user create: %w\n%s", err, out)
	}
	return nil
}

// sqlite is postgres for a file.
func (b *bench) sqlite(ctx context.Context, p data.Plan, run string, clone bool) (target.Database, error) {
	path := filepath.Join(b.cache, p.Name()+".db")
	if _, err := os.Stat(path); err != nil {
		if err := b.fillSQLite(ctx, p, path); err != nil {
			return target.Database{}, err
		}
	}
	if clone {
		from := path
		path = filepath.Join(b.cache, "run-"+run+".db")
		b.remove = append(b.remove, path)
		if err := copyFile(from, path); err != nil {
			return target.Database{}, err
		}
	}
	return target.Database{URL: "sqlite://" + path, Plan: p}, nil
}

func (b *bench) fillSQLite(ctx context.Context, p data.Plan, path string) error {
	fmt.Fprintf(b.out, "making the data on SQLite: %d users\n", p.Users)
	unfinished := path + ".new"
	removeSQLite(unfinished) // of a run that was cut off
	if err := b.house(ctx, "sqlite://"+unfinished); err != nil {
		return err
	}
	if err := data.SQLite(ctx, unfinished, p, b.out); err != nil {
		return err
	}
	defer removeSQLite(unfinished) // what is beside it
	return os.Rename(unfinished, path)
}

// removeSQLite removes a file of SQLite with all that comes with it.
func removeSQLite(path string) {
	for _, suffix := range []string{"", "-wal", "-shm", ".migrating"} {
		_ = os.Remove(path + suffix) // what is not there is removed
	}
}

func copyFile(from, to string) error {
	removeSQLite(to) // of a run that was cut off
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
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
	if b.wants("postgraphile") {
		list = append(list, target.PostGraphile(b.postgraphile, db))
	}
	if b.wants("graphjin") {
		list = append(list, target.GraphJin(b.self, db))
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
