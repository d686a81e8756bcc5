package target

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kabinet/bench/data"
	"kabinet/bench/scenario"
)

// Database is what a target works on.
type Database struct {
	URL  string
	Name string // in the cluster; empty on SQLite
	Plan data.Plan
}

// Kabinet is a binary of kabinet on a database, with the settings it ships
// with but for the rates, which would refuse what a bench does.
func Kabinet(name, binary string, db Database) *Target {
	t := &Target{Name: name, Kind: scenario.Kabinet, URL: db.URL, Database: db.Name, Plan: db.Plan, Build: binary}
	t.start = func(t *Target, address, metrics string) *exec.Cmd {
		t.metrics = "http://" + metrics + "/metrics"
		cmd := exec.Command(binary, "serve")
		cmd.Env = append(Environment(db.URL), "KABINET_LISTEN="+address, "KABINET_METRICS_LISTEN="+metrics, "BENCH_PPROF="+t.Profiler)
		return cmd
	}
	return t
}

// Environment is what kabinet's commands run with: none of the caller's own
// settings of kabinet, PostgreSQL or Go's runtime.
func Environment(url string) []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "KABINET_") && !strings.HasPrefix(pair, "PG") && !strings.HasPrefix(pair, "GOGC=") && !strings.HasPrefix(pair, "GOMEMLIMIT=") {
			env = append(env, pair)
		}
	}
	return append(env, "KABINET_DATABASE_URL="+url, "KABINET_RATE_NODES=0",
		"KABINET_SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
}

// gogc is the garbage collector's setting of the Go servers that are not
// kabinet: the one that helps them most, and that kabinet takes by itself.
const gogc = "GOGC=400"

// Limit is the hand-written handlers, in a process of this program.
func Limit(self string, db Database) *Target {
	t := &Target{Name: "limit", Kind: scenario.Limit, URL: db.URL, Database: db.Name, Plan: db.Plan}
	t.start = func(t *Target, address, _ string) *exec.Cmd {
		t.metrics = "http://" + address + "/debug/mallocs"
		cmd := exec.Command(self, "serve-limit", db.URL, address)
		cmd.Env = append(Environment(db.URL), gogc)
		return cmd
	}
	return t
}

// GraphJin is GraphJin's compiler behind net/http, in a process of this
// program; open as in scenario.Open.
func GraphJin(self string, db Database, open string) *Target {
	t := &Target{Name: scenario.GraphJin + open, Kind: scenario.GraphJin + open, URL: db.URL, Database: db.Name, Plan: db.Plan}
	t.start = func(t *Target, address, _ string) *exec.Cmd {
		t.metrics = "http://" + address + "/debug/mallocs"
		cmd := exec.Command(self, "serve-graphjin"+open, db.URL, address)
		cmd.Env = append(Environment(db.URL), gogc)
		return cmd
	}
	return t
}

// PostGraphile is the npm package, in one process of the Node.js installed
// beside it in dir; open as in scenario.Open.
func PostGraphile(dir string, db Database, open string) *Target {
	t := &Target{Name: scenario.PostGraphile + open, Kind: scenario.PostGraphile + open, URL: db.URL, Database: db.Name, Plan: db.Plan}
	t.start = func(_ *Target, address, _ string) *exec.Cmd {
		cmd := exec.Command(Node(dir), "server.mjs", db.URL, address, open)
		cmd.Dir = dir
		cmd.Env = append(Environment(db.URL), "NODE_ENV=production", "GRAPHILE_ENV=production")
		return cmd
	}
	return t
}

// Node is the Node.js of a directory that npm has filled.
func Node(dir string) string { return filepath.Join(dir, "node_modules", "node", "bin", "node") }
