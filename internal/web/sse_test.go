package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kabinet/internal/fault"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

// heard is one event of a stream.
type heard struct{ name, id, data string }

// events is a stream that tests read by hand.
type events struct {
	*http.Response
	t *testing.T
	r *bufio.Reader
}

// follow begins a stream by POST, which must be let in.
func (s *site) follow(t *testing.T, query string, vars map[string]any, header ...string) *events {
	t.Helper()
	e, r := s.tryFollow(t, query, vars, header...)
	if e == nil {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	return e
}

// tryFollow gives the answer where it is a refusal.
func (s *site) tryFollow(t *testing.T, query string, vars map[string]any, header ...string) (*events, reply) {
	t.Helper()
	body, _ := json.Marshal(map[string]any{"query": query, "variables": vars})
	return s.request(t, http.MethodPost, "/graphql", string(body), append([]string{"Content-Type", "application/json"}, header...)...)
}

// source begins a stream as EventSource does.
func (s *site) source(t *testing.T, query, vars string, header ...string) (*events, reply) {
	t.Helper()
	path := "/graphql?query=" + url.QueryEscape(query)
	if vars != "" {
		path += "&variables=" + url.QueryEscape(vars)
	}
	return s.request(t, http.MethodGet, path, "", header...)
}

// request answers within ten seconds or is given up, and reads the body as it
// comes.
func (s *site) request(t *testing.T, method, path, body string, header ...string) (*events, reply) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, reply{&http.Response{}, err.Error()}
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return nil, reply{resp, string(b)}
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &events{resp, t, bufio.NewReader(resp.Body)}, reply{}
}

// next reads one event; comments and the time to wait are none. The error is
// that of a stream that broke off.
func (e *events) next() (h heard, err error) {
	for {
		line, err := e.r.ReadString('\n')
		if err != nil {
			return heard{}, err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "\n" && h != heard{}:
			return h, nil
		case field == "event":
			h.name = value
		case field == "id":
			h.id = value
		case field == "data":
			h.data += value
		}
	}
}

func (e *events) hear(name, id, data string) {
	e.t.Helper()
	want := heard{name, id, data}
	if got, err := e.next(); err != nil || got != want {
		e.t.Fatalf("heard %+v (%v), want %+v", got, err, want)
	}
}

// completed is the end that clients do not come back from.
func (e *events) completed() {
	e.t.Helper()
	e.hear("complete", "", "")
	if h, err := e.next(); !errors.Is(err, io.EOF) {
		e.t.Fatalf("after the end: %+v %v", h, err)
	}
}

// broken is the end that clients come back from.
func (e *events) broken() {
	e.t.Helper()
	if h, err := e.next(); err == nil || errors.Is(err, context.DeadlineExceeded) {
		e.t.Fatalf("heard %+v (%v), want the end of the connection", h, err)
	}
}

// failed is the end with an error, whose code it gives.
func (e *events) failed() string {
	e.t.Helper()
	h, err := e.next()
	if err != nil || h.name != "next" {
		e.t.Fatalf("heard %+v (%v), want errors", h, err)
	}
	code := reply{&http.Response{}, h.data}.code(e.t)
	e.completed()
	return code
}

// beating is a stream of events with cursors; afters are those it was begun at.
func beating(schema *webtest.Schema) (beats chan any, afters chan any) {
	beats, afters = make(chan any), make(chan any, 100)
	schema.Streams["beats"] = func(_ context.Context, args map[string]any) (<-chan any, error) {
		afters <- args["after"]
		return beats, nil
	}
	return beats, afters
}

func beat(n int) map[string]any { return map[string]any{"cursor": fmt.Sprintf("c%d", n), "n": n} }

