package hook

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Guard says which addresses may be called because somebody typed them in: the
// public internet by https, and what the business allows besides. Check is for
// the person who types; Control stands at the socket, where the name has become
// the address that is dialled, and alone decides.
type Guard struct {
	Allow    []netip.Prefix // networks that may be called although they are not public, by http too and on any port
	Resolver *net.Resolver  // nil: the system's
}

// Reasons why an address is refused, words for programs.
const (
	ReasonForm        = "NOT_AN_ADDRESS"
	ReasonScheme      = "SCHEME"
	ReasonCredentials = "CREDENTIALS"
	ReasonHost        = "HOST"
	ReasonPort        = "PORT"
	ReasonUnresolved  = "UNRESOLVED"
	ReasonNotPublic   = "NOT_PUBLIC"
)

// ErrAddress is the dialler's refusal.
var ErrAddress = errors.New("hook: the address is not one that may be called")

const (
	longestAddress = 2000 // bytes
	lookUpTime     = 5 * time.Second
)

// ports may be called on the public internet.
var ports = []uint16{443, 8443}

// notPublic are the blocks inside the public space that are not: IANA's
// registries of special purpose, and what wraps an IPv4 address.
var notPublic = func() (all []netip.Prefix) {
	for _, p := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}()

// unicast6 is where all public IPv6 addresses are: NAT64, mapped, unique local,
// link-local and multicast ones are outside.
var unicast6 = netip.MustParsePrefix("2000::/3")

// public says whether anybody on the internet can be at an address.
func public(a netip.Addr) bool {
	if a.Is6() && !unicast6.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}

// may says whether an address and port may be dialled; "" or the reason.
func (g *Guard) may(a netip.Addr, port uint16) string {
	if a.Zone() != "" {
		return ReasonNotPublic
	}
	a = a.Unmap()
	switch {
	case g.allowed(a):
		return ""
	case !public(a):
		return ReasonNotPublic
	case !slices.Contains(ports, port):
		return ReasonPort
	}
	return ""
}

func (g *Guard) allowed(a netip.Addr) bool {
	return slices.ContainsFunc(g.Allow, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Control is for net.Dialer: it sees what is dialled, whatever a name answered
// before (security I2). Its error is ErrAddress.
func (g *Guard) Control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || g.may(to.Addr(), to.Port()) != "" {
		return ErrAddress
	}
	return nil
}

// ControlPlain is Control of what goes without TLS: only what is allowed by
// name may be dialled so, also when a name has turned public since.
func (g *Guard) ControlPlain(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || to.Addr().Zone() != "" || !g.allowed(to.Addr().Unmap()) {
		return ErrAddress
	}
	return nil
}

// Dialer is one that Control stands in.
func (g *Guard) Dialer() *net.Dialer {
	return &net.Dialer{Timeout: lookUpTime, Resolver: g.Resolver, Control: g.Control}
}

// PlainDialer is one that ControlPlain stands in.
func (g *Guard) PlainDialer() *net.Dialer {
	return &net.Dialer{Timeout: lookUpTime, Resolver: g.Resolver, Control: g.ControlPlain}
}

// Check says why an address may not be called, empty where it may. A name is
// looked up: all that it answers must be callable.
func (g *Guard) Check(ctx context.Context, address string) (reason string) {
	host, port, scheme, reason := read(address)
	if reason != "" {
		return reason
	}
	at, reason := g.addresses(ctx, host)
	if reason != "" {
		return reason
	}
	for _, a := range at {
		if reason := g.may(a, port); reason != "" {
			return reason
		}
		if scheme != "https" && !g.allowed(a.Unmap()) {
			return ReasonScheme
		}
	}
	return ""
}

func (g *Guard) addresses(ctx context.Context, host string) ([]netip.Addr, string) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, ""
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	resolver := g.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	at, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(at) == 0 {
		return nil, ReasonUnresolved
	}
	return at, ""
}

// read takes an address apart; the host without its last dot.
func read(address string) (host string, port uint16, scheme, reason string) {
	u, err := url.Parse(address)
	if err != nil || len(address) > longestAddress || u.Opaque != "" || u.Host == "" || strings.Contains(address, "#") {
		if err == nil && u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
			return "", 0, "", ReasonScheme
		}
		return "", 0, "", ReasonForm
	}
	switch u.Scheme {
	case "https":
		port = 443
	case "http":
		port = 80
	default:
		return "", 0, "", ReasonScheme
	}
	if u.User != nil {
		return "", 0, "", ReasonCredentials
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return "", 0, "", ReasonPort
		}
		port = uint16(n)
	}
	host = strings.TrimSuffix(u.Hostname(), ".")
	if !plainHost(host) {
		return "", 0, "", ReasonHost
	}
	return host, port, u.Scheme, ""
}

// plainHost says that a host is an IP address in its one usual form or a name
// that nobody could take for another one: 127.1, 0x7f000001 and 2130706433 are
// read as addresses by some, so what ends in a number is no name.
func plainHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() == ""
	}
	if host == "" || len(host) > 253 {
		return false
	}
	labels := strings.Split(strings.ToLower(host), ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	hex, isHex := strings.CutPrefix(last, "0x")
	return strings.Trim(last, "0123456789") != "" && (!isHex || strings.Trim(hex, "0123456789abcdef") != "")
}
