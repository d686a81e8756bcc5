package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	results "kabinet/bench/report"
)

// The bounds that Kabinet keeps. Memory is what lives: pages of the heap and
// RSS hold garbage too, as much as GOGC and the rush of connections left. It and
// goroutines are only judged with enough subscribers: fewer do not outweigh
// what a process has of its own.
const (
	mostBytes      = 20 << 10 // live heap and stacks, a subscription
	mostBytesSSE   = 30 << 10 // the same over an event stream
	mostGoroutines = 2.0
	mostRatio      = 1.5                   // of an event to one of n, to an event to one of 100
	mostToAll      = 25 * time.Microsecond // CPU of an announcement, an event and subscriber
	enough         = 5000
)

// report collects what was measured.
type report struct {
	options
	began  time.Time
	rows   []row
	crowds []*crowding
	resume *resumption
}

func (r *report) announced(c *crowding, err error) error {
	if err == nil {
		r.crowds = append(r.crowds, c)
	}
	return err
}

func (r *report) resumed(res *resumption, err error) error {
	r.resume = res
	return err
}

// bound is one promise and whether it was kept.
type bound struct {
	what, found string
	kept        bool
}

func (r *report) bounds() (all []bound) {
	most, end := mostBytes, "a restart ends every socket with 1012 and no operation with complete"
	if r.sse {
		most, end = mostBytesSSE, "a restart breaks every stream off, here 1012, and completes none"
	}
	for _, m := range r.rows {
		if m.name != "kabinet" {
			continue
		}
		if m.n >= enough {
			all = append(all,
				bound{fmt.Sprintf("live heap and stacks of an idle subscription at most %d KiB", most>>10), fmt.Sprintf("%.1f KiB", (m.heap+m.stack)/1024), m.heap+m.stack <= float64(most)},
				bound{"goroutines of an idle subscription at most 2", fmt.Sprintf("%.2f", m.goroutines), m.goroutines <= mostGoroutines+0.01})
		}
		all = append(all, bound{fmt.Sprintf("CPU of an event to one of %d at most 1.5 of one to one of 100", m.n), fmt.Sprintf("%.2f", m.ratio()), m.ratio() <= mostRatio})
	}
	for _, c := range r.crowds {
		if c.name != "kabinet" {
			continue
		}
		if c.n >= enough {
			all = append(all, bound{fmt.Sprintf("CPU of an announcement to %d at most %s an event and subscriber", c.n, mostToAll), micros(c.each.sum()), c.each.sum() <= mostToAll})
		}
		v := c.verdict
		all = append(all, bound{"announcements: no gap, no repeat, no disorder", fmt.Sprintf("%d, %d, %d in %d deliveries, %d other messages", v.gaps, v.repeats, v.disorder, len(c.late), c.faults), v == verdict{} && c.faults == 0})
	}
	if res := r.resume; res != nil {
		v := res.verdict
		if res.statements > 0 {
			lists := res.lists()
			all = append(all, bound{"resume: no list is read", strings.Join(append([]string{fmt.Sprintf("%d statements that read one", len(lists))}, lists...), "; "), len(lists) == 0})
		}
		all = append(all,
			bound{"resume: no gap, no repeat, no disorder", fmt.Sprintf("%d, %d, %d in %d deliveries", v.gaps, v.repeats, v.disorder, res.delivered), v == verdict{}},
			bound{end, fmt.Sprintf("%s of %d, %d other messages", res.ends(), res.n, res.faults), res.codes[1012] == res.n && res.faults == 0})
	}
	return all
}

func (r row) ratio() float64 {
	small := median(r.small).sum()
	if small <= 0 {
		return 0
	}
	return float64(median(r.big).sum()) / float64(small)
}

// finish prints the tables, writes them down, and says whether all is kept.
func (r *report) finish(ctx context.Context) (ok bool, err error) {
	ok = true
	for _, b := range r.bounds() {
		ok = ok && b.kept
	}
	text := r.text(ctx)
	fmt.Print(text)
	if r.resume != nil && r.resume.firstFault != nil {
		fmt.Fprintln(os.Stderr, "idle: a message no server may send:", r.resume.firstFault)
	}
	out := r.out
	if out == "" && r.whole() {
		out = filepath.Join(r.root, "bench", "results", r.section()+".md")
	}
	if out == "" {
		return ok, nil
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(out), 0o750), os.WriteFile(out, []byte(text), 0o600)); err != nil || r.out != "" {
		return ok, err
	}
	return ok, results.Renew(filepath.Join(r.root, "bench"))
}

