package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

// client is a socket that tests drive by hand.
type client struct {
	*websocket.Conn
	t *testing.T
}

func (s *site) dial(t *testing.T, header ...string) *client {
	t.Helper()
	c, resp, err := s.tryDial(header...)
	if err != nil {
		t.Fatalf("dial: %v (%d %s)", err, resp.StatusCode, resp.body)
	}
	t.Cleanup(func() { c.Close() })
	return &client{c, t}
}

// tryDial gives the answer as well, read to its end, for it may be a refusal.
func (s *site) tryDial(header ...string) (*websocket.Conn, reply, error) {
	h := http.Header{}
	protocol := "graphql-transport-ws"
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "protocol" {
			protocol = header[i+1]
			continue
		}
		h.Add(header[i], header[i+1])
	}
	d := websocket.Dialer{HandshakeTimeout: 5 * time.Second}
	if protocol != "" {
		d.Subprotocols = []string{protocol}
	}
	c, resp, err := d.Dial(strings.Replace(s.URL, "http", "ws", 1)+"/graphql", h)
	if resp == nil {
		return c, reply{Response: &http.Response{}}, err
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return c, reply{resp, string(b)}, err
}

func (c *client) say(format string, args ...any) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// hear reads one message and compares it.
func (c *client) hear(want string) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, b, err := c.ReadMessage()
	if err != nil {
		c.t.Fatalf("waiting for %s: %v", want, err)
	}
	if string(b) != want {
		c.t.Fatalf("heard %s, want %s", b, want)
	}
}

// hearError reads an error message for id and gives its code.
func (c *client) hearError(id string) string {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	var m struct {
		ID, Type string
		Payload  []graphQLError
	}
	if err := c.ReadJSON(&m); err != nil {
		c.t.Fatal(err)
	}
	if m.ID != id || m.Type != "error" || len(m.Payload) == 0 {
		c.t.Fatalf("heard %+v", m)
	}
	code, _ := m.Payload[0].Extensions["code"].(string)
	return code
}

// closed reads until the close frame and gives its code; other messages fail.
func (c *client) closed(want int) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, b, err := c.ReadMessage()
	if err == nil {
		c.t.Fatalf("heard %s, want close %d", b, want)
	}
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != want {
		c.t.Fatalf("ended with %v, want close %d", err, want)
	}
}

func (c *client) init(token string) *client {
	c.t.Helper()
	if token == "" {
		c.say(`{"type":"connection_init"}`)
	} else {
		c.say(`{"type":"connection_init","payload":{"authorization":"Bearer %s"}}`, token)
	}
	c.hear(`{"type":"connection_ack"}`)
	return c
}

func (c *client) subscribe(id, query string) {
	c.t.Helper()
	b, _ := json.Marshal(map[string]any{"query": query})
	c.say(`{"id":%q,"type":"subscribe","payload":%s}`, id, b)
}

// ticking is a stream that tells what is sent on the channel, and on gone that
// it was left.
func ticking(schema *webtest.Schema) (ticks chan any, gone chan struct{}) {
	ticks, gone = make(chan any), make(chan struct{}, 1000)
	schema.Streams["ticks"] = func(ctx context.Context, _ map[string]any) (<-chan any, error) {
		out := make(chan any)
		go func() {
			defer func() { gone <- struct{}{} }()
			defer close(out)
			for {
				select {
				case v, more := <-ticks:
					if err, bad := v.(error); bad {
						viewer.EndStream(ctx, err)
						return
					}
					if !more {
						return
					}
					select {
					case out <- v:
					case <-ctx.Done():
						return
					}
				case <-ctx.Done():
					return
				}
			}
		}()
		return out, nil
	}
	return ticks, gone
}

