package web

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/wire"
)

// presentFault is the presenter when the server hands in none: a fault by its
// code, anything else as INTERNAL with the request's id.
func presentFault(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		out := graphql.DefaultErrorPresenter(ctx, err)
		path, locations := out.Path, out.Locations
		f, known := fault.As(err)
		if !known || f.Kind == fault.Internal {
			id := viewer.From(ctx).RequestID
			if !known {
				log.Error("operation failed", "requestId", id, "error", err)
			}
			out = wire.Refusal(fault.ErrInternal, "internal error", "requestId", id)
		} else {
			out = wire.Refusal(f, f.Code)
		}
		out.Path, out.Locations = path, locations
		return out
	}
}

// recoverPanic logs the stack once; the client hears INTERNAL.
func recoverPanic(log *slog.Logger) graphql.RecoverFunc {
	return func(ctx context.Context, p any) error {
		log.Error("panic in a resolver", "requestId", viewer.From(ctx).RequestID, "panic", p, "stack", string(debug.Stack()))
		return fault.ErrInternal
	}
}
