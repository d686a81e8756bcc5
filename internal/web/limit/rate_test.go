package limit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/limit"
	"kabinet/internal/web/webtest"
)

// meter runs operations up to the point where they would be executed.
type meter struct {
	exec *executor.Executor
	rate *limit.Rate
	mu   sync.Mutex
	time time.Time
}

func (m *meter) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.time
}

func (m *meter) pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.time = m.time.Add(d)
}

// newMeter has 100 nodes a second and 1,000 saved for a person; a quarter for
// an address, ten times as much for an integration.
func newMeter() *meter {
	l := limit.DefaultLimits()
	l.RateNodes, l.RateBurst = 100, 1000
	m := &meter{exec: executor.New(webtest.New()), time: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	m.rate = limit.NewRate(l, func(ctx context.Context) bool { return viewer.From(ctx).Staff }, m.now)
	m.exec.Use(limit.Arrive{Rate: m.rate})
	m.exec.Use(limit.Nodes{Limits: l})
	m.exec.Use(limit.Charge{Rate: m.rate})
	return m
}

// ask gives what is left, and the wait of a refusal.
func (m *meter) ask(t *testing.T, who viewer.Viewer, query string) (left limit.Allowance, wait time.Duration) {
	t.Helper()
	ctx := graphql.StartOperationTrace(viewer.With(context.Background(), who))
	op, errs := m.exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	left, ok := limit.AllowanceOf(op)
	if !ok {
		t.Fatalf("%s: nobody counted", query)
	}
	return left, refusal(t, errs)
}

func refusal(t *testing.T, errs gqlerror.List) time.Duration {
	t.Helper()
	if len(errs) == 0 {
		return 0
	}
	f, _ := fault.As(errs[0])
	if f == nil || f.Code != "RATE_LIMITED" {
		return 0
	}
	if f.RetryAfter <= 0 {
		t.Errorf("refused without saying when to come again: %v", errs)
	}
	return f.RetryAfter
}

func user() viewer.Viewer { return viewer.Viewer{UserID: uuid.New(), IP: "192.0.2.1"} }

const (
	cheap = "{ me { id } }"
	// 20 orders with 20 lines each are 420.
	costly = "{ orders(first: 20) { nodes { lines { title } } } }"
)

// security G14: each operation pays what it costs, and at least something.
func TestPrices(t *testing.T) {
	for _, c := range []struct {
		query string
		price int64
	}{
		{cheap, 5},
		{costly, 420},
		{"{ a: __typename b: echo c: slow }", 15},
		{"{ ...F ...F } fragment F on Query { a: echo b: echo }", 10},
		{`mutation { rename(name: "x") { id } }`, 25},
		{`mutation { a: signIn b: signIn c: signIn }`, 75},
		{"subscription { ticks }", 25},
		{"{ me { unknown } }", 5},                       // refused by validation
		{"{ orders(first: 1000) { nodes { id } } }", 5}, // refused by Nodes
		{"{", 5}, // no document at all
		{"{ nodes(ids: []) { id } }", 5},
	} {
		left, wait := newMeter().ask(t, user(), c.query)
		if paid := left.Limit - left.Remaining; paid != c.price || wait != 0 {
			t.Errorf("%s: paid %d, want %d (wait %s)", c.query, paid, c.price, wait)
		}
	}
}

// security G14: a flood of cheap operations ends where two costly ones do; the
// clock fills the bucket up again, and no more than full.
func TestFloodAndRefill(t *testing.T) {
	m, who := newMeter(), user()
	for i := range 200 {
		if _, wait := m.ask(t, who, cheap); wait != 0 {
			t.Fatalf("refused after %d", i)
		}
	}
	left, wait := m.ask(t, who, cheap)
	if wait != 50*time.Millisecond || left.Remaining != 0 || left.Reset != 10*time.Second {
		t.Errorf("the 201st: %+v, wait %s", left, wait)
	}
	if _, again := m.ask(t, who, cheap); again != wait {
		t.Errorf("a refusal was charged: %s", again)
	}
	m.pass(wait)
	if _, wait = m.ask(t, who, cheap); wait != 0 {
		t.Errorf("refused at the time that was said, by %s", wait)
	}
	m.pass(time.Hour)
	if left, wait = m.ask(t, who, costly); wait != 0 || left.Remaining != 580 {
		t.Errorf("after an hour: %+v, wait %s", left, wait)
	}
	if _, wait = m.ask(t, who, costly); wait != 0 {
		t.Errorf("the second costly one: %s", wait)
	}
	// 160 are left, 5 of them taken on arrival.
	_, wait = m.ask(t, who, costly)
	if wait != 2650*time.Millisecond {
		t.Errorf("the third costly one: wait %s", wait)
	}
	m.pass(wait)
	if left, wait = m.ask(t, who, costly); wait != 0 || left.Remaining != 0 {
		t.Errorf("refused at the time that was said: %+v, wait %s", left, wait)
	}
}

// security G14: what costs more than can be saved up needs a full bucket, and
// is paid back by waiting longer.
func TestDearerThanTheBucket(t *testing.T) {
	m, who := newMeter(), user()
	const dear = "{ orders(first: 100) { nodes { lines { title } } } }" // 2,100
	left, wait := m.ask(t, who, dear)
	if wait != 0 || left.Remaining != 0 || left.Reset != 21*time.Second {
		t.Errorf("%+v, wait %s", left, wait)
	}
	if _, wait = m.ask(t, who, cheap); wait != 11050*time.Millisecond {
		t.Errorf("after it: wait %s", wait)
	}
	m.pass(12 * time.Second)
	_, wait = m.ask(t, who, dear)
	m.pass(wait)
	if _, wait = m.ask(t, who, dear); wait != 0 {
		t.Errorf("refused at the time that was said, by %s", wait)
	}
}

// security G14: whose bucket it is.
func TestCallers(t *testing.T) {
	alice, at := user(), func(ip string) viewer.Viewer { return viewer.Viewer{IP: ip} }
	elsewhere, robot := alice, alice
	elsewhere.IP, elsewhere.SessionID, robot.Staff = "198.51.100.7", uuid.New(), true
	for _, c := range []struct {
		name          string
		first, second viewer.Viewer
		same          bool
		limit         int64 // of the second
	}{
		{"one person at two addresses", alice, elsewhere, true, 1000},
		{"two persons at one address", alice, user(), false, 1000},
		{"a person and nobody at one address", alice, at(alice.IP), false, 250},
		{"nobody at one address", at("192.0.2.1"), at("192.0.2.1"), true, 250},
		{"nobody at an address written otherwise", at("192.0.2.1"), at("::ffff:192.0.2.1"), true, 250},
		{"nobody at two addresses", at("192.0.2.1"), at("192.0.2.2"), false, 250},
		{"one network of IPv6", at("2001:db8::1"), at("2001:db8::ffff:2"), true, 250},
		{"two networks of IPv6", at("2001:db8::1"), at("2001:db8:0:1::1"), false, 250},
		{"addresses not known", at(""), at("pipe"), true, 250},
		{"an address not known and a known one", at(""), at("192.0.2.1"), false, 250},
		{"an integration", alice, robot, false, 10_000},
	} {
		m := newMeter()
		_, wait := m.ask(t, c.first, costly) // 420 is more than an address has, and still admitted
		left, _ := m.ask(t, c.second, cheap)
		if same := left.Remaining < c.limit-5; wait != 0 || same != c.same || left.Limit != c.limit {
			t.Errorf("%s: %+v, wait %s", c.name, left, wait)
		}
	}
}

// security G14: many callers do not fill the memory, and the one who is there
// all the time is not forgotten among them.
func TestCallersAreBounded(t *testing.T) {
	m, who := newMeter(), user()
	most := limit.DefaultLimits().RateCallers
	for i := range 100_000 {
		m.ask(t, viewer.Viewer{IP: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)}, "{")
		if i%25_000 == 0 {
			m.ask(t, who, cheap)
		}
	}
	if n := m.rate.Callers(); n != most {
		t.Errorf("%d callers are kept, want %d", n, most)
	}
	if left, _ := m.ask(t, who, cheap); left.Remaining != 1000-5*5 {
		t.Errorf("left %+v", left)
	}
}

// security G14: however operations mix, a caller gets no more than was saved
// up and what the time brought, but for one that was dearer than the bucket.
func TestNoMoreThanTheRate(t *testing.T) {
	m, who := newMeter(), user()
	began := m.now()
	var mu sync.Mutex
	var got int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 300 {
				query, price := cheap, int64(5)
				if rand.IntN(3) == 0 {
					query, price = costly, 420
				}
				if _, wait := m.ask(t, who, query); wait == 0 {
					mu.Lock()
					got += price
					mu.Unlock()
				}
				m.pass(time.Duration(rand.IntN(4)) * time.Millisecond)
			}
		})
	}
	all.Wait()
	most := 1000 + int64(m.now().Sub(began)/(10*time.Millisecond))
	if got > most || got < 1000 {
		t.Errorf("%d nodes, at most %d", got, most)
	}
}
