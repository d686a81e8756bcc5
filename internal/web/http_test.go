package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

const typename = `{"query":"{ __typename }"}`

func TestHTTPStatuses(t *testing.T) {
	s := open(t, nil)
	js := []string{"Content-Type", "application/json"}
	get := func(query string) string { return "/graphql?query=" + url.QueryEscape(query) }
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		mediaType                string
	}{
		{"post", "POST", "/graphql", typename, js, 200, "application/json"},
		{"newer media type", "POST", "/graphql", typename, append(js, "Accept", "application/graphql-response+json"), 200, "application/graphql-response+json"},
		{"q-values", "POST", "/graphql", typename, append(js, "Accept", "application/graphql-response+json;q=0.5, application/json;q=0.9"), 200, "application/json"},
		{"tie", "POST", "/graphql", typename, append(js, "Accept", "application/json, application/graphql-response+json"), 200, "application/graphql-response+json"},
		{"q=0", "POST", "/graphql", typename, append(js, "Accept", "application/json;q=0, application/graphql-response+json;q=0.1"), 200, "application/graphql-response+json"},
		{"wildcard below", "POST", "/graphql", typename, append(js, "Accept", "*/*;q=0.1, application/graphql-response+json"), 200, "application/graphql-response+json"},
		{"get", "GET", get("{__typename}"), "", nil, 200, "application/json"},
		{"get with variables", "GET", get("query($t:String){echo(text:$t)}") + "&variables=" + url.QueryEscape(`{"t":"x"}`), "", nil, 200, ""},
		{"get with bad variables", "GET", get("{__typename}") + "&variables=" + url.QueryEscape(`["x"]`), "", nil, 400, ""},
		{"get without query", "GET", "/graphql", "", nil, 400, ""},
		{"mutation by get", "GET", get("mutation{rename(name:\"x\"){id}}"), "", nil, 405, ""}, // security H1
		{"put", "PUT", "/graphql", typename, js, 405, ""},
		{"not acceptable", "POST", "/graphql", typename, append(js, "Accept", "text/html"), 406, "application/json"},
		{"other charset", "POST", "/graphql", typename, append(js, "Accept", "application/json;charset=latin1"), 406, ""},
		{"text", "POST", "/graphql", typename, []string{"Content-Type", "text/plain"}, 415, ""},                                             // security H1
		{"form", "POST", "/graphql", "query=x", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, ""},                     // security H1
		{"multipart", "POST", "/graphql", "x", []string{"Content-Type", "multipart/form-data; boundary=x"}, 415, ""},                        // security S4
		{"none", "POST", "/graphql", typename, nil, 415, ""},                                                                                // security H1
		{"smuggled", "POST", "/graphql", typename, []string{"Content-Type", "application/json;x=text/plain"}, 415, ""},                      // security H1
		{"twice", "POST", "/graphql", typename, []string{"Content-Type", "text/plain", "Content-Type", "application/json"}, 415, ""},        // security H1
		{"packed", "POST", "/graphql", typename, append(js, "Content-Encoding", "gzip"), 415, ""},                                           // security G10
		{"list", "POST", "/graphql", "[" + typename + "]", js, 400, ""},                                                                     // security G7, A3
		{"two objects", "POST", "/graphql", typename + typename, js, 400, ""},                                                               //
		{"deep json", "POST", "/graphql", `{"variables":` + strings.Repeat(`{"a":`, 11000) + `1` + strings.Repeat(`}`, 11001), js, 400, ""}, // security G11
		{"parse error", "POST", "/graphql", `{"query":"{"}`, js, 200, "application/json"},
		{"parse error, newer", "POST", "/graphql", `{"query":"{"}`, append(js, "Accept", "application/graphql-response+json"), 400, ""},
		{"subscription", "POST", "/graphql", `{"query":"subscription{ticks}"}`, js, 400, ""},
		{"nobody's page", "GET", "/nothing", "", nil, 404, ""},
		{"upgrade by post", "POST", "/graphql", typename, append(js, "Upgrade", "websocket", "Connection", "Upgrade"), 400, ""}, // security H8
		{"graphiql is off", "GET", "/", "", nil, 404, ""},                                                                       // security G17
		{"metrics are elsewhere", "GET", "/metrics", "", nil, 404, ""},                                                          // security G17
		{"pprof", "GET", "/debug/pprof/", "", nil, 404, ""},                                                                     // security G17
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.do(t, c.method, c.path, c.body, c.header...)
			if r.StatusCode != c.status {
				t.Errorf("status %d, want %d: %s", r.StatusCode, c.status, r.body)
			}
			if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, c.mediaType) {
				t.Errorf("content type %q, want %q", got, c.mediaType)
			}
			if c.status == 405 && !strings.Contains(r.Header.Get("Allow"), "POST") {
				t.Errorf("405 without Allow")
			}
			if c.status >= 400 && c.status != 404 && r.code(t) != "INVALID_REQUEST" {
				t.Errorf("code %q: %s", r.code(t), r.body)
			}
		})
	}
}

