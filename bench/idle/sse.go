package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// brokenOff is to an event stream what a close with 1012 is to a socket: its
// end without "complete", which sends clients back with their cursors.
var brokenOff = &websocket.CloseError{Code: websocket.CloseServiceRestart}

// graphqlSSE is Kabinet as well: graphql-sse, one subscription a stream.
type graphqlSSE struct {
	tokens []string
	about  topic
}

func (graphqlSSE) path(int) string     { return "/graphql" }
func (graphqlSSE) protocols() []string { return nil }
func (graphqlSSE) greet(*client) error { return errors.New("an event stream greets nobody") }

// join begins a stream by hand, from an address of its own.
func (g graphqlSSE) join(ctx context.Context, c *client, addr string, from net.IP) (connection, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: 30 * time.Second}
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	variables := map[string]string{}
	if c.after != "" {
		variables["after"] = c.after
	}
	c.mu.Unlock()
	body, err := json.Marshal(map[string]any{"query": g.about.query, "variables": variables})
	if err == nil {
		_, err = fmt.Fprintf(nc, "POST /graphql HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
			addr, g.tokens[c.user], len(body), body)
	}
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	r := bufio.NewReaderSize(nc, 512)
	resp, err := http.ReadResponse(r, nil) //nolint:bodyclose // its end is that of the connection
	if err == nil && (resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")) {
		err = fmt.Errorf("not a stream: %s", resp.Status)
	}
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	return &eventStream{nc: nc, r: r}, nil
}

// eventStream gives events as a socket gives messages.
type eventStream struct {
	nc net.Conn
	r  *bufio.Reader
}

func (s *eventStream) Close() error { return s.nc.Close() }

// ReadMessage gives the data of the next event; that of "complete" is the word
// itself, which nobody expects.
func (s *eventStream) ReadMessage() (int, []byte, error) {
	var name, data string
	for {
		line, err := s.r.ReadString('\n')
		switch {
		case errors.Is(err, io.EOF):
			return 0, nil, brokenOff
		case err != nil:
			return 0, nil, err
		case line == "\n" && name == "complete":
			return websocket.TextMessage, []byte(`"complete"`), nil
		case line == "\n" && name != "":
			return websocket.TextMessage, []byte(data), nil
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "event":
			name = value
		case "data":
			data = value
		}
	}
}

func (g graphqlSSE) take(c *client, b []byte) (bool, error) { return g.about.take(c, b) }
