package web_test

import (
	"bufio"
	"context"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

const ticks = "subscription { ticks }"

// Streams and sockets share their places (security H4, S6).
func TestPlacesOfStreams(t *testing.T) {
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		ticking(schema)
		o.Limits.SocketsPerUser, o.Limits.SocketsPerIP, o.Limits.Sockets = 3, 2, 5
	})
	mine := []string{"Authorization", "Bearer alice"}
	first := s.follow(t, ticks, nil, mine...)
	s.follow(t, ticks, nil, mine...)
	s.dial(t).init("alice")
	if e, r := s.tryFollow(t, ticks, nil, mine...); e != nil || r.StatusCode != 429 || r.code(t) != "RATE_LIMITED" || r.Header.Get("Retry-After") == "" {
		t.Errorf("a fourth stream of one user: %d %s", r.StatusCode, r.body)
	}
	fourth := s.dial(t)
	fourth.say(`{"type":"connection_init","payload":{"authorization":"Bearer alice"}}`)
	fourth.closed(4429)
	first.Body.Close()
	eventually(t, "the place of a stream that was left", func() bool {
		e, _ := s.tryFollow(t, ticks, nil, mine...)
		return e != nil
	})
	s.follow(t, ticks, nil)
	s.dial(t)
	if e, r := s.tryFollow(t, ticks, nil); e != nil || r.StatusCode != 503 || r.code(t) != "UNAVAILABLE" || r.Header.Get("Retry-After") == "" {
		t.Errorf("the server is never full: %d %s", r.StatusCode, r.body)
	}
	small := open(t, func(o *web.Options, schema *webtest.Schema) {
		ticking(schema)
		o.Limits.SocketsPerIP = 2
	})
	small.follow(t, ticks, nil)
	small.dial(t)
	if e, r := small.tryFollow(t, ticks, nil); e != nil || r.StatusCode != 429 {
		t.Errorf("an address is never full: %d %s", r.StatusCode, r.body)
	}
	if e, _ := small.tryFollow(t, ticks, nil, mine...); e == nil {
		t.Error("who has signed in has places of his own")
	}
}

// The rates of operations hold here too, and a client that comes too often is
// told when to come again.
func TestRateOfStreams(t *testing.T) {
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		ticking(schema)
		o.Limits.RateNodes, o.Limits.RateBurst, o.Limits.RateAnonymous = 4, 200, 4 // two streams of nobody
	})
	for range 2 {
		s.follow(t, ticks, nil)
	}
	if e, r := s.tryFollow(t, ticks, nil); e != nil || r.StatusCode != 429 || r.code(t) != "RATE_LIMITED" || r.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
}

// Who signs out hears so and stops; whose session only needs a refresh or an
// unlocking comes back by himself (security H6, B3, F6).
func TestEndedSessionsOfStreams(t *testing.T) {
	var mu sync.Mutex
	ended := map[uuid.UUID]bool{}
	var gone chan struct{}
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		_, gone = ticking(schema)
		o.Limits.SessionInterval = 20 * time.Millisecond
		o.Ended = func(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
			mu.Lock()
			defer mu.Unlock()
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
	stranger := s.follow(t, ticks, nil)
	for _, mayRefresh := range []bool{false, true} {
		e := s.follow(t, ticks, nil, "Authorization", "Bearer alice")
		mu.Lock()
		ended[aliceSession] = mayRefresh
		mu.Unlock()
		if mayRefresh {
			e.broken()
		} else if code := e.failed(); code != "UNAUTHENTICATED" {
			t.Errorf("the end of a session is %s", code)
		}
		<-gone
		mu.Lock()
		clear(ended)
		mu.Unlock()
	}
	e := s.follow(t, ticks, nil, "Authorization", "Bearer alice")
	s.edge.EndSessions(map[uuid.UUID]bool{aliceSession: false})
	if code := e.failed(); code != "UNAUTHENTICATED" {
		t.Errorf("%s", code)
	}
	s.edge.EndSessions(map[uuid.UUID]bool{uuid.Nil: false}) // nobody has no session to end
	_ = s.edge.Shutdown(t.Context())
	stranger.broken()
}

// Who acts with more than his own rights is looked at before each event: what
// comes after he lost them is not told (security F6, H6).
func TestRightsLostOnAStream(t *testing.T) {
	var lost, out atomic.Bool
	var ticker chan any
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		ticker, _ = ticking(schema)
		o.SignIn = func(_ context.Context, c web.Credentials) (viewer.Viewer, error) {
			v := viewer.Viewer{UserID: alice, OwnerID: alice, SessionID: aliceSession, Staff: true}
			switch {
			case out.Load():
				return viewer.Viewer{}, errLocked
			case !lost.Load():
				v.Grants = map[viewer.Permission]viewer.Reach{{Resource: "order", Operation: "read"}: viewer.ReachAll}
			}
			return v, nil
		}
	})
	for _, change := range []*atomic.Bool{&lost, &out} {
		e := s.follow(t, ticks, nil, "Authorization", "Bearer alice")
		ticker <- 1
		e.hear("next", "", `{"data":{"ticks":1}}`)
		change.Store(true)
		ticker <- 2
		e.broken()
		change.Store(false)
	}
}

