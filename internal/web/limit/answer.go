package limit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/web/wire"
)

// Timeout stops queries and mutations that run too long by ending their
// context, and then answers UNAVAILABLE: what was read so far is dropped.
type Timeout struct {
	Limits Limits
	Bulk   func(context.Context) bool
}

// ExtensionName is gqlgen's.
func (Timeout) ExtensionName() string { return "KabinetTimeout" }

// Validate is gqlgen's.
func (Timeout) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation leaves subscriptions alone: they end with their socket.
func (t Timeout) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		return next(ctx)
	}
	allowed := t.Limits.Query
	if t.Bulk != nil && t.Bulk(ctx) {
		allowed = t.Limits.BulkQuery
	}
	ctx, cancel := context.WithTimeout(ctx, allowed)
	respond := next(ctx)
	return func(inner context.Context) *graphql.Response {
		defer cancel()
		resp := respond(inner)
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return resp
		}
		if resp != nil && len(resp.Errors) == 0 {
			return resp // it was done in time, or nearly
		}
		return &graphql.Response{
			Data: []byte("null"),
			Errors: gqlerror.List{wire.Refusal(fault.ErrUnavailable,
				fmt.Sprintf("the operation was stopped after %s", allowed), "limit", "time")},
		}
	}
}

// Errors keeps an answer from being longer than its question (security S10),
// and gives errors in the order of their paths: fields fail in any order.
type Errors struct{ Limits Limits }

// ExtensionName is gqlgen's.
func (Errors) ExtensionName() string { return "KabinetErrors" }

// Validate is gqlgen's.
func (Errors) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse sorts and cuts the list of errors.
func (e Errors) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	resp := next(ctx)
	if resp == nil || len(resp.Errors) < 2 {
		return resp
	}
	slices.SortStableFunc(resp.Errors, func(a, b *gqlerror.Error) int {
		return slices.CompareFunc(a.Path, b.Path, comparePaths)
	})
	resp.Errors = resp.Errors[:min(len(resp.Errors), e.Limits.Errors)]
	return resp
}

func comparePaths(a, b ast.PathElement) int {
	i, isIndex := a.(ast.PathIndex)
	j, isToo := b.(ast.PathIndex)
	if isIndex && isToo {
		return cmp.Compare(i, j)
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

var suggestion = regexp.MustCompile(`(?s)[.;,]?\s*Did you mean\b.*$`)

// Presenter puts the codes of our contract in place of gqlgen's and hands
// everything that comes from a resolver to inner. Suggestions would tell the
// names of a schema whose introspection is off (security S14).
func Presenter(inner graphql.ErrorPresenterFunc, suggestions bool) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		var gerr *gqlerror.Error
		if errors.As(err, &gerr) && gerr.Rule == wire.Rule {
			return gerr
		}
		if gerr != nil {
			switch gerr.Extensions["code"] {
			case errcode.ParseFailed, errcode.ValidationFailed:
				gerr = protocolError(gerr)
				if !suggestions {
					gerr.Message = suggestion.ReplaceAllString(gerr.Message, ".")
				}
				gerr.Message = clip(gerr.Message)
				return gerr
			}
		}
		out := inner(ctx, err)
		if out != nil && !suggestions && suggestion.MatchString(out.Message) {
			c := *out
			c.Message = suggestion.ReplaceAllString(c.Message, ".")
			return &c
		}
		return out
	}
}

func protocolError(from *gqlerror.Error) *gqlerror.Error {
	return &gqlerror.Error{
		Message: from.Message, Path: from.Path, Locations: from.Locations, Rule: wire.Rule,
		Extensions: map[string]any{"code": fault.ErrInvalidRequest.Code},
	}
}
