package graph

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	gql "kabinet/graph/generated"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/viewer"
)

// refusals turns what a verb refused into userErrors; a fault of access or of
// ours stays an error, for the top level. Every mutation ends with it:
//
//	done, err := r.Points.Redeem(ctx, input)
//	userErrors, err := refusals(ctx, err)
//	return &gql.RedeemPointsPayload{…, UserErrors: userErrors}, err
func refusals(ctx context.Context, err error) ([]*gql.UserError, error) {
	userErrors := []*gql.UserError{}
	if err == nil {
		return userErrors, nil
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok { // of a form, each field's own
		for _, err := range several.Unwrap() {
			one, err := refusals(ctx, err)
			if userErrors = append(userErrors, one...); err != nil {
				return userErrors, err
			}
		}
		return userErrors, nil
	}
	f, ok := fault.As(err)
	if !ok {
		return userErrors, err
	}
	switch f.Kind {
	case fault.Invalid, fault.Refused, fault.Conflict, fault.NotFound:
		return append(userErrors, userError(ctx, f)), nil
	}
	return userErrors, err
}

func userError(ctx context.Context, f *fault.Fault) *gql.UserError {
	path := f.Path
	if path == nil {
		path = []string{}
	}
	return &gql.UserError{
		Path: path, Code: gql.ErrorCode(f.Code), Params: f.Params,
		Message: locale.ErrorMessage(viewer.From(ctx).Locale, f.Code, f.Params),
	}
}

// refused shows a refusal that is part of an answer; null where there is none.
func refused(ctx context.Context, no error) (*gql.UserError, error) {
	f, ok := fault.As(no)
	if !ok {
		return nil, no
	}
	return userError(ctx, f), nil
}

// found is null for what does not exist or is not the caller's.
func found[T any](v *T, err error) (*T, error) {
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	return v, err
}

// foundAll is found for a list.
func foundAll[T any](v []T, err error) ([]T, error) {
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	return v, err
}

// Present is the error presenter: a fault becomes its code and its message in
// the caller's language; anything else is INTERNAL with the request's id, its
// text logged here, once, and never shown.
func Present(ctx context.Context, err error) *gqlerror.Error {
	out := graphql.DefaultErrorPresenter(ctx, err)
	v := viewer.From(ctx)
	if f, ok := fault.As(err); ok && f.Kind != fault.Internal {
		out.Message = locale.ErrorMessage(v.Locale, f.Code, f.Params)
		out.Extensions = map[string]any{"code": f.Code}
		for k, p := range f.Params {
			out.Extensions[k] = p
		}
		if f.RetryAfter > 0 {
			out.Extensions["retryAfter"] = int(math.Ceil(f.RetryAfter.Seconds()))
		}
		if f.Kind == fault.Unavailable {
			slog.ErrorContext(ctx, "unavailable", "requestId", v.RequestID, "error", err.Error())
		}
		return out
	}
	if code, ok := knownCode(err); ok {
		if out.Extensions == nil {
			out.Extensions = map[string]any{}
		}
		out.Extensions["code"] = code
		return out
	}
	slog.ErrorContext(ctx, "internal error", "requestId", v.RequestID, "error", err.Error(), "path", out.Path.String())
	out.Message = locale.ErrorMessage(v.Locale, fault.ErrInternal.Code, nil)
	out.Extensions = map[string]any{"code": fault.ErrInternal.Code, "requestId": v.RequestID}
	return out
}

// knownCode is the code of an error that gqlgen, the parser or a scalar made
// about the request itself.
func knownCode(err error) (string, bool) {
	var g *gqlerror.Error
	if !errors.As(err, &g) {
		return "", false
	}
	code, _ := g.Extensions["code"].(string)
	switch {
	case strings.HasPrefix(code, "GRAPHQL_"), code == "BAD_USER_INPUT":
		return fault.ErrInvalidRequest.Code, true
	case code != "":
		return code, true
	case g.Err == nil && g.Rule != "":
		return fault.ErrInvalidRequest.Code, true
	}
	return "", false
}
