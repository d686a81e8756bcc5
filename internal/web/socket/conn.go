package socket

import (
	"bytes"
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"

	"kabinet/internal/viewer"
)

// goodbye is how long a closed socket waits for the other side's close frame,
// so that ours is not lost in a reset.
const goodbye = time.Second

// conn is one socket: the goroutine that reads, one for each operation, and a
// timer that is in turn the init time-out, the ping and the end.
type conn struct {
	t      *Transport
	exec   graphql.GraphExecutor
	caller Caller
	ws     *websocket.Conn

	writing sync.Mutex
	running sync.WaitGroup

	// Of the reading goroutine alone; hello is settled once acked.
	greeted bool
	hello   Hello
	budget  float64 // messages that may still come
	filled  time.Time
	serial  int

	mu       sync.Mutex
	acked    bool
	closing  bool
	draining bool
	who      viewer.Viewer
	signing  context.CancelFunc // while connection_init is looked up
	ops      map[string]*operation
	awaited  int // operations that are not streams, or not known to be
	timer    *time.Timer
}

// start takes over a fresh socket and returns; nothing of the request is kept.
//
// The hub has known it since before the upgrade, so that a drain or its end may
// have come already.
func (c *conn) start(ws *websocket.Conn) {
	c.filled = time.Now()
	c.budget = float64(3 * c.t.Limits.SocketRate)
	ws.SetReadLimit(c.t.Limits.SocketMessage)
	ws.SetPongHandler(func(string) error {
		c.alive()
		return nil
	})
	ws.SetPingHandler(func(data string) error {
		if !c.spend() {
			return nil
		}
		c.alive()
		_ = ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(goodbye))
		return nil
	})
	c.mu.Lock()
	c.ws = ws
	c.ops = map[string]*operation{}
	c.timer = time.AfterFunc(c.t.Limits.SocketInit, c.tick)
	draining, cutOff := c.draining, c.closing
	c.mu.Unlock()
	c.t.Count(1, 0)
	go c.read()
	switch {
	case cutOff:
		c.kill()
	case draining:
		c.close(CloseRestart, "Service restart")
	}
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read is the socket's own goroutine. After close it goes on reading, and
// throws away, until the other side has answered or the timer cuts it off.
func (c *conn) read() {
	defer c.end()
	defer c.recovered()
	if c.ws.Subprotocol() != Protocol {
		c.close(CloseSubprotocol, "Subprotocol not acceptable")
	}
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			return
		}
		buf := buffers.Get().(*bytes.Buffer)
		buf.Reset()
		_, err = buf.ReadFrom(r)
		if err == nil && !c.isClosing() && c.spend() {
			c.alive()
			if kind == websocket.TextMessage {
				c.message(buf.Bytes())
			} else {
				c.close(CloseBadRequest, "Invalid message")
			}
		}
		buffers.Put(buf)
		if err != nil {
			return
		}
	}
}

func (c *conn) recovered() {
	if p := recover(); p != nil {
		c.t.Log.Error("panic on a socket", "panic", p, "requestId", c.caller.RequestID, "stack", string(debug.Stack()))
	}
}

// end runs once, when nothing can be read any more.
func (c *conn) end() {
	c.kill()
	c.running.Wait()
	c.t.Count(-1, 0)
	c.t.Hub.Leave(c)
}

// spend takes one message off the budget; a flood ends the socket.
func (c *conn) spend() bool {
	now := time.Now()
	rate := float64(c.t.Limits.SocketRate)
	c.budget = min(3*rate, c.budget+rate*now.Sub(c.filled).Seconds())
	c.filled = now
	if c.budget < 1 {
		c.close(CloseTooMany, "Too many messages")
		return false
	}
	c.budget--
	return true
}

// alive moves the moment at which a half-open socket is given up.
func (c *conn) alive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.acked && !c.closing {
		_ = c.ws.SetReadDeadline(time.Now().Add(2*c.t.Limits.SocketPing + c.t.Limits.SocketWrite))
	}
}

// tick is the timer.
func (c *conn) tick() {
	c.mu.Lock()
	closing, acked := c.closing, c.acked
	c.mu.Unlock()
	switch {
	case closing:
		_ = c.ws.Close()
	case !acked:
		c.close(CloseInitTimeout, "Connection initialisation timeout")
	default:
		deadline := time.Now().Add(c.t.Limits.SocketWrite)
		if c.ws.WriteControl(websocket.PingMessage, nil, deadline) != nil {
			c.kill()
			return
		}
		c.mu.Lock()
		if !c.closing {
			c.timer.Reset(c.t.Limits.SocketPing)
		}
		c.mu.Unlock()
	}
}

// send writes one message; a client that does not take it in time is cut off.
func (c *conn) send(b []byte) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.isClosing() {
		return
	}
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.t.Limits.SocketWrite))
	if c.ws.WriteMessage(websocket.TextMessage, b) != nil {
		c.kill()
	}
}

// close says why, ends all operations silently and hangs up soon.
func (c *conn) close(code int, reason string) {
	c.mu.Lock()
	if c.closing || c.ws == nil {
		c.mu.Unlock()
		return
	}
	c.closing = true
	c.timer.Stop()
	c.mu.Unlock()
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(c.t.Limits.SocketWrite))
	// Not before, and not with goodbye as the deadline: a drain wakes thousands
	// of us, and those whose turn to write comes late must still say why.
	c.timer.Reset(goodbye)
	c.abandon()
}

// abandon ends what is under way without an answer. A context above those of
// the operations would do it too, but every idle socket would hold it.
func (c *conn) abandon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signing != nil {
		c.signing()
	}
	for _, op := range c.ops {
		op.cancel()
	}
}

// kill hangs up without a word.
func (c *conn) kill() {
	c.mu.Lock()
	c.closing = true
	started := c.ws != nil
	c.mu.Unlock()
	if !started {
		return // start will see it
	}
	c.timer.Stop()
	c.abandon()
	_ = c.ws.Close()
}

// Kill is lasting.Conn's.
func (c *conn) Kill() { c.kill() }

// Drain closes for a restart once no query or mutation is under way: with 1012
// and without a "complete", which would tell clients that their streams are
// over for good.
func (c *conn) Drain() {
	c.mu.Lock()
	c.draining = true
	idle := c.awaited == 0 && c.ws != nil
	c.mu.Unlock()
	if idle {
		c.close(CloseRestart, "Service restart")
	}
}

func (c *conn) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

// Viewer is lasting.Conn's.
func (c *conn) Viewer() viewer.Viewer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.acked || c.closing {
		return viewer.Viewer{}
	}
	return c.who
}

// SignInAgain is lasting.Conn's.
func (c *conn) SignInAgain(ctx context.Context) (viewer.Viewer, error) {
	return c.caller.SignIn(ctx, c.hello)
}

// End closes with 4403 where the client may come back by itself, 4401 where not.
func (c *conn) End(mayComeBack bool) {
	if mayComeBack {
		c.close(CloseForbidden, "Forbidden")
	} else {
		c.close(CloseUnauthorized, "Unauthorized")
	}
}
