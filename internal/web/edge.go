package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/cors"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/graphiql"
	"kabinet/internal/web/lasting"
	"kabinet/internal/web/limit"
	"kabinet/internal/web/socket"
	"kabinet/internal/web/sse"
)

// Edge is the whole HTTP side of one server.
type Edge struct {
	o         Options
	log       *slog.Logger
	origins   *origins
	https     bool
	metrics   *metrics
	anonymous chan struct{} // one token for each running operation of nobody
	lasting   *lasting.Hub
	sockets   *socket.Transport
	streams   *sse.Transport
	graphql   *handler.Server
	ready     *readiness
	draining  atomic.Bool
}

// New puts the edge together. The error names an option that cannot be.
func New(es graphql.ExecutableSchema, o Options) (*Edge, error) {
	if o.SignIn == nil {
		return nil, errors.New("web: SignIn is missing")
	}
	if o.Limits.Tokens == 0 {
		o.Limits = DefaultLimits()
	}
	e := &Edge{o: o, log: o.Log, https: strings.HasPrefix(o.PublicURL, "https://")}
	if e.log == nil {
		e.log = slog.Default()
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	var err error
	if e.origins, err = newOrigins(o.PublicURL, o.Origins, o.Development); err != nil {
		return nil, err
	}
	if e.metrics, err = newMetrics(o.Registry); err != nil {
		return nil, err
	}
	e.anonymous = make(chan struct{}, o.Limits.Anonymous)
	e.ready = &readiness{e: e}
	e.lasting = lasting.New(lasting.Options{Limits: o.Limits, Ended: o.Ended, Now: o.Now, Log: e.log})
	e.sockets, e.streams = e.newSockets(), e.newStreams()
	e.graphql = e.newGraphQL(es)
	return e, nil
}

// GraphQL is gqlgen's server, for further extensions before the first request.
func (e *Edge) GraphQL() *handler.Server { return e.graphql }

// newGraphQL has every extension in the order it must run: what is cheap and
// refuses much comes first.
func (e *Edge) newGraphQL(es graphql.ExecutableSchema) *handler.Server {
	l := e.o.Limits
	srv := handler.New(es)
	srv.AddTransport(e.sockets)
	srv.AddTransport(overHTTP{e})

	documents := limit.NewDocuments(l.QueryCache)
	srv.SetQueryCache(documents)
	srv.SetParserTokenLimit(l.Tokens)
	srv.SetDisableSuggestion(!e.o.Development)

	present, recoverFunc := e.o.Present, e.o.Recover
	if present == nil {
		present = presentFault(e.log)
	}
	if recoverFunc == nil {
		recoverFunc = recoverPanic(e.log)
	}
	srv.SetErrorPresenter(limit.Presenter(present, e.o.Development))
	srv.SetRecoverFunc(recoverFunc)

	if e.o.Development {
		srv.Use(limit.Introspection{})
	}
	persisted := limit.Persisted{Cache: limit.NewQueryTexts(l.PersistedCache), Trusted: e.o.Trusted}
	rate := limit.NewRate(l, e.bulk, time.Now)
	if l.RateNodes > 0 {
		srv.Use(limit.Arrive{Rate: rate})
	}
	srv.Use(limit.Variables{Limits: l, Bulk: e.bulk})
	srv.Use(limit.Fill{Persisted: persisted})
	srv.Use(limit.Shape{Limits: l, Introspection: e.o.Development, Seen: documents})
	srv.Use(limit.Nodes{Limits: l})
	srv.Use(&limit.Inputs{Limits: l, Check: e.o.CheckCursor, Bulk: e.bulk})
	if l.RateNodes > 0 {
		srv.Use(limit.Charge{Rate: rate})
	}
	srv.Use(limit.Keep{Persisted: persisted})
	srv.Use(limit.Timeout{Limits: l, Bulk: e.bulk})
	srv.Use(limit.Errors{Limits: l})
	return srv
}

func (e *Edge) newSockets() *socket.Transport {
	header := http.Header{}
	e.setHeaders(header, "")
	return socket.New(socket.Options{
		Limits: e.o.Limits,
		Hub:    e.lasting,
		Open:   e.openSocket,
		Refuse: func(w http.ResponseWriter, r *http.Request, status int) {
			switch status {
			case http.StatusTooManyRequests:
				retryAfter(w, nil)
				e.refuse(w, r, status, fault.ErrRateLimited, "too many sockets from this address")
			case http.StatusServiceUnavailable:
				retryAfter(w, nil)
				e.refuse(w, r, status, fault.ErrUnavailable, "no place for a socket now")
			default:
				e.refuse(w, r, http.StatusBadRequest, fault.ErrInvalidRequest, "this is no WebSocket handshake")
			}
		},
		Enter: e.enter,
		Done:  e.socketOperation,
		Count: func(sockets, streams int) {
			e.metrics.sockets.Add(float64(sockets))
			e.metrics.streams.Add(float64(streams))
		},
		Header: header,
		Log:    e.log,
	})
}

// socketOperation writes the line a request would have had.
func (e *Edge) socketOperation(ctx context.Context, out socket.Outcome) {
	did := &operation{transport: "ws", started: out.Started, outcome: refused, who: out.Viewer}
	did.know(out.Operation)
	if !out.Refused {
		did.answered(out.Errors)
	}
	did.errors = out.Errors
	e.operationEnded(ctx, did)
}

func (e *Edge) bulk(ctx context.Context) bool {
	return e.o.Bulk != nil && e.o.Bulk(viewer.From(ctx))
}

// EndSessions ends the sockets and streams of sessions that ended on this
// instance at once; the watcher finds those that ended elsewhere. The value
// says whether the client may come back by itself.
func (e *Edge) EndSessions(sessions map[uuid.UUID]bool) { e.lasting.End(sessions) }

// Handler is everything on the main listener.
func (e *Edge) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/graphql", e.crossOrigin(e.graphql))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.Handle("GET /readyz", e.ready)
	e.fileRoutes(mux)
	for pattern, h := range e.o.Routes {
		mux.Handle(pattern, h)
	}
	if e.o.Development {
		mux.Handle("GET /metrics", e.metrics.handler())
		page := graphiql.Handler()
		mux.Handle("GET /{$}", page)
		mux.Handle("GET /graphiql/", page)
	}
	return e.door(mux)
}

// MetricsHandler is everything on the listener for metrics.
func (e *Edge) MetricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", e.metrics.handler())
	return e.door(mux)
}

// crossOrigin lets pages of the listed origins read answers. What names no
// origin has nothing to be let, and only hears that answers depend on it.
func (e *Edge) crossOrigin(next http.Handler) http.Handler {
	pages := cors.New(cors.Options{
		AllowOriginFunc:  e.origins.has,
		AllowCredentials: true,
		AllowedMethods:   []string{http.MethodGet, http.MethodPost},
		AllowedHeaders:   []string{"Accept", "Accept-Language", "Authorization", "Content-Type", "Last-Event-ID", "X-Kabinet-Company", "X-Kabinet-Device", "X-Request-Id"},
		ExposedHeaders:   []string{"X-Request-Id", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"},
		MaxAge:           600,
	}).Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions || r.Header.Get("Origin") != "" {
			pages.ServeHTTP(w, r)
			return
		}
		w.Header()["Vary"] = variesByOrigin
		next.ServeHTTP(w, r)
	})
}

var variesByOrigin = []string{"Origin"}