func TestSocketConversation(t *testing.T) {
	var ticks chan any
	s := open(t, func(_ *web.Options, schema *webtest.Schema) {
		ticks, _ = ticking(schema)
		schema.Streams["refused"] = func(context.Context, map[string]any) (<-chan any, error) {
			return nil, fault.ErrUnauthenticated
		}
	})
	c := s.dial(t).init("alice")
	c.subscribe("1", "{ echo }")
	c.hear(`{"id":"1","type":"next","payload":{"data":{"echo":"x"}}}`)
	c.hear(`{"id":"1","type":"complete"}`)
	c.subscribe("1", "mutation { rename(name: \"x\") { name } }") // the id is free again
	c.hear(`{"id":"1","type":"next","payload":{"data":{"rename":{"name":"x"}}}}`)
	c.hear(`{"id":"1","type":"complete"}`)
	c.subscribe("s", "subscription { ticks }")
	for i := range 3 {
		ticks <- i
		c.hear(fmt.Sprintf(`{"id":"s","type":"next","payload":{"data":{"ticks":%d}}}`, i))
	}
	c.say(`{"type":"ping"}`)
	c.hear(`{"type":"pong"}`)
	c.say(`{"type":"ping","payload":{"n":1}}`)
	c.hear(`{"type":"pong","payload":{"n":1}}`)
	c.say(`{"type":"pong"}`)
	ticks <- fault.ErrCursorExpired
	if code := c.hearError("s"); code != "CURSOR_EXPIRED" {
		t.Errorf("the end of a stream is %s", code)
	}
	c.subscribe("r", "subscription { refused }")
	if code := c.hearError("r"); code != "UNAUTHENTICATED" {
		t.Errorf("a refused stream is %s", code)
	}
	c.subscribe("e", "{ nothing }")
	if code := c.hearError("e"); code != "INVALID_REQUEST" {
		t.Errorf("%s", code)
	}
	// The same limits as over HTTP (security H5, G6).
	for query, want := range map[string]string{
		nest(11): "TOO_COMPLEX", "{ __schema { types { name } } }": "INVALID_REQUEST",
		"{ orders(first: 101) { totalCount } }": "INVALID_REQUEST", strings.Repeat("{a", 2000): "TOO_COMPLEX",
	} {
		c.subscribe("l", query)
		if code := c.hearError("l"); code != want {
			t.Errorf("%.40s: %s, want %s", query, code, want)
		}
	}
	// Every operation has its line (security H5).
	for _, want := range []string{`"transport":"ws"`, `"kind":"mutation"`, `"userId":"` + alice.String()} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("no %s in the log", want)
		}
	}
}

func TestSocketComplete(t *testing.T) {
	var ticks chan any
	var gone chan struct{}
	s := open(t, func(_ *web.Options, schema *webtest.Schema) { ticks, gone = ticking(schema) })
	c := s.dial(t).init("")
	c.subscribe("s", "subscription { ticks }")
	ticks <- 1
	c.hear(`{"id":"s","type":"next","payload":{"data":{"ticks":1}}}`)
	c.say(`{"id":"s","type":"complete"}`)
	<-gone
	c.subscribe("s", "subscription { ticks }") // free again, and nothing was said
	ticks <- 2
	c.hear(`{"id":"s","type":"next","payload":{"data":{"ticks":2}}}`)
	close(ticks)
	c.hear(`{"id":"s","type":"complete"}`)
	<-gone
	c.say(`{"id":"unknown","type":"complete"}`)
	c.subscribe("q", "{ echo }")
	c.hear(`{"id":"q","type":"next","payload":{"data":{"echo":"x"}}}`)
}

