package web_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"kabinet/internal/web"
	"kabinet/internal/web/limit"
	"kabinet/internal/web/webtest"
)

// What the edge itself costs: the handler without a connection, over a schema
// that answers at once. Run with
// go test ./internal/web -run '^$' -bench Edge -benchmem
func BenchmarkEdge(b *testing.B) {
	for name, body := range map[string]string{
		"text":      `{"query":"{ me { id } }"}`,
		"variables": `{"query":"query($n: Int, $c: Cursor) { orders(first: $n, after: $c) { nodes { id } } }","variables":{"n":10,"c":null}}`,
		"trusted":   `{"documentId":"sha256:` + hashed("{ me { id } }") + `"}`,
	} {
		b.Run(name, func(b *testing.B) { benchEdge(b, body) })
	}
}

func benchEdge(b *testing.B, body string) {
	s := &site{schema: webtest.New(), log: &lines{}}
	trusted, err := limit.Trust(s.schema.Schema(), web.DefaultLimits(), false,
		limit.Manifest{Documents: []limit.ManifestDocument{{ID: "a", Text: "{ me { id } }"}}})
	if err != nil {
		b.Fatal(err)
	}
	limits := web.DefaultLimits()
	limits.RateNodes, limits.RateBurst = 1_000_000, 1<<40
	edge, err := web.New(s.schema, web.Options{
		Limits: limits, SignIn: s.signIn, Trusted: trusted, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	if err != nil {
		b.Fatal(err)
	}
	handler, rd, w := edge.Handler(), bytes.NewReader(nil), &sink{header: http.Header{}}
	req, err := http.NewRequest(http.MethodPost, "/graphql", io.NopCloser(rd))
	if err != nil {
		b.Fatal(err)
	}
	req.RemoteAddr, req.ContentLength = "192.0.2.1:1234", int64(len(body))
	for k, v := range map[string]string{"Content-Type": "application/json", "Accept": "application/json",
		"Authorization": "Bearer alice", "User-Agent": "Go-http-client/1.1"} {
		req.Header.Set(k, v)
	}
	b.ReportAllocs()
	for b.Loop() {
		rd.Reset([]byte(body))
		clear(w.header)
		s.asked = s.asked[:0]
		if handler.ServeHTTP(w, req); w.status != http.StatusOK || bytes.Contains(w.body, []byte(`"errors"`)) {
			b.Fatalf("%d %s", w.status, w.body)
		}
	}
}

// sink is a ResponseWriter that keeps the last answer.
type sink struct {
	header http.Header
	status int
	body   []byte
}

func (w *sink) Header() http.Header              { return w.header }
func (w *sink) SetWriteDeadline(time.Time) error { return nil }
func (w *sink) WriteHeader(status int)           { w.status = status }
func (w *sink) Write(p []byte) (int, error) {
	w.body = append(w.body[:0], p...)
	return len(p), nil
}
