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
	net.Listener
	most, each int
	longest    time.Duration

	mu  sync.Mutex
	all int
	of  map[netip.Prefix]int
}

// Accept implements net.Listener; who comes too often is told so and cut off.
func (c *counted) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := neighbourhood(address(conn.RemoteAddr()))
		if c.take(from) {
			return &countedConn{Conn: conn, until: time.Now().Add(c.longest), free: func() { c.free(from) }}, nil
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

func (c *counted) take(from netip.Prefix) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= c.most || c.of[from] >= c.each {
		return false
	}
	c.all++
	c.of[from]++
	return true
}

func (c *counted) free(from netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.of[from]--; c.of[from] == 0 {
		delete(c.of, from)
	}
}

// countedConn ends when its time is over, however busy it is kept.
type countedConn struct {
	net.Conn
	until time.Time
	once  sync.Once
	free  func()
}

// SetReadDeadline implements net.Conn.
func (c *countedConn) SetReadDeadline(t time.Time) error {
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