// whole says whether everything was measured that is written down.
func (r *report) whole() bool {
	return r.n >= 10_000 && r.only == "" && !r.options.resume && !r.options.announce && r.profile == ""
}

// section is the part of RESULTS.md.
func (r *report) section() string {
	name := "idle"
	if r.sse {
		name += "-sse"
	}
	if r.postgres != "" {
		name += "-postgres"
	}
	return name
}

func (r *report) text(ctx context.Context) string {
	var b strings.Builder
	database := "SQLite"
	if r.postgres != "" {
		database = "PostgreSQL"
	}
	fmt.Fprintf(&b, "# Idle subscriptions, Kabinet on %s\n\n", database)
	fmt.Fprintf(&b, "%s, %d CPUs, %s. Commit %s, %s. Command, in bench: `go run ./idle%s`. It took %s.\n\n",
		machine(), runtime.NumCPU(), runtime.Version(), commit(ctx, r.root), r.began.UTC().Format("2006-01-02 15:04 UTC"), r.command(), time.Since(r.began).Round(time.Second))
	if len(r.rows) > 0 {
		r.table(&b)
	}
	if len(r.crowds) > 0 {
		r.crowdTable(&b)
	}
	if r.resume != nil {
		r.resumeTable(&b)
	}
	b.WriteString("### Bounds\n\n| bound | found | kept |\n|---|---|---|\n")
	for _, x := range r.bounds() {
		kept := "yes"
		if !x.kept {
			kept = "**no**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", x.what, x.found, kept)
	}
	return b.String()
}

// table shows times only as multiples of bare gorilla's, or, where it did not
// run, of Kabinet's own with few subscribers.
func (r *report) table(b *strings.Builder) {
	base := slices.IndexFunc(r.rows, func(m row) bool { return m.name == "gorilla" })
	on := "socket"
	if r.sse {
		on = "socket, Kabinet's on an event stream,"
	}
	fmt.Fprintf(b, "### %d idle subscribers, each on a %s of its own\n\n", r.n, on)
	b.WriteString("| server | live heap KiB | stacks KiB | together KiB | heap pages KiB | RSS KiB | goroutines | CPU to connect | CPU of an event | event at n : at 100 | late p50 | late p99 | idle % of a CPU |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, m := range r.rows {
		against := func(own, gorilla time.Duration) string {
			if base < 0 || gorilla <= 0 {
				return "-"
			}
			return fmt.Sprintf("%.2f x", float64(own)/float64(gorilla))
		}
		var g row
		if base >= 0 {
			g = r.rows[base]
		}
		fmt.Fprintf(b, "| %s | %.1f | %.1f | %.1f | %.1f | %.1f | %.2f | %s | %s | %.2f | %s | %s | %.1f |\n", m.name,
			m.heap/1024, m.stack/1024, (m.heap+m.stack)/1024, m.inuse/1024, m.rss/1024, m.goroutines,
			against(m.connect.sum(), g.connect.sum()), against(median(m.big).sum(), median(g.big).sum()), m.ratio(),
			against(percentile(m.late, .5), percentile(g.late, .5)), against(percentile(m.late, .99), percentile(g.late, .99)),
			100*m.idle.sum().Seconds())
	}
	b.WriteString("\nTimes are multiples of gorilla's in this run; p50 and p99 are from the request that causes the event to its arrival at the subscriber. " +
		"An event of a bare server is one frame written. One of Kabinet is `adjustPoints` over HTTP: a ledger entry, two facts and a notification in the database, heard, relayed, read and resolved again for the subscriber; with PostgreSQL its CPU counts too. " +
		"Live heap is what a collection left alive; pages and RSS also hold the garbage that its GOGC allows: Go's 100 for bare servers, Kabinet's own 400 for Kabinet, unless `-gogc` says one for all. " +
		"Idling is taken off the cost of an event. Bare servers neither ping (but centrifuge) nor know who calls; Kabinet pings every 25 s, looks at all sessions every 2 s and compares all streams with the log every 2 s.\n\n")
}

