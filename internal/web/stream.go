package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/sse"
)

// overSSE is what logs and metrics call event streams.
const overSSE = "sse"

func (e *Edge) newStreams() *sse.Transport {
	return sse.New(sse.Options{
		Limits: e.o.Limits,
		Hub:    e.lasting,
		Refuse: func(w http.ResponseWriter, r *http.Request, status int) {
			switch status {
			case http.StatusTooManyRequests:
				retryAfter(w, nil)
				e.refuse(w, r, status, fault.ErrRateLimited, "too many open sockets and streams")
			case http.StatusServiceUnavailable:
				retryAfter(w, nil)
				e.refuse(w, r, status, fault.ErrUnavailable, "no place for a stream now")
			default:
				e.refuse(w, r, status, fault.ErrInvalidRequest, "an event stream needs HTTP/1.1")
			}
		},
		Done: e.streamOperation,
		Count: func(streams int) {
			e.metrics.eventStreams.Add(float64(streams))
			e.metrics.streams.Add(float64(streams))
		},
		Log: e.log,
	})
}

// stream answers with a stream of events for as long as the client listens.
func (t overHTTP) stream(ctx context.Context, w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, rc *graphql.OperationContext) {
	e, c := t.e, callOf(r)
	if err := sse.Resume(rc, r.Header.Get("Last-Event-ID")); err != nil {
		e.refuse(w, r, http.StatusBadRequest, fault.ErrInvalidRequest, err.Message)
		return
	}
	from := kept(credentials(r))
	from.Passive = true
	caller := sse.Caller{Viewer: arriving(viewer.From(ctx), from), Reason: viewer.Reason(ctx)}
	caller.SignIn = func(ctx context.Context) (viewer.Viewer, error) {
		who, err := e.o.SignIn(ctx, from)
		return arriving(who, from), err
	}
	if !e.streams.Serve(w, r, exec, rc, caller) {
		return
	}
	// The line of the request says that a stream has begun; the operation has
	// one of its own when it ends.
	c.out.status = http.StatusOK
	c.did.transport = overSSE
	c.did = nil
}

// streamOperation writes the line of a subscription that has ended.
func (e *Edge) streamOperation(ctx context.Context, out sse.Outcome) {
	did := &operation{transport: overSSE, started: out.Started, who: out.Viewer}
	did.know(out.Operation)
	did.answered(out.Errors)
	e.operationEnded(ctx, did)
}

// operationEnded counts an operation that was no request of its own, and writes
// the line that a request would have had.
func (e *Edge) operationEnded(ctx context.Context, did *operation) {
	e.metrics.done(did)
	attrs := did.appendAttrs([]slog.Attr{
		slog.String("requestId", did.who.RequestID), slog.String("transport", did.transport),
		slog.Float64("ms", milliseconds(time.Since(did.started))),
	})
	e.log.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "operation", attrs...)
}

// kept is what may outlive its request: strings cut out of its head would hold
// all of that.
func kept(c Credentials) Credentials {
	for _, s := range []*string{&c.Token, &c.Company, &c.Locale, &c.IP, &c.UserAgent, &c.Device, &c.Place, &c.RequestID} {
		*s = strings.Clone(*s)
	}
	return c
}
