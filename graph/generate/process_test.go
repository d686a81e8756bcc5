package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A gqlgen that writes another kind of code stops the build and loses nothing.
func TestStepsStopWhereNothingMatches(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.generated.go")
	const text = "package gql\n\nfunc (ec *executionContext) _A_b() {}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := process(dir)
	if err == nil {
		t.Fatal("no error")
	}
	for _, s := range steps {
		if !strings.Contains(err.Error(), "step "+s.name+": ") {
			t.Errorf("step %s says nothing in %v", s.name, err)
		}
	}
	if got, _ := os.ReadFile(path); string(got) != text {
		t.Errorf("the file has become %s", got)
	}
	if all, _ := os.ReadDir(dir); len(all) != 1 {
		t.Errorf("%d files", len(all))
	}
}

// sample is a field as gqlgen writes it; the gaps are its object and name, what
// resolves it, the middleware and the marshaler.
const sample = `
func (ec *executionContext) _%OBJECT%_f(ctx context.Context, field graphql.CollectedField, obj *A) (ret graphql.Marshaler) {
	return graphql.ResolveField(ctx, ec.OperationContext, field,
		func(ctx context.Context, field graphql.CollectedField) (*graphql.FieldContext, error) { return ec.fieldContext_A_f(ctx, field) },
		func(ctx context.Context) (any, error) { return %VALUE% },
		%MIDDLEWARE%,
		func(ctx context.Context, selections ast.SelectionSet, v string) graphql.Marshaler { return ec.%MARSHAL%(ctx, selections, v) },
		true, true)
}
func (ec *executionContext) marshalNPlain(ctx context.Context, sel ast.SelectionSet, v string) graphql.Marshaler {
	_ = sel
	res := graphql.MarshalString(v)
	if res == graphql.Null {
		graphql.AddErrorf(ctx, "missing")
	}
	return res
}
func (ec *executionContext) marshalNPointer(ctx context.Context, sel ast.SelectionSet, v *string) graphql.Marshaler {
	if v == nil {
		graphql.AddErrorf(ctx, "missing")
		return graphql.Null
	}
	return graphql.MarshalString(*v)
}
func (ec *executionContext) marshalNPlace(ctx context.Context, sel ast.SelectionSet, v string) graphql.Marshaler {
	return graphql.WrapContextMarshaler(ctx, scalar.MarshalCursor(v))
}
func (ec *executionContext) marshalNPart(ctx context.Context, sel ast.SelectionSet, v *A) graphql.Marshaler {
	return ec._Part(ctx, sel, v)
}
func (ec *executionContext) _Part(ctx context.Context, sel ast.SelectionSet, obj *A) graphql.Marshaler {
	for i, field := range fields {
		switch field.Name {
		case "__typename":
		case "f":
			out.Values[i] = ec._A_f(ctx, field, obj)
		}
	}
	return out
}
`

func TestDirectFieldsLeaveOutWhatMayFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		object, value, middleware, marshal string
		want                               bool
	}{
		{"A", "obj.Name, nil", "nil", "marshalNPlain", true},
		{"A", "obj.Name(), nil", "nil", "marshalNPlain", true},
		{"A", "obj.Name(ctx), nil", "nil", "marshalNPlain", false}, // may wait
		{"A", "obj.Name()", "nil", "marshalNPlain", false},         // may fail
		{"A", "ec.Resolvers.A().Name(ctx, obj)", "nil", "marshalNPlain", false},
		{"A", "obj.Name, nil", "access", "marshalNPlain", false}, // a directive
		{"A", "obj.Name, nil", "nil", "marshalNPointer", false},  // an error wants the path
		{"A", "obj.Name, nil", "nil", "marshalNPlace", false},    // looks up its list
		{"A", "obj.Name, nil", "nil", "marshalNUnknown", false},
		{"A", "obj.Part, nil", "nil", "marshalNPart", false},              // its fields are of an object that has no such field
		{"SignInPayload", "obj.Name, nil", "nil", "marshalNPlain", false}, // graph.JustSignedIn acts
	} {
		text := strings.NewReplacer("%OBJECT%", c.object, "%VALUE%", c.value, "%MIDDLEWARE%", c.middleware, "%MARSHAL%", c.marshal).Replace(sample)
		p := &pkg{fset: token.NewFileSet(), methods: map[string]method{}}
		tree, err := parser.ParseFile(p.fset, "", "package gql\n"+text, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			fn := d.(*ast.FuncDecl)
			p.methods[fn.Name.Name] = method{fn, nil}
		}
		if _, _, got := (quiet{p, map[string]bool{}}).direct("_" + c.object + "_f"); got != c.want {
			t.Errorf("%s: %s through %s: %t", c.object, c.value, c.marshal, got)
		}
	}
}
