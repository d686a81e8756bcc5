// Package web owns the HTTP edge: who calls, what may come in, how answers
// leave, and how the server stops. It reads no table and knows no domain:
// server.go hands it funcs. Limits live in web/limit, graphql-transport-ws in
// web/socket, bytes in web/wire.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"kabinet/internal/viewer"
	"kabinet/internal/web/limit"
)

// Limits are all numbers of the edge.
type Limits = limit.Limits

// DefaultLimits are the documented numbers.
func DefaultLimits() Limits { return limit.DefaultLimits() }

// Credentials are what one caller presents. Token is empty for nobody.
type Credentials struct {
	Token      string // without "Bearer "
	FromCookie bool
	Passive    bool   // asked for a stream: must not count as activity of the session
	Company    string // X-Kabinet-Company or connectionParams.company; empty for oneself
	Locale     string // Accept-Language, or empty
	IP         string
	UserAgent  string
	Device     string // X-Kabinet-Device or the cookie of that purpose; empty for one not met
	Place      string // Options.PlaceHeader, of a trusted proxy alone
	RequestID  string
}

// Check is one thing /readyz asks; Name is shown, the error is only logged.
type Check struct {
	Name string
	Do   func(context.Context) error
}

// Options are what the server hands to the edge.
type Options struct {
	Development    bool           // GraphiQL, introspection, suggestions, /metrics on the main listener
	PublicURL      string         // such as https://account.example.com; its origin is allowed
	Origins        []string       // exact further origins allowed to call with credentials
	TrustedProxies []netip.Prefix // X-Forwarded-For is believed from these alone
	PlaceHeader    string         // in which those proxies say from where; empty for none
	Limits         Limits         // DefaultLimits() when Tokens is 0
	Trusted        *limit.Trusted // documents of manifests; nil: none

	// SignIn makes a viewer of credentials; nobody with a nil error when Token
	// is empty. A fault of kind Unauthenticated or Locked lets the request go
	// on as nobody, with the fault as viewer.Reason (a socket is closed with
	// 4401 or 4403); Invalid, NotFound, Forbidden and TooMany refuse the
	// request with their code; any other error is UNAVAILABLE.
	SignIn func(context.Context, Credentials) (viewer.Viewer, error)
	// Ended tells which of the sessions are over, and of those whether the
	// client may come back by itself (4403: refresh, unlock) or not (4401).
	// A session not in the map goes on. Nil: sessions are not watched.
	Ended func(context.Context, []uuid.UUID) (map[uuid.UUID]bool, error)
	// CheckCursor judges a value of scalar Cursor given to the field list
	// ("User.orders"); an error is INVALID_CURSOR. Nil: not checked.
	CheckCursor func(list, value string) error
	// Bulk says who gets the Bulk limits: integration callers. Nil: nobody.
	Bulk func(viewer.Viewer) bool

	// Routes are further ones, by pattern of http.ServeMux, such as those of a
	// payment provider: no viewer is looked for, no page of another origin may
	// read their answers.
	Routes map[string]http.Handler

	// Files are the doors of files and pictures; nil: there are none.
	Files *Files

	Present graphql.ErrorPresenterFunc // nil: faults by their code, all else INTERNAL
	Recover graphql.RecoverFunc        // nil: logs the stack once, INTERNAL
	Checks  []Check

	Now      func() time.Time     // by which tokens expire; nil: time.Now
	Log      *slog.Logger         // nil: slog.Default()
	Registry *prometheus.Registry // nil: a new one
}
