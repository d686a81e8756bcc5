// Package socket owns graphql-transport-ws: its messages and close codes and
// how many operations there may be on a socket; web/lasting counts the sockets
// and ends them. It reads no table and knows no domain; web hands it funcs. An
// idle subscription costs two goroutines and nothing of net/http.
package socket

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/viewer"
	"kabinet/internal/web/lasting"
	"kabinet/internal/web/limit"
)

// Protocol is the one subprotocol spoken.
const Protocol = "graphql-transport-ws"

// The close codes of the protocol, and of RFC 6455 where it has none.
const (
	CloseRestart      = 1012 // drained: come back with your cursor
	CloseTryLater     = 1013
	CloseBadRequest   = 4400
	CloseUnauthorized = 4401 // come back only after a new sign-in
	CloseForbidden    = 4403 // refresh or unlock, then come back
	CloseSubprotocol  = 4406
	CloseInitTimeout  = 4408
	CloseDuplicate    = 4409
	CloseTooMany      = 4429
)

// Hello is what a client says of itself in connection_init.
type Hello struct {
	Authorization string
	Company       string
	Passive       bool   // asked for a stream: no activity of the session
	RequestID     string // of the operation; empty for the socket itself
}

// Caller is what is kept of an upgrade request, which is let go.
type Caller struct {
	IP        string
	RequestID string
	SignIn    func(context.Context, Hello) (viewer.Viewer, error)
}

// Outcome says how an operation ended.
type Outcome struct {
	Operation *graphql.OperationContext // may lack its Operation when refused
	Viewer    viewer.Viewer
	Refused   bool
	Errors    int
	Started   time.Time
}

// Options are what web hands over.
type Options struct {
	Limits limit.Limits
	// Open judges an upgrade request, origin first. Not ok: it has answered.
	Open func(http.ResponseWriter, *http.Request) (c Caller, ok bool)
	// Refuse answers an upgrade request that finds no place.
	Refuse func(http.ResponseWriter, *http.Request, int)
	// Enter waits for a place to run; leave is called once the first answer is
	// there, and may be called again.
	Enter  func(context.Context) (leave func(), refused *gqlerror.Error)
	Hub    *lasting.Hub
	Done   func(context.Context, Outcome) // after every operation
	Count  func(sockets, streams int)     // changes, not totals
	Header http.Header                    // of the upgrade's answer
	Log    *slog.Logger
}

// Transport is gqlgen's transport for sockets.
type Transport struct {
	Options
	upgrader websocket.Upgrader
}

var _ graphql.Transport = (*Transport)(nil)

// New makes a transport; the hub looks after its sessions, and ends it.
func New(o Options) *Transport {
	t := &Transport{Options: o}
	t.upgrader = websocket.Upgrader{
		Subprotocols: []string{Protocol},
		// A read buffer of its own lets go of net/http's, a pool of write
		// buffers serves all idle sockets: 4 KB and 4 KB less for each.
		ReadBufferSize: 256, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
		HandshakeTimeout: o.Limits.SocketWrite,
		CheckOrigin:      func(*http.Request) bool { return true }, // Open has looked
		Error: func(w http.ResponseWriter, r *http.Request, status int, _ error) {
			o.Refuse(w, r, status)
		},
	}
	return t
}

// Supports takes every request that wants to become something else, also a
// POST: it must not reach another transport (security H8).
func (t *Transport) Supports(r *http.Request) bool { return r.Header.Get("Upgrade") != "" }

// Do upgrades and returns at once, so that net/http's goroutine and buffers
// are free while the socket lives.
func (t *Transport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	if r.Method != http.MethodGet || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		t.Refuse(w, r, http.StatusBadRequest)
		return
	}
	caller, ok := t.Open(w, r)
	if !ok {
		return
	}
	c := &conn{t: t, exec: exec, caller: caller}
	if status := t.Hub.Enter(c, caller.IP, uuid.Nil); status != 0 {
		t.Refuse(w, r, status)
		return
	}
	header := t.Header.Clone()
	header.Set("X-Request-Id", caller.RequestID)
	ws, err := t.upgrader.Upgrade(w, r, header)
	if err != nil {
		t.Hub.Leave(c)
		return
	}
	c.start(ws)
}
