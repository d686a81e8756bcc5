package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// dialect is how a client becomes a subscriber and knows an event. Event streams
// are another dialect and another connection.
type dialect interface {
	path(user int) string
	protocols() []string
	greet(c *client) error
	take(c *client, message []byte) (event bool, err error)
}

// connection is what a client reads.
type connection interface {
	ReadMessage() (kind int, message []byte, err error)
	Close() error
}

// client is one subscriber. What it has received outlives its connection.
type client struct {
	user int
	conn connection
	ws   *websocket.Conn // conn, where it is a socket
	gone chan struct{}   // closed when the connection is

	mu    sync.Mutex
	after string   // the last cursor
	seen  []string // ids of what it received, in order
	code  int      // of the last close frame
	fault error    // what no server may do
}

// arrival is an event received.
type arrival struct {
	user int
	at   time.Time
}

// fleet is all clients of a server.
type fleet struct {
	clients  []*client
	arrivals chan arrival
	server   *server
}

// atOnce is how many clients shake hands at a time.
const atOnce = 64

// handshakes is for the buffers of clients that do not write: one pool.
var handshakes sync.Pool

// dial makes n subscribers and waits until the server counts them.
func dial(ctx context.Context, s *server, n int) (*fleet, error) {
	f := &fleet{server: s, arrivals: make(chan arrival, 1<<16)}
	for i := range n {
		f.clients = append(f.clients, &client{user: i})
	}
	return f, f.connect(ctx)
}

// connect lets all clients in, again or for the first time.
func (f *fleet) connect(ctx context.Context) error {
	var wg sync.WaitGroup
	next := make(chan *client)
	failed := make(chan error, atOnce)
	for range atOnce {
		wg.Go(func() {
			for c := range next {
				if err := f.join(ctx, c); err != nil {
					failed <- fmt.Errorf("client %d: %w", c.user, err)
					return
				}
			}
		})
	}
	var err error
feeding:
	for _, c := range f.clients {
		select {
		case next <- c:
		case err = <-failed:
			break feeding
		}
	}
	close(next)
	wg.Wait()
	if err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	default:
	}
	return f.server.until(ctx, len(f.clients))
}

// join connects one client. Each comes from an address shared by few, for
// servers limit the sockets of an address, and addresses have so many ports.
func (f *fleet) join(ctx context.Context, c *client) error {
	from := net.IPv4(127, 0, byte(1+c.user/200%200), byte(1+c.user%200))
	if g, ok := f.server.speak.(graphqlSSE); ok {
		conn, err := g.join(ctx, c, f.server.addr, from)
		if err != nil {
			return err
		}
		c.conn, c.gone = conn, make(chan struct{})
		go f.read(c)
		return nil
	}
	d := websocket.Dialer{
		NetDialContext:   (&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}).DialContext,
		HandshakeTimeout: 30 * time.Second, Subprotocols: f.server.speak.protocols(),
		ReadBufferSize: 256, WriteBufferSize: 1024, WriteBufferPool: &handshakes,
	}
	ws, resp, err := d.DialContext(ctx, "ws://"+f.server.addr+f.server.speak.path(c.user), http.Header{})
	if resp != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		if resp != nil {
			err = fmt.Errorf("%w: %s", err, resp.Status)
		}
		return err
	}
	c.conn, c.ws, c.gone = ws, ws, make(chan struct{})
	if err := f.server.speak.greet(c); err != nil {
		_ = ws.Close()
		return err
	}
	go f.read(c)
	return nil
}

func (f *fleet) read(c *client) {
	defer close(c.gone)
	for {
		_, b, err := c.conn.ReadMessage()
		if err != nil {
			var end *websocket.CloseError
			if errors.As(err, &end) {
				c.mu.Lock()
				c.code = end.Code
				c.mu.Unlock()
			}
			_ = c.conn.Close()
			return
		}
		event, err := f.server.speak.take(c, b)
		if err != nil {
			c.mu.Lock()
			c.fault = err
			c.mu.Unlock()
		}
		if event {
			f.arrivals <- arrival{c.user, time.Now()}
		}
	}
}

// forget throws away what has arrived and nobody asked for.
func (f *fleet) forget() {
	for {
		select {
		case <-f.arrivals:
		default:
			return
		}
	}
}

