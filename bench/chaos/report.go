package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// report is what came of a run.
type report struct {
	options
	source    string // what the product was built from
	began     time.Time
	stormed   time.Duration // how long there were faults
	converged time.Duration // from the end of the faults until everybody had all
	late      int           // clients that had not, when the patience was over
	faults    map[kind]int
	events    int
	over      map[string]int // clients by transport
	delivered map[string]int // events to them
	moves     int            // messages that moved the cursor alone
	writes    int
	lines     int // connections of clients
	naps      int // those on which nothing was read for a while
	cutOff    int // those that the server ended meanwhile
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

// deliveries are events that came to clients, over both transports.
func (r *report) deliveries() int { return r.delivered[webSocket] + r.delivered[sse] }

// passed says whether the run found what it had to find: nothing; or, of the
// control, events that were lost, and nothing else that would explain it.
func (r *report) passed() bool {
	found := r.verdict
	lost := found.below > 0
	if r.control {
		found.gaps, found.below = 0, 0
	}
	for transport := range r.over {
		if r.delivered[transport] == 0 {
			return false
		}
	}
	return found == (verdict{}) && lost == r.control && r.late+r.lapses+r.wrongs+r.missing+r.doubled == 0 && r.deliveries() > 0
}

// result is passed in words.
func (r *report) result() string {
	switch {
	case r.passed() && r.control:
		return "gaps, as it must, and nothing else"
	case r.passed():
		return "passed"
	case r.control:
		return "**NOT what a control has to find**"
	}
	return "**FAILED**"
}

// name is the head of its column.
func (r *report) name() string {
	if r.control {
		return "the control"
	}
	return "with everything failing"
}

// percentile of the lateness; p is from 0 to 1.
func (r *report) percentile(p float64) time.Duration {
	if len(r.lateness) == 0 {
		return 0
	}
	return r.lateness[min(len(r.lateness)-1, int(p*float64(len(r.lateness))))].Round(time.Millisecond)
}

// rows are the lines of the table, and what each says of a run.
var rows = []struct {
	name string
	say  func(r *report) any
}{
	{"result", func(r *report) any { return r.result() }},
	{"began", func(r *report) any { return r.began.UTC().Format("2006-01-02 15:04 UTC") }},
	{"seed", func(r *report) any { return r.seed }},
	{"processes", func(r *report) any { return fmt.Sprintf("%d instances, a NATS server, PostgreSQL", r.instances) }},
	{"clients", func(r *report) any {
		return fmt.Sprintf("%d of %d people: %d over WebSocket, %d over SSE", r.clients, r.people, r.over[webSocket], r.over[sse])
	}},
	{"events in the log", func(r *report) any { return r.events }},
	{"**deliveries** of an event to a client", func(r *report) any { return r.deliveries() }},
	{"of them over WebSocket, over SSE", func(r *report) any { return fmt.Sprintf("%d, %d", r.delivered[webSocket], r.delivered[sse]) }},
	{"messages beside them that moved a cursor alone", func(r *report) any { return r.moves }},
	{"**gaps**", func(r *report) any { return r.verdict.gaps }},
	{"of them before the last that the client received", func(r *report) any { return r.verdict.below }},
	{"**repeats**", func(r *report) any { return r.verdict.repeats }},
	{"**out of order**", func(r *report) any { return r.verdict.disorder }},
	{"other than the log has", func(r *report) any { return r.verdict.wrong }},
	{"answers that no server may give", func(r *report) any { return r.wrongs }},
	{"clients that never caught up", func(r *report) any { return r.late }},
	{"all caught up after the last fault in", func(r *report) any { return r.converged.Round(10 * time.Millisecond) }},
	{"from commit to client: p50, p99, p99.9", func(r *report) any {
		return fmt.Sprintf("%v, %v, %v", r.percentile(0.5), r.percentile(0.99), r.percentile(0.999))
	}},
	{"**the latest**", func(r *report) any { return r.percentile(1) }},
	{"writers; writes answered; missing, there twice", func(r *report) any {
		return fmt.Sprintf("%d; %d; %d, %d", r.writers, r.writes, r.missing, r.doubled)
	}},
	{"faults for", func(r *report) any { return r.stormed.Round(time.Second) }},
	{"starts of instances; ends by themselves", func(r *report) any { return fmt.Sprintf("%d; %d", r.starts, r.lapses) }},
	{"connections of clients", func(r *report) any { return r.lines }},
	{"those on which a client read nothing for a while; cut off by the server meanwhile", func(r *report) any { return fmt.Sprintf("%d; %d", r.naps, r.cutOff) }},
}

// table is the figures of the runs, side by side.
func table(runs []*report) string {
	var b strings.Builder
	line := func(name string, say func(r *report) any) {
		fmt.Fprintf(&b, "| %s |", name)
		for _, r := range runs {
			fmt.Fprintf(&b, " %v |", say(r))
		}
		b.WriteString("\n")
	}
	line("", func(r *report) any { return r.name() })
	b.WriteString(strings.Repeat("|---", 1+len(runs)) + "|\n")
	for _, row := range rows {
		line(row.name, row.say)
	}
	b.WriteString("\n")
	line("fault", func(r *report) any { return r.name() })
	b.WriteString(strings.Repeat("|---", 1+len(runs)) + "|\n")
	for _, k := range kinds() {
		line(string(k), func(r *report) any { return r.faults[k] })
	}
	line("all", func(r *report) any { return r.happened() })
	return b.String()
}

// happened is how many faults there were.
func (r *report) happened() (n int) {
	for _, times := range r.faults {
		n += times
	}
	return n
}

// remarks are what does not fit into a table.
func (r *report) remarks() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: connections of clients ended by: %s. Writes asked for again because of: %s.\n", strings.ToUpper(r.name()[:1])+r.name()[1:], counts(r.ends), counts(r.answers))
	if len(r.findings) > 0 {
		b.WriteString("\nThe first findings:\n\n")
		for _, f := range r.findings {
			fmt.Fprintf(&b, "- %s\n", f)
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
