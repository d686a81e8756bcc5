package hook_test

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"kabinet/internal/adapter/hook"
)

// names is a resolver whose answers the test gives, all with no time to live.
func names(t *testing.T, answer func(name string) []string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := answerDNS(buf[:n], answer); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func answerDNS(query []byte, answer func(name string) []string) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Header.Response, m.Header.RecursionAvailable, m.Additionals = true, true, nil
	for _, text := range answer(strings.TrimSuffix(q.Name.String(), ".")) {
		a := netip.MustParseAddr(text)
		head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET}
		switch {
		case q.Type == dnsmessage.TypeA && a.Is4():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: a.As4()}})
		case q.Type == dnsmessage.TypeAAAA && a.Is6():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	reply, err := m.Pack()
	if err != nil {
		return nil
	}
	return reply
}

// world is a small internet.
func world(name string) []string {
	return map[string][]string{
		"shop.example":  {"93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"},
		"mixed.example": {"93.184.215.14", "10.0.0.7"},
		"six.example":   {"93.184.215.14", "fd00::7"},
		"home.example":  {"127.0.0.1"},
		"localhost":     {"127.0.0.1"},
		"crm":           {"172.18.0.5"},
	}[strings.ToLower(name)]
}

// notPublic are addresses at which nobody of the internet is.
var notPublic = []string{
	"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254", "169.254.169.254",
	"172.16.0.1", "172.31.255.255", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
	"203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
	"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
	"64:ff9b:1::7f00:1", "100::1", "2001::1", "2001:2::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1",
	"fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
}

