package web_test

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

// security H7: on every answer, whatever became of the request.
func TestSecurityHeaders(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) { o.Development = true })
	js := []string{"Content-Type", "application/json"}
	for _, c := range []struct {
		method, path, body string
		header             []string
	}{
		{"POST", "/graphql", typename, js},
		{"POST", "/graphql", "{", js},
		{"POST", "/graphql", "x", []string{"Content-Type", "text/plain"}},
		{"OPTIONS", "/graphql", "", nil},
		{"GET", "/nothing", "", nil},
		{"GET", "/healthz", "", nil},
		{"GET", "/readyz", "", nil},
		{"GET", "/", "", nil},
		{"GET", "/graphiql/graphiql.js", "", nil},
		{"GET", "/metrics", "", nil},
	} {
		r := s.do(t, c.method, c.path, c.body, c.header...)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Strict-Transport-Security": "max-age=31536000", "X-Frame-Options": "DENY",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q", c.method, c.path, name, got)
			}
		}
		if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s %s: policy %q", c.method, c.path, csp)
		}
		if r.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s %s: no request id", c.method, c.path)
		}
	}
	plain := open(t, func(o *web.Options, _ *webtest.Schema) { o.PublicURL = "http://shop.example" })
	if got := plain.do(t, "GET", "/healthz", "").Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("HSTS without https: %q", got)
	}
}

func TestRequestID(t *testing.T) {
	s := open(t, nil)
	for given, kept := range map[string]bool{
		"abc-DEF_123.x": true, "short": false, strings.Repeat("a", 65): false, "with space": false, `with"quote`: false,
	} {
		got := s.do(t, "GET", "/healthz", "", "X-Request-Id", given).Header.Get("X-Request-Id")
		if (got == given) != kept {
			t.Errorf("%q became %q", given, got)
		}
		if _, err := uuid.Parse(got); !kept && err != nil {
			t.Errorf("%q became %q, no id", given, got)
		}
	}
}

// security A4: only a trusted proxy is believed.
func TestClientIP(t *testing.T) {
	for _, c := range []struct {
		name, trusted, forwarded, want string
	}{
		{"no proxy", "", "1.2.3.4", "127.0.0.1"},
		{"another proxy", "10.0.0.0/8", "1.2.3.4", "127.0.0.1"},
		{"a proxy", "127.0.0.0/8", "1.2.3.4", "1.2.3.4"},
		{"invented before the proxy", "127.0.0.0/8", "9.9.9.9, 1.2.3.4", "1.2.3.4"},
		{"two proxies", "127.0.0.0/8 10.0.0.0/8", "9.9.9.9, 1.2.3.4, 10.1.2.3", "1.2.3.4"},
		{"rubbish", "127.0.0.0/8", "1.2.3.4, rubbish", "127.0.0.1"},
		{"mapped", "127.0.0.0/8", "::ffff:1.2.3.4", "1.2.3.4"},
		{"v6", "127.0.0.0/8", "2001:db8::1", "2001:db8::1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, func(o *web.Options, _ *webtest.Schema) {
				for _, p := range strings.Fields(c.trusted) {
					o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(p))
				}
			})
			s.ask(t, "{ echo }", nil, "X-Forwarded-For", c.forwarded)
			if got := s.credentials()[0].IP; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	s := open(t, nil)
	s.ask(t, "{ echo }", nil, "Authorization", "bearer alice", "Cookie", "__Host-kabinet=other",
		"X-Kabinet-Company", "comp_1", "Accept-Language", "ru", "User-Agent", "test/1", "X-Request-Id", "request-0002")
	s.ask(t, "{ echo }", nil, "Cookie", "__Host-kabinet=alice")
	s.do(t, "POST", "/graphql?access_token=alice", typename, "Content-Type", "application/json") // security B5
	got := s.credentials()
	want := web.Credentials{Token: "alice", Company: "comp_1", Locale: "ru", IP: "127.0.0.1", UserAgent: "test/1", RequestID: "request-0002"}
	if got[0] != want {
		t.Errorf("bearer: %+v", got[0])
	}
	if got[1].Token != "alice" || !got[1].FromCookie {
		t.Errorf("cookie: %+v", got[1])
	}
	if got[2].Token != "" {
		t.Errorf("URL: %+v", got[2])
	}
}

