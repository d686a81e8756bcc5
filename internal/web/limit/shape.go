package limit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"kabinet/internal/fault"
	"kabinet/internal/web/wire"
)

// Shape refuses documents that are too big or too clever before gqlgen
// validates them: one rule of validation is quadratic and cannot be stopped
// (security S2). A document found in Seen has passed already.
type Shape struct {
	Limits        Limits
	Introspection bool // allowed, and then free of the depth limit
	Seen          graphql.Cache[*ast.QueryDocument]
}

// ExtensionName is gqlgen's.
func (Shape) ExtensionName() string { return "KabinetShape" }

// Validate is gqlgen's.
func (Shape) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses with INVALID_REQUEST or TOO_COMPLEX.
func (s Shape) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if _, ok := s.Seen.Get(ctx, p.Query); ok {
		return nil
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: p.Query}, s.Limits.Tokens)
	if err != nil {
		return s.unparsed(err)
	}
	return s.Document(doc)
}

func (s Shape) unparsed(err error) *gqlerror.Error {
	var gerr *gqlerror.Error
	if !errors.As(err, &gerr) {
		return wire.Refusal(fault.ErrInvalidRequest, "the document cannot be parsed")
	}
	switch {
	case strings.HasPrefix(gerr.Message, "exceeded token limit"):
		return tooComplex("tokens", nil, s.Limits.Tokens)
	case strings.HasPrefix(gerr.Message, "exceeded maximum nesting"):
		return tooComplex("nesting", nil, parser.MaxNestingDepth)
	}
	out := wire.Refusal(fault.ErrInvalidRequest, clip(gerr.Message))
	out.Locations = gerr.Locations
	return out
}

// tooComplex names the limit, what was found (nil when counting stopped) and
// what is allowed.
func tooComplex(name string, value any, allowed int) *gqlerror.Error {
	if value == nil {
		return wire.Refusal(fault.ErrTooComplex,
			fmt.Sprintf("the operation has more %s than the %d allowed", name, allowed),
			"limit", name, "allowed", allowed)
	}
	return wire.Refusal(fault.ErrTooComplex,
		fmt.Sprintf("the operation has %v %s, %d are allowed", value, name, allowed),
		"limit", name, "value", value, "allowed", allowed)
}

// clip keeps a message that quotes the client from growing with what it sent.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// Introspection turns introspection on, which gqlgen leaves off.
type Introspection struct{}

// ExtensionName is gqlgen's.
func (Introspection) ExtensionName() string { return "KabinetIntrospection" }

// Validate is gqlgen's.
func (Introspection) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext never refuses.
func (Introspection) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	op.DisableIntrospection = false
	return nil
}
