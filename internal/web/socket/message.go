package socket

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/lasting"
	"kabinet/internal/web/wire"
)

// longestID is what we keep of an id chosen by the client; it also fits into
// the reason of a close frame.
const longestID = 64

// message handles one message of the client.
func (c *conn) message(raw []byte) {
	var m struct {
		ID      string          `json:"id"`
		Type    string          `json:"type"`
		Payload json.RawMessage `json:"payload"`
	}
	if json.Unmarshal(raw, &m) != nil {
		c.close(CloseBadRequest, "Invalid message")
		return
	}
	switch m.Type {
	case "connection_init":
		c.init(m.Payload)
	case "ping":
		c.pong(m.Payload)
	case "pong":
	case "subscribe":
		c.subscribe(m.ID, m.Payload)
	case "complete":
		c.stop(m.ID)
	default:
		c.close(CloseBadRequest, "Invalid message")
	}
}

// init signs the socket in; it blocks reading, so that nothing overtakes it.
func (c *conn) init(payload json.RawMessage) {
	if c.greeted {
		c.close(CloseTooMany, "Too many initialisation requests")
		return
	}
	c.greeted = true
	hello, ok := parseHello(payload)
	if !ok {
		c.close(CloseBadRequest, "Invalid connection_init payload")
		return
	}
	hello.Passive = true
	c.hello = hello
	who, err := c.signIn(hello)
	if err != nil {
		c.refuse(who.SessionID, err)
		return
	}
	if who.UserID != uuid.Nil && !c.t.Hub.Admit(c, who.UserID) {
		c.close(CloseTooMany, "Too many sockets")
		return
	}
	c.mu.Lock()
	if !c.closing {
		c.acked, c.who = true, who
		c.timer.Reset(c.t.Limits.SocketPing)
	}
	c.mu.Unlock()
	c.alive()
	c.send([]byte(`{"type":"connection_ack"}`))
}

// signIn looks the caller up unless the socket is closed meanwhile.
func (c *conn) signIn(hello Hello) (viewer.Viewer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.t.Limits.Query)
	defer cancel()
	c.mu.Lock()
	if c.closing {
		cancel()
	}
	c.signing = cancel
	c.mu.Unlock()
	who, err := c.caller.SignIn(ctx, hello)
	c.mu.Lock()
	c.signing = nil
	c.mu.Unlock()
	return who, err
}

// parseHello takes nothing, null or an object.
func parseHello(payload json.RawMessage) (Hello, bool) {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 || string(payload) == "null" {
		return Hello{}, true
	}
	var p struct {
		Authorization *string `json:"authorization"`
		Company       *string `json:"company"`
	}
	if payload[0] != '{' || json.Unmarshal(payload, &p) != nil {
		return Hello{}, false
	}
	var h Hello
	if p.Authorization != nil {
		h.Authorization = strings.TrimSpace(*p.Authorization)
	}
	if p.Company != nil {
		h.Company = *p.Company
	}
	return h, true
}

// refuse closes the socket for a sign-in that failed, of a session where that
// is known. The stock client comes back after 4403 and 1013, later each time,
// and not after 4400 and 4401.
func (c *conn) refuse(session uuid.UUID, err error) {
	if fault.KindOf(err) == fault.Unauthenticated {
		mayComeBack, unknown := c.t.Hub.MayComeBack(context.Background(), session)
		if unknown == nil {
			c.End(mayComeBack)
			return
		}
		err = unknown
	}
	switch fault.KindOf(err) {
	case fault.Locked:
		c.close(CloseForbidden, "Forbidden")
	case fault.Invalid, fault.NotFound, fault.Forbidden, fault.Refused:
		f, _ := fault.As(err)
		c.close(CloseBadRequest, f.Code)
	default:
		if fault.KindOf(err) == fault.Internal && !c.isClosing() {
			c.t.Log.Error("sign-in on a socket failed", "requestId", c.caller.RequestID, "error", err)
		}
		c.tryLater()
	}
}

// tryLater closes the socket because a part we need is down.
func (c *conn) tryLater() { c.close(CloseTryLater, "Try again later") }

func (c *conn) pong(payload json.RawMessage) {
	if len(payload) == 0 {
		c.send([]byte(`{"type":"pong"}`))
		return
	}
	b := append([]byte(`{"type":"pong","payload":`), payload...)
	c.send(append(b, '}'))
}

func (c *conn) subscribe(id string, payload json.RawMessage) {
	c.mu.Lock()
	acked, who := c.acked, c.who
	c.mu.Unlock()
	if !acked {
		c.close(CloseUnauthorized, "Unauthorized")
		return
	}
	params, err := wire.Decode(payload)
	if err != nil || id == "" || len(id) > longestID || !wire.HasDocument(params) {
		c.close(CloseBadRequest, "Invalid message")
		return
	}
	op := &operation{c: c, id: id}
	if c.add(op) {
		c.serial++
		go op.run(params, who, c.hello, c.serial)
	}
}

// add enters op among those running.
func (c *conn) add(op *operation) bool {
	c.mu.Lock()
	_, twice := c.ops[op.id]
	full := len(c.ops) >= c.t.Limits.Operations
	ok := !twice && !full && !c.closing && !c.draining
	if ok {
		op.ctx, op.cancel = context.WithCancel(context.Background())
		c.ops[op.id] = op
		c.awaited++
		c.running.Add(1)
	}
	c.mu.Unlock()
	switch {
	case twice:
		c.close(CloseDuplicate, "Subscriber for "+op.id+" already exists")
	case full:
		op.fail(wire.Refusal(fault.ErrRateLimited, "too many operations on this socket",
			"limit", "operations", "allowed", c.t.Limits.Operations))
	}
	return ok
}

// stop is the client's "complete": the operation ends without an answer.
func (c *conn) stop(id string) {
	c.mu.Lock()
	op := c.ops[id]
	delete(c.ops, id)
	c.mu.Unlock()
	if op != nil {
		op.cancel()
	}
}

// watchAs follows what the newest sign-in said: another role, another name.
func (c *conn) watchAs(who viewer.Viewer) {
	c.mu.Lock()
	changed := c.acked && c.who.SignedIn() && !lasting.SameRights(c.who, who)
	c.who = who
	c.mu.Unlock()
	if changed { // streams that run still hold the rights from before
		go c.close(CloseForbidden, "Forbidden")
	}
}