// close hangs up everywhere.
func (f *fleet) close() {
	for _, c := range f.clients {
		_ = c.conn.Close()
	}
	f.wait()
}

// wait returns when every connection is gone.
func (f *fleet) wait() {
	for _, c := range f.clients {
		<-c.gone
	}
}

// echoes are the bare echo servers: whoever is connected is subscribed.
type echoes struct{}

func (echoes) path(user int) string               { return fmt.Sprintf("/ws?user=%d", user) }
func (echoes) protocols() []string                { return nil }
func (echoes) greet(*client) error                { return nil }
func (echoes) take(*client, []byte) (bool, error) { return true, nil }

// channels is centrifuge's protocol in JSON: each client on a channel of his
// own, or all on one.
type channels struct{ all bool }

func (channels) path(int) string     { return "/ws" }
func (channels) protocols() []string { return nil }

func (h channels) greet(c *client) error {
	channel := fmt.Sprintf("user:%d", c.user)
	if h.all {
		channel = everybody
	}
	commands := []string{
		fmt.Sprintf(`{"id":1,"connect":{"token":"%d"}}`, c.user),
		fmt.Sprintf(`{"id":2,"subscribe":{"channel":"%s"}}`, channel),
	}
	for i, command := range commands {
		if err := c.ws.WriteMessage(websocket.TextMessage, []byte(command)); err != nil {
			return err
		}
		var reply struct {
			ID    int
			Error json.RawMessage
		}
		if err := c.ws.ReadJSON(&reply); err != nil {
			return err
		}
		if reply.ID != i+1 || reply.Error != nil {
			return fmt.Errorf("%s was answered by %d %s", command, reply.ID, reply.Error)
		}
	}
	return nil
}

func (channels) take(c *client, b []byte) (bool, error) {
	if string(b) == "{}" { // a ping
		return false, c.ws.WriteMessage(websocket.TextMessage, []byte("{}"))
	}
	return true, nil
}

// graphqlWS is Kabinet: graphql-transport-ws, one subscription a socket.
type graphqlWS struct {
	tokens []string
	about  topic
}

// topic is what a client of Kabinet listens to.
type topic struct {
	query string
	take  func(c *client, answer []byte) (bool, error)
}

var ownNotifications = topic{`subscription($after: StreamCursor) { notificationAdded(after: $after) { cursor unreadCount notification { id type title body createdAt } } }`,
	(*client).received}

func (graphqlWS) path(int) string     { return "/graphql" }
func (graphqlWS) protocols() []string { return []string{"graphql-transport-ws"} }

func (g graphqlWS) greet(c *client) error {
	init := map[string]any{"type": "connection_init", "payload": map[string]string{"authorization": "Bearer " + g.tokens[c.user]}}
	if err := c.ws.WriteJSON(init); err != nil {
		return err
	}
	var ack struct{ Type string }
	if err := c.ws.ReadJSON(&ack); err != nil {
		return err
	}
	if ack.Type != "connection_ack" {
		return fmt.Errorf("connection_init was answered by %q", ack.Type)
	}
	c.mu.Lock()
	variables := map[string]string{"after": c.after}
	c.mu.Unlock()
	if variables["after"] == "" {
		variables = nil // from now
	}
	return c.ws.WriteJSON(map[string]any{"id": "1", "type": "subscribe",
		"payload": map[string]any{"query": g.about.query, "variables": variables}})
}

func (g graphqlWS) take(c *client, b []byte) (bool, error) {
	var m struct {
		Type    string
		Payload json.RawMessage
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return false, err
	}
	if m.Type != "next" {
		return false, fmt.Errorf("a %q that nobody expects: %s", m.Type, b)
	}
	return g.about.take(c, m.Payload)
}

// received takes an answer of the subscription.
func (c *client) received(b []byte) (bool, error) {
	var p struct {
		Data struct {
			NotificationAdded *struct {
				Cursor       string
				Notification *struct{ ID string }
			}
		}
		Errors json.RawMessage
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return false, err
	}
	added := p.Data.NotificationAdded
	if p.Errors != nil || added == nil || added.Notification == nil {
		return false, fmt.Errorf("not a notification: %s", b)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = added.Cursor
	c.seen = append(c.seen, added.Notification.ID)
	return true, nil
}
