package viewer

import (
	"context"
	"time"
)

// Cookies lets the verb that opens or ends a session set or clear the session
// cookie without knowing HTTP. internal/web fills it in; on a socket, in a job
// and in tests the funcs do nothing, because there is no answer to put a
// header on. Call them before the resolver returns.
type Cookies struct {
	Set   func(token string, expires time.Time) // expires is absolute, UTC
	Clear func()
	// Device gives a browser the name that it is known by at later sign-ins.
	Device func(name string)
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
	if c.Device == nil {
		c.Device = func(string) {}
	}
	return c
}

type lockedKey struct{}

// WithLocked puts into the context whose session the request came with, where
// it is locked: the request goes on as nobody, and only what unlocks or ends
// that session looks here.
func WithLocked(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, lockedKey{}, &v)
}

// LockedFrom is the holder of the locked session of the request; nil for none.
func LockedFrom(ctx context.Context) *Viewer {
	v, _ := ctx.Value(lockedKey{}).(*Viewer)
	return v
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
