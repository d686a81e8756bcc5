package hook_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/payment"
)

const most = 64 << 10

// hostile are answers of somebody who means ill; wants are what is made of them.
func hostile() map[string]struct {
	answer http.HandlerFunc
	want   hook.Heard
} {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(make([]byte, 64<<20))
	_ = z.Close()
	typed := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, body)
		}
	}
	of := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), n)) }
	}
	drip := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	}
	early := func(w http.ResponseWriter, r *http.Request) { // one answer that is none after the other
		for r.Context().Err() == nil {
			w.WriteHeader(http.StatusEarlyHints)
			time.Sleep(20 * time.Millisecond)
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"title":`)
	}
	return map[string]struct {
		answer http.HandlerFunc
		want   hook.Heard
	}{
		"an answer":     {typed("application/json", `{"title":"a","unknown":[1]}`), hook.Heard{Status: 200, Body: []byte(`{"title":"a","unknown":[1]}`)}},
		"nothing":       {say(204, ""), hook.Heard{Status: 204, Body: []byte{}}},
		"another type":  {typed("text/plain", `{}`), hook.Heard{Status: 200, Body: []byte(`{}`)}},
		"HTML":          {typed("text/html", `<script>`), hook.Heard{Status: 200, Body: []byte(`<script>`)}},
		"just small":    {of(most), hook.Heard{Status: 200, Body: bytes.Repeat([]byte("x"), most)}},
		"too large":     {of(most + 1), hook.Heard{Status: 200, Failure: hook.FailureTooLarge}},
		"10 MB":         {of(10 << 20), hook.Heard{Status: 200, Failure: hook.FailureTooLarge}},
		"drip":          {drip, hook.Heard{Status: 200, Failure: hook.FailureTimeout}},
		"silent":        {func(http.ResponseWriter, *http.Request) { time.Sleep(2 * time.Second) }, hook.Heard{Failure: hook.FailureTimeout}},
		"never begun":   {early, hook.Heard{Failure: hook.FailureTimeout}},
		"cut short":     {cut, hook.Heard{Status: 200, Failure: hook.FailureConnection}},
		"down":          {say(500, "at Shop.pay(Shop.java:7)"), hook.Heard{Status: 500, Failure: hook.FailureStatus}},
		"who are you":   {say(401, "the secret is 123"), hook.Heard{Status: 401, Failure: hook.FailureStatus}},
		"a long header": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 32<<10)) }, hook.Heard{Failure: hook.FailureConnection}},
		"a packed bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed.Bytes())
		}, hook.Heard{Status: 200, Failure: "", Body: packed.Bytes()}},
		"unasked length": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10737418240")
			_, _ = w.Write(make([]byte, most+1))
		}, hook.Heard{Status: 200, Failure: hook.FailureTooLarge}},
	}
}

// security I4, I7: an answer is read within bounds of size and time; of what
// went wrong nothing is told but a word and the status.
func TestAskHostile(t *testing.T) {
	t.Parallel()
	for name, c := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := "http://" + listen(t, c.answer)
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			began := time.Now()
			got := outgoing(loopback(), nil).Ask(ctx, message(address), most)
			if len(c.want.Body) > most { // what is packed stays packed, and is bounded as it comes
				c.want.Body, c.want.Failure = nil, hook.FailureTooLarge
			}
			if got.Status != c.want.Status || got.Failure != c.want.Failure || !bytes.Equal(got.Body, c.want.Body) {
				t.Errorf("%d %s %.100q, want %d %s", got.Status, got.Failure, got.Body, c.want.Status, c.want.Failure)
			}
			if d := time.Since(began); d > 1500*time.Millisecond {
				t.Errorf("it took %s", d)
			}
		})
	}
}

// security I1, I3: a question goes where it was sent, once, signed, and nowhere
// inside.
func TestAskGoesOnce(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	inside := listen(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	for _, status := range []int{301, 302, 303, 307, 308, 300, 304} {
		for _, to := range []string{"http://" + inside + "/", "http://localhost/", "http://169.254.169.254/latest/meta-data/", "/again"} {
			var asked atomic.Int64
			from := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				body, _ := io.ReadAll(r.Body)
				if _, err := payment.Verify(r.Header, [][]byte{secret}, now, body); err != nil || r.Header.Get("Idempotency-Key") != "dlv_1" || r.Header.Get("webhook-id") != "dlv_1" || r.Header.Get("Accept-Encoding") != "" {
					t.Errorf("%v: %v", err, r.Header)
				}
				w.Header().Set("Location", to)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, `{"title":"a"}`)
			}))
			h := outgoing(loopback(), nil).Ask(t.Context(), message("http://"+from+"/card"), most)
			if h.Status != status || h.Failure != hook.FailureRedirect || h.Body != nil || asked.Load() != 1 {
				t.Errorf("%d to %s: %+v, asked %d times", status, to, h, asked.Load())
			}
		}
	}
	// What was typed in as a public name and leads inside by now, and what never was public.
	away := outgoing(&hook.Guard{Resolver: names(t, func(string) []string { return []string{"127.0.0.1"} })}, nil)
	_, port, _ := strings.Cut(inside, ":")
	for _, address := range []string{"http://" + inside + "/", "https://" + inside + "/", "https://erp.example:" + port + "/", "http://[::1]:" + port + "/", "file:///etc/passwd", "http://" + inside + "/\r\nx: y"} {
		if h := away.Ask(t.Context(), message(address), most); h.Failure == "" || h.Status != 0 || h.Body != nil {
			t.Errorf("%s: %+v", address, h)
		}
	}
	if reached.Load() != 0 {
		t.Errorf("it was reached %d times", reached.Load())
	}
}