func TestStreamConversation(t *testing.T) {
	var ticks, beats chan any
	s := open(t, func(_ *web.Options, schema *webtest.Schema) {
		ticks, _ = ticking(schema)
		beats, _ = beating(schema)
		schema.Streams["refused"] = func(context.Context, map[string]any) (<-chan any, error) {
			return nil, fault.ErrUnauthenticated
		}
	})
	e := s.follow(t, "subscription { beats { cursor n } }", nil, "Authorization", "Bearer alice")
	for name, want := range map[string]string{ // security H7
		"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no",
		"Content-Encoding": "", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Strict-Transport-Security": "max-age=31536000", "Vary": "Origin",
	} {
		if got := e.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if e.StatusCode != 200 || e.Header.Get("X-Request-Id") == "" || !e.Close {
		t.Errorf("%d, request id %q", e.StatusCode, e.Header.Get("X-Request-Id"))
	}
	for i := range 3 {
		beats <- beat(i)
		e.hear("next", fmt.Sprintf("c%d", i), fmt.Sprintf(`{"data":{"beats":{"cursor":"c%d","n":%d}}}`, i, i))
	}
	close(beats)
	e.completed()

	e = s.follow(t, "subscription { ticks }", nil)
	ticks <- 1 // no cursor, no id
	e.hear("next", "", `{"data":{"ticks":1}}`)
	ticks <- fault.ErrCursorExpired
	if code := e.failed(); code != "CURSOR_EXPIRED" {
		t.Errorf("the end of a stream is %s", code)
	}
	// A query and a mutation are a stream of one event.
	for query, want := range map[string]string{
		"{ echo }": `{"data":{"echo":"x"}}`, `mutation { rename(name: "x") { name } }`: `{"data":{"rename":{"name":"x"}}}`,
	} {
		e := s.follow(t, query, nil, "Authorization", "Bearer alice")
		e.hear("next", "", want)
		e.completed()
		asked := s.credentials()
		if last := asked[len(asked)-1]; last.Passive || !asked[len(asked)-2].Passive {
			t.Errorf("%s is no activity", query)
		}
	}
	// What cannot be run is told as an event, by the same limits as over HTTP
	// (security H5, G6).
	for query, want := range map[string]string{
		"subscription { refused }": "UNAUTHENTICATED", "{ nothing }": "INVALID_REQUEST", "{": "INVALID_REQUEST",
		nest(11): "TOO_COMPLEX", strings.Repeat("{a", 2000): "TOO_COMPLEX", "{ orders(first: 101) { totalCount } }": "INVALID_REQUEST",
		"{ __schema { types { name } } }": "INVALID_REQUEST",
	} {
		if code := s.follow(t, query, nil).failed(); code != want {
			t.Errorf("%.40s: %s, want %s", query, code, want)
		}
	}
	// Every operation has its line, and nothing of what it says (security H5).
	eventually(t, "the lines", func() bool { return strings.Count(s.log.String(), `"transport":"sse"`) == 3 })
	if !strings.Contains(s.log.String(), `"userId":"`+alice.String()) || strings.Contains(s.log.String(), "beats") {
		t.Errorf("logged: %s", s.log)
	}
}

// What an aliased or second cursor is called makes no difference, nor where it
// stands; one that would not come back as it was sent is none.
func TestIDsOfEvents(t *testing.T) {
	var value string
	s := open(t, func(_ *web.Options, schema *webtest.Schema) {
		schema.Streams["beats"] = func(context.Context, map[string]any) (<-chan any, error) {
			one := make(chan any, 1)
			one <- json.RawMessage(value)
			return one, nil
		}
	})
	for query, says := range map[string]string{
		"subscription { b: beats { n c: cursor } }":                                  `{"n":1,"c":"here"}`,
		"subscription { beats { ...F } } fragment F on Beat { n cursor }":            `{"n":1,"cursor":"here"}`,
		"subscription S { ...R } fragment R on Subscription { beats { cursor n } }":  `{"cursor":"here","n":1}`,
		"subscription { beats { n cursor } }":                                        `{"n":1,"cursor":"he\u0072e"}`,
		"subscription none { beats { n } }":                                          `{"n":1}`,
		"subscription none { beats { cursor } }":                                     `{"cursor":"a\nid: b"}`,
		"subscription none { beats { n cursor } }":                                   `{"n":1,"cursor":"a b"}`,
		"subscription none { beats { cursor n } }":                                   `{"cursor":null,"n":1}`,
		`subscription none($x: Boolean = true) { beats { cursor @skip(if: $x) n } }`: `{"n":1}`,
	} {
		value = says
		e := s.follow(t, query, nil)
		want := "here"
		if strings.Contains(query, "none") {
			want = ""
		}
		if h, err := e.next(); err != nil || h.id != want || h.name != "next" {
			t.Errorf("%s: %+v %v", query, h, err)
		}
		e.Body.Close()
	}
}

func TestLastEventID(t *testing.T) {
	var afters chan any
	s := open(t, func(_ *web.Options, schema *webtest.Schema) {
		_, afters = beating(schema)
		ticking(schema)
	})
	const query = "subscription($from: String) { beats(after: $from) { cursor } }"
	for _, c := range []struct {
		query, vars, last string
		want              any
	}{
		{query, `{"from":"old"}`, "new", "new"},
		{query, "", "new", "new"},
		{query, `{"from":"old"}`, "", "old"},
		{query, `{"from":null}`, "new", "new"},
		{"subscription($from: String) { ...R } fragment R on Subscription { b: beats(after: $from) { n } }", "", "new", "new"},
		{`subscription { beats(after: "said") { n } }`, "", "", "said"},
	} {
		header := []string{}
		if c.last != "" {
			header = append(header, "Last-Event-ID", c.last)
		}
		if e, r := s.source(t, c.query, c.vars, header...); e == nil {
			t.Errorf("%s: %d %s", c.query, r.StatusCode, r.body)
			continue
		}
		if got := <-afters; got != c.want {
			t.Errorf("%s %s after %q begins at %v, want %v", c.query, c.vars, c.last, got, c.want)
		}
	}
	for _, query := range []string{
		`subscription { beats(after: "said") { cursor } }`, "subscription { beats { cursor } }", "subscription { beats(after: null) { cursor } }",
	} {
		e, r := s.source(t, query, "", "Last-Event-ID", "new")
		if e != nil || r.StatusCode != 400 || r.code(t) != "INVALID_REQUEST" || !strings.Contains(r.body, "beats(after: $after)") {
			t.Errorf("%s: %d %s", query, r.StatusCode, r.body)
		}
	}
	if e, r := s.source(t, "{ echo }", "", "Last-Event-ID", "new"); e == nil { // means nothing there
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
}

func TestStreamRequests(t *testing.T) {
	s := open(t, func(_ *web.Options, schema *webtest.Schema) { ticking(schema) })
	const stream = `{"query":"subscription { ticks }"}`
	get := "/graphql?query=" + url.QueryEscape("subscription { ticks }")
	js := []string{"Content-Type", "application/json"}
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int // 0: a stream
	}{
		{"post", "POST", "/graphql", stream, js, 0},
		{"get", "GET", get, "", nil, 0},
		{"as urql says it", "GET", get, "", []string{"Accept", "text/event-stream, multipart/mixed"}, 0},
		{"an answer is liked more", "POST", "/graphql", stream, append(js, "Accept", "application/json, text/event-stream"), 400},
		{"mutation by get", "GET", "/graphql?query=" + url.QueryEscape(`mutation { rename(name: "x") { id } }`), "", nil, 405}, // security H1
		{"head", "HEAD", get, "", nil, 405},
		{"put", "PUT", "/graphql", stream, js, 405},
		{"text", "POST", "/graphql", stream, []string{"Content-Type", "text/plain"}, 415}, // security H1
		{"none", "POST", "/graphql", stream, nil, 415},
		{"refused", "GET", get, "", []string{"Accept", "text/event-stream;q=0"}, 406},
		{"bad variables", "GET", get + "&variables=x", "", nil, 400},
		{"no query", "GET", "/graphql", "", nil, 400},
		{"too big", "POST", "/graphql", `{"query":"` + strings.Repeat("x", 200<<10) + `"}`, js, 413},
		{"sign-in is down", "GET", get, "", []string{"Authorization", "Bearer down"}, 503},
		{"too many sign-ins", "GET", get, "", []string{"Authorization", "Bearer busy"}, 429},
		{"foreign company", "GET", get, "", []string{"Authorization", "Bearer alice", "X-Kabinet-Company", "foreign"}, 403},
	} {
		e, r := s.request(t, c.method, c.path, c.body, c.header...)
		switch {
		case c.status == 0 && e == nil, c.status != 0 && (e != nil || r.StatusCode != c.status):
			t.Errorf("%s: %d %s", c.name, r.StatusCode, r.body)
		case c.status == 405 && !strings.Contains(r.Header.Get("Allow"), "POST"), c.status == 429 && r.Header.Get("Retry-After") == "":
			t.Errorf("%s: the header is missing", c.name)
		}
	}
}

// Whose page may listen with a cookie (security H1, H3).
func TestOriginOfStreams(t *testing.T) {
	s := open(t, func(_ *web.Options, schema *webtest.Schema) { ticking(schema) })
	for _, c := range []struct {
		name   string
		header []string
		ok     bool
	}{
		{"same origin", []string{"Sec-Fetch-Site", "same-origin"}, true},
		{"our page", []string{"Origin", "https://shop.example", "Sec-Fetch-Site", "same-site"}, true},
		{"foreign", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, false},
		{"foreign, old browser", []string{"Origin", "https://evil.example"}, false},
		{"a picture on a foreign page", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"null", []string{"Origin", "null"}, false},
	} {
		before := len(s.credentials())
		e, r := s.source(t, "subscription { ticks }", "", append([]string{"Cookie", "__Host-kabinet=alice"}, c.header...)...)
		if (e != nil) != c.ok || !c.ok && (r.StatusCode != 403 || r.code(t) != "FORBIDDEN") {
			t.Errorf("%s: %d %s", c.name, r.StatusCode, r.body)
		}
		asked := s.credentials()
		if ran := len(asked) > before; ran != c.ok {
			t.Errorf("%s: signed in: %v", c.name, ran)
		}
		if last := asked[len(asked)-1]; c.ok && (last.Token != "alice" || !last.FromCookie || !last.Passive) {
			t.Errorf("%s: %+v", c.name, last)
		}
		if allowed := c.ok && len(c.header) == 4; allowed && (e.Header.Get("Access-Control-Allow-Origin") != c.header[1] || e.Header.Get("Access-Control-Allow-Credentials") != "true") {
			t.Errorf("%s: the page may not read it: %v", c.name, e.Header)
		}
	}
}
