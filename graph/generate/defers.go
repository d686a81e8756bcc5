package main

import (
	"errors"
	"fmt"
	"go/ast"
)

// skipDefers prepares for @defer only where a field is deferred. gqlgen makes a
// field set, a map and the path of every object it writes, whether or not.
func skipDefers(p *pkg) (int, error) {
	n := 0
	for _, m := range sortedMethods(p) {
		if _, ok := m.object(); !ok || m.cases() == nil {
			continue
		}
		parts, err := deferParts(m)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", m.Name.Name, err)
		}
		may := false
		for _, c := range m.cases() {
			may = may || concurrent(c)
		}
		if !may || m.Name.Name == "_Query" || m.Name.Name == "_Mutation" { // their fields cannot be deferred
			for _, part := range parts {
				p.replace(m.in, part, "")
			}
		} else {
			p.replace(m.in, parts[0], "deferredFieldSet, deferLabelToView := deferredOf(fields)")
			p.replace(m.in, parts[1], "")
			p.insert(m.in, parts[2].Pos(), "if len(deferLabelToView) > 0 {\n")
			p.insert(m.in, parts[3].End(), "\n}")
		}
		n++
	}
	p.add("defers.generated.go", `import "github.com/99designs/gqlgen/graphql"

// deferredOf makes what deferred fields are put into, if there are any.
func deferredOf(fields []graphql.CollectedField) (*graphql.FieldSet, map[string]*graphql.FieldSetView) {
	for i := range fields {
		if len(fields[i].Deferrables) > 0 {
			return graphql.NewFieldSet(nil), map[string]*graphql.FieldSetView{}
		}
	}
	return nil, nil
}
`)
	return n, nil
}

// deferParts are the four statements of an object's method that serve @defer.
func deferParts(m method) (parts [4]ast.Stmt, err error) {
	for _, s := range m.Body.List {
		switch s := s.(type) {
		case *ast.AssignStmt:
			if isIdent(s.Lhs[0], "deferredFieldSet") {
				parts[0] = s
			} else if isIdent(s.Lhs[0], "deferLabelToView") {
				parts[1] = s
			}
		case *ast.ExprStmt:
			if call, ok := isCall(s.X, "atomic", "AddInt32", 2); ok {
				if at, ok := call.Args[0].(*ast.UnaryExpr); ok && isName(at.X, "ec", "Deferred") {
					parts[2] = s
				}
			} else if _, ok := isCall(s.X, "ec", "ProcessDeferredGroup", 1); ok {
				parts[3] = s
			}
		}
	}
	for _, part := range parts {
		if part == nil {
			return parts, errors.New("it does not serve @defer in four statements")
		}
	}
	return parts, nil
}