// security S3: what was sent does not come back, and is not logged.
func TestDecodeErrorsRepeatNothing(t *testing.T) {
	s := open(t, nil)
	for _, body := range []string{
		`{"password":"hunter2",`, `{"query": {"hunter2": 1}}`, `{"variables": "hunter2", "query":"{me{id}}"}`,
		`"hunter2"`, `{"query":"{me{id}}"} hunter2`, `{"query":"{me{id}}","variables":{"hunter2":}}`,
	} {
		r := s.do(t, "POST", "/graphql", body, "Content-Type", "application/json")
		if r.StatusCode != 400 || strings.Contains(r.body, "hunter2") {
			t.Errorf("%s: %d %s", body, r.StatusCode, r.body)
		}
	}
	if strings.Contains(s.log.String(), "hunter2") {
		t.Errorf("logged: %s", s.log)
	}
}

// security G10: the body has an end, with and without a length.
func TestBodyLimit(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) {
		o.Bulk = func(v viewer.Viewer) bool { return v.SignedIn() }
	})
	big := `{"query":"{ __typename }","variables":{"x":"` + strings.Repeat("x", 200<<10) + `"}}`
	if r := s.do(t, "POST", "/graphql", big, "Content-Type", "application/json"); r.StatusCode != 413 {
		t.Errorf("with a length: %d %s", r.StatusCode, r.body)
	}
	if r := s.do(t, "POST", "/graphql", big, "Content-Type", "application/json", "Authorization", "Bearer bulk"); r.StatusCode != 200 {
		t.Errorf("an integration: %d %s", r.StatusCode, r.body)
	}
	pr, pw := io.Pipe()
	go func() {
		chunk := strings.Repeat("x", 64<<10)
		_, err := io.WriteString(pw, `{"query":"`)
		for sent := 0; err == nil && sent < 1<<30; sent += len(chunk) {
			_, err = io.WriteString(pw, chunk)
		}
		pw.Close()
	}()
	req, _ := http.NewRequest("POST", s.URL+"/graphql", pr)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("without a length: %d", resp.StatusCode)
	}
}

// security G10: a body or a head that drips is cut off.
func TestSlowClients(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) {
		o.Limits.ReadBody, o.Limits.ReadHeader = 300*time.Millisecond, 200*time.Millisecond
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.edge.Serve(ctx, ln) }()
	for name, head := range map[string]string{
		"body": "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		"head": "POST /graphql HTTP/1.1\r\nHost: x\r\n",
	} {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, head)
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		answer, err := io.ReadAll(conn)
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			t.Errorf("%s: still open", name)
		}
		if name == "body" && !strings.HasPrefix(string(answer), "HTTP/1.1 408") {
			t.Errorf("%s: %s", name, answer)
		}
		conn.Close()
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// security H8
func TestTwoLengths(t *testing.T) {
	s := open(t, nil)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 12)
	if _, err := io.ReadFull(conn, b); err != nil || string(b) != "HTTP/1.1 400" {
		t.Errorf("%q %v", b, err)
	}
}

func TestAnswerIsWrittenRaw(t *testing.T) {
	s := open(t, nil)
	r := s.ask(t, `{ me { id name orders(first: 3) { nodes { lines { title } } } } }`, nil)
	want := `{"data":{"me":{"id":"x","name":"x","orders":{"nodes":[{"lines":[{"title":"x"}]}]}}}}`
	if r.body != want {
		t.Errorf("got %s", r.body)
	}
}

