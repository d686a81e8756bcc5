package web

import (
	"bufio"
	"context"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/web/wire"
)

// call is what the edge knows of one HTTP request, and what it learns while it
// is answered.
type call struct {
	id, ip, place string
	did           *operation // nil: no operation was run
	out           answer
}

type callKey struct{}

func callOf(r *http.Request) *call {
	c, _ := r.Context().Value(callKey{}).(*call)
	return c
}

// door is the outermost handler: it names the request, puts the headers every
// answer carries, catches panics and writes the one line of the log.
func (e *Edge) door(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		c := &call{id: requestID(r.Header.Get("X-Request-Id")), ip: clientIP(r, e.o.TrustedProxies), place: e.place(r)}
		e.setHeaders(w.Header(), c.id)
		c.out.ResponseWriter = w
		out := &c.out
		defer func() {
			if p := recover(); p != nil {
				e.log.Error("panic", "requestId", c.id, "panic", p, "stack", string(debug.Stack()))
				e.refuse(out, r, http.StatusInternalServerError, fault.ErrInternal, "internal error")
			}
			e.logRequest(r, c, out.status, time.Since(start))
		}()
		next.ServeHTTP(out, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
	})
}

// fixedHeaders are those of docs/security.md H7 that are the same in every
// answer, with their keys in canonical form. The values are shared: handlers
// may put others in their place, for a page of theirs, and never add to them.
var fixedHeaders = map[string][]string{
	"X-Content-Type-Options":       {"nosniff"},
	"X-Frame-Options":              {"DENY"},
	"Content-Security-Policy":      {"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	"Referrer-Policy":              {"no-referrer"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Cache-Control":                {"no-store"},
}

var strictTransport = []string{"max-age=31536000"}

func (e *Edge) setHeaders(h http.Header, id string) {
	h["X-Request-Id"] = []string{id}
	maps.Copy(h, fixedHeaders)
	if e.https {
		h["Strict-Transport-Security"] = strictTransport
	}
}

// requestID takes over an id that cannot harm a log, or makes one.
func requestID(given string) string {
	if len(given) >= 8 && len(given) <= 64 {
		sane := true
		for _, b := range []byte(given) {
			sane = sane && (b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '-' || b == '_' || b == '.')
		}
		if sane {
			return given
		}
	}
	return uuid.Must(uuid.NewV7()).String()
}

// operationName is the client's name for its operation when it is a name, and
// short (security J8).
func operationName(s string) string {
	const most = 64
	for i, b := range []byte(s) {
		letter := b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
		if i >= most || !letter && (i == 0 || b < '0' || b > '9') {
			return "invalid"
		}
	}
	return s
}

// logRequest never says variables, the query or the query string of the URL.
func (e *Edge) logRequest(r *http.Request, c *call, status int, took time.Duration) {
	if quiet[r.URL.Path] && status < 400 {
		return
	}
	path := "other"
	switch {
	case known[r.URL.Path]:
		path = r.URL.Path
	case strings.HasPrefix(r.URL.Path, uploadPath): // what follows is secret
		path = uploadPath
	case strings.HasPrefix(r.URL.Path, filePath):
		path = filePath
	case strings.HasPrefix(r.URL.Path, picturePath):
		path = picturePath
	}
	if !e.log.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	attrs := append(make([]slog.Attr, 0, attrsOfRequest+attrsOfOperation),
		slog.String("requestId", c.id), slog.String("method", knownMethod(r.Method)), slog.String("path", path),
		slog.Int("status", status), slog.Float64("ms", milliseconds(took)))
	if c.did != nil {
		attrs = c.did.appendAttrs(attrs)
	}
	e.log.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelInfo, "request", attrs...)
}

const attrsOfRequest = 5

var (
	known = map[string]bool{"/": true, "/graphql": true, "/healthz": true, "/readyz": true, "/metrics": true, "/webhooks/payments": true, "/hooks/mail": true}
	quiet = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true} // asked every few seconds
)

func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodOptions, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch:
		return m
	}
	return "other"
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// answer remembers the status, and still can be hijacked for a socket.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 || a.status < 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// refuse answers without having run anything, in the form of GraphQL.
func (e *Edge) refuse(w http.ResponseWriter, r *http.Request, status int, f *fault.Fault, message string) {
	err := wire.Refusal(f, message)
	if c := callOf(r); c != nil && f.Kind == fault.Internal {
		err.Extensions["requestId"] = c.id
	}
	if a, ok := w.(*answer); ok && a.status != 0 {
		return // the answer has begun already
	}
	accept := wire.Negotiate(r.Header.Values("Accept"))
	if accept == "" {
		accept = wire.JSON
	}
	writeErrors(w, status, accept, err)
}
