package main

import (
	"errors"
	"fmt"
	"go/ast"
)

// objects lets an object write itself without a map and a copy of each field:
// names of the SDL and aliases need no quoting.
func objects(p *pkg) (int, error) {
	n := 0
	for _, m := range sortedMethods(p) {
		if _, ok := m.object(); !ok || m.cases() == nil {
			continue
		}
		made := false
		for _, s := range m.Body.List {
			if set, ok := s.(*ast.AssignStmt); ok && isIdent(set.Lhs[0], "out") {
				call, ok := isCall(set.Rhs[0], "graphql", "NewFieldSet", 1)
				if !ok || !isIdent(call.Args[0], "fields") {
					return 0, fmt.Errorf("%s: out is not a field set of the fields", m.Name.Name)
				}
				p.replace(m.in, call.Fun, "newObject")
				made = true
			}
		}
		if !made {
			return 0, fmt.Errorf("%s: no field set named out", m.Name.Name)
		}
		ast.Inspect(m.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && isIdent(call.Fun, "innerFunc") && isIdent(call.Args[1], "out") {
				p.replace(m.in, call.Args[1], "&out.FieldSet")
			}
			return true
		})
		n++
	}
	p.add("objects.generated.go", plainer)
	return n, nil
}

const plainer = `import (
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// object is a field set that knows its fields, to write them in a plainer way.
type object struct {
	graphql.FieldSet
	fields []graphql.CollectedField
}

func newObject(fields []graphql.CollectedField) *object {
	return &object{FieldSet: graphql.FieldSet{Values: make([]graphql.Marshaler, len(fields))}, fields: fields}
}

// MarshalGQL writes what graphql.FieldSet does: the first of an alias counts.
func (o *object) MarshalGQL(w io.Writer) {
	before := "{\""
	for i := range o.fields {
		alias := o.fields[i].Alias
		if written(o.fields[:i], alias) {
			continue
		}
		_, _ = io.WriteString(w, before)
		_, _ = io.WriteString(w, alias)
		_, _ = io.WriteString(w, "\":")
		o.Values[i].MarshalGQL(w)
		before = ",\""
	}
	if len(o.fields) == 0 {
		_, _ = io.WriteString(w, "{")
	}
	_, _ = io.WriteString(w, "}")
}

func written(fields []graphql.CollectedField, alias string) bool {
	for i := range fields {
		if fields[i].Alias == alias {
			return true
		}
	}
	return false
}
`

// inputMaps leaves out the map of input types that gqlgen makes for every
// request: only graphql.UnmarshalInputFromContext reads it, and nobody calls it
// (unused_test.go).
func inputMaps(p *pkg) (int, error) {
	m, ok := p.methods["Exec"]
	if !ok {
		return 0, errors.New("there is no Exec")
	}
	n := 0
	ast.Inspect(m.Body, func(node ast.Node) bool {
		set, ok := node.(*ast.AssignStmt)
		if !ok || len(set.Rhs) != 1 {
			return true
		}
		if call, ok := set.Rhs[0].(*ast.CallExpr); ok && (isName(call.Fun, "graphql", "BuildUnmarshalerMap") || isName(call.Fun, "graphql", "WithUnmarshalerMap")) {
			p.replace(m.in, set, "")
			n++
		}
		return true
	})
	return n, nil
}
