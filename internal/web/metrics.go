package web

import (
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/vektah/gqlparser/v2/ast"

	"kabinet/internal/viewer"
	"kabinet/internal/web/limit"
)

// The outcomes of an operation.
const (
	refused = "refused" // never ran
	ok      = "ok"
	erred   = "errors" // ran; the answer has errors
)

// operation is what logs and metrics say of one operation, on any transport.
type operation struct {
	transport  string
	name, kind string
	outcome    string
	errors     int
	complexity int64
	who        viewer.Viewer
	started    time.Time
}

// know takes over what is known of the operation, which may be nothing.
func (o *operation) know(rc *graphql.OperationContext) {
	if rc == nil {
		return
	}
	o.name = operationName(rc.OperationName)
	o.complexity = limit.Complexity(rc)
	if rc.Operation != nil {
		o.kind = string(rc.Operation.Operation)
		if o.name == "" {
			o.name = operationName(rc.Operation.Name)
		}
	}
}

func (o *operation) answered(errors int) {
	o.errors, o.outcome = errors, ok
	if errors > 0 {
		o.outcome = erred
	}
}

const attrsOfOperation = 6

func (o *operation) appendAttrs(a []slog.Attr) []slog.Attr {
	a = append(a,
		slog.String("operation", o.name), slog.String("kind", o.kind), slog.String("outcome", o.outcome),
		slog.Int64("complexity", o.complexity), slog.Int("errors", o.errors))
	if o.who.UserID != uuid.Nil {
		a = append(a, slog.String("userId", o.who.UserID.String()))
	}
	return a
}

// metrics are the edge's own. No label holds anything a client chose.
type metrics struct {
	registry     *prometheus.Registry
	count        *prometheus.CounterVec
	duration     *prometheus.HistogramVec
	sockets      prometheus.Gauge
	eventStreams prometheus.Gauge
	streams      prometheus.Gauge
}

func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		registry: registry,
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kabinet_operations_total", Help: "GraphQL operations by transport, type and outcome.",
		}, []string{"transport", "type", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kabinet_operation_duration_seconds", Help: "Duration of queries and mutations.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"type", "outcome"}),
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kabinet_open_sockets", Help: "WebSockets open now.",
		}),
		eventStreams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kabinet_open_event_streams", Help: "Event streams open now.",
		}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kabinet_running_subscriptions", Help: "Subscriptions running now.",
		}),
	}
	own := []prometheus.Collector{m.count, m.duration, m.sockets, m.eventStreams, m.streams}
	// Besides the usual ones what of the heap is alive: the rest is garbage, and
	// how much of it there may be is a choice of speed.
	runtime := collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(
		collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/gc/heap/live:bytes$`)}))
	for _, c := range append(own, runtime, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})) {
		if err := registry.Register(c); err != nil {
			if !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
				return nil, err // the runtime's may be there already
			}
		}
	}
	return m, nil
}

func (m *metrics) done(o *operation) {
	kind := o.kind
	switch ast.Operation(kind) {
	case ast.Query, ast.Mutation, ast.Subscription:
	default:
		kind = "none"
	}
	m.count.WithLabelValues(o.transport, kind, o.outcome).Inc()
	if kind != string(ast.Subscription) { // how long a stream lives says nothing
		m.duration.WithLabelValues(kind, o.outcome).Observe(time.Since(o.started).Seconds())
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}
