package limit_test

import (
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"kabinet/internal/web/limit"
)

// Validation sees a @oneOf of literals only; here it stands in a variable.
func TestOneOfInVariables(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		input Ref @oneOf { name: String number: Int }
		input Many { refs: [Ref!] }
		type Query { one(by: Ref!): Int many(in: Many): Int }`})
	in := &limit.Inputs{}
	if err := in.Validate(&graphql.ExecutableSchemaMock{SchemaFunc: func() *ast.Schema { return schema }}); err != nil {
		t.Fatal(err)
	}
	doc := gqlparser.MustLoadQueryWithRules(schema, "query($r: Ref!, $m: Many) { one(by: $r) many(in: $m) }", rules.NewDefaultRules())
	name, both := map[string]any{"name": "x"}, map[string]any{"name": "x", "number": 1}
	for _, c := range []struct {
		ref, in map[string]any
		good    bool
	}{
		{name, nil, true},
		{name, map[string]any{"refs": []any{name}}, true},
		{both, nil, false},
		{map[string]any{}, nil, false},
		{map[string]any{"name": nil}, nil, false},
		{map[string]any{"name": "x", "number": nil}, nil, false},
		{name, map[string]any{"refs": []any{name, both}}, false},
	} {
		op := &graphql.OperationContext{Operation: doc.Operations[0], Variables: map[string]any{"r": c.ref}}
		if c.in != nil {
			op.Variables["m"] = c.in
		}
		if err := in.MutateOperationContext(t.Context(), op); (err == nil) != c.good {
			t.Errorf("%v %v: %v", c.ref, c.in, err)
		}
	}
}
