package web_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

// security H4, S6
func TestSocketsOfOneUser(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) {
		o.Limits.SocketsPerUser, o.Limits.SocketsPerIP, o.Limits.Sockets = 3, 4, 6
	})
	var mine []*client
	for range 3 {
		mine = append(mine, s.dial(t).init("alice"))
	}
	fourth := s.dial(t)
	fourth.say(`{"type":"connection_init","payload":{"authorization":"Bearer alice"}}`)
	fourth.closed(4429)
	mine[0].Close()
	eventually(t, "the place of a closed socket", func() bool {
		c := s.dial(t)
		c.say(`{"type":"connection_init","payload":{"authorization":"Bearer alice"}}`)
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, b, err := c.ReadMessage()
		if err != nil {
			c.Close()
		}
		return err == nil && string(b) == `{"type":"connection_ack"}`
	})
	// Three of alice; strangers share their address, and all share the server.
	for range 3 {
		eventually(t, "a place", func() bool {
			c, _, err := s.tryDial()
			if err == nil {
				t.Cleanup(func() { c.Close() })
			}
			return err == nil
		})
	}
	if _, resp, err := s.tryDial(); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the server is never full: %v", err)
	}
	small := open(t, func(o *web.Options, _ *webtest.Schema) { o.Limits.SocketsPerIP = 2 })
	small.dial(t)
	small.dial(t)
	if _, resp, err := small.tryDial(); err == nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("an address is never full: %v", err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// security H6, B3, F6
func TestEndedSessions(t *testing.T) {
	var mu sync.Mutex
	ended := map[uuid.UUID]bool{}
	failing := true
	var looks atomic.Int32
	var gone chan struct{}
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		_, gone = ticking(schema)
		o.Limits.SessionInterval = 20 * time.Millisecond
		o.Ended = func(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
			looks.Add(1)
			mu.Lock()
			defer mu.Unlock()
			if failing {
				failing = false
				return nil, errors.New("no database")
			}
			over := map[uuid.UUID]bool{}
			for _, id := range ids {
				if mayRefresh, ok := ended[id]; ok {
					over[id] = mayRefresh
				}
			}
			return over, nil
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.edge.Watch(ctx) })
	defer wg.Wait()
	defer stop()
	for _, c := range []struct {
		mayRefresh bool
		code       int
	}{{false, 4401}, {true, 4403}} {
		stranger, cl := s.dial(t).init(""), s.dial(t).init("alice")
		cl.subscribe("s", "subscription { ticks }")
		before := looks.Load()
		eventually(t, "looks at the session", func() bool { return looks.Load() > before+2 })
		mu.Lock()
		ended[aliceSession] = c.mayRefresh
		mu.Unlock()
		cl.closed(c.code)
		<-gone
		stranger.subscribe("q", "{ echo }") // nobody has no session to end
		stranger.hear(`{"id":"q","type":"next","payload":{"data":{"echo":"x"}}}`)
		mu.Lock()
		clear(ended)
		mu.Unlock()
	}
	cl := s.dial(t).init("alice")
	s.edge.EndSessions(map[uuid.UUID]bool{aliceSession: false})
	cl.closed(4401)
}

// Streams and connection_init are no activity; queries and mutations are, and
// they find a session that ended since.
func TestActivityOnASocket(t *testing.T) {
	var over atomic.Bool
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		ticking(schema)
		inner := o.SignIn
		o.SignIn = func(ctx context.Context, c web.Credentials) (viewer.Viewer, error) {
			v, err := inner(ctx, c)
			if over.Load() {
				return viewer.Viewer{}, errLocked
			}
			return v, err
		}
	})
	c := s.dial(t).init("alice")
	c.subscribe("s", "subscription { ticks }")
	c.subscribe("q", "{ echo }")
	c.hear(`{"id":"q","type":"next","payload":{"data":{"echo":"x"}}}`)
	c.hear(`{"id":"q","type":"complete"}`)
	eventually(t, "both operations", func() bool { return len(s.credentials()) == 3 })
	passive := 0
	for _, cred := range s.credentials() {
		if cred.Passive {
			passive++
		}
	}
	if passive != 2 {
		t.Errorf("%d of init, stream and query are passive, want 2", passive)
	}
	over.Store(true)
	c.subscribe("q", "{ echo }")
	c.closed(4403)
}

