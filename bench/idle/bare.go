package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// holder is a bare server: it holds sockets and knows which is whose.
type holder interface {
	http.Handler // of /ws?user=N
	tell(user string, data []byte) error
	announce(data []byte) error
	count() int
}

// message is as long as what Kabinet sends for one notification.
var message = []byte(`{"id":"1","text":"` + strings.Repeat("x", 380) + `"}`)

// everybody is the channel that all may listen to.
const everybody = "everybody"

// startBare runs this program again as one of its bare servers.
func startBare(ctx context.Context, name string) (*server, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe, "bare", name) // not of ctx: it is killed by kill
	ended, addr, err := start(cmd, "listening on ")
	if err != nil {
		return nil, err
	}
	s := &server{name: name, addr: addr, cmd: cmd, ended: ended,
		metrics: "http://" + addr + "/metrics", open: "bare_subscribers", cheap: 20, speak: echoes{}, crowd: echoes{}}
	if name == "centrifuge" {
		s.speak, s.crowd = channels{}, channels{all: true}
	}
	s.tell = func(ctx context.Context, user int) error { return post(ctx, addr, "/tell?user="+strconv.Itoa(user)) }
	s.announce = func(ctx context.Context) (string, error) { return "", post(ctx, addr, "/announce") }
	s.stir = func(ctx context.Context) error { return post(ctx, addr, "/collect") }
	return s, ctx.Err()
}

func post(ctx context.Context, addr, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("%s: %s %w", path, resp.Status, err)
	}
	return nil
}

// serveBare is the whole of a bare server's process.
func serveBare(name string) error {
	var h holder
	var err error
	switch name {
	case "gorilla":
		h = &gorillas{conns: map[string]*gorillaConn{}}
	case "coder":
		h = &coders{conns: map[string]*coder.Conn{}}
	case "centrifuge":
		h, err = newCentrifuge()
	default:
		err = fmt.Errorf("no bare server %q", name)
	}
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(
		collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/gc/heap/live:bytes$`)})), prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Name: "bare_subscribers", Help: "Sockets held."}, func() float64 { return float64(h.count()) }))
	mux := http.NewServeMux()
	mux.Handle("/ws", h)
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("POST /tell", func(w http.ResponseWriter, r *http.Request) {
		if err := h.tell(r.FormValue("user"), message); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /announce", func(w http.ResponseWriter, _ *http.Request) {
		if err := h.announce(message); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /collect", func(w http.ResponseWriter, _ *http.Request) {
		runtime.GC()
		w.WriteHeader(http.StatusNoContent)
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("listening on", ln.Addr())
	return http.Serve(ln, mux) //nolint:gosec // on loopback, for this program alone
}

// gorillas echo with one goroutine a socket, which is net/http's.
type gorillas struct {
	mu       sync.Mutex
	conns    map[string]*gorillaConn
	upgrader gorilla.Upgrader
}

type gorillaConn struct {
	writing sync.Mutex
	ws      *gorilla.Conn
}

func (c *gorillaConn) write(kind int, b []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.ws.WriteMessage(kind, b)
}

func (g *gorillas) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := g.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer ws.Close()
	c, user := &gorillaConn{ws: ws}, r.FormValue("user")
	g.mu.Lock()
	g.conns[user] = c
	g.mu.Unlock()
	for {
		kind, b, err := ws.ReadMessage()
		if err != nil || c.write(kind, b) != nil {
			break
		}
	}
	g.mu.Lock()
	delete(g.conns, user)
	g.mu.Unlock()
}

func (g *gorillas) tell(user string, data []byte) error {
	g.mu.Lock()
	c := g.conns[user]
	g.mu.Unlock()
	if c == nil {
		return fmt.Errorf("nobody is user %s", user)
	}
	return c.write(gorilla.TextMessage, data)
}

// announce frames the message once.
func (g *gorillas) announce(data []byte) error {
	once, err := gorilla.NewPreparedMessage(gorilla.TextMessage, data)
	if err != nil {
		return err
	}
	g.mu.Lock()
	all := slices.Collect(maps.Values(g.conns))
	g.mu.Unlock()
	for _, c := range all {
		c.writing.Lock()
		err := c.ws.WritePreparedMessage(once)
		c.writing.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *gorillas) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}

// coders do the same with coder/websocket.
type coders struct {
	mu    sync.Mutex
	conns map[string]*coder.Conn
}

func (h *coders) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := coder.Accept(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer func() { _ = ws.CloseNow() }()
	user := r.FormValue("user")
	h.mu.Lock()
	h.conns[user] = ws
	h.mu.Unlock()
	for {
		kind, b, err := ws.Read(r.Context())
		if err != nil || ws.Write(r.Context(), kind, b) != nil {
			break
		}
	}
	h.mu.Lock()
	delete(h.conns, user)
	h.mu.Unlock()
}

func (h *coders) tell(user string, data []byte) error {
	h.mu.Lock()
	ws := h.conns[user]
	h.mu.Unlock()
	if ws == nil {
		return fmt.Errorf("nobody is user %s", user)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return ws.Write(ctx, coder.MessageText, data)
}

func (h *coders) announce(data []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	h.mu.Lock()
	all := slices.Collect(maps.Values(h.conns))
	h.mu.Unlock()
	for _, ws := range all {
		if err := ws.Write(ctx, coder.MessageText, data); err != nil {
			return err
		}
	}
	return nil
}

func (h *coders) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns)
}

// rooms are centrifuge: each client on a channel of its own.
type rooms struct {
	http.Handler
	node *centrifuge.Node
}

func newCentrifuge() (*rooms, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, err
	}
	node.OnConnecting(func(_ context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: e.Token}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(e centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
			if e.Channel != everybody && e.Channel != "user:"+client.UserID() {
				answer(centrifuge.SubscribeReply{}, centrifuge.ErrorPermissionDenied)
				return
			}
			answer(centrifuge.SubscribeReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		return nil, err
	}
	return &rooms{Handler: centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}), node: node}, nil
}

func (r *rooms) tell(user string, data []byte) error {
	_, err := r.node.Publish("user:"+user, data)
	return err
}

func (r *rooms) announce(data []byte) error {
	_, err := r.node.Publish(everybody, data)
	return err
}

func (r *rooms) count() int { return r.node.Hub().NumSubscriptions() }
