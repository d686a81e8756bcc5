package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

var (
	alice        = uuid.MustParse("01890000-0000-7000-8000-00000000000a")
	aliceSession = uuid.MustParse("01890000-0000-7000-8000-0000000000aa")
	errLocked    = fault.New(fault.Locked, "SESSION_LOCKED")
)

// site is one edge over the schema of webtest, with people who sign in by
// their names.
type site struct {
	*httptest.Server
	edge   *web.Edge
	schema *webtest.Schema
	log    *lines

	mu    sync.Mutex
	asked []web.Credentials
}

// lines is a log that tests read.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (s *site) signIn(_ context.Context, c web.Credentials) (viewer.Viewer, error) {
	s.mu.Lock()
	s.asked = append(s.asked, c)
	s.mu.Unlock()
	if c.Company == "foreign" {
		return viewer.Viewer{}, fault.ErrForbidden
	}
	switch c.Token {
	case "":
		return viewer.Viewer{}, nil
	case "alice", "bulk":
		return viewer.Viewer{UserID: alice, OwnerID: alice, SessionID: aliceSession}, nil
	case "locked":
		return viewer.Viewer{}, errLocked
	case "busy":
		return viewer.Viewer{}, fault.ErrRateLimited.After(7 * time.Second)
	case "down":
		return viewer.Viewer{}, errors.New("dial tcp 10.0.0.1: refused")
	}
	return viewer.Viewer{}, fault.ErrUnauthenticated
}

func (s *site) credentials() []web.Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]web.Credentials(nil), s.asked...)
}

// open makes a site; change may alter its options first.
func open(t *testing.T, change func(*web.Options, *webtest.Schema)) *site {
	t.Helper()
	s := &site{schema: webtest.New(), log: &lines{}}
	o := web.Options{
		PublicURL: "https://shop.example",
		Origins:   []string{"https://front.example", "http://localhost:3000"},
		Limits:    web.DefaultLimits(),
		SignIn:    s.signIn,
		Log:       slog.New(slog.NewJSONHandler(s.log, nil)),
	}
	if change != nil {
		change(&o, s.schema)
	}
	edge, err := web.New(s.schema, o)
	if err != nil {
		t.Fatal(err)
	}
	s.edge = edge
	s.Server = httptest.NewServer(edge.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := edge.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		s.Close()
	})
	return s
}

// reply is an answer of the server, read to its end.
type reply struct {
	*http.Response
	body string
}

type graphQLError struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path"`
	Extensions map[string]any `json:"extensions"`
}

func (r reply) errors(t *testing.T) []graphQLError {
	t.Helper()
	var v struct{ Errors []graphQLError }
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%d %s is not JSON: %v", r.StatusCode, r.body, err)
	}
	return v.Errors
}

// code is the code of the first error, or "".
func (r reply) code(t *testing.T) string {
	t.Helper()
	errs := r.errors(t)
	if len(errs) == 0 {
		return ""
	}
	code, _ := errs[0].Extensions["code"].(string)
	return code
}

func (s *site) do(t *testing.T, method, path, body string, header ...string) reply {
	t.Helper()
	var rd io.Reader
	if body != "" {
		rd = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, s.URL+path, rd)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp, string(b)}
}

// ask posts one query as JSON, accepting the newer media type.
func (s *site) ask(t *testing.T, query string, vars map[string]any, header ...string) reply {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		t.Fatal(err)
	}
	return s.do(t, "POST", "/graphql", string(body), append([]string{
		"Content-Type", "application/json", "Accept", "application/graphql-response+json",
	}, header...)...)
}
