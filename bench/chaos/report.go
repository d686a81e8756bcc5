package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is what came of a run.
type report struct {
	options
	began     time.Time
	stormed   time.Duration // how long there were faults
	converged time.Duration // from the end of the faults until everybody had all
	late      int           // clients that had not, when the patience was over
	faults    map[kind]int
	events    int
	delivered int
	writes    int
	lines     int // connections of clients
	overSSE   int // clients
	starts    int // of instances
	lapses    int // instances that ended by themselves
	wrongs    int // answers that no server may give
	missing   int // writes that were promised and are not there
	doubled   int // and those that are there twice
	ends      map[string]int
	answers   map[string]int
	lateness  []time.Duration // sorted
	verdict   verdict
	findings  findings
}

// passed says whether the run found what it had to find: nothing; or, of the
// control, gaps.
func (r *report) passed() bool {
	if r.control {
		return r.verdict.gaps > 0
	}
	return r.verdict == (verdict{}) && r.late+r.lapses+r.wrongs+r.missing+r.doubled == 0 && r.delivered > 0
}

// percentile of the lateness; p is from 0 to 1.
func (r *report) percentile(p float64) time.Duration {
	if len(r.lateness) == 0 {
		return 0
	}
	return r.lateness[min(len(r.lateness)-1, int(p*float64(len(r.lateness))))].Round(time.Millisecond)
}

// text is the report in Markdown.
func (r *report) text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s. Commit %s, %s. Command, in bench: `%s`.", machine(), commit(), r.began.UTC().Format("2006-01-02 15:04 UTC"), command())
	line("")
	line("%d instances, a NATS server and PostgreSQL as processes of their own; %d clients of %d people, %d over SSE and %d over WebSocket; %d writers.",
		r.instances, r.clients, r.people, r.overSSE, r.clients-r.overSSE, r.writers)
	line("")
	line("| | |\n|---|---|")
	row := func(name string, value any) { line("| %s | %v |", name, value) }
	row("events in the log", r.events)
	row("delivered", r.delivered)
	row("**gaps**", r.verdict.gaps)
	row("**repeats**", r.verdict.repeats)
	row("**out of order**", r.verdict.disorder)
	row("other than the log has", r.verdict.wrong)
	row("answers that no server may give", r.wrongs)
	row("clients that never caught up", r.late)
	row("all caught up after the last fault in", r.converged.Round(10*time.Millisecond))
	row("from commit to client: p50, p99, p99.9", fmt.Sprintf("%v, %v, %v", r.percentile(0.5), r.percentile(0.99), r.percentile(0.999)))
	row("the latest", r.percentile(1))
	row("writes answered; missing, twice", fmt.Sprintf("%d; %d, %d", r.writes, r.missing, r.doubled))
	row("faults for", r.stormed.Round(time.Second))
	row("starts of instances; ends by themselves", fmt.Sprintf("%d; %d", r.starts, r.lapses))
	row("connections of clients", r.lines)
	line("")
	line("| fault | times |\n|---|---|")
	all := 0
	for _, k := range kinds() {
		row(string(k), r.faults[k])
		all += r.faults[k]
	}
	row("all", all)
	line("")
	line("Connections of clients ended by: %s.", counts(r.ends))
	line("Writes asked for again because of: %s.", counts(r.answers))
	if len(r.findings) > 0 {
		line("")
		line("The first findings:\n")
		for _, f := range r.findings {
			line("- %s", f)
		}
	}
	return b.String()
}

// counts are told by how many they are.
func counts(m map[string]int) string {
	var all []string
	for _, k := range slices.SortedFunc(maps.Keys(m), func(a, b string) int { return m[b] - m[a] }) {
		all = append(all, fmt.Sprintf("%s %d", k, m[k]))
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}

func command() string {
	return "go run ./chaos " + strings.Join(os.Args[1:], " ")
}

func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func machine() string {
	name := "unknown CPU"
	b, _ := os.ReadFile("/proc/cpuinfo") // without it the name is unknown
	for text := range strings.SplitSeq(string(b), "\n") {
		if key, value, ok := strings.Cut(text, ":"); ok && strings.TrimSpace(key) == "model name" {
			name = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%s, %s/%s, %d CPUs, %s", name, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}
