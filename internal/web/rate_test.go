package web_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

const (
	cheap  = "{ me { id } }"                                       // 5 nodes
	costly = "{ orders(first: 20) { nodes { lines { title } } } }" // 420
)

// metered is a site where a person has 1,000 nodes and nobody 250, and hardly
// any come back while a test runs. Every token "u…" is another person.
func metered(t *testing.T) *site {
	return open(t, func(o *web.Options, _ *webtest.Schema) {
		o.Limits.RateNodes, o.Limits.RateBurst = 1, 1000
		inner := o.SignIn
		o.SignIn = func(ctx context.Context, c web.Credentials) (viewer.Viewer, error) {
			if strings.HasPrefix(c.Token, "u") {
				id := uuid.NewSHA1(uuid.NameSpaceURL, []byte(c.Token))
				return viewer.Viewer{UserID: id, OwnerID: id, SessionID: id}, nil
			}
			return inner(ctx, c)
		}
	})
}

func (r reply) number(t *testing.T, header string) int {
	t.Helper()
	n, err := strconv.Atoi(r.Header.Get(header))
	if err != nil {
		t.Fatalf("%d %s: header %s: %v", r.StatusCode, r.body, header, err)
	}
	return n
}

// security G14: the answer says what is left; past it comes 429 in the form of
// GraphQL with the time to wait; others go on.
func TestRateOverHTTP(t *testing.T) {
	s := metered(t)
	ann, bob := []string{"Authorization", "Bearer u1"}, []string{"Authorization", "Bearer u2"}
	r := s.ask(t, costly, nil, ann...)
	if left := r.number(t, "RateLimit-Remaining"); r.StatusCode != 200 || r.number(t, "RateLimit-Limit") != 1000 ||
		left < 580 || left > 585 || r.number(t, "RateLimit-Reset") < 410 {
		t.Errorf("one costly query: %d %v", r.StatusCode, r.Header)
	}
	asked := 0
	for r = s.ask(t, cheap, nil, ann...); r.StatusCode == 200 && asked < 200; asked++ {
		r = s.ask(t, cheap, nil, ann...)
	}
	if asked < 115 || asked > 120 {
		t.Errorf("%d cheap ones after it", asked)
	}
	if r.StatusCode != 429 || r.code(t) != "RATE_LIMITED" || r.Header.Get("Content-Type") != "application/graphql-response+json; charset=utf-8" {
		t.Errorf("past it: %d %s %v", r.StatusCode, r.body, r.Header)
	}
	wait := r.number(t, "Retry-After")
	if said, _ := r.errors(t)[0].Extensions["retryAfter"].(float64); wait < 1 || wait > 6 || int(said) != wait {
		t.Errorf("wait %d s: %s", wait, r.body)
	}
	if r.number(t, "RateLimit-Remaining") > 5 || strings.Contains(r.body, `"data"`) {
		t.Errorf("past it: %v %s", r.Header, r.body)
	}
	old := s.do(t, "POST", "/graphql", `{"query":"{ me { id } }"}`, append(ann, "Content-Type", "application/json", "Accept", "application/json", "Origin", "https://front.example")...)
	if old.StatusCode != 429 || old.Header.Get("Content-Type") != "application/json; charset=utf-8" || old.Header.Get("Retry-After") == "" {
		t.Errorf("an old client: %d %v", old.StatusCode, old.Header)
	}
	for _, name := range []string{"Retry-After", "Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset"} {
		if !strings.Contains(old.Header.Get("Access-Control-Expose-Headers"), name) {
			t.Errorf("pages of other origins cannot read %s: %v", name, old.Header)
		}
	}
	if other := s.ask(t, costly, nil, bob...); other.StatusCode != 200 || other.number(t, "RateLimit-Remaining") < 580 {
		t.Errorf("another person: %d %v", other.StatusCode, other.Header)
	}
	if nobody := s.ask(t, cheap, nil); nobody.StatusCode != 200 || nobody.number(t, "RateLimit-Limit") != 250 {
		t.Errorf("nobody: %d %v", nobody.StatusCode, nobody.Header)
	}
}

// security G14: a token that is none is nobody's, so that inventing tokens is
// no way around; and what will be refused is counted too.
func TestRateOfNobody(t *testing.T) {
	s := metered(t)
	for i := range 50 {
		if r := s.ask(t, "{ unknown }", nil, "Authorization", "Bearer x"+strconv.Itoa(i)); r.StatusCode != 400 {
			t.Fatalf("%d: %d %s", i, r.StatusCode, r.body)
		}
	}
	for _, query := range []string{"{ unknown }", "{", cheap} {
		if r := s.ask(t, query, nil); r.StatusCode != 429 || r.code(t) != "RATE_LIMITED" {
			t.Errorf("%s: %d %s", query, r.StatusCode, r.body)
		}
	}
	if r := s.ask(t, cheap, nil, "Authorization", "Bearer u1"); r.StatusCode != 200 {
		t.Errorf("a person at the same address: %d %s", r.StatusCode, r.body)
	}
}

// security G14: a socket is no way around, refuses one operation and stays.
func TestRateOnSockets(t *testing.T) {
	s := metered(t)
	ticks, _ := ticking(s.schema)
	c := s.dial(t).init("u1")
	c.subscribe("s", "subscription { ticks }") // 25
	ticks <- 1
	c.hear(`{"id":"s","type":"next","payload":{"data":{"ticks":1}}}`)
	for _, id := range []string{"1", "2"} { // 840
		c.subscribe(id, costly)
		_, _, err := c.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		c.hear(`{"id":"` + id + `","type":"complete"}`)
	}
	c.subscribe("3", costly)
	if code := c.hearError("3"); code != "RATE_LIMITED" {
		t.Errorf("the third costly one: %s", code)
	}
	ticks <- 2 // what runs costs nothing more
	c.hear(`{"id":"s","type":"next","payload":{"data":{"ticks":2}}}`)
	if r := s.ask(t, costly, nil, "Authorization", "Bearer u1"); r.StatusCode != 429 {
		t.Errorf("the same person over HTTP: %d %s", r.StatusCode, r.body)
	}
	c.subscribe("4", cheap)
	c.hear(`{"id":"4","type":"next","payload":{"data":{"me":{"id":"x"}}}}`)
	c.hear(`{"id":"4","type":"complete"}`)
	other := s.dial(t).init("u2")
	other.subscribe("1", cheap)
	other.hear(`{"id":"1","type":"next","payload":{"data":{"me":{"id":"x"}}}}`)
}

// Without a rate nothing is counted and no header is sent.
func TestRateOff(t *testing.T) {
	s := open(t, func(o *web.Options, _ *webtest.Schema) { o.Limits.RateNodes, o.Limits.RateBurst = 0, 1 })
	for range 50 {
		if r := s.ask(t, costly, nil); r.StatusCode != 200 || r.Header.Get("RateLimit-Limit") != "" {
			t.Fatalf("%d %v", r.StatusCode, r.Header)
		}
	}
}
