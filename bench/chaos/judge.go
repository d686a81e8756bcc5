package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// verdict is what was found when journals were compared with the log.
type verdict struct {
	gaps     int // events of the log that a client never received
	below    int // those of them before one that it did receive: lost, and not only late
	repeats  int // received before
	disorder int // received after a later one, for the first time
	wrong    int // another event than the log has, or none of its
}

func (v *verdict) add(other verdict) {
	v.gaps += other.gaps
	v.below += other.below
	v.repeats += other.repeats
	v.disorder += other.disorder
	v.wrong += other.wrong
}

// findings are the first few things that are not as they should be.
type findings []string

const enough = 20

func (f *findings) add(format string, args ...any) {
	if len(*f) < enough {
		*f = append(*f, fmt.Sprintf(format, args...))
	}
}

// judge compares a client's journal with the log; late takes how long after
// its commit each event was there.
func (c *client) judge(t truth, found *findings, late *[]time.Duration) verdict {
	v := verdict{repeats: c.still}
	if c.still > 0 {
		found.add("client %d over %s: %d messages whose cursor had been there", c.index, c.over, c.still)
	}
	shown := t.shown(c.streams)
	had, last := make([][]bool, len(c.streams)), make([]int64, len(c.streams))
	for i, id := range c.streams {
		had[i] = make([]bool, len(t[id]))
	}
	for _, e := range c.journal {
		log := t[c.streams[e.stream]]
		switch {
		case e.seq < 1 || e.seq > int64(len(log)):
			v.wrong++
			found.add("client %d over %s, line %d: stream %s has no %d", c.index, c.over, e.line, c.streams[e.stream], e.seq)
			continue
		case had[e.stream][e.seq-1]:
			v.repeats++
			found.add("client %d over %s, line %d: stream %s repeats %d", c.index, c.over, e.line, c.streams[e.stream], e.seq)
			continue
		case e.seq < last[e.stream]:
			v.disorder++
			found.add("client %d over %s, line %d: stream %s has %d after %d", c.index, c.over, e.line, c.streams[e.stream], e.seq, last[e.stream])
		case e.seq != last[e.stream]+1:
			found.add("client %d over %s, line %d: stream %s goes from %d to %d", c.index, c.over, e.line, c.streams[e.stream], last[e.stream], e.seq)
		}
		had[e.stream][e.seq-1] = true
		last[e.stream] = max(last[e.stream], e.seq)
		if want := log[e.seq-1]; !e.is(want, shown[e.stream][e.seq-1]) {
			v.wrong++
			found.add("client %d over %s, line %d: stream %s has %q at %d, received was %q", c.index, c.over, e.line, c.streams[e.stream], want.kind, e.seq, e.kind)
		} else if want.committed > 0 {
			*late = append(*late, time.Duration(e.received-want.committed))
		}
	}
	for i := range had {
		v.miss(had[i], last[i])
		if end := int64(len(had[i])); last[i] < end {
			found.add("client %d over %s: stream %s ends at %d of %d", c.index, c.over, c.streams[i], last[i], end)
		}
	}
	return v
}

// miss counts what was not had of a stream.
func (v *verdict) miss(had []bool, last int64) {
	for i := range had {
		if had[i] {
			continue
		}
		v.gaps++
		if int64(i) < last {
			v.below++
		}
	}
}

// is says whether what was received is what the log has.
func (e entry) is(want told, shown bool) bool {
	if !shown {
		return e.kind == "" && e.subject == uuid.Nil
	}
	return e.kind == want.kind && e.subject == want.subject && e.occurred == want.occurred
}

// judge fills the report with what is known now.
func (r *report) judge(ctx context.Context, w *world, f *fleet, p *writers) error {
	t, err := w.truth(ctx)
	if err != nil {
		return err
	}
	for _, log := range t {
		r.events += len(log)
	}
	r.ends, r.over, r.delivered = map[string]int{}, map[string]int{}, map[string]int{}
	for _, c := range f.clients {
		r.verdict.add(c.judge(t, &r.findings, &r.lateness))
		r.count(c)
		r.wrongs += len(c.faults)
		for _, fault := range c.faults {
			r.findings.add("%s", fault)
		}
	}
	slices.Sort(r.lateness)
	for i, p := range w.instances {
		r.starts += int(p.starts.Load())
		if n := int(p.lapses.Load()); n > 0 {
			r.lapses += n
			r.findings.add("instance %d ended by itself %d times:\n%s", i+1, n, p.complaints())
		}
	}
	r.writes, r.answers = p.total(), p.answers
	r.missing, r.doubled, err = w.effects(ctx, t, p)
	return err
}

// count adds up what one client went through.
func (r *report) count(c *client) {
	r.over[c.over]++
	for _, e := range c.journal {
		if e.kind == "" {
			r.moves++
		} else {
			r.delivered[c.over]++
		}
	}
	r.lines += c.lines
	r.naps += c.naps
	r.cutOff += c.cutOff
	for why, n := range c.ends {
		r.ends[why] += n
	}
}
