package web_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

// While a part we need is down, no stream is told that it is over and none gets
// a message with holes: its connection breaks off, after which stock clients
// come back with the cursor before it.
func TestStreamsBreakOffWhileTheDatabaseIsAway(t *testing.T) {
	var down atomic.Bool // the sign-in
	var ticker chan any
	var gone chan struct{}
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		ticker, gone = ticking(schema)
		schema.Streams["refused"] = func(context.Context, map[string]any) (<-chan any, error) {
			return nil, fault.ErrUnavailable.Because(errors.New("refused"))
		}
		inner := o.SignIn
		o.SignIn = func(ctx context.Context, c web.Credentials) (viewer.Viewer, error) {
			if down.Load() {
				return viewer.Viewer{}, fault.ErrUnavailable
			}
			v, err := inner(ctx, c)
			v.Staff = c.Token == "bulk"
			return v, err
		}
	})
	holes := &graphql.Response{
		Data:   []byte(`{"ticks":null}`),
		Errors: gqlerror.List{{Message: "away", Extensions: map[string]any{"code": "UNAVAILABLE"}}},
	}
	for _, tell := range []func(){
		func() { ticker <- holes },
		func() { ticker <- fault.ErrUnavailable },
		func() { // of who has more than his own rights
			down.Store(true)
			ticker <- 2
		},
	} {
		c := s.dial(t).init("bulk")
		c.subscribe("s", ticks)
		ticker <- 1
		c.hear(`{"id":"s","type":"next","payload":{"data":{"ticks":1}}}`)
		tell()
		c.closed(1013)
		<-gone
		down.Store(false)
		e := s.follow(t, ticks, nil, "Authorization", "Bearer bulk")
		ticker <- 1
		e.hear("next", "", `{"data":{"ticks":1}}`)
		tell()
		e.broken()
		<-gone
		down.Store(false)
	}
	c := s.dial(t).init("alice")
	c.subscribe("s", "subscription { refused }")
	c.closed(1013)
	s.follow(t, "subscription { refused }", nil).broken()

	c = s.dial(t).init("alice")
	down.Store(true)
	c.subscribe("q", "{ echo }") // a query has an answer, and the socket stays
	if code := c.hearError("q"); code != "UNAVAILABLE" {
		t.Errorf("%s", code)
	}
	c.subscribe("s", ticks)
	c.closed(1013)
}

// Other errors in a message are the client's to see.
func TestErrorsInAMessage(t *testing.T) {
	var ticker chan any
	s := open(t, func(_ *web.Options, schema *webtest.Schema) { ticker, _ = ticking(schema) })
	c := s.dial(t).init("")
	c.subscribe("s", ticks)
	ticker <- &graphql.Response{
		Data:   []byte(`{"ticks":null}`),
		Errors: gqlerror.List{{Message: "no", Extensions: map[string]any{"code": "FORBIDDEN"}}},
	}
	c.hear(`{"id":"s","type":"next","payload":{"errors":[{"message":"no","extensions":{"code":"FORBIDDEN"}}],"data":{"ticks":null}}}`)
}

// A token that was renewed over HTTP, or that has expired, ends no session: the
// socket that knows the old one is closed with 4403, and the client comes back
// with the new one. Where the session is over it is 4401 (security B3, H6).
func TestRenewedTokens(t *testing.T) {
	var renewed, out atomic.Bool
	var ticker chan any
	var gone chan struct{}
	s := open(t, func(o *web.Options, schema *webtest.Schema) {
		ticker, gone = ticking(schema)
		o.SignIn = func(_ context.Context, c web.Credentials) (viewer.Viewer, error) {
			v := viewer.Viewer{UserID: alice, OwnerID: alice, SessionID: aliceSession, Staff: c.Token == "staff"}
			switch {
			case c.Token == "expired":
				return viewer.Viewer{SessionID: aliceSession}, fault.ErrUnauthenticated
			case renewed.Load():
				return viewer.Viewer{}, fault.ErrUnauthenticated
			}
			return v, nil
		}
		o.Ended = func(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
			if out.Load() {
				return map[uuid.UUID]bool{ids[0]: false}, nil
			}
			return nil, nil
		}
	})
	for _, over := range []bool{false, true} {
		code := map[bool]int{false: 4403, true: 4401}[over]
		out.Store(over)
		c := s.dial(t)
		c.say(`{"type":"connection_init","payload":{"authorization":"Bearer expired"}}`)
		c.closed(code)
		if r := s.ask(t, "{ echo }", nil, "Authorization", "Bearer expired"); r.StatusCode != 200 {
			t.Errorf("over HTTP: %d %s", r.StatusCode, r.body)
		}

		c = s.dial(t).init("alice")
		renewed.Store(true)
		c.subscribe("s", ticks)
		c.closed(code)
		renewed.Store(false)

		c = s.dial(t).init("staff")
		c.subscribe("s", ticks)
		ticker <- 1
		c.hear(`{"id":"s","type":"next","payload":{"data":{"ticks":1}}}`)
		renewed.Store(true)
		ticker <- 2
		c.closed(code)
		<-gone
		renewed.Store(false)

		e := s.follow(t, ticks, nil, "Authorization", "Bearer staff")
		ticker <- 1
		e.hear("next", "", `{"data":{"ticks":1}}`)
		renewed.Store(true)
		ticker <- 2
		if !over {
			e.broken()
		} else if code := e.failed(); code != "UNAUTHENTICATED" {
			t.Errorf("%s", code)
		}
		<-gone
		renewed.Store(false)
	}
}
