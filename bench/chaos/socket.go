package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// silence is how long a line may be still: the server pings every 25 s.
const silence = 60 * time.Second

// handshakes is for the buffers of clients that hardly write: one pool.
var handshakes sync.Pool

// socket is graphql-transport-ws.
type socket struct{ ws *websocket.Conn }

func (s socket) wire() net.Conn { return s.ws.NetConn() }

// dialer gives each few clients an address of loopback of their own: servers
// count the sockets of an address.
func (c *client) dialer(narrow bool) *net.Dialer {
	d := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+c.index%200))}}
	if narrow {
		d.Control = holdLittle
	}
	return d
}

// holdLittle lets a connection take few bytes that nobody reads, some 40 kB on
// both sides in place of 3 MB: the window we give is small, and by the size of
// a segment of ours the other side's kernel chooses how much it keeps.
func holdLittle(_, _ string, raw syscall.RawConn) error {
	var err error
	failed := raw.Control(func(fd uintptr) {
		err = errors.Join(
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1024), // the least there is
			syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 1460),
		)
	})
	return errors.Join(failed, err)
}

func dialSocket(ctx context.Context, c *client, address, after string, narrow bool) (line, error) {
	d := websocket.Dialer{
		NetDialContext: c.dialer(narrow).DialContext, Subprotocols: []string{"graphql-transport-ws"},
		ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: &handshakes,
	}
	ws, resp, err := d.DialContext(ctx, "ws://"+address+"/graphql", nil)
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		if resp != nil {
			return nil, judgeStatus(resp.StatusCode)
		}
		return nil, err
	}
	s := socket{ws}
	if err := s.greet(ctx, c, after, document(narrow)); err != nil {
		_ = ws.Close()
		return nil, err
	}
	return s, nil
}

// greet signs in and subscribes.
func (s socket) greet(ctx context.Context, c *client, after, document string) error {
	deadline, _ := ctx.Deadline()
	_, _ = s.ws.NetConn().SetDeadline(deadline), s.ws.SetReadDeadline(deadline)
	who := map[string]string{"authorization": "Bearer " + c.person.token}
	if acting := c.person.acting(); acting != "" {
		who["company"] = acting
	}
	if err := s.ws.WriteJSON(map[string]any{"type": "connection_init", "payload": who}); err != nil {
		return err
	}
	var ack struct{ Type string }
	if err := s.ws.ReadJSON(&ack); err != nil {
		return closed(err)
	}
	if ack.Type != "connection_ack" {
		return fmt.Errorf("%w: connection_init was answered by %q", errWrong, ack.Type)
	}
	err := s.ws.WriteJSON(map[string]any{"id": "1", "type": "subscribe",
		"payload": map[string]any{"query": document, "variables": map[string]string{"after": after}}})
	if err != nil {
		return err
	}
	pong := s.ws.PingHandler()
	s.ws.SetPingHandler(func(data string) error {
		_ = s.ws.SetReadDeadline(time.Now().Add(silence))
		return pong(data)
	})
	return s.ws.NetConn().SetDeadline(time.Time{})
}

func (s socket) next() (m message, err error) {
	_ = s.ws.SetReadDeadline(time.Now().Add(silence))
	_, b, err := s.ws.ReadMessage()
	if err != nil {
		return m, closed(err)
	}
	var frame struct {
		Type    string
		Payload json.RawMessage
	}
	if err := json.Unmarshal(b, &frame); err != nil {
		return m, fmt.Errorf("%w: %s", errWrong, b)
	}
	switch frame.Type {
	case "next":
		return readMessage(frame.Payload)
	case "error":
		return m, final(frame.Payload)
	}
	// A "complete" tells a client that there is nothing to come back for.
	return m, fmt.Errorf("%w: %s", errWrong, b)
}

// readMessage reads an execution result.
func readMessage(b []byte) (m message, err error) {
	var result struct {
		Data   struct{ AccountEvents *message }
		Errors json.RawMessage
	}
	if err := json.Unmarshal(b, &result); err != nil {
		return m, fmt.Errorf("%w: %s", errWrong, b)
	}
	if result.Errors != nil {
		return m, final(result.Errors)
	}
	if result.Data.AccountEvents == nil {
		return m, fmt.Errorf("%w: no event in %s", errWrong, b)
	}
	return *result.Data.AccountEvents, nil
}

// final are errors on a line that runs. Whatever their code, stock clients do
// not come back: graphql-ws takes an error for the end of its operation, and
// graphql-sse is told that it is complete. Beside data they are a hole in an
// event that will not come again.
func final(b []byte) error {
	err := judgeErrors(b)
	if !errors.Is(err, errWrong) {
		err = fmt.Errorf("%w: %w on a line that runs", errWrong, err)
	}
	return err
}

// judgeErrors reads a list of GraphQL errors that refuse a request. A server in
// trouble may say so; any other code would send a client away for good, or make
// it begin anew.
func judgeErrors(b []byte) error {
	var errs []struct {
		Message    string
		Extensions struct{ Code string }
	}
	if err := json.Unmarshal(b, &errs); err != nil || len(errs) == 0 {
		return fmt.Errorf("%w: %s", errWrong, b)
	}
	switch code := errs[0].Extensions.Code; code {
	case "UNAVAILABLE", "TIMEOUT", "TOO_MANY_REQUESTS":
		return refusal(code)
	default:
		return fmt.Errorf("%w: %w: %s", errWrong, refusal(code), errs[0].Message)
	}
}

// judgeStatus reads the status of an answer that should have been a stream.
func judgeStatus(status int) error {
	said := refusal("HTTP " + strconv.Itoa(status))
	if status == http.StatusServiceUnavailable {
		return said
	}
	return fmt.Errorf("%w: %w", errWrong, said)
}

// closed reads a close frame, where there was one.
func closed(err error) error {
	var end *websocket.CloseError
	if !errors.As(err, &end) {
		return err
	}
	said := refusal("closed by " + strconv.Itoa(end.Code))
	switch end.Code {
	case websocket.CloseAbnormalClosure: // there was none
		return io.ErrUnexpectedEOF
	case websocket.CloseServiceRestart, websocket.CloseTryAgainLater:
		return said
	}
	return fmt.Errorf("%w: %w %s", errWrong, said, end.Text)
}
