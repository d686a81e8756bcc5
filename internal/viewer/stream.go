package viewer

import "context"

type streamEndKey struct{}

// WithStreamEnd puts in what hears why a subscription cannot go on; the
// transport that carries it sends the error and ends the operation.
func WithStreamEnd(ctx context.Context, ended func(error)) context.Context {
	return context.WithValue(ctx, streamEndKey{}, ended)
}

// StreamEnd gives the transport's func; it is never nil.
func StreamEnd(ctx context.Context) func(error) {
	if ended, ok := ctx.Value(streamEndKey{}).(func(error)); ok {
		return ended
	}
	return func(error) {}
}
