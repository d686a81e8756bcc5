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
func dialSSE(ctx context.Context, c *client, address, after string, narrow bool) (line, error) {
	conn, err := c.dialer(narrow).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	s := &stream{conn: conn}
	if err := s.ask(ctx, c, address, after, document(narrow)); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return s, nil
}

func (s *stream) ask(ctx context.Context, c *client, address, after, document string) error {
	deadline, _ := ctx.Deadline()
	_ = s.conn.SetDeadline(deadline)
	query := map[string]any{"query": document}
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

// refusedStream reads an answer that is no stream: for coming back later there
// is one status.
func refusedStream(resp *http.Response) error {
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return err
	}
	var answer struct{ Errors json.RawMessage }
	err = judgeStatus(resp.StatusCode)
	if json.Unmarshal(b, &answer) != nil || answer.Errors == nil {
		return err
	}
	if why := judgeErrors(answer.Errors); !errors.Is(err, errWrong) || errors.Is(why, errWrong) {
		return why
	}
	return fmt.Errorf("%w: %s", err, b)
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

// probe asks a healthy instance for both transports before anything is done to
// it: a run without one of them would prove less than it says.
func (w *world) probe(ctx context.Context) error {
	f := newFleet(w)
	for _, name := range []string{webSocket, sse} {
		for _, c := range f.clients {
			if c.over != name {
				continue
			}
			asking, cancel := context.WithTimeout(ctx, patienceOfDial)
			l, err := c.dial(asking, c, w.addresses[0], c.cursor, false)
			cancel()
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if err := l.wire().Close(); err != nil {
				return err
			}
			break
		}
	}
	return nil
}
