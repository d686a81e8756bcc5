package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// argumentsOf is the name of the method that parses a field's arguments. No
// name of the SDL has an underscore (house_sdl_test.go).
var argumentsOf = regexp.MustCompile(`^field_(__[A-Za-z0-9]+|[A-Za-z0-9]+)_([A-Za-z0-9_]+)_args$`)

// addArguments writes the door by which another package has a field's arguments
// parsed as gqlgen does it, without resolving the field.
func addArguments(p *pkg) (int, error) {
	var cases []string
	for name, m := range p.methods {
		if found := argumentsOf.FindStringSubmatch(name); found != nil {
			if n := m.Type.Params.NumFields(); n != 2 {
				return 0, fmt.Errorf("%s takes %d parameters, not ctx and rawArgs", name, n)
			}
			cases = append(cases, fmt.Sprintf("\tcase %q:\n\t\treturn ec.%s(ctx, raw)\n", found[1]+"."+found[2], name))
		}
	}
	slices.Sort(cases)
	p.add("arguments.generated.go", `import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
)

// Arguments parses the raw arguments of a field as gqlgen does: the map holds
// the Go values by argument name. The errors are gqlgen's, with the path of
// ctx, which must be that of an operation and should hold the field's context.
// A field without arguments is an error, and so is a schema that
// NewExecutableSchema did not make; one around it says by Unwrap what is inside.
// A panic of a scalar is the caller's.
func Arguments(ctx context.Context, es graphql.ExecutableSchema, object, field string, raw map[string]any) (map[string]any, error) {
	type around interface {
		Unwrap() graphql.ExecutableSchema
	}
	for a, ok := es.(around); ok; a, ok = es.(around) {
		es = a.Unwrap()
	}
	e, ok := es.(*executableSchema)
	if !ok {
		return nil, fmt.Errorf("gql: %T is no schema of NewExecutableSchema", es)
	}
	ec := newExecutionContext(graphql.GetOperationContext(ctx), e, nil)
	switch object + "." + field {
`+strings.Join(cases, "")+`	}
	return nil, fmt.Errorf("gql: %s.%s takes no arguments", object, field)
}
`)
	return len(cases), nil
}