func TestErrorsAndPanics(t *testing.T) {
	s := open(t, func(_ *web.Options, schema *webtest.Schema) {
		schema.Fields["Query.fail"] = func(context.Context, map[string]any) (any, error) {
			return nil, errors.New(`pq: relation "secret_table" does not exist`)
		}
		schema.Fields["Query.boom"] = func(context.Context, map[string]any) (any, error) { panic("secret panic") }
		schema.Fields["Query.me"] = func(ctx context.Context, _ map[string]any) (any, error) {
			return nil, viewer.Reason(ctx)
		}
	})
	for query, code := range map[string]string{"{ fail }": "INTERNAL", "{ boom }": "INTERNAL"} {
		r := s.ask(t, query, nil, "X-Request-Id", "request-0001")
		errs := r.errors(t)
		if r.StatusCode != 200 || len(errs) != 1 || r.code(t) != code || errs[0].Extensions["requestId"] != "request-0001" {
			t.Errorf("%s: %d %s", query, r.StatusCode, r.body)
		}
		if strings.Contains(r.body, "secret") { // security G13, S5
			t.Errorf("%s tells: %s", query, r.body)
		}
	}
	if n := strings.Count(s.log.String(), `"stack"`); n != 1 {
		t.Errorf("%d stacks in the log, want 1", n)
	}
	// A token that is not good leaves the caller nobody, with a reason.
	for token, code := range map[string]string{"expired": "UNAUTHENTICATED", "locked": "SESSION_LOCKED"} {
		r := s.ask(t, "{ me { id } echo }", nil, "Authorization", "Bearer "+token)
		if r.StatusCode != 200 || r.code(t) != code || !strings.Contains(r.body, `"echo":"x"`) {
			t.Errorf("%s: %d %s", token, r.StatusCode, r.body)
		}
	}
	if r := s.ask(t, "{ me { id } }", nil); r.code(t) != "" {
		t.Errorf("no token is no reason: %s", r.body)
	}
	for token, status := range map[string]int{"down": 503, "busy": 429} {
		r := s.ask(t, "{ echo }", nil, "Authorization", "Bearer "+token)
		if r.StatusCode != status || strings.Contains(r.body, "10.0.0.1") {
			t.Errorf("%s: %d %s", token, r.StatusCode, r.body)
		}
		if status == 429 && r.Header.Get("Retry-After") != "7" {
			t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
		}
	}
	if r := s.ask(t, "{ echo }", nil, "Authorization", "Bearer alice", "X-Kabinet-Company", "foreign"); r.StatusCode != 403 || r.code(t) != "FORBIDDEN" {
		t.Errorf("foreign company: %d %s", r.StatusCode, r.body)
	}
}

// One line a request, with nothing of what was asked (security J8, J9, B5).
func TestLogLine(t *testing.T) {
	s := open(t, nil)
	body, _ := json.Marshal(map[string]any{
		"query":         `query Dash($t: String) { echo(text: $t) orders(first: 3) { nodes { id } } }`,
		"operationName": "Dash", "variables": map[string]any{"t": "canary-value"},
	})
	s.do(t, "POST", "/graphql?token=canary-url", string(body), "Content-Type", "application/json",
		"Authorization", "Bearer alice", "X-Request-Id", "abcdefgh-1", "User-Agent", "canary-agent")
	s.ask(t, "{ echo }", nil, "X-Request-Id", "short", "Cookie", "__Host-kabinet=canary-cookie")
	logged := strings.TrimSpace(s.log.String())
	if strings.Contains(logged, "canary") {
		t.Errorf("logged: %s", logged)
	}
	all := strings.Split(logged, "\n")
	if len(all) != 2 {
		t.Fatalf("%d lines: %s", len(all), logged)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(all[0]), &line); err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]any{
		"requestId": "abcdefgh-1", "operation": "Dash", "kind": "query", "complexity": 3.0,
		"status": 200.0, "userId": alice.String(), "outcome": "ok", "path": "/graphql",
	} {
		if line[k] != want {
			t.Errorf("%s is %v, want %v", k, line[k], want)
		}
	}
	if _, ok := line["ms"].(float64); !ok {
		t.Errorf("no duration: %s", all[0])
	}
	// Names that are none.
	for _, name := range []string{"x\n{\"fake\":1}", "\x1b[31mred", strings.Repeat("a", 65), "1a"} {
		before := len(s.log.String())
		body, _ := json.Marshal(map[string]any{"query": "{ echo }", "operationName": name})
		s.do(t, "POST", "/graphql", string(body), "Content-Type", "application/json")
		added := s.log.String()[before:]
		if !strings.Contains(added, `"operation":"invalid"`) || strings.Count(strings.TrimSpace(added), "\n") != 0 {
			t.Errorf("%q: %s", name, added)
		}
	}
}