// A drain ends sockets with 1012, answers what is under way, and completes no
// stream (security L13).
func TestDrain(t *testing.T) {
	inside, free := make(chan struct{}), make(chan struct{})
	s := open(t, func(_ *web.Options, schema *webtest.Schema) {
		ticking(schema)
		schema.Fields["Mutation.slow"] = func(context.Context, map[string]any) (any, error) {
			inside <- struct{}{}
			<-free
			return "done", nil
		}
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.edge.Serve(ctx, ln) }()
	s.URL = "http://" + ln.Addr().String()

	idle, busy := s.dial(t).init("alice"), s.dial(t).init("alice")
	idle.subscribe("s", "subscription { ticks }")
	idle.subscribe("q", "{ echo }")
	idle.hear(`{"id":"q","type":"next","payload":{"data":{"echo":"x"}}}`)
	idle.hear(`{"id":"q","type":"complete"}`)
	busy.subscribe("m", "mutation { slow }")
	<-inside
	overHTTP := make(chan reply, 1)
	go func() { overHTTP <- s.ask(t, "mutation { slow }", nil) }()
	<-inside

	stop()
	idle.closed(1012)
	select {
	case err := <-served:
		t.Fatal(err, "it left before its work was done")
	case <-time.After(50 * time.Millisecond):
	}
	if _, _, err := s.tryDial(); err == nil {
		t.Error("a new socket is let in")
	}
	close(free)
	busy.hear(`{"id":"m","type":"next","payload":{"data":{"slow":"done"}}}`)
	busy.hear(`{"id":"m","type":"complete"}`)
	busy.closed(1012)
	if r := <-overHTTP; r.StatusCode != 200 || !strings.Contains(r.body, "done") {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// A client that is slow to read, or a server that has ten thousand of them to
// write to, is late but hears 1012 all the same.
func TestDrainTellsWhoReadsLate(t *testing.T) {
	var ticks chan any
	s := open(t, func(_ *web.Options, schema *webtest.Schema) { ticks, _ = ticking(schema) })
	c := s.dial(t).init("")
	c.subscribe("s", "subscription { ticks }")
	big := strings.Repeat("x", 1<<20)
	for full := false; !full; {
		select {
		case ticks <- big:
		case <-time.After(300 * time.Millisecond):
			full = true
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- s.edge.Shutdown(t.Context()) }()
	time.Sleep(1500 * time.Millisecond) // longer than a closed socket waits for its answer
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	var closed *websocket.CloseError
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			if !errors.As(err, &closed) || closed.Code != 1012 {
				t.Errorf("ended with %v, want close 1012", err)
			}
			break
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestDrainHasAnEnd(t *testing.T) {
	free := make(chan struct{})
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		schema.Fields["Mutation.slow"] = func(ctx context.Context, _ map[string]any) (any, error) {
			<-free
			return nil, ctx.Err()
		}
	})
	c := s.dial(t).init("")
	c.subscribe("m", "mutation { slow }")
	eventually(t, "the mutation", func() bool { return len(s.credentials()) == 2 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.edge.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if _, _, err := c.ReadMessage(); err == nil {
		t.Error("the socket is open")
	}
	close(free)
}

// security L8, H4: a client that does not read is cut off, its stream ends.
func TestStalledClient(t *testing.T) {
	var ticks chan any
	var gone chan struct{}
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		o.Limits.SocketWrite = 100 * time.Millisecond
		ticks, gone = ticking(schema)
	})
	c := s.dial(t).init("")
	c.subscribe("s", "subscription { ticks }")
	big := strings.Repeat("x", 1<<20)
	for {
		select {
		case ticks <- big:
			continue
		case <-gone:
		case <-time.After(10 * time.Second):
			t.Fatal("the stream goes on")
		}
		return
	}
}

// security H4
func TestFloodAndSilence(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) { o.Limits.SocketRate = 5 })
	c := s.dial(t).init("")
	for range 20 {
		_ = c.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`))
	}
	c.closed(4429)
	p := s.dial(t).init("")
	for range 20 {
		_ = p.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
	}
	p.closed(4429)

	// A half-open client answers no ping.
	quiet := open(t, func(o *web.Options, _ *webtest.Schema) {
		o.Limits.SocketPing, o.Limits.SocketWrite = 30*time.Millisecond, 60*time.Millisecond
	})
	pinged := make(chan struct{}, 100)
	h := quiet.dial(t).init("")
	h.SetPingHandler(func(string) error { pinged <- struct{}{}; return nil })
	_ = h.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, _, err := h.ReadMessage()
	var late net.Error
	if err == nil || errors.As(err, &late) && late.Timeout() || len(pinged) == 0 {
		t.Errorf("half-open: %v after %d pings", err, len(pinged))
	}
	// One that answers stays.
	l := quiet.dial(t).init("")
	_ = l.SetReadDeadline(time.Now().Add(400 * time.Millisecond))
	if _, _, err := l.ReadMessage(); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("a living client: %v", err)
	}
}

// settled is how many goroutines there are once those of earlier tests have left.
func settled(t *testing.T) int {
	t.Helper()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	last, same := 0, 0
	eventually(t, "earlier tests to leave", func() bool {
		n := runtime.NumGoroutine()
		if same++; n != last {
			last, same = n, 0
		}
		return same >= 20
	})
	return last
}

// An idle subscription is two goroutines, whatever the source adds.
func TestGoroutinesOfIdleSubscriptions(t *testing.T) {
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		silent := make(chan any)
		schema.Streams["ticks"] = func(context.Context, map[string]any) (<-chan any, error) { return silent, nil }
	})
	const n = 50
	before := settled(t)
	var all []*client
	for range n {
		c := s.dial(t).init("")
		c.subscribe("s", "subscription { ticks }")
		all = append(all, c)
	}
	running := func() int { return runtime.NumGoroutine() - before }
	eventually(t, "two goroutines each", func() bool { return running() == 2*n })
	for _, c := range all {
		c.Close()
	}
	eventually(t, "all goroutines to leave", func() bool { return running() <= 0 })
}

func TestServeSaysWhatBroke(t *testing.T) {
	s := open(t, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := s.edge.Serve(t.Context(), ln); err == nil {
		t.Error("a closed listener is fine")
	}
}

func TestMetricsListener(t *testing.T) {
	s := open(t, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.edge.ServeMetrics(ctx, ln) }()
	c := s.dial(t).init("")
	c.subscribe("q", "{ echo }")
	c.hear(`{"id":"q","type":"next","payload":{"data":{"echo":"x"}}}`)
	c.hear(`{"id":"q","type":"complete"}`)
	s.URL = fmt.Sprint("http://", ln.Addr())
	eventually(t, "the numbers", func() bool {
		r := s.do(t, "GET", "/metrics", "")
		return strings.Contains(r.body, "kabinet_open_sockets 1") &&
			strings.Contains(r.body, `kabinet_operations_total{outcome="ok",transport="ws",type="query"} 1`)
	})
	if r := s.do(t, "POST", "/graphql", typename); r.StatusCode != 404 {
		t.Errorf("more than metrics: %d", r.StatusCode)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// A drain that meets sockets half-way through their upgrade ends them too.
func TestDrainDuringUpgrades(t *testing.T) {
	for range 20 {
		s := open(t, nil)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				c, _, err := s.tryDial()
				if err != nil {
					return // refused is fine
				}
				defer c.Close()
				_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
				if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, 1012) {
					t.Errorf("ended with %v", err)
				}
			})
		}
		time.Sleep(time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if err := s.edge.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		wg.Wait()
	}
}
