package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestMain lets the test be the broker too.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == brokerCommand {
		fatal(serveBroker(os.Args[2]))
		return
	}
	os.Exit(m.Run())
}

// A short storm over the real thing: nothing is lost, repeated or out of order.
func TestNothingIsLost(t *testing.T) { // security L1 L2 L3 L5
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("it needs the signals of Linux")
	}
	if err := postgres(); err != nil {
		if os.Getenv("KABINET_TEST_REQUIRE_POSTGRES") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	o, err := parse([]string{"-deliveries", "400000", "-at-most", "30s", "-clients", "60", "-people", "15", "-writers", "3", "-every", "600ms"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute) // most of it to build kabinet
	defer cancel()
	r, err := run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + r.text())
	if !r.passed() {
		t.Error("it must not be so")
	}
	happened := 0
	for _, n := range r.faults {
		happened += n
	}
	if happened < 10 || r.faults[killInstance] == 0 || r.faults[endBackends] == 0 || r.overSSE != r.clients/2 || r.delivered < 1000 || r.lines <= r.clients {
		t.Errorf("%d faults, %d deliveries, %d connections, %d clients over SSE: too little to prove anything", happened, r.delivered, r.lines, r.overSSE)
	}
}

// postgres says whether there is a server to start; pgtest installs one.
func postgres() error {
	if found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); err == nil && len(found) > 0 {
		return nil
	}
	_, err := exec.LookPath("initdb")
	return err
}

// log is a stream of n events.
func log(n int) (t []told) {
	for i := range n {
		t = append(t, told{event: uuid.New(), kind: fmt.Sprintf("kind.%d", i%3), subject: uuid.New(), toAll: true, occurred: int64(i), committed: int64(i + 1)})
	}
	return t
}

// heard is a client that received these numbers of its streams.
func heard(t truth, streams []uuid.UUID, seqs ...[2]int64) *client {
	c := &client{streams: streams}
	shown := t.shown(streams)
	for _, s := range seqs {
		e := entry{stream: int(s[0]), seq: s[1], received: s[1] + 1000}
		if at := t[streams[s[0]]]; s[1] <= int64(len(at)) && shown[s[0]][s[1]-1] {
			e.kind, e.subject, e.occurred = at[s[1]-1].kind, at[s[1]-1].subject, at[s[1]-1].occurred
		}
		c.journal = append(c.journal, e)
	}
	return c
}

// What the proof rests on: each way to be wrong is seen, and told apart.
func TestJudge(t *testing.T) {
	t.Parallel()
	mine, ours := uuid.New(), uuid.New()
	all := truth{mine: log(3), ours: log(2)}
	all[ours][1].event = all[mine][2].event // told to both: shown once
	all[mine][1].toAll = false
	own, both := []uuid.UUID{mine}, []uuid.UUID{mine, ours}
	for name, c := range map[string]struct {
		client *client
		spoil  func(*client)
		want   verdict
	}{
		"whole":                   {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{0, 3})},
		"both streams":            {client: heard(all, both, [2]int64{1, 1}, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{1, 2}, [2]int64{0, 3})},
		"nothing":                 {client: heard(all, own), want: verdict{gaps: 3}},
		"a gap":                   {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 3}), want: verdict{gaps: 1}},
		"the end":                 {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 2}), want: verdict{gaps: 1}},
		"the other stream's":      {client: heard(all, both, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{0, 3}, [2]int64{1, 1}), want: verdict{gaps: 1}},
		"twice":                   {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{0, 2}, [2]int64{0, 3}), want: verdict{repeats: 1}},
		"told again":              {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{0, 3}), want: verdict{repeats: 2}},
		"disorder":                {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 3}, [2]int64{0, 2}), want: verdict{disorder: 1}},
		"of nobody's log":         {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{0, 3}, [2]int64{0, 4}), want: verdict{wrong: 1}},
		"a cursor that stood":     {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{0, 3}), spoil: func(c *client) { c.still = 1 }, want: verdict{repeats: 1}},
		"another kind":            {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{0, 3}), spoil: func(c *client) { c.journal[0].kind = "x" }, want: verdict{wrong: 1}},
		"another subject":         {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{0, 3}), spoil: func(c *client) { c.journal[2].subject = mine }, want: verdict{wrong: 1}},
		"hidden and shown":        {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{0, 3}), spoil: func(c *client) { c.journal[1].kind = "kind.1" }, want: verdict{wrong: 1}},
		"told twice, on each one": {client: heard(all, both, [2]int64{1, 1}, [2]int64{0, 1}, [2]int64{0, 2}, [2]int64{1, 2}, [2]int64{0, 3}), spoil: func(c *client) { c.journal[3].kind = all[ours][1].kind }, want: verdict{wrong: 1}},
	} {
		if c.spoil != nil {
			c.spoil(c.client)
		}
		var found findings
		var late []time.Duration
		got := c.client.judge(all, &found, &late)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if (len(found) > 0) != (c.want != verdict{}) {
			t.Errorf("%s: %q", name, found)
		}
		for _, d := range late {
			if d != 1000 {
				t.Errorf("%s: %v late", name, d)
			}
		}
	}
}

