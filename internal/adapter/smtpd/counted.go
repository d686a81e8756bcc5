package smtpd

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// address is where somebody connects from; the zero one where that is no
// address of the internet.
func address(a net.Addr) netip.Addr {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// neighbourhood is what counts as one address: of IPv6 the network that one
// customer of a provider has.
func neighbourhood(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // of none it is none
	return p
}

// counted bounds connections: in all, of one address, and each in its time.
type counted struct {
	most, each int
	longest    time.Duration

	mu    sync.Mutex
	all   int
	of    map[netip.Prefix]int
	open  map[*countedConn]bool
	until time.Time // of all, when the server ends
}

// over counts what a listener accepts.
func (c *counted) over(l net.Listener) net.Listener {
	return &countedListener{l, c}
}

type countedListener struct {
	net.Listener
	*counted
}

// hurry lets nobody read longer than that.
func (c *counted) hurry(until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = until
	for conn := range c.open {
		conn.hurry(until)
	}
}

// Accept implements net.Listener; who comes too often is told so and cut off.
func (c *countedListener) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := neighbourhood(address(conn.RemoteAddr()))
		if served := c.take(conn, from); served != nil {
			return served, nil
		}
		go refuse(conn)
	}
}

// refuse says so to who takes it within a second.
func refuse(conn net.Conn) {
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write([]byte("421 4.7.0 Too many connections, please try again later\r\n"))
	_ = conn.Close()
}

// take counts a connection; nil where there is no place for it.
func (c *counted) take(conn net.Conn, from netip.Prefix) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= c.most || c.of[from] >= c.each || !c.until.IsZero() {
		return nil
	}
	c.all++
	c.of[from]++
	served := &countedConn{Conn: conn, until: time.Now().Add(c.longest)}
	served.free = func() { c.free(served, from) }
	c.open[served] = true
	return served
}

func (c *counted) free(conn *countedConn, from netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
	c.all--
	if c.of[from]--; c.of[from] == 0 {
		delete(c.of, from)
	}
}

// countedConn ends when its time is over, however busy it is kept.
type countedConn struct {
	net.Conn
	once sync.Once
	free func()

	mu    sync.Mutex
	until time.Time
}

func (c *countedConn) hurry(until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = until
	_ = c.Conn.SetReadDeadline(until)
}

// SetReadDeadline implements net.Conn.
func (c *countedConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.IsZero() || t.After(c.until) {
		t = c.until
	}
	return c.Conn.SetReadDeadline(t)
}

// Close implements net.Conn.
func (c *countedConn) Close() error {
	c.once.Do(c.free)
	return c.Conn.Close()
}
