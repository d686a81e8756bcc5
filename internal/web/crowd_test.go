package web_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

// Ten thousand sockets and streams from one address, whatever it says of itself
// before the proxy that is trusted: as many as one may have are let in, all
// others hear why, none of them costs anything afterwards, and the next address
// does not notice (security H4, L14).
func TestTenThousandOfOneAddress(t *testing.T) {
	const n, most = 10_000, 100
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		ticking(schema)
		o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix("127.0.0.0/8"))
		o.Limits.SocketInit = time.Minute
		if o.Limits.SocketsPerIP != most {
			t.Fatalf("%d from an address", o.Limits.SocketsPerIP)
		}
	})
	before := settled(t)
	knocks := make(chan int)
	var mu sync.Mutex
	answers := map[string]int{}
	var held []net.Conn
	defer func() {
		for _, conn := range held {
			_ = conn.Close()
		}
	}()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range knocks {
				answer, conn := s.knock(t, i, fmt.Sprintf("198.51.100.%d, 203.0.113.9", i%250))
				mu.Lock()
				answers[answer]++
				if conn != nil {
					held = append(held, conn)
				}
				mu.Unlock()
			}
		})
	}
	for i := range n {
		knocks <- i
	}
	close(knocks)
	wg.Wait()
	if let := answers["101"] + answers["200"]; let != most || answers["429 RATE_LIMITED, come again"] != n-most {
		t.Errorf("%v", answers)
	}
	for i := range 2 {
		if answer, conn := s.knock(t, i, "203.0.113.10"); conn == nil {
			t.Errorf("the next address is answered %s", answer)
		} else {
			held = append(held, conn)
		}
	}
	eventually(t, "what was refused to leave nothing", func() bool { return runtime.NumGoroutine() <= before+4*most })
}

// knock asks for a socket, or each other time for a stream; conn is there where
// it was let in.
func (s *site) knock(t *testing.T, i int, from string) (answer string, conn net.Conn) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Error(err)
		return "", nil
	}
	kind, path := "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n", "/graphql"
	if i%2 == 1 {
		kind, path = "Accept: text/event-stream\r\n", "/graphql?query=subscription%7Bticks%7D"
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\n%s\r\n", path, from, kind); err != nil {
		t.Error(err)
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 2048), nil)
	if err != nil {
		t.Error(err)
		_ = conn.Close()
		return "", nil
	}
	if resp.StatusCode == http.StatusSwitchingProtocols || resp.StatusCode == http.StatusOK {
		return fmt.Sprint(resp.StatusCode), conn
	}
	defer conn.Close()
	defer resp.Body.Close()
	b := make([]byte, 512)
	size, _ := resp.Body.Read(b)
	answer = fmt.Sprint(resp.StatusCode)
	if strings.Contains(string(b[:size]), `"code":"RATE_LIMITED"`) {
		answer += " RATE_LIMITED"
	}
	if resp.Header.Get("Retry-After") != "" {
		answer += ", come again"
	}
	return answer, nil
}