// One seed is one schedule, with every kind of fault in it.
func TestSchedule(t *testing.T) {
	t.Parallel()
	a, b, other := newSchedule(1, time.Second), newSchedule(1, time.Second), newSchedule(2, time.Second)
	same, seen, sum := true, map[kind]int{}, time.Duration(0)
	const n = 2000
	for range n {
		f := a.next()
		if f != b.next() {
			t.Fatal("the same seed, another schedule")
		}
		same = same && f == other.next()
		seen[f.kind]++
		sum += f.after
		if f.after < 0 || f.length < 0 || f.length > 10*time.Second || f.share <= 0 || f.share > 0.5 {
			t.Fatalf("%+v", f)
		}
	}
	if same {
		t.Error("another seed, the same schedule")
	}
	for _, k := range kinds() {
		if seen[k] < n/100 {
			t.Errorf("%s: %d times of %d", k, seen[k], n)
		}
	}
	if mean := sum / n; mean < 900*time.Millisecond || mean > 1100*time.Millisecond {
		t.Errorf("a fault every %v", mean)
	}
}

// What a server in trouble may say, and what none may.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		reason string
		wrong  bool
	}{
		`[{"message": "x", "extensions": {"code": "UNAVAILABLE"}}]`:    {"UNAVAILABLE", false},
		`[{"message": "x", "extensions": {"code": "CURSOR_EXPIRED"}}]`: {"CURSOR_EXPIRED", true},
		`[{"message": "x", "extensions": {"code": "INTERNAL"}}]`:       {"INTERNAL", true},
	} {
		err := judgeErrors([]byte(body))
		if reason(err) != want.reason || errors.Is(err, errWrong) != want.wrong {
			t.Errorf("%s: %v", body, err)
		}
	}
	if err := judgeStatus(503); errors.Is(err, errWrong) || reason(err) != "HTTP 503" {
		t.Error(err)
	}
	if err := judgeStatus(401); !errors.Is(err, errWrong) {
		t.Error(err)
	}
	if _, err := readEvent("complete", "", nil); !errors.Is(err, errWrong) {
		t.Error(err)
	}
	if _, err := readEvent("next", "b", []byte(`{"data": {"accountEvents": {"cursor": "a"}}}`)); !errors.Is(err, errWrong) {
		t.Error(err)
	}
	if m, err := readEvent("next", "a", []byte(`{"data": {"accountEvents": {"cursor": "a"}}}`)); err != nil || m.Cursor != "a" {
		t.Error(m, err)
	}
	for _, args := range [][]string{{"-clients", "3", "-people", "4"}, {"-sse", "2"}, {"-every", "0s"}, {"-deliveries", "100000000"}, {"-x"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
