package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	log := []string{"a", "b", "c", "d"}
	for name, c := range map[string]struct {
		seen string
		want verdict
	}{
		"whole":       {"a b c d", verdict{}},
		"nothing":     {"", verdict{gaps: 4}},
		"a gap":       {"a b d", verdict{gaps: 1}},
		"the end":     {"a b c", verdict{gaps: 1}},
		"twice":       {"a b b c d", verdict{repeats: 1}},
		"replayed":    {"a b c a b c d", verdict{repeats: 3}},
		"disorder":    {"a c b d", verdict{disorder: 1}},
		"a foreigner": {"a b x c d", verdict{disorder: 1}},
	} {
		if got := judge(strings.Fields(c.seen), log); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestParseSamples(t *testing.T) {
	m, err := parseSamples(strings.NewReader("# HELP x y\n# TYPE x gauge\nx 1.5e+06\nx{q=\"1\"} 7\ngo_goroutines 12\n"))
	if err != nil || m["x"] != 1.5e6 || m["go_goroutines"] != 12 || len(m) != 2 {
		t.Error(m, err)
	}
	if _, err := parseSamples(strings.NewReader("x y\n")); err == nil {
		t.Error("a metric without a number is taken")
	}
}

// What goes through the counter comes out as it went in.
func TestForwardCounts(t *testing.T) {
	message := func(kind string, body string) string {
		n := len(body) + 4
		return kind + string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + body
	}
	wire := message("", "\x00\x03\x00\x00user\x00me\x00\x00") + message("Q", "BEGIN\x00") + message("P", "E\x00SELECT 1\n ORDER BY 1\x00\x00\x00") +
		message("B", "\x00E\x00") + message("E", "\x00\x00\x00\x00\x00") + message("S", "") + message("X", "")
	var out bytes.Buffer
	n := &counter{by: map[string]int64{}}
	_ = forward(&out, strings.NewReader(wire), n) // ends with the end of its input
	if all, by := n.since(nil); out.String() != wire || all != 2 || by["BEGIN"] != 1 || by["SELECT 1 ORDER BY 1"] != 1 {
		t.Errorf("%v, %d of %d bytes", by, out.Len(), len(wire))
	}
	r := &resumption{n: 100, statements: 2, by: map[string]int64{"SELECT 1 ORDER BY 1": 2, "SELECT 2 ORDER BY 1": 1, "SELECT a FROM account_events ORDER BY 1": 200, "BEGIN": 9}}
	if lists := r.lists(); len(lists) != 1 || len(r.perClient()) != 3 || r.perClient()[1] != "BEGIN" {
		t.Errorf("%q read lists of %q", lists, r.perClient())
	}
}

func TestMedianAndPercentile(t *testing.T) {
	if m := median([]spent{{9, 9}, {1, 1}, {5, 0}}); m != (spent{5, 0}) {
		t.Error(m)
	}
	all := make([]time.Duration, 100)
	for i := range all {
		all[i] = time.Duration(100 - i)
	}
	if percentile(all, .5) != 51 || percentile(all, .99) != 100 || percentile(nil, .5) != 0 {
		t.Error(percentile(all, .5), percentile(all, .99))
	}
}

// A broken bound is found, and a kept one is not.
func TestBounds(t *testing.T) {
	good := row{name: "kabinet", n: enough, heap: 9000, stack: 8192, goroutines: 2, small: []spent{{100, 0}}, big: []spent{{120, 0}}}
	kept := func(m row, res *resumption) (n int) {
		r := report{rows: []row{m}, resume: res}
		for _, b := range r.bounds() {
			if !b.kept {
				n++
			}
		}
		return n
	}
	whole := &resumption{n: 3, codes: map[int]int{1012: 3}, delivered: 1}
	if kept(good, whole) != 0 {
		t.Error("what is kept counts as broken")
	}
	fat, many, dear := good, good, good
	fat.heap, many.goroutines, dear.big = 13_000, 3, []spent{{100, 51}}
	for i, m := range []row{fat, many, dear} {
		if kept(m, whole) != 1 {
			t.Errorf("broken bound %d is not found", i)
		}
	}
	crowd := func(c *crowding) (n int) {
		r := report{crowds: []*crowding{c}}
		for _, b := range r.bounds() {
			if !b.kept {
				n++
			}
		}
		return n
	}
	cheap := crowding{name: "kabinet", n: enough, each: spent{20 * time.Microsecond, time.Microsecond}}
	costly, lossy := cheap, cheap
	costly.each.db, lossy.gaps = 6*time.Microsecond, 1
	if crowd(&cheap) != 0 || crowd(&costly) != 1 || crowd(&lossy) != 1 {
		t.Error("announcements are judged wrongly")
	}
	listing := *whole
	listing.statements, listing.by = 3, map[string]int64{"SELECT x FROM notifications ORDER BY id": 3}
	if kept(good, &listing) != 1 {
		t.Error("a list that is read passes")
	}
	if kept(good, &resumption{n: 3, codes: map[int]int{1012: 2, 1006: 1}, verdict: verdict{gaps: 1}}) != 2 {
		t.Error("a resume with a gap and a lost close frame passes")
	}
}

// Events are read as messages; the end without "complete" is that of a restart,
// and "complete" is a message that nobody expects.
func TestEventStream(t *testing.T) {
	const head = "retry: 5\n\n:\n\nevent: next\nid: c1\ndata: {\"a\":1}\n\n:\n\n"
	for rest, want := range map[string]string{"": "", "event: complete\ndata:\n\n": `"complete"`} {
		one, other := net.Pipe()
		go func() {
			_, _ = io.WriteString(other, head+rest)
			_ = other.Close()
		}()
		s := &eventStream{nc: one, r: bufio.NewReaderSize(one, 16)}
		if _, b, err := s.ReadMessage(); err != nil || string(b) != `{"a":1}` {
			t.Errorf("%q %v", b, err)
		}
		_, b, err := s.ReadMessage()
		if string(b) != want || want == "" && !errors.Is(err, brokenOff) {
			t.Errorf("then %q %v", b, err)
		}
	}
	fat := row{name: "kabinet", n: enough, heap: 12_000, stack: 12_000, goroutines: 2, small: []spent{{100, 0}}, big: []spent{{120, 0}}}
	for sse, broken := range map[bool]int{false: 1, true: 0} {
		r, n := report{options: options{sse: sse}, rows: []row{fat}}, 0
		for _, b := range r.bounds() {
			if !b.kept {
				n++
			}
		}
		if n != broken {
			t.Errorf("24 kB with sse %v break %d bounds", sse, n)
		}
	}
}
