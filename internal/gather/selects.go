package gather

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
)

// Selects says whether the items of the present field, a list or a connection,
// are asked for a field, or for one further down; never outside of GraphQL.
func Selects(ctx context.Context, path ...string) bool {
	fc := graphql.GetFieldContext(ctx)
	return fc != nil && graphql.HasOperationContext(ctx) && selected(graphql.GetOperationContext(ctx), fc.Field, path)
}

func selected(op *graphql.OperationContext, field graphql.CollectedField, path []string) bool {
	return slices.ContainsFunc(graphql.CollectFields(op, field.Selections, nil), func(f graphql.CollectedField) bool {
		switch f.Name {
		case path[0]:
			return len(path) == 1 || selected(op, f, path[1:])
		case "edges", "node", "nodes":
			return selected(op, f, path)
		}
		return false
	})
}
