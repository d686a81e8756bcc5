package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// listener is an open subscription of a story.
type listener struct {
	name string
	take int
	conn *websocket.Conn
	mu   sync.Mutex
	got  []any
	end  chan struct{}
}

type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// subscribe opens a socket as the step's caller and waits until the server
// listens, so that what later steps do is not missed.
func (w *world) subscribe(t *testing.T, s step, query string) *listener {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, resp, err := dialer.Dial(strings.Replace(w.url, "http", "ws", 1)+"/graphql", http.Header{})
	check(t, err)
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	hello := map[string]string{}
	if token := w.token(t, s.as); token != "" {
		hello["authorization"] = "Bearer " + token
	}
	if s.company != "" {
		hello["company"] = w.vars[s.company]
	}
	check(t, conn.WriteJSON(map[string]any{"type": "connection_init", "payload": hello}))
	var ack frame
	check(t, conn.ReadJSON(&ack))
	if ack.Type != "connection_ack" {
		t.Fatalf("%s: %+v", s.name, ack)
	}
	l := &listener{name: s.name, take: s.take, conn: conn, end: make(chan struct{})}
	before := w.app.bus.Hub().Stats().Subscriptions
	check(t, conn.WriteJSON(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]string{"query": query}}))
	go l.read()
	for deadline := time.Now().Add(5 * time.Second); w.app.bus.Hub().Stats().Subscriptions == before; time.Sleep(2 * time.Millisecond) {
		select {
		case <-l.end: // refused
			return l
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: the server does not listen", s.name)
		}
	}
	return l
}

func (l *listener) read() {
	defer close(l.end)
	for {
		var f frame
		if err := l.conn.ReadJSON(&f); err != nil {
			return
		}
		switch f.Type {
		case "next", "error":
			d := json.NewDecoder(strings.NewReader(string(f.Payload)))
			d.UseNumber()
			var v any
			if err := d.Decode(&v); err != nil {
				return
			}
			l.mu.Lock()
			l.got = append(l.got, v)
			l.mu.Unlock()
			if f.Type == "error" {
				return
			}
		case "complete":
			return
		case "ping":
			if l.conn.WriteJSON(frame{Type: "pong"}) != nil {
				return
			}
		}
	}
}

// calm waits until nobody has heard anything for a moment: what an event says is
// looked at when it is delivered, and a later step may have changed it.
func calm(open []*listener) {
	heard := func() (n int) {
		for _, l := range open {
			l.mu.Lock()
			n += len(l.got)
			l.mu.Unlock()
		}
		return n
	}
	for last, since := heard(), time.Now(); len(open) > 0 && time.Since(since) < 100*time.Millisecond; time.Sleep(5 * time.Millisecond) {
		if n := heard(); n != last {
			last, since = n, time.Now()
		}
	}
}

// messages waits for as many as the step takes, and a moment for more.
func (l *listener) messages(t *testing.T) []any {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		l.mu.Lock()
		n := len(l.got)
		l.mu.Unlock()
		ended := false
		select {
		case <-l.end:
			ended = true
		default:
		}
		if n >= l.take || ended || time.Now().After(deadline) {
			break
		}
	}
	if l.take == 0 {
		time.Sleep(200 * time.Millisecond) // nothing may come
	}
	_ = l.conn.Close()
	<-l.end
	// A signal goes past the log, so nothing says whether it comes before an
	// event of the same moment: signals stand last.
	all := make([]any, 0, len(l.got))
	var signals []any
	for _, one := range l.got {
		if kind, _ := dig(one, "data.ticketUpdated.kind"); kind == "ticket.signal" {
			signals = append(signals, one)
		} else {
			all = append(all, one)
		}
	}
	return append(all, signals...)
}
