package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// TestMain lets the test be the broker too.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == brokerCommand {
		fatal(serveBroker(os.Args[2]))
		return
	}
	os.Exit(m.Run())
}

// storm is a short one over the real thing.
func storm(t *testing.T, args ...string) *report {
	t.Helper()
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
	o, err := parse(append([]string{"-deliveries", "400000"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute) // most of it to build kabinet
	defer cancel()
	r, err := run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table([]*report{r}) + r.remarks())
	if !r.passed() {
		t.Error(r.result())
	}
	return r
}

// Nothing is lost, repeated or out of order.
func TestNothingIsLost(t *testing.T) { // security L1 L2 L3 L5
	r := storm(t, "-at-most", "30s", "-clients", "60", "-people", "15", "-writers", "3", "-every", "600ms")
	if r.happened() < 10 || r.faults[killInstance] == 0 || r.faults[endBackends] == 0 || r.over[sse] != r.clients/2 || r.deliveries() < 1000 || r.lines <= r.clients || r.naps == 0 {
		t.Errorf("%d faults, %d deliveries, %d connections, %d naps, %d clients over SSE: too little to prove anything", r.happened(), r.deliveries(), r.lines, r.naps, r.over[sse])
	}
}

// A Kabinet that believes its bells loses events, and is seen to.
func TestTheControlLoses(t *testing.T) {
	r := storm(t, "-control", "-deliveries", "200000", "-at-most", "6s", "-clients", "40", "-people", "10")
	if r.verdict.below < 10 || r.over[sse] != r.clients/2 {
		t.Errorf("%d gaps, %d clients over SSE: too little to be seen for sure", r.verdict.below, r.over[sse])
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
		"a gap":                   {client: heard(all, own, [2]int64{0, 1}, [2]int64{0, 3}), want: verdict{gaps: 1, below: 1}},
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
		if f.after < 0 || f.length < 0 || f.length > 25*time.Second || f.kind == stallClients && f.length < 10*time.Second || f.share <= 0 || f.share > 0.5 {
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
	for code, want := range map[string]string{"UNAVAILABLE": "UNAVAILABLE", "INTERNAL": "INTERNAL"} {
		said := fmt.Sprintf(`[{"message": "x", "extensions": {"code": %q}}]`, code)
		for _, body := range []string{`{"errors": ` + said + `}`, `{"data": {"accountEvents": {"cursor": "a"}}, "errors": ` + said + `}`} {
			if _, err := readMessage([]byte(body)); !errors.Is(err, errWrong) || reason(err) != want {
				t.Errorf("%s on a line that runs: %v", body, err)
			}
		}
		for _, status := range []int{200, 503} {
			resp := &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(`{"errors": ` + said + `}`))}
			if err := refusedStream(resp); errors.Is(err, errWrong) != (status == 200 || code == "INTERNAL") {
				t.Errorf("%d with %s in place of a stream: %v", status, code, err)
			}
		}
	}
	if err := closed(&websocket.CloseError{Code: 1006}); !lost(err) {
		t.Error(err)
	}
	if err := closed(&websocket.CloseError{Code: 1013}); lost(err) || errors.Is(err, errWrong) {
		t.Error(err)
	}
	if err := closed(&websocket.CloseError{Code: 4429}); !errors.Is(err, errWrong) {
		t.Error(err)
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
	for _, args := range [][]string{{"-clients", "3", "-people", "4"}, {"-sse", "2"}, {"-every", "0s"}, {"-deliveries", "100000000"}, {"-beside", "-1"}, {"-control", "-beside", "9"}, {"-x"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

// A report passes by what it has to find.
func TestPassed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil         func(*report)
		proof, beside bool // passes
	}{
		"nothing":              {func(*report) {}, true, false},
		"an event lost":        {func(r *report) { r.verdict = verdict{gaps: 1, below: 1} }, false, true},
		"an event not there":   {func(r *report) { r.verdict = verdict{gaps: 1} }, false, false},
		"lost, and late":       {func(r *report) { r.verdict, r.late = verdict{gaps: 1, below: 1}, 1 }, false, false},
		"lost, and repeated":   {func(r *report) { r.verdict = verdict{gaps: 1, below: 1, repeats: 1} }, false, false},
		"a wrong answer":       {func(r *report) { r.wrongs = 1 }, false, false},
		"nothing over SSE":     {func(r *report) { r.delivered[sse] = 0 }, false, false},
		"nothing over sockets": {func(r *report) { r.delivered[webSocket] = 0 }, false, false},
		"sockets alone":        {func(r *report) { delete(r.over, sse); delete(r.delivered, sse) }, true, false},
	} {
		for _, control := range []bool{false, true} {
			r := &report{options: options{control: control}, over: map[string]int{sse: 1, webSocket: 1}, delivered: map[string]int{sse: 5, webSocket: 5}}
			c.spoil(r)
			if want := control && c.beside || !control && c.proof; r.passed() != want {
				t.Errorf("%s, control %t: passed %t", name, control, r.passed())
			}
		}
	}
	o, err := parse([]string{"-beside", "7", "-binary", "kabinet"})
	if err != nil {
		t.Fatal(err)
	}
	runs := o.runs()
	if len(runs) != 2 || runs[0].control || !runs[1].control || runs[1].deliveries != 7 || runs[1].binary != "" {
		t.Errorf("%+v", runs)
	}
	text := paper([]*report{{options: runs[0], source: "commit abc"}, {options: runs[1]}})
	for _, want := range []string{"commit abc", "| with everything failing | the control |", "| **gaps** | 0 | 0 |", "| seed | 1 | 1 |", "| SIGKILL of an instance | 0 | 0 |", "**FAILED**"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// Who does not read is waited for: his line holds little.
func TestNarrow(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	took := func(narrow bool) (n int) {
		mine, err := (&client{}).dialer(narrow).DialContext(t.Context(), "tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer mine.Close()
		theirs, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		for event := make([]byte, 1500); n < 1<<20 && err == nil; {
			_ = theirs.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
			var wrote int
			wrote, err = theirs.Write(event)
			n += wrote
		}
		return n
	}
	if n := took(true); n > 100_000 {
		t.Errorf("%d bytes that nobody reads", n)
	}
	if n := took(false); n < 1<<20 {
		t.Errorf("any line is narrow: %d bytes", n)
	}
	if len(document(true)) <= len(document(false)) {
		t.Error("the same is asked for")
	}
}
