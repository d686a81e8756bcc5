// Package sse owns graphql-sse in distinct connections mode: one event stream
// for one subscription, its cursors as the ids of its events, and how such a
// stream ends. It reads no table and knows no domain; web hands it funcs, and
// web/lasting counts the streams and ends them. An idle subscription costs two
// goroutines and nothing of net/http.
package sse

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/viewer"
	"kabinet/internal/web/lasting"
	"kabinet/internal/web/limit"
)

// Caller is what is kept of a request, which is let go.
type Caller struct {
	Viewer viewer.Viewer
	Reason error // why the viewer is nobody, if he tried to be somebody
	SignIn func(context.Context) (viewer.Viewer, error)
}

// Outcome says how a subscription ended.
type Outcome struct {
	Operation *graphql.OperationContext
	Viewer    viewer.Viewer
	Errors    int
	Started   time.Time
}

// Options are what web hands over.
type Options struct {
	Limits limit.Limits
	Hub    *lasting.Hub
	// Refuse answers a request that finds no place, or whose connection cannot
	// be taken over.
	Refuse func(http.ResponseWriter, *http.Request, int)
	Done   func(context.Context, Outcome) // after every subscription
	Count  func(streams int)              // a change, not the total
	Log    *slog.Logger
}

// Transport makes event streams of subscriptions.
type Transport struct{ Options }

// New makes a transport; the hub ends its streams.
func New(o Options) *Transport { return &Transport{o} }

// Serve begins the subscription rc and takes the connection over, so that
// net/http's goroutine and buffers are free while the stream lives. False: it
// has answered with a refusal. The headers of w become those of the stream.
func (t *Transport) Serve(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, rc *graphql.OperationContext, caller Caller) (begun bool) {
	s := &stream{t: t, exec: exec, caller: caller, at: placeOf(rc)}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if status := t.Hub.Enter(s, caller.Viewer.IP, caller.Viewer.UserID); status != 0 {
		cancel()
		t.Refuse(w, r, status)
		return false
	}
	defer func() {
		if !begun { // also when something panics
			s.kill()
			t.Hub.Leave(s)
		}
	}()
	if caller.Reason != nil {
		ctx = viewer.WithReason(ctx, caller.Reason)
	}
	ctx, ended := viewer.WithStream(graphql.StartOperationTrace(viewer.With(ctx, caller.Viewer)))
	started := time.Now()
	responses, ctx := exec.DispatchOperation(ctx, rc)
	if status := s.open(w); status != 0 {
		t.Refuse(w, r, status)
		return false
	}
	go s.read()
	go s.follow(ctx, responses, ended, Outcome{Operation: rc, Viewer: caller.Viewer, Started: started})
	return true
}
