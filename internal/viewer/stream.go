package viewer

import (
	"context"
	"sync"
)

// streamEnd holds why a running subscription was ended by its source.
type streamEnd struct {
	mu  sync.Mutex
	err error
}

type streamKey struct{}

// WithStream prepares ctx for EndStream. The transport calls it once for each
// subscription; ended gives the error told by EndStream, or nil.
func WithStream(ctx context.Context) (_ context.Context, ended func() error) {
	s := &streamEnd{}
	return context.WithValue(ctx, streamKey{}, s), func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.err
	}
}

// EndStream says why the source of a running subscription is about to close
// its channel (CURSOR_EXPIRED, for one): the client then gets an error message
// instead of a plain "complete". The first error wins. It does nothing outside
// a subscription.
func EndStream(ctx context.Context, err error) {
	s, ok := ctx.Value(streamKey{}).(*streamEnd)
	if !ok || err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}