// security H4: the codes of the protocol, which the stock client knows.
func TestSocketCloseCodes(t *testing.T) {
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		o.Limits.SocketInit = 200 * time.Millisecond
		o.Limits.Operations = 3
		ticking(schema)
	})
	const hello = `{"type":"connection_init"}`
	for _, c := range []struct {
		name string
		code int
		say  []string
		acks int
	}{
		{"no init", 4408, nil, 0},
		{"two inits", 4429, []string{hello, hello}, 1},
		{"subscribe before init", 4401, []string{`{"id":"1","type":"subscribe","payload":{"query":"{ echo }"}}`}, 0},
		{"no JSON", 4400, []string{`nonsense`}, 0},
		{"unknown type", 4400, []string{`{"type":"connection_terminate"}`}, 0},
		{"no type", 4400, []string{`{}`}, 0},
		{"a list", 4400, []string{`[]`}, 0},
		{"init with a string", 4400, []string{`{"type":"connection_init","payload":"x"}`}, 0},
		{"init with a list", 4400, []string{`{"type":"connection_init","payload":["x"]}`}, 0},
		{"init with a number", 4400, []string{`{"type":"connection_init","payload":7}`}, 0},
		{"authorization is no string", 4400, []string{`{"type":"connection_init","payload":{"authorization":{}}}`}, 0},
		{"unknown token", 4401, []string{`{"type":"connection_init","payload":{"authorization":"Bearer expired"}}`}, 0},
		{"no bearer", 4401, []string{`{"type":"connection_init","payload":{"Authorization":"alice"}}`}, 0},
		{"locked session", 4403, []string{`{"type":"connection_init","payload":{"authorization":"Bearer locked"}}`}, 0},
		{"foreign company", 4400, []string{`{"type":"connection_init","payload":{"authorization":"Bearer alice","company":"foreign"}}`}, 0},
		{"sign-in is down", 1013, []string{`{"type":"connection_init","payload":{"authorization":"Bearer down"}}`}, 0},
		{"too many sign-ins", 1013, []string{`{"type":"connection_init","payload":{"authorization":"Bearer busy"}}`}, 0},
		{"same id", 4409, []string{hello, `{"id":"1","type":"subscribe","payload":{"query":"subscription { ticks }"}}`, `{"id":"1","type":"subscribe","payload":{"query":"{ echo }"}}`}, 1},
		{"no id", 4400, []string{hello, `{"type":"subscribe","payload":{"query":"{ echo }"}}`}, 1},
		{"number id", 4400, []string{hello, `{"id":1,"type":"subscribe","payload":{"query":"{ echo }"}}`}, 1},
		{"long id", 4400, []string{hello, `{"id":"` + strings.Repeat("x", 65) + `","type":"subscribe","payload":{"query":"{ echo }"}}`}, 1},
		{"no payload", 4400, []string{hello, `{"id":"1","type":"subscribe"}`}, 1},
		{"no query", 4400, []string{hello, `{"id":"1","type":"subscribe","payload":{}}`}, 1},
		{"query is no string", 4400, []string{hello, `{"id":"1","type":"subscribe","payload":{"query":7}}`}, 1},
		{"too big", 1009, []string{`{"type":"connection_init","payload":{"x":"` + strings.Repeat("x", 64<<10) + `"}}`}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cl := s.dial(t)
			for _, m := range c.say {
				cl.say("%s", m)
			}
			for range c.acks {
				cl.hear(`{"type":"connection_ack"}`)
			}
			cl.closed(c.code)
		})
	}
	t.Run("binary", func(t *testing.T) {
		cl := s.dial(t)
		_ = cl.WriteMessage(websocket.BinaryMessage, []byte(hello))
		cl.closed(4400)
	})
	t.Run("another protocol", func(t *testing.T) {
		s.dial(t, "protocol", "graphql-ws").closed(4406)
		s.dial(t, "protocol", "").closed(4406)
	})
	t.Run("operations", func(t *testing.T) {
		cl := s.dial(t).init("")
		for i := range 3 {
			cl.subscribe(fmt.Sprint(i), "subscription { ticks }")
		}
		cl.subscribe("more", "subscription { ticks }")
		if code := cl.hearError("more"); code != "RATE_LIMITED" {
			t.Errorf("%s", code)
		}
		cl.say(`{"id":"0","type":"complete"}`)
		cl.subscribe("more", "{ echo }")
		cl.hear(`{"id":"more","type":"next","payload":{"data":{"echo":"x"}}}`)
	})
}

// security H3: whose page may open a socket.
func TestSocketOrigin(t *testing.T) {
	s := open(t, nil)
	for _, c := range []struct {
		name   string
		header []string
		ok     bool
	}{
		{"no browser", nil, true},
		{"our page", []string{"Origin", "https://shop.example"}, true},
		{"listed", []string{"Origin", "https://front.example"}, true},
		{"foreign", []string{"Origin", "https://evil.example"}, false},
		{"null", []string{"Origin", "null"}, false},
		{"two", []string{"Origin", "https://shop.example", "Origin", "https://evil.example"}, false},
		{"cookie, our page", []string{"Cookie", "__Host-kabinet=alice", "Origin", "https://shop.example"}, true},
		{"cookie, foreign", []string{"Cookie", "__Host-kabinet=alice", "Origin", "https://evil.example"}, false},
		{"cookie, null", []string{"Cookie", "__Host-kabinet=alice", "Origin", "null"}, false},
		{"cookie, none", []string{"Cookie", "__Host-kabinet=alice"}, false},
		{"same host is not listed", []string{"Origin", s.URL}, false},
	} {
		conn, resp, err := s.tryDial(c.header...)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			conn.Close()
		} else if resp.StatusCode != 403 || resp.code(t) != "FORBIDDEN" {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, resp.body)
		}
	}
	// The cookie signs in where no token is said.
	cl := s.dial(t, "Cookie", "__Host-kabinet=alice", "Origin", "https://shop.example")
	cl.init("")
	asked := s.credentials()
	if last := asked[len(asked)-1]; last.Token != "alice" || !last.FromCookie || !last.Passive {
		t.Errorf("%+v", last)
	}
	local := open(t, func(o *web.Options, _ *webtest.Schema) { o.Development = true })
	local.dial(t, "Origin", local.URL)
}