// crowdTable shows CPU as it is, for that is what is bounded, and as multiples.
func (r *report) crowdTable(b *strings.Builder) {
	on := "socket"
	if r.sse {
		on = "socket, Kabinet's on an event stream,"
	}
	fmt.Fprintf(b, "### %d announcements to all %d, each on a %s of its own\n\n", told, r.n, on)
	b.WriteString("| server | CPU an event and subscriber | the same | late p50 | late p99 | the last has it, median |\n|---|---|---|---|---|---|\n")
	base := slices.IndexFunc(r.crowds, func(c *crowding) bool { return c.name == "gorilla" })
	for _, c := range r.crowds {
		ratio := "-"
		if base >= 0 && r.crowds[base].each.sum() > 0 {
			ratio = fmt.Sprintf("%.2f x", float64(c.each.sum())/float64(r.crowds[base].each.sum()))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", c.name, micros(c.each.sum()), ratio,
			percentile(c.late, .5).Round(100*time.Microsecond), percentile(c.late, .99).Round(100*time.Microsecond), percentile(c.last, .5).Round(100*time.Microsecond))
	}
	b.WriteString("\nA bare server writes the same bytes to all; gorilla frames them once. Kabinet's is `saveAnnouncement` over HTTP: a row and a fact in the database, relayed, and the stream read, the announcement resolved and its answer written once for all who ask the same and speak the same language; with PostgreSQL its CPU counts too.\n\n")
}

func micros(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000) }

func (r *report) resumeTable(b *strings.Builder) {
	res := r.resume
	statements := "not counted on SQLite"
	if res.statements > 0 {
		statements = fmt.Sprintf("%.1f", float64(res.statements)/float64(res.n))
	}
	fmt.Fprintf(b, "### A restart under %d subscribers\n\n", res.n)
	b.WriteString("SIGTERM while points are given; then, before anybody is back, one gift for every fifth client and more; then all come at once, each with its cursor, and a few gifts go on. Ids received are compared with the log, in order.\n\n| | |\n|---|---|\n")
	connect := ""
	for _, m := range r.rows {
		if m.name == "kabinet" && m.connect.sum() > 0 {
			connect = fmt.Sprintf(", %.2f of a first connection", float64(res.cpu.over(float64(res.n)).sum())/float64(m.connect.sum()))
		}
	}
	fmt.Fprintf(b, "| SIGTERM to the end of the process | %s |\n| start to ready | %s |\n| all back | %s, %.0f a second |\n| CPU a client | %d µs%s |\n| statements a client | %s |\n| events written meanwhile | %d |\n| delivered, missed, twice, out of order | %d, %d, %d, %d |\n\n",
		res.drained.Round(10*time.Millisecond), res.began.Round(10*time.Millisecond), res.took.Round(10*time.Millisecond),
		float64(res.n)/res.took.Seconds(), res.cpu.over(float64(res.n)).sum().Microseconds(), connect, statements, res.missed,
		res.delivered, res.verdict.gaps, res.verdict.repeats, res.verdict.disorder)
	res.statementTable(b)
}

// command is how to run it again; the URL of the database is nobody's business.
func (r *report) command() string {
	line := fmt.Sprintf(" -n %d -targets %d", r.n, r.targets)
	if r.only != "" {
		line += " -only " + r.only
	}
	if r.options.resume {
		line += " -resume"
	}
	if r.options.announce {
		line += " -announce"
	}
	if r.sse {
		line += " -sse"
	}
	if r.gogc != "" {
		line += " -gogc " + r.gogc
	}
	if r.postgres != "" {
		line += " -postgres URL"
	}
	return line
}

func commit(ctx context.Context, root string) string {
	out, err := exec.CommandContext(ctx, "git", "-C", root, "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// ends lists the close codes that clients got, 0 for none.
func (r *resumption) ends() string {
	var each []string
	for _, code := range slices.Sorted(maps.Keys(r.codes)) {
		each = append(each, fmt.Sprintf("%d by %d", r.codes[code], code))
	}
	return strings.Join(each, ", ")
}
