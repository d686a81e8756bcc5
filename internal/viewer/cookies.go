package viewer

import (
	"context"
	"time"
)

// Cookies lets the verb that opens or ends a session set or clear the session
// cookie without knowing HTTP. internal/web fills it in; on a socket, in a job
// and in tests both funcs do nothing, because there is no answer to put a
// header on. Call them before the resolver returns.
type Cookies struct {
	Set   func(token string, expires time.Time) // expires is absolute, UTC
	Clear func()
}

type cookiesKey struct{}

// WithCookies puts c into the context.
func WithCookies(ctx context.Context, c Cookies) context.Context {
	return context.WithValue(ctx, cookiesKey{}, c)
}

// CookiesFrom gives the door's cookies; its funcs are never nil.
func CookiesFrom(ctx context.Context) Cookies {
	c, _ := ctx.Value(cookiesKey{}).(Cookies)
	if c.Set == nil {
		c.Set = func(string, time.Time) {}
	}
	if c.Clear == nil {
		c.Clear = func() {}
	}
	return c
}

type reasonKey struct{}

// WithReason records why a presented token or cookie was not accepted: the
// request goes on as nobody, so that public fields still answer.
func WithReason(ctx context.Context, err error) context.Context {
	return context.WithValue(ctx, reasonKey{}, err)
}

// Reason is nil when no credential was presented or it was accepted; else the
// fault (UNAUTHENTICATED, SESSION_LOCKED …) that `me` answers with.
func Reason(ctx context.Context) error {
	err, _ := ctx.Value(reasonKey{}).(error)
	return err
}
