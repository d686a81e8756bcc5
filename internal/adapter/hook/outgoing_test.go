package hook_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/payment"
)

// listen is something inside, at 127.0.0.1.
func listen(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

// loopback lets tests reach what listens here.
func loopback() *hook.Guard {
	return &hook.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

func outgoing(g *hook.Guard, roots *x509.CertPool) *hook.Outgoing {
	return hook.NewOutgoing(hook.OutgoingOptions{Guard: g, Sign: payment.Sign, Patience: time.Second, Now: func() time.Time { return now }, Roots: roots})
}

func message(address string) hook.Message {
	return hook.Message{URL: address, ID: "dlv_1", Secrets: [][]byte{secret}, Body: []byte(`{"type":"order.placed"}`)}
}

// security I5: while a secret is changed over, both sides' halves verify.
func TestOutgoingSigns(t *testing.T) {
	t.Parallel()
	former := []byte("abcdefghijklmnopqrstuvwxyzabcdef")
	taken := 0
	address := "http://" + listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for _, s := range [][]byte{secret, former} {
			if _, err := payment.Verify(r.Header, [][]byte{s}, now, body); err == nil {
				taken++
			}
		}
		if _, err := payment.Verify(r.Header, [][]byte{[]byte("another one, of 32 bytes or more")}, now, body); err == nil {
			t.Error("signed by nobody's secret")
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("webhook-id") != "dlv_1" || r.Header.Get("Idempotency-Key") != "dlv_1" || r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("%s %v", r.Method, r.Header)
		}
	}))
	m := message(address)
	m.Secrets = [][]byte{secret, former}
	if r := outgoing(loopback(), nil).Send(t.Context(), m); r.Status != 200 || r.Failure != "" || taken != 2 {
		t.Errorf("%+v, %d", r, taken)
	}
}

// security I3
func TestOutgoingFollowsNothing(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	inside := listen(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	for _, status := range []int{301, 302, 303, 307, 308, 300, 304} {
		for _, to := range []string{"http://" + inside + "/", "http://169.254.169.254/latest/meta-data/", "/again"} {
			var asked atomic.Int64
			from := listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.Header().Set("Location", to)
				w.WriteHeader(status)
			}))
			r := outgoing(loopback(), nil).Send(t.Context(), message("http://"+from+"/hook"))
			if r.Status != status || r.Failure != hook.FailureRedirect || asked.Load() != 1 {
				t.Errorf("%d to %s: %+v, asked %d times", status, to, r, asked.Load())
			}
		}
	}
	if reached.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// security I1: whatever the form, nothing inside is reached.
func TestOutgoingStaysOutside(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	inside := listen(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	_, port, _ := strings.Cut(inside, ":")
	o := outgoing(&hook.Guard{Resolver: names(t, func(string) []string { return []string{"127.0.0.1"} })}, nil)
	for _, host := range []string{"127.0.0.1", "localhost", "localhost.", "0", "0.0.0.0", "0x7f000001", "2130706433", "127.1", "[::ffff:127.0.0.1]", "ok@127.0.0.1", "home.example", "[::1]", "[::]"} {
		for _, scheme := range []string{"http", "https"} {
			if r := o.Send(t.Context(), message(scheme+"://"+host+":"+port+"/")); r.Failure == "" || r.Status != 0 {
				t.Errorf("%s: %+v", host, r)
			}
		}
	}
	for _, address := range []string{"file:///etc/passwd", "gopher://127.0.0.1:" + port + "/", "http://127.0.0.1:" + port + "/\r\nx: y"} { // security I8
		if r := o.Send(t.Context(), message(address)); r.Failure == "" {
			t.Errorf("%q: %+v", address, r)
		}
	}
	if reached.Load() != 0 {
		t.Errorf("it was reached %d times", reached.Load())
	}
}

// security I4, I7
func TestOutgoingReceivers(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(make([]byte, 64<<20))
	_ = z.Close()
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}
	drip := func(w http.ResponseWriter, r *http.Request) {
		for range 20 {
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
	header := func(status int, name, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(name, value)
			w.WriteHeader(status)
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   hook.Reply
	}{
		"taken":         {say(204, ""), hook.Reply{Status: 204}},
		"a word":        {say(200, "secret of the receiver"), hook.Reply{Status: 200}},
		"bomb":          {bomb, hook.Reply{Status: 200}},
		"drip":          {drip, hook.Reply{Status: 200}},
		"endless":       {endless, hook.Reply{Status: 200}},
		"gone":          {say(410, ""), hook.Reply{Status: 410, Failure: hook.FailureStatus}},
		"down":          {say(500, "at Shop.pay(Shop.java:7)"), hook.Reply{Status: 500, Failure: hook.FailureStatus}},
		"later":         {header(429, "Retry-After", "120"), hook.Reply{Status: 429, Failure: hook.FailureStatus, RetryAfter: 2 * time.Minute}},
		"at a time":     {header(503, "Retry-After", now.Add(time.Hour).Format(http.TimeFormat)), hook.Reply{Status: 503, Failure: hook.FailureStatus, RetryAfter: time.Hour}},
		"never":         {header(429, "Retry-After", "2000000000"), hook.Reply{Status: 429, Failure: hook.FailureStatus, RetryAfter: 24 * time.Hour}},
		"before":        {header(429, "Retry-After", "-5"), hook.Reply{Status: 429, Failure: hook.FailureStatus}},
		"silent":        {func(_ http.ResponseWriter, r *http.Request) { time.Sleep(3 * time.Second) }, hook.Reply{Failure: hook.FailureTimeout}},
		"cut short":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, hook.Reply{Failure: hook.FailureConnection}},
		"a long header": {header(200, "X", strings.Repeat("x", 32<<10)), hook.Reply{Failure: hook.FailureConnection}},
	} {
		began := time.Now()
		r := outgoing(loopback(), nil).Send(t.Context(), message("http://"+listen(t, c.answer)))
		r.Took = 0
		if r != c.want {
			t.Errorf("%s: %+v, want %+v", name, r, c.want)
		}
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("%s: took %s", name, d)
		}
	}
}

// security I4: who the receiver is must be proven.
func TestOutgoingTLS(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(say(200, ""))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	known := x509.NewCertPool()
	known.AddCert(srv.Certificate())
	_, port, _ := strings.Cut(strings.TrimPrefix(srv.URL, "https://"), ":")
	if r := outgoing(loopback(), known).Send(t.Context(), message(srv.URL)); r.Failure != "" {
		t.Errorf("a known one: %+v", r)
	}
	if r := outgoing(loopback(), nil).Send(t.Context(), message(srv.URL)); r.Failure != hook.FailureTLS {
		t.Errorf("an unknown one: %+v", r)
	}
	g := loopback()
	g.Resolver = names(t, func(string) []string { return []string{"127.0.0.1"} })
	if r := outgoing(g, known).Send(t.Context(), message("https://shop.test:"+port+"/")); r.Failure != hook.FailureTLS {
		t.Errorf("another name: %+v", r)
	}
	if r := outgoing(loopback(), known).Send(t.Context(), message("https://"+listen(t, say(200, "")))); r.Failure != hook.FailureTLS {
		t.Errorf("no TLS at all: %+v", r)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if r := outgoing(loopback(), known).Send(ended, message(srv.URL)); r.Failure == "" {
		t.Errorf("after the end: %+v", r)
	}
}
