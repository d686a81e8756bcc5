package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// origins is the exact list of origins that may call with credentials. There
// is no pattern and no wildcard (security H2).
type origins struct {
	allowed  map[string]bool
	cross    *http.CrossOriginProtection
	sameHost bool // development: a page of this very host may open a socket
}

func newOrigins(publicURL string, more []string, development bool) (*origins, error) {
	o := &origins{allowed: map[string]bool{}, cross: http.NewCrossOriginProtection(), sameHost: development}
	if publicURL != "" {
		u, err := url.Parse(publicURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("public URL %q is not an http or https address", publicURL)
		}
		more = append([]string{u.Scheme + "://" + u.Host}, more...)
	}
	for _, s := range more {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || s != u.Scheme+"://"+u.Host || strings.Contains(s, "*") {
			return nil, fmt.Errorf("origin %q is not of the form https://host or https://host:port", s)
		}
		s = strings.ToLower(s)
		o.allowed[s] = true
		if err := o.cross.AddTrustedOrigin(s); err != nil {
			return nil, fmt.Errorf("origin %q: %w", s, err)
		}
	}
	return o, nil
}

// has says whether the value of an Origin header is on the list.
func (o *origins) has(origin string) bool { return o.allowed[strings.ToLower(origin)] }

// forged says whether a request that brings a cookie may come from a page that
// is none of ours. Requests that change something are judged by the standard
// library; reading ones by what browsers say of themselves.
func (o *origins) forged(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin != "" && o.has(origin) {
		return false
	}
	if r.Method != http.MethodGet {
		return o.cross.Check(r) != nil
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return origin != "" && !sameHost(origin, r.Host)
	}
	return true
}

// socket says whether a page of this origin may open a socket. A browser names
// its page always, so with a cookie the header must be there (security H3).
func (o *origins) socket(r *http.Request, withCookie bool) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return !withCookie
	}
	return len(values) == 1 && (o.has(values[0]) || o.sameHost && sameHost(values[0], r.Host))
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// clientIP is the address of the caller. X-Forwarded-For is read from the right
// and only as far as trusted proxies wrote it: everything further left is the
// client's own invention (security A4).
func clientIP(r *http.Request, trusted []netip.Prefix) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := peer.Addr().Unmap().WithZone("")
	if !within(ip, trusted) {
		return ip.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = hop.Unmap().WithZone("")
		if !within(ip, trusted) {
			break
		}
	}
	return ip.String()
}

// place is from where a request comes, as a proxy of ours says; nobody else is
// believed, and nothing is looked up.
func (e *Edge) place(r *http.Request) string {
	if e.o.PlaceHeader == "" || r.Header.Get(e.o.PlaceHeader) == "" {
		return ""
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !within(peer.Addr().Unmap().WithZone(""), e.o.TrustedProxies) {
		return ""
	}
	return clip(r.Header.Get(e.o.PlaceHeader))
}

func within(ip netip.Addr, nets []netip.Prefix) bool {
	for _, n := range nets {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}