// A drain breaks streams off and completes none, so that clients come back with
// their cursor (security L13).
func TestDrainOfStreams(t *testing.T) {
	var ticker chan any
	s := open(t, func(_ *web.Options, schema *webtest.Schema) { ticker, _ = ticking(schema) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.edge.Serve(ctx, ln) }()
	s.URL = "http://" + ln.Addr().String()
	first := s.follow(t, ticks, nil)
	ticker <- 1
	first.hear("next", "", `{"data":{"ticks":1}}`)
	second := s.follow(t, ticks, nil, "Authorization", "Bearer alice")
	stop()
	first.broken()
	second.broken()
	select {
	case err := <-served:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it waits for streams")
	}
	if e, _ := s.tryFollow(t, ticks, nil); e != nil {
		t.Error("a new stream is let in")
	}
}

// A drain that meets streams half-way through their beginning ends them too.
func TestDrainOfBeginningStreams(t *testing.T) {
	for range 20 {
		s := open(t, func(_ *web.Options, schema *webtest.Schema) { ticking(schema) })
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if e, r := s.tryFollow(t, ticks, nil); e != nil {
					e.broken()
				} else if r.StatusCode != 0 && r.StatusCode != 503 {
					t.Errorf("%d %s", r.StatusCode, r.body)
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

// security L8: a client that does not read is cut off, its stream ends.
func TestStalledStream(t *testing.T) {
	var ticker chan any
	var gone chan struct{}
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		o.Limits.SocketWrite = 100 * time.Millisecond
		ticker, gone = ticking(schema)
	})
	s.follow(t, ticks, nil)
	big := strings.Repeat("x", 1<<20)
	for {
		select {
		case ticker <- big:
			continue
		case <-gone:
		case <-time.After(10 * time.Second):
			t.Fatal("the stream goes on")
		}
		return
	}
}

// A silent stream is kept from looking dead, on both sides; a client that talks
// where it should listen is no client.
func TestSilenceOfStreams(t *testing.T) {
	var gone chan struct{}
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		_, gone = ticking(schema)
		o.Limits.SocketPing = 20 * time.Millisecond
	})
	e := s.follow(t, ticks, nil)
	for comments := 0; comments < 3; {
		line, err := e.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == ":\n" {
			comments++
		} else if line != "\n" && !strings.HasPrefix(line, "retry: ") {
			t.Fatalf("%q", line)
		}
	}
	e.Body.Close()
	<-gone

	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = conn.Write([]byte("GET /graphql?query=subscription%7Bticks%7D HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"))
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); err != nil || line != "HTTP/1.1 200 OK\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	_, _ = conn.Write(make([]byte, 64<<10))
	<-gone
}

// An idle stream is two goroutines, whatever the source adds; none stays.
func TestGoroutinesOfIdleStreams(t *testing.T) {
	s := open(t, func(_ *web.Options, schema *webtest.Schema) {
		silent := make(chan any)
		schema.Streams["ticks"] = func(context.Context, map[string]any) (<-chan any, error) { return silent, nil }
	})
	const n = 50
	before := settled(t)
	var all []net.Conn
	for range n { // by hand: Go's client has goroutines of its own
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("GET /graphql?query=subscription%7Bticks%7D HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"))
		head := make([]byte, 15)
		if _, err := conn.Read(head); err != nil || string(head) != "HTTP/1.1 200 OK" {
			t.Fatalf("%q %v", head, err)
		}
		all = append(all, conn)
	}
	running := func() int { return runtime.NumGoroutine() - before }
	eventually(t, "two goroutines each", func() bool { return running() == 2*n })
	for _, conn := range all {
		conn.Close()
	}
	eventually(t, "all goroutines to leave", func() bool { return running() <= 0 })
}

// A stream that breaks down while it begins gives its place back.
func TestStreamThatBreaksDown(t *testing.T) {
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		o.Limits.SocketsPerIP = 1
		schema.Streams["ticks"] = func(context.Context, map[string]any) (<-chan any, error) { panic("secret panic") }
	})
	for range 3 {
		if e, r := s.tryFollow(t, ticks, nil); e != nil || r.StatusCode != 500 || r.code(t) != "INTERNAL" || strings.Contains(r.body, "secret") {
			t.Errorf("%d %s", r.StatusCode, r.body)
		}
	}
}