// security H1: a cookie alone proves nothing about who wrote the request.
func TestForgedRequests(t *testing.T) {
	s := open(t, nil)
	for _, c := range []struct {
		name   string
		header []string
		status int
	}{
		{"no browser", nil, 200},
		{"our page", []string{"Origin", "https://shop.example", "Sec-Fetch-Site", "same-site"}, 200},
		{"listed", []string{"Origin", "https://front.example", "Sec-Fetch-Site", "cross-site"}, 200},
		{"same origin", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"foreign", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{"foreign, old browser", []string{"Origin", "https://evil.example"}, 403},
		{"null", []string{"Origin", "null"}, 403},
		{"same site is not same origin", []string{"Origin", "https://other.shop.example", "Sec-Fetch-Site", "same-site"}, 403},
	} {
		for _, method := range []string{"POST", "GET"} {
			path, body := "/graphql", `{"query":"{ echo }"}`
			header := append([]string{"Cookie", "__Host-kabinet=alice"}, c.header...)
			if method == "GET" {
				path, body = "/graphql?query="+url.QueryEscape("{ echo }"), ""
			} else {
				header = append(header, "Content-Type", "application/json")
			}
			before := len(s.credentials())
			if r := s.do(t, method, path, body, header...); r.StatusCode != c.status {
				t.Errorf("%s %s: %d, want %d", method, c.name, r.StatusCode, c.status)
			}
			if ran := len(s.credentials()) > before; ran != (c.status == 200) {
				t.Errorf("%s %s: signed in: %v", method, c.name, ran)
			}
		}
		// With a token of its own a request is nobody's forgery.
		header := append([]string{"Authorization", "Bearer alice"}, c.header...)
		if r := s.ask(t, "{ echo }", nil, header...); r.StatusCode != 200 {
			t.Errorf("bearer, %s: %d", c.name, r.StatusCode)
		}
	}
}

// security H2
func TestCrossOriginAnswers(t *testing.T) {
	s := open(t, nil)
	for origin, allowed := range map[string]bool{
		"https://front.example": true, "http://localhost:3000": true, "https://shop.example": true,
		"https://evil.example": false, "null": false, "https://front.example.evil": false, "https://frontXexample": false,
		"http://front.example": false, "https://front.example:444": false, "https://evil.example/https://front.example": false,
	} {
		for _, method := range []string{"POST", "OPTIONS"} {
			r := s.do(t, method, "/graphql", map[string]string{"POST": typename}[method], "Origin", origin,
				"Content-Type", "application/json", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
			got := r.Header.Get("Access-Control-Allow-Origin")
			if allowed && (got != origin || r.Header.Get("Access-Control-Allow-Credentials") != "true") || !allowed && got != "" {
				t.Errorf("%s from %s: allowed %q", method, origin, got)
			}
			if !strings.Contains(strings.Join(r.Header.Values("Vary"), ","), "Origin") {
				t.Errorf("%s from %s: Vary %q", method, origin, r.Header.Values("Vary"))
			}
		}
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for _, origin := range []string{"*", "https://*.example", "https://a.example/", "https://a.example/path", "a.example", "null", ""} {
		if _, err := web.New(webtest.New(), web.Options{SignIn: (&site{}).signIn, Origins: []string{origin}}); err == nil {
			t.Errorf("origin %q is accepted", origin)
		}
	}
	if _, err := web.New(webtest.New(), web.Options{SignIn: (&site{}).signIn, PublicURL: "shop"}); err == nil {
		t.Error("public URL without a scheme is accepted")
	}
	if _, err := web.New(webtest.New(), web.Options{}); err == nil {
		t.Error("no SignIn is accepted")
	}
}

// security B6
func TestSessionCookie(t *testing.T) {
	expires := time.Now().Add(time.Hour).UTC()
	s := open(t, func(_ *web.Options, schema *webtest.Schema) {
		schema.Fields["Mutation.signIn"] = func(ctx context.Context, _ map[string]any) (any, error) {
			viewer.CookiesFrom(ctx).Set("first", expires)
			viewer.CookiesFrom(ctx).Set("token", expires)
			return "done", nil
		}
		schema.Fields["Mutation.signOut"] = func(ctx context.Context, _ map[string]any) (any, error) {
			viewer.CookiesFrom(ctx).Clear()
			return "done", nil
		}
	})
	in := s.ask(t, "mutation { signIn }", nil).Cookies()
	if len(in) != 1 {
		t.Fatalf("%d cookies", len(in))
	}
	c := in[0]
	if c.Name != "__Host-kabinet" || c.Value != "token" || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" ||
		c.SameSite != 2 /* Lax */ || c.MaxAge < 3590 || c.Expires.Unix() != expires.Unix() {
		t.Errorf("%+v", c)
	}
	out := s.ask(t, "mutation { signOut }", nil).Cookies()
	if len(out) != 1 || out[0].Value != "" || out[0].MaxAge >= 0 {
		t.Errorf("%+v", out)
	}
	viewer.CookiesFrom(context.Background()).Set("x", expires) // nowhere to put it: no panic
}

func TestReadiness(t *testing.T) {
	var broken error
	s := open(t, func(o *web.Options, _ *webtest.Schema) {
		o.Limits.ReadyOK = 0
		o.Checks = []web.Check{
			{Name: "database", Do: func(context.Context) error { return nil }},
			{Name: "bus", Do: func(context.Context) error { return broken }},
		}
	})
	if r := s.do(t, "GET", "/readyz", ""); r.StatusCode != 200 || !strings.Contains(r.body, `"ready":true`) {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	broken = net.UnknownNetworkError("secret-host")
	if r := s.do(t, "GET", "/readyz", ""); r.StatusCode != 503 || !strings.Contains(r.body, `"bus":"failed"`) ||
		!strings.Contains(r.body, `"database":"ok"`) || strings.Contains(r.body, "secret-host") {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	if r := s.do(t, "GET", "/healthz", ""); r.StatusCode != 200 {
		t.Errorf("alive: %d", r.StatusCode)
	}
}

func TestGraphiQLAndMetricsInDevelopment(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) { o.Development = true })
	page := s.do(t, "GET", "/", "")
	if page.StatusCode != 200 || strings.Contains(page.body, "http://") || strings.Contains(page.body, "https://") {
		t.Errorf("%d %s", page.StatusCode, page.body)
	}
	for _, path := range []string{"/graphiql/graphiql.js", "/graphiql/graphiql.css"} {
		if !strings.Contains(page.body, path) {
			t.Errorf("the page does not load %s", path)
		}
		packed, plain := s.do(t, "GET", path, "", "Accept-Encoding", "gzip"), s.do(t, "GET", path, "", "Accept-Encoding", "identity")
		if packed.Header.Get("Content-Encoding") != "gzip" || len(packed.body) >= len(plain.body) || len(packed.body) > 1<<20 {
			t.Errorf("%s: %d packed, %d plain", path, len(packed.body), len(plain.body))
		}
	}
	s.ask(t, "query Canary { echo }", nil)
	s.ask(t, "{ canary }", nil)
	m := s.do(t, "GET", "/metrics", "").body
	for _, want := range []string{
		`kabinet_operations_total{outcome="ok",transport="http",type="query"} 1`,
		`kabinet_operations_total{outcome="refused",transport="http",type="none"} 1`,
		"kabinet_operation_duration_seconds_bucket", "kabinet_open_sockets 0", "kabinet_running_subscriptions 0", "go_goroutines", "go_gc_heap_live_bytes",
	} {
		if !strings.Contains(m, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(strings.ToLower(m), "canary") {
		t.Error("a label was chosen by the client")
	}
}
