package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// stream is the distinct connections mode of graphql-sse: one request, one
// subscription.
type stream struct {
	conn  net.Conn
	lines *bufio.Reader
}

func (s *stream) wire() net.Conn { return s.conn }

// dialSSE resumes by turns with the variable and with Last-Event-ID, as an
// EventSource does.
func dialSSE(ctx context.Context, c *client, address, after string) (line, error) {
	conn, err := (&net.Dialer{LocalAddr: c.from()}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	s := &stream{conn: conn}
	if err := s.ask(ctx, c, address, after); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return s, nil
}

func (s *stream) ask(ctx context.Context, c *client, address, after string) error {
	deadline, _ := ctx.Deadline()
	_ = s.conn.SetDeadline(deadline)
	query := map[string]any{"query": subscription}
	byHeader := c.rand.IntN(2) == 0
	if !byHeader {
		query["variables"] = map[string]string{"after": after}
	}
	body, err := json.Marshal(query)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+c.person.token)
	if acting := c.person.acting(); acting != "" {
		req.Header.Set("X-Kabinet-Company", acting)
	}
	if byHeader {
		req.Header.Set("Last-Event-ID", after)
	}
	if err := req.Write(s.conn); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(s.conn), req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return refusedStream(resp)
	}
	s.lines = bufio.NewReader(resp.Body)
	return s.conn.SetDeadline(time.Time{})
}

// refusedStream reads an answer that is no stream.
func refusedStream(resp *http.Response) error {
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return err
	}
	var answer struct{ Errors json.RawMessage }
	if json.Unmarshal(b, &answer) == nil && answer.Errors != nil {
		return judgeErrors(answer.Errors)
	}
	return judgeStatus(resp.StatusCode)
}

func (s *stream) next() (m message, err error) {
	var id, kind string
	var data []byte
	for {
		_ = s.conn.SetReadDeadline(time.Now().Add(silence))
		text, err := s.lines.ReadString('\n')
		if err != nil {
			return m, err
		}
		text = strings.TrimRight(text, "\r\n")
		name, value, _ := strings.Cut(text, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case text == "" && kind == "" && data == nil: // after a comment
		case text == "":
			return readEvent(kind, id, data)
		case name == "event":
			kind = value
		case name == "id":
			id = value
		case name == "data":
			data = append(data, value...)
		}
	}
}

// readEvent reads one event of the stream, whose id is its cursor.
func readEvent(kind, id string, data []byte) (m message, err error) {
	if kind != "next" {
		return m, fmt.Errorf("%w: event %q with %s", errWrong, kind, data)
	}
	if m, err = readMessage(data); err == nil && id != m.Cursor {
		err = fmt.Errorf("%w: the id %q of an event with the cursor %q", errWrong, id, m.Cursor)
	}
	return m, err
}

// probe asks a healthy instance whether it has this transport at all; where it
// has not, all clients use sockets.
func (w *world) probe(ctx context.Context) error {
	if w.sse == 0 {
		return nil
	}
	c := newFleet(w).clients[0]
	asking, cancel := context.WithTimeout(ctx, patienceOfDial)
	defer cancel()
	l, err := dialSSE(asking, c, w.addresses[0], c.cursor)
	switch {
	case err == nil:
		return l.wire().Close()
	case errors.Is(err, errWrong):
		w.say("no event streams here: %v", err)
		w.sse = 0
		return nil
	}
	return err
}
