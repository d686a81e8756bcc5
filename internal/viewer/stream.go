package viewer

import (
	"context"
	"sync/atomic"
)

type streamKey struct{}

// WithStream makes room for the reason why a subscription cannot go on. The
// transport that carries it asks ended once the source has closed: nil is a
// plain end.
func WithStream(ctx context.Context) (_ context.Context, ended func() error) {
	reason := &atomic.Pointer[error]{}
	return context.WithValue(ctx, streamKey{}, reason), func() error {
		if err := reason.Load(); err != nil {
			return *err
		}
		return nil
	}
}

// EndStream notes why the subscription of ctx cannot go on; call it before the
// source closes. Outside a subscription it does nothing.
func EndStream(ctx context.Context, err error) {
	if reason, ok := ctx.Value(streamKey{}).(*atomic.Pointer[error]); ok && err != nil {
		reason.Store(&err)
	}
}