// security I1: at save.
func TestGuardCheck(t *testing.T) {
	t.Parallel()
	g := &hook.Guard{Resolver: names(t, world)}
	for address, want := range map[string]string{
		"https://shop.example/hook?a=1": "", "https://shop.example.:8443/": "", "https://93.184.215.14/hook": "", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/": "",
		"HTTPS://SHOP.example/": "",

		"https://127.0.0.1/": hook.ReasonNotPublic, "https://127.0.0.1./": hook.ReasonNotPublic, "https://localhost/": hook.ReasonNotPublic, "https://localhost./": hook.ReasonNotPublic,
		"https://LOCALHOST:443/": hook.ReasonNotPublic, "https://[::1]/": hook.ReasonNotPublic, "https://[::ffff:127.0.0.1]/": hook.ReasonNotPublic,
		"https://[64:ff9b::7f00:1]/": hook.ReasonNotPublic, "https://[fd00::1]:443/": hook.ReasonNotPublic, "https://169.254.169.254/latest/meta-data/": hook.ReasonNotPublic,
		"https://home.example/": hook.ReasonNotPublic, "https://mixed.example/": hook.ReasonNotPublic, "https://six.example/": hook.ReasonNotPublic, "https://crm/": hook.ReasonNotPublic,

		"https://0/": hook.ReasonHost, "https://0x7f000001/": hook.ReasonHost, "https://0X7F000001/": hook.ReasonHost, "https://2130706433/": hook.ReasonHost,
		"https://127.1/": hook.ReasonHost, "https://127.0.1/": hook.ReasonHost, "https://0177.0.0.1/": hook.ReasonHost, "https://127.0.0.0x1/": hook.ReasonHost,
		"https://127.0.0.01/": hook.ReasonHost, "https://1.2.3.4.5/": hook.ReasonHost, "https://0x/": hook.ReasonHost, "https://shop.example../": hook.ReasonHost,
		"https://１２７.0.0.1/": hook.ReasonHost, "https://shop。example/": hook.ReasonHost, "https://пример.рф/": hook.ReasonHost, "https://a..example/": hook.ReasonHost,
		"https://[fe80::1%25eth0]/": hook.ReasonHost, "https://shop.example%2f@127.0.0.1/": hook.ReasonCredentials,

		"http://ok@127.0.0.1/": hook.ReasonCredentials, "https://user:word@shop.example/": hook.ReasonCredentials, "https://shop.example@127.0.0.1/": hook.ReasonCredentials,
		"http://shop.example/": hook.ReasonPort, "http://shop.example:443/": hook.ReasonScheme,
		"file:///etc/passwd": hook.ReasonScheme, "gopher://shop.example:70/_x": hook.ReasonScheme, "ftp://shop.example/": hook.ReasonScheme, "javascript:alert(1)": hook.ReasonScheme, "unix:///run/x.sock": hook.ReasonScheme,
		"https://shop.example:22/": hook.ReasonPort, "https://shop.example:5432/": hook.ReasonPort, "https://shop.example:4222/": hook.ReasonPort, "https://shop.example:80/": hook.ReasonPort,
		"https://shop.example:0/": hook.ReasonPort, "https://shop.example:65979/": hook.ReasonPort,
		"": hook.ReasonForm, "shop.example": hook.ReasonForm, "//shop.example/": hook.ReasonScheme, "https:///hook": hook.ReasonForm, "https://": hook.ReasonForm, "https:shop.example": hook.ReasonForm,
		"https://shop.example/#x": hook.ReasonForm, "https://shop.example/\r\nHost: x": hook.ReasonForm, "https://shop.example\r\n/": hook.ReasonForm, // security I8
		"https://shop.example/" + strings.Repeat("x", 2000): hook.ReasonForm,
		"https://nobody.example/":                           hook.ReasonUnresolved,
	} {
		if got := g.Check(t.Context(), address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
	for _, text := range notPublic {
		address := "https://" + text + "/"
		if strings.Contains(text, ":") {
			address = "https://[" + text + "]/"
		}
		if got := g.Check(t.Context(), address); got != hook.ReasonNotPublic {
			t.Errorf("%s: %q", address, got)
		}
	}
}

// What the business allows is called by http too, and on any port; nothing else is.
func TestGuardAllow(t *testing.T) {
	t.Parallel()
	g := &hook.Guard{Resolver: names(t, world), Allow: []netip.Prefix{netip.MustParsePrefix("172.18.0.0/16"), netip.MustParsePrefix("127.0.0.1/32")}}
	for address, want := range map[string]string{
		"http://crm:8080/hook": "", "https://crm/": "", "http://127.0.0.1:4000/": "", "http://[::ffff:127.0.0.1]:4000/": "", "https://shop.example/": "",
		"http://127.0.0.2/": hook.ReasonNotPublic, "http://172.19.0.1/": hook.ReasonNotPublic, "https://[::1]/": hook.ReasonNotPublic,
		"https://shop.example:8080/": hook.ReasonPort, "http://user@crm/": hook.ReasonCredentials, "https://mixed.example/": hook.ReasonNotPublic,
	} {
		if got := g.Check(t.Context(), address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

// security I1: at dial.
func TestGuardControl(t *testing.T) {
	t.Parallel()
	g := &hook.Guard{}
	dials := func(host, port string) bool { return g.Control("tcp", net.JoinHostPort(host, port), nil) == nil }
	for _, a := range notPublic {
		if dials(a, "443") {
			t.Errorf("dials %s", a)
		}
	}
	for _, a := range []string{"93.184.215.14", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
		"2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00:1450::1", "::ffff:93.184.215.14"} {
		if !dials(a, "443") || !dials(a, "8443") {
			t.Errorf("does not dial %s", a)
		}
		for _, port := range []string{"22", "25", "80", "4222", "5432", "6379", "0"} {
			if dials(a, port) {
				t.Errorf("dials %s, port %s", a, port)
			}
		}
	}
	for _, address := range []string{"", "shop.example:443", "/run/x.sock", "[fe80::1%eth0]:443", "[2606:2800::1%1]:443"} {
		if g.Control("tcp", address, nil) == nil {
			t.Errorf("dials %q", address)
		}
	}
}

// security I2: what a name answers when it is dialled counts, not what it
// answered when it was saved.
func TestGuardRebinding(t *testing.T) {
	t.Parallel()
	var reached, turned atomic.Bool
	inside := listen(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	for name, later := range map[string]string{"a.example": "127.0.0.1", "aaaa.example": "::1", "mapped.example": "::ffff:127.0.0.1"} {
		turned.Store(false)
		g := &hook.Guard{Resolver: names(t, func(string) []string {
			if turned.Load() {
				return []string{later}
			}
			return []string{"93.184.215.14"}
		})}
		if reason := g.Check(t.Context(), "https://"+name+"/"); reason != "" {
			t.Fatalf("%s: %s", name, reason)
		}
		turned.Store(true)
		_, port, _ := net.SplitHostPort(inside)
		for _, address := range []string{"https://" + name + "/", "https://" + name + ":" + port + "/", "http://" + name + ":" + port + "/"} {
			// A machine without IPv6 does not come as far as the guard.
			if r := outgoing(g, nil).Send(t.Context(), message(address)); r.Failure != hook.FailureAddress && (later != "::1" || r.Failure == "") {
				t.Errorf("%s: %+v", address, r)
			}
		}
	}
	if reached.Load() {
		t.Error("it went inside")
	}
}

// security I2: a name of one's own network that was saved with http and turns
// public is not told anything in the clear.
func TestGuardInTheClear(t *testing.T) {
	t.Parallel()
	g := &hook.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	clear := func(host, port string) bool { return g.ControlPlain("tcp", net.JoinHostPort(host, port), nil) == nil }
	for _, a := range append([]string{"93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "127.0.0.1", "11.0.0.1"}, "::ffff:93.184.215.14") {
		for _, port := range []string{"443", "8443", "80"} {
			if clear(a, port) {
				t.Errorf("goes in the clear to %s:%s", a, port)
			}
		}
	}
	if !clear("10.1.2.3", "8080") || !clear("::ffff:10.1.2.3", "80") {
		t.Error("what is allowed by name is not reached")
	}
	var turned atomic.Bool
	g.Resolver = names(t, func(string) []string {
		if turned.Load() {
			return []string{"93.184.215.14"}
		}
		return []string{"10.1.2.3"}
	})
	const address = "http://erp.example:8443/"
	if reason := g.Check(t.Context(), address); reason != "" {
		t.Fatal(reason)
	}
	turned.Store(true)
	if r := outgoing(g, nil).Send(t.Context(), message(address)); r.Failure != hook.FailureAddress {
		t.Errorf("%+v", r)
	}
}
